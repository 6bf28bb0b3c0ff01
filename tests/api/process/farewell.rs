//! How connections of HTTP/2 end when the server stops (RFC 9113, 6.8).

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;
use actix_web::rt::net::TcpStream as AsyncStream;
use actix_web::web::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::Request;
use nix::sys::signal::Signal;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

use crate::support::certificate::{make, roots, write};
use crate::support::client::Client;
use crate::support::database;
use crate::support::served::Served;

/// A server's process that speaks HTTP/2, and what a client has to trust.
struct Secure {
    served: Served,
    config: Arc<ClientConfig>,
    _folder: TempDir,
}

impl Secure {
    fn start(variables: &[(&str, &str)]) -> Secure {
        let (folder, made) = (tempfile::tempdir().unwrap(), make());
        write(folder.path(), &made);
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots(&made)).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let served = Served::secure(&database::own(), folder.path(), variables);
        Secure { served, config: Arc::new(config), _folder: folder }
    }

    /// A client that takes `window` bytes of an answer before it looks at them.
    async fn client(&self, window: u32) -> SendRequest<Bytes> {
        let tcp = AsyncStream::connect(self.served.tls.unwrap()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = TlsConnector::from(self.config.clone()).connect(name, tcp).await.unwrap();
        let mut builder = h2::client::Builder::new();
        let (client, connection) = builder.initial_window_size(window).handshake(tls).await.unwrap();
        actix_web::rt::spawn(connection);
        client
    }

    /// A connection on which frames are written by hand, past its greetings.
    fn raw(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let tls = ClientConnection::new(self.config.clone(), ServerName::try_from("localhost").unwrap()).unwrap();
        let tcp = TcpStream::connect(self.served.tls.unwrap()).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
        stream
    }
}

fn run(test: impl Future<Output = ()>) {
    System::new().block_on(async {
        actix_web::rt::time::timeout(Duration::from_secs(120), test).await.unwrap();
    });
}

fn send(client: &mut SendRequest<Bytes>, method: &str, path: &str) -> (ResponseFuture, SendStream<Bytes>) {
    let request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    let request = request.header("content-type", "application/json").body(()).unwrap();
    client.send_request(request, method == "GET").unwrap()
}

/// Waits until the server wants no more streams of this client.
async fn told(client: &SendRequest<Bytes>) {
    loop {
        match client.clone().ready().await {
            Ok(_) => actix_web::rt::time::sleep(Duration::from_millis(10)).await,
            Err(error) => {
                assert!(error.is_go_away() && error.is_remote(), "{error:?}");
                return assert_eq!(error.reason(), Some(Reason::NO_ERROR));
            }
        }
    }
}

#[test]
fn a_client_that_waits_is_told_to_open_no_more_streams() {
    let secure = Secure::start(&[("ENTREPOT_HTTP_DRAIN_DELAY", "600")]);
    run(async {
        let mut client = secure.client(65_535).await;
        assert_eq!(send(&mut client, "GET", "/health/live").0.await.unwrap().status(), 200);
        secure.served.signal(Signal::SIGTERM);
        told(&client).await;
    });
}

/// "Activity on streams numbered lower than or equal to the last stream identifier might still complete successfully."
#[test]
fn a_request_that_has_begun_before_the_word_is_answered() {
    let secure = Secure::start(&[("ENTREPOT_HTTP_DRAIN_DELAY", "0")]);
    run(async {
        let mut client = secure.client(65_535).await;
        let (answer, mut rest) = send(&mut client, "POST", "/oauth2-token");
        secure.served.signal(Signal::SIGTERM);
        told(&client).await;
        rest.send_data(Bytes::from_static(br#"{"grant_type": "none"}"#), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 400);
    });
}

#[test]
fn a_long_answer_that_is_taken_slowly_is_not_broken_by_the_word() {
    let secure = Secure::start(&[("ENTREPOT_HTTP_DRAIN_DELAY", "0")]);
    let path = "/admin/api/openapi.json";
    let whole = Client::new(format!("http://{}", secure.served.address)).get(path).expect(200).text;
    assert!(whole.len() > 1_000_000);
    run(async {
        let mut client = secure.client(10_000).await;
        let answer = send(&mut client, "GET", path).0;
        // Its first bytes are there, and no more may come.
        let answer = answer.await.unwrap();
        secure.served.signal(Signal::SIGTERM);
        told(&client).await;
        let mut body = answer.into_body();
        let mut all = Vec::new();
        while let Some(part) = body.data().await {
            let part = part.unwrap();
            body.flow_control().release_capacity(part.len()).unwrap();
            all.extend_from_slice(&part);
        }
        assert!(all == whole.as_bytes(), "{} bytes of {}", all.len(), whole.len());
    });
}

/// "A server that is attempting to gracefully shut down a connection SHOULD send an initial GOAWAY frame with the last
/// stream identifier set to 2^31-1 and a NO_ERROR code. … the server can send another GOAWAY frame with an updated last
/// stream identifier."
#[test]
fn the_last_word_says_which_streams_were_taken() {
    let secure = Secure::start(&[("ENTREPOT_HTTP_DRAIN_DELAY", "0")]);
    let mut stream = secure.raw();
    // GET / of https://localhost, whole, on stream 5.
    let fields = [&[0x82, 0x87, 0x84, 0x41, 9][..], b"localhost"].concat();
    stream.write_all(&[&[0, 0, fields.len() as u8, 1, 5, 0, 0, 0, 5][..], &fields].concat()).unwrap();
    let (mut last_streams, mut answered) = (Vec::new(), false);
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            break;
        }
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).unwrap();
        match head[3] {
            1 => {
                assert_eq!(head[5..], [0, 0, 0, 5]);
                answered = true;
                secure.served.signal(Signal::SIGTERM);
            }
            7 => {
                assert_eq!(payload[4..], [0; 4], "NO_ERROR");
                last_streams.push(u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]]));
            }
            _ => {}
        }
    }
    assert!(answered);
    assert_eq!(last_streams, [(1 << 31) - 1, 5]);
}
