//! Receivers that speak TLS: whose certificate is good, and what they are asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use super::sending::{PUBLIC, SETTINGS, Sending, Still, addresses, names};
use super::world::{body, customer, deliveries, eventually, settled};
use crate::support::served::Served;

/// What a request was for.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    /// The name in the greeting.
    server_name: Option<String>,
    host: String,
}

/// A receiver with a certificate of its own making.
struct Receiver {
    port: u16,
    made: CertifiedKey<KeyPair>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Receiver {
    fn new(address: &str, host: &str) -> Receiver {
        let made = generate_simple_self_signed([host.to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (config, log) = (Arc::new(config), asked.clone());
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let tls = ServerConnection::new(config.clone()).unwrap();
                let (stream, log) = (StreamOwned::new(tls, socket), log.clone());
                std::thread::spawn(move || serve(stream, &log));
            }
        });
        Receiver { port, made, asked }
    }

    fn hook(&self, still: &Still, host: &str, verify: bool) -> String {
        let url = format!("https://{host}:{}/hook", self.port);
        let body = body(&url, "customer.created", &json!({"verifySsl": verify}));
        still.shop.client().post("/admin/api/webhooks", &body).expect(201).id()
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: StreamOwned<ServerConnection, std::net::TcpStream>, log: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut host, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "host" => host = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let server_name = reader.get_ref().conn.server_name().map(str::to_owned);
    log.lock().unwrap().push(Asked { server_name, host });
    let stream = reader.get_mut();
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

/// "TLS verification by `verifySsl`": of two webhooks to one receiver, the one that looks at its certificate sends nothing.
/// Name and host are those of the URL, though the connection goes to the address that was checked.
#[test]
fn a_certificate_of_its_own_making_is_good_for_who_does_not_look() {
    let still = Still::new();
    let receiver = Receiver::new(PUBLIC, "hooks.example.com");
    let host = "hooks.example.com";
    let (looking, trusting) = (receiver.hook(&still, host, true), receiver.hook(&still, "other.example.com", false));
    customer(&still.shop);
    let _sending = Sending::with(&still.url, SETTINGS, names(|_, _| Ok(addresses(&[PUBLIC]))));
    settled(still.shop.client(), &trusting, &["delivered"]);
    let error = eventually("the refusal", || {
        deliveries(still.shop.client(), &looking)[0]["attributes"]["error"].as_str().map(str::to_owned)
    });
    assert_eq!(error, "The certificate is of an unknown issuer.");
    // The receiver's certificate is one of another host: who does not look does not see that either.
    let asked = Asked {
        server_name: Some("other.example.com".to_owned()),
        host: format!("other.example.com:{}", receiver.port),
    };
    assert_eq!(receiver.asked(), [asked]);
    still.shop.change("webhooks", &looking, &json!({"verifySsl": false})).expect(200);
    eventually("the delivery", || {
        still.hurry();
        (deliveries(still.shop.client(), &looking)[0]["attributes"]["status"] == "delivered").then_some(())
    });
    assert_eq!(receiver.asked()[1].server_name.as_deref(), Some(host));
}

/// A certificate that the operator trusts is good for its host, and for no other.
#[test]
fn a_certificate_that_is_trusted_is_good_for_its_host() {
    let still = Still::new();
    let (receiver, folder) = (Receiver::new("127.0.0.1", "localhost"), tempfile::tempdir().unwrap());
    let other = Receiver::new("127.0.0.1", "other.example.com");
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, [receiver.made.cert.pem(), other.made.cert.pem()].concat()).unwrap();
    let (good, wrong) = (receiver.hook(&still, "localhost", true), other.hook(&still, "localhost", true));
    customer(&still.shop);
    let variables = [
        ("ENTREPOT_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.1/32,::1/128"),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
        ("SSL_CERT_DIR", folder.path().to_str().unwrap()),
    ];
    let _served = Served::on(&still.url, &variables);
    settled(still.shop.client(), &good, &["delivered"]);
    let asked = Asked { server_name: Some("localhost".to_owned()), host: format!("localhost:{}", receiver.port) };
    assert_eq!(receiver.asked(), [asked]);
    let error = eventually("the refusal", || {
        deliveries(still.shop.client(), &wrong)[0]["attributes"]["error"].as_str().map(str::to_owned)
    });
    assert_eq!(error, "The certificate is not one of the URL's host.");
    assert!(other.asked().is_empty());
}
