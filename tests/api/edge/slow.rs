//! Clients that are slow on purpose: each is given up after a time that the settings say, and takes no place for good.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::tls::Secure;
use crate::support::database;
use crate::support::organization::{Organization, token};
use crate::support::server::TestServer;

const PATIENCE: Duration = Duration::from_secs(60);
const GET: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn server(settings: &str) -> TestServer {
    TestServer::start(database::shared(), &format!("[database]\npool_size = 1\n{settings}"))
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// What comes until the server closes the connection.
#[track_caller]
fn rest(mut socket: TcpStream) -> String {
    let mut bytes = Vec::new();
    match socket.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the connection is still open: {error}"),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Asks and reads the answer; whether there was one.
fn ask(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    socket.write_all(GET).is_ok() && socket.read(&mut buffer).is_ok_and(|count| count > 0)
}

/// Tries until it works.
#[track_caller]
fn until(mut works: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !works() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_head_that_does_not_end_is_408() {
    let server = server("[http]\nrequest_timeout = 1");
    let mut socket = connect(server.address);
    socket.write_all(b"GET /health/live HTTP/1.1\r\nX-Slow: ").unwrap();
    assert!(rest(socket).starts_with("HTTP/1.1 408 "));
}

#[test]
fn a_later_head_that_does_not_end_closes_the_connection() {
    let server = server("[http]\nrequest_timeout = 1\nkeep_alive = 1");
    let mut socket = connect(server.address);
    assert!(ask(&mut socket));
    socket.write_all(b"GET /health/live HTTP/1.1\r\nX-Slow: ").unwrap();
    assert!(!rest(socket).contains("HTTP/1.1 200"));
}

#[test]
fn a_connection_without_requests_is_closed() {
    let server = server("[http]\nrequest_timeout = 1\nkeep_alive = 1");
    let mut socket = connect(server.address);
    assert!(ask(&mut socket));
    assert_eq!(rest(socket), "");
}

#[test]
fn a_handshake_that_does_not_end_closes_the_connection() {
    let secure = Secure::start("request_timeout = 1");
    let mut socket = connect(secure.address());
    socket.write_all(&[22, 3, 1, 2]).unwrap();
    assert_eq!(rest(socket), "");
}

#[test]
fn a_body_that_trickles_in_is_408() {
    let (server, organization) = (server("[http]\nbody_timeout = 1"), Organization::new());
    let token = token(&server, &organization.admin.client_id, &organization.admin.client_secret);
    for (path, told) in
        [("/admin/api/brands", "\"code\":\"request-timeout\""), ("/oauth2-token", "did not arrive in time")]
    {
        let mut socket = connect(server.address);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/vnd.api+json\r\nContent-Length: 100000\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        let mut slow = socket.try_clone().unwrap();
        let trickle = std::thread::spawn(move || {
            while slow.write_all(b" ").is_ok() {
                sleep(Duration::from_millis(50));
            }
        });
        let answer = rest(socket);
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains(told), "{path}: {answer}");
        trickle.join().unwrap();
    }
}

/// "No body is read before its sender is known": nor after the answer, however much of it is sent.
#[test]
fn a_body_without_end_is_not_read_on_after_the_answer() {
    let server = server("");
    for path in ["/admin/api/brands", "/health/live", "/nowhere", "/oauth2-token/revoke"] {
        let mut socket = connect(server.address);
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "x".repeat(1 << 16));
        let begun = Instant::now();
        while socket.write_all(chunk.as_bytes()).is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{path}: the server reads on");
        }
    }
}

/// A length over the limit is refused when it is told, not when the time for the body is over.
#[test]
fn a_body_that_is_told_to_be_too_long_is_413_at_once() {
    let (server, organization) = (server(""), Organization::new());
    let token = token(&server, &organization.admin.client_id, &organization.admin.client_secret);
    for length in ["17825793", "100000000000", "18446744073709551615"] {
        let mut socket = connect(server.address);
        let head = format!(
            "POST /admin/api/brands HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/vnd.api+json\r\nContent-Length: {length}\r\n\r\n{{"
        );
        let begun = Instant::now();
        socket.write_all(head.as_bytes()).unwrap();
        let mut line = [0; 13];
        socket.read_exact(&mut line).unwrap();
        assert_eq!(line, *b"HTTP/1.1 413 ");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn an_answer_that_is_not_taken_closes_the_connection() {
    let server = server("[http]\nanswer_timeout = 1");
    let mut socket = connect(server.address);
    // More answers than the buffers between server and client hold.
    let request = b"GET /admin/api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write_all(&request.repeat(16)).unwrap();
    until(|| socket.write_all(b"\r\n").is_err());
}

/// HTTP/2 has windows of its own: the connection moves, the answer does not.
#[test]
fn an_answer_that_is_not_taken_closes_a_connection_of_http_2() {
    let secure = Secure::start("answer_timeout = 1\nconnections_per_address = 1");
    let path = "/admin/api/openapi.json";
    let begun = secure.begin(path);
    assert_eq!(begun.status(), 200);
    // There is room for another connection once this one is gone.
    until(|| secure.client().try_send(reqwest::Method::GET, "/health/live", |request| request).is_ok());
    assert!(begun.bytes().is_err());
}

#[test]
fn connections_of_one_address_are_limited() {
    let server = server("[http]\nconnections_per_address = 2");
    let address = server.address;
    let mut open: Vec<TcpStream> = (0..2).map(|_| connect(address)).collect();
    assert!(open.iter_mut().all(ask));
    assert!(!ask(&mut connect(address)), "a third one is served");
    open.pop();
    until(|| ask(&mut connect(address)));
}

#[test]
fn a_trusted_proxy_has_as_many_connections_as_it_needs() {
    let settings = "[http]\nconnections_per_address = 1\n[networks]\ntrusted_proxies = [\"127.0.0.1\"]";
    let server = server(settings);
    let mut open: Vec<TcpStream> = (0..5).map(|_| connect(server.address)).collect();
    assert!(open.iter_mut().all(ask));
}

#[test]
fn connections_are_limited_and_later_ones_wait() {
    let server = server("[http]\nworkers = 1\nconnections = 2");
    let address = server.address;
    let mut open: Vec<TcpStream> = (0..2).map(|_| connect(address)).collect();
    assert!(open.iter_mut().all(ask));
    let mut third = connect(address);
    third.write_all(GET).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(third.read(&mut [0; 1]).is_err(), "a third one is served");
    open.pop();
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(third.read(&mut [0; 1]).is_ok_and(|count| count == 1));
}

/// A client that reads slowly, but reads, gets all of a large answer.
#[test]
fn an_answer_that_is_taken_slowly_is_whole() {
    let server = server("[http]\nkeep_alive = 1\nanswer_timeout = 2");
    let whole = server.client().get("/admin/api/openapi.json").text.len();
    let mut socket = connect(server.address);
    let request = b"GET /admin/api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write_all(&request.repeat(7)).unwrap();
    socket.write_all(b"GET /admin/api/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut taken = 0;
    let mut buffer = vec![0; whole];
    loop {
        match socket.read(&mut buffer).unwrap() {
            0 => break,
            count => taken += count,
        }
        sleep(Duration::from_millis(100));
    }
    assert!(taken > 8 * whole, "{taken} bytes of eight answers with {whole} each");
}
