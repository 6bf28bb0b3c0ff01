use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::database;
use crate::support::server::TestServer;

#[test]
fn a_running_request_is_finished_before_the_server_ends() {
    let server = TestServer::start(database::shared(), "");
    let address = server.address;
    // A request whose head is complete only after the stop has begun is running all the while.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: x\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.begin_stop();
    std::thread::sleep(Duration::from_millis(100));
    stream.write_all(b"\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.wait().unwrap();
    assert!(TcpStream::connect(address).is_err());
}
