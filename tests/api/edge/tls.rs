//! HTTPS by the server itself: protocols, certificates that are replaced, starts that fail.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use entrepot::app::App;
use entrepot::auth::secret::ServerKey;
use entrepot::db::Db;
use entrepot::startup::Server;
use rcgen::{CertifiedKey, KeyPair};
use reqwest::Version;
use reqwest::blocking::Response;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, Stream, SupportedProtocolVersion};
use tempfile::TempDir;

use crate::support::certificate::{make, roots, section, write};
use crate::support::client::{Client, trusting};
use crate::support::database;
use crate::support::organization::{Organization, token};
use crate::support::server::{KEY, TestServer, config};

/// A server that speaks HTTPS, and the folder of its certificate.
pub struct Secure {
    pub server: TestServer,
    made: CertifiedKey<KeyPair>,
    folder: TempDir,
}

impl Secure {
    /// `http`: further settings of that section.
    pub fn start(http: &str) -> Secure {
        let (folder, made) = (tempfile::tempdir().unwrap(), make());
        write(folder.path(), &made);
        let settings = format!("[http]\n{http}\n{}\n[database]\npool_size = 1", section(folder.path()));
        Secure { server: TestServer::start(database::shared(), &settings), made, folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.tls.unwrap()
    }

    /// A client that knows the certificate.
    pub fn client(&self) -> Client {
        self.client_trusting(&self.made)
    }

    /// An answer whose head has come. A small part of its body is taken before someone reads it.
    pub fn begin(&self, path: &str) -> Response {
        let http = trusting(roots(&self.made)).resolve("localhost", self.address());
        let http = http.http2_initial_stream_window_size(65_535).build().unwrap();
        http.get(format!("https://localhost:{}{path}", self.address().port())).send().unwrap()
    }

    fn client_trusting(&self, made: &CertifiedKey<KeyPair>) -> Client {
        let http = trusting(roots(made)).resolve("localhost", self.address());
        Client::over(http, format!("https://localhost:{}", self.address().port()))
    }
}

#[test]
fn both_ports_serve_and_links_have_the_scheme_of_the_request() {
    let secure = Secure::start("");
    let organization = Organization::new();
    let token = token(&secure.server, &organization.admin.client_id, &organization.admin.client_secret);
    for path in ["/health/live", "/health/ready", "/metrics", "/admin/api/openapi.json"] {
        secure.client().get(path).expect(200);
    }
    let path = "/admin/api/organizations?page[size]=1";
    let link = |client: &Client| client.get(path).expect(200).json()["data"][0]["links"]["self"].clone();
    let at = |scheme: &str, host: &str, port: u16| {
        format!("{scheme}://{host}:{port}/admin/api/organizations/{}", organization.id())
    };
    assert_eq!(link(&secure.client().with_token(&token)), at("https", "localhost", secure.address().port()));
    assert_eq!(link(&secure.server.client().with_token(&token)), at("http", "127.0.0.1", secure.server.address.port()));
}

#[test]
fn http_2_is_agreed_on() {
    let secure = Secure::start("");
    assert_eq!(secure.begin("/health/live").version(), Version::HTTP_2);
}

/// Says GET over a connection of that TLS version, without ALPN.
fn get_by(secure: &Secure, version: &'static SupportedProtocolVersion) -> (Option<ProtocolVersion>, String) {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[version]).unwrap();
    let config = builder.with_root_certificates(roots(&secure.made)).with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut socket = TcpStream::connect(secure.address()).unwrap();
    let mut stream = Stream::new(&mut tls, &mut socket);
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (tls.protocol_version(), answer)
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let secure = Secure::start("");
    for (version, name) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let (spoken, answer) = get_by(&secure, version);
        assert_eq!(spoken, Some(name));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let (kind, _) = greet(&secure, 3);
    assert_eq!(kind, 22, "a greeting of TLS 1.2 is answered");
    for older in [1, 2] {
        // An alert, fatal: protocol_version.
        assert_eq!(greet(&secure, older), (21, vec![2, 70]), "3.{older}");
    }
}

/// The type and the content of the record that answers the greeting of a client that knows no version above 3.`minor`.
fn greet(secure: &Secure, minor: u8) -> (u8, Vec<u8>) {
    // The suite ECDHE-ECDSA-AES128-GCM-SHA256; secp256r1, uncompressed points, ecdsa_secp256r1_sha256.
    let extensions = [&[0, 10, 0, 4, 0, 2, 0, 23][..], &[0, 11, 0, 2, 1, 0], &[0, 13, 0, 4, 0, 2, 4, 3]].concat();
    let body =
        [&[3, minor][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2b, 1, 0, 0, extensions.len() as u8], &extensions].concat();
    let length = body.len() as u8;
    let mut socket = TcpStream::connect(secure.address()).unwrap();
    socket.write_all(&[&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()).unwrap();
    let mut head = [0; 5];
    socket.read_exact(&mut head).unwrap();
    let mut content = vec![0; u16::from_be_bytes([head[3], head[4]]).into()];
    socket.read_exact(&mut content).unwrap();
    (head[0], content)
}

#[test]
fn plain_http_on_the_secure_port_is_no_answer() {
    let secure = Secure::start("");
    let mut socket = TcpStream::connect(secure.address()).unwrap();
    socket.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn a_new_certificate_is_taken_up_and_one_without_its_key_is_not() {
    let secure = Secure::start("");
    let new = make();
    fs::write(secure.folder.path().join("tls.crt"), new.cert.pem()).unwrap();
    secure.client().get("/health/live").expect(200);
    write(secure.folder.path(), &new);
    let end = Instant::now() + Duration::from_secs(30);
    let get = || secure.client_trusting(&new).try_send(reqwest::Method::GET, "/health/live", |request| request);
    while get().is_err() {
        assert!(Instant::now() < end, "the old certificate is still shown");
        std::thread::yield_now();
    }
    let old = secure.client().try_send(reqwest::Method::GET, "/health/live", |request| request);
    assert!(old.is_err(), "both certificates are shown");
}

#[test]
fn plain_http_can_be_off() {
    let secure = Secure::start("listen = \"off\"");
    assert_eq!(secure.server.address, secure.address());
    secure.client().get("/health/live").expect(200);
}

/// Why a server with those settings does not start.
fn refusal(settings: &str) -> String {
    let config = config(settings);
    actix_web::rt::System::new().block_on(async {
        let db = Db::connect(database::shared(), &config.database, 0).unwrap();
        let app = App::new(config, db, ServerKey::parse(KEY).unwrap()).unwrap();
        Server::build(app).err().map(|error| error.to_string()).unwrap_or_default()
    })
}

#[test]
fn a_start_that_fails_names_the_setting_and_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let made = make();
    write(folder.path(), &made);
    fs::write(folder.path().join("tls.key"), make().signing_key.serialize_pem()).unwrap();
    let text = refusal(&section(folder.path()));
    assert!(text.contains("tls.crt and http.tls.key") && text.contains("do not belong together"), "{text}");
    fs::remove_file(folder.path().join("tls.key")).unwrap();
    let text = refusal(&section(folder.path()));
    assert!(text.starts_with("http.tls.key ") && text.contains("tls.key cannot be read"), "{text}");
    write(folder.path(), &made);
    let taken = TestServer::shared().address;
    let text = refusal(&section(folder.path()).replace("127.0.0.1:0", &taken.to_string()));
    assert!(text.starts_with(&format!("http.tls.listen is {taken}, which cannot be bound")), "{text}");
}
