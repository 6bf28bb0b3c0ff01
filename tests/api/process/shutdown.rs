use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::client::Client;
use crate::support::database;
use crate::support::served::Served;
use crate::support::server::TestServer;

#[test]
fn a_running_request_is_finished_before_the_server_ends() {
    let server = TestServer::start(database::shared(), "");
    let address = server.address;
    // A request whose body is complete only after the stop has begun is running all the while.
    let body = r#"{"grant_type": "none"}"#;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(
        stream,
        "POST /oauth2-token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.begin_stop();
    std::thread::sleep(Duration::from_millis(200));
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    server.wait().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

/// "after SIGTERM for `http.drain_delay` seconds, while everything is still served … After Ctrl-C nothing is waited for"
/// (docs/operations.md); a second signal goes on at once.
#[test]
fn a_supervisor_gives_balancers_time_and_a_terminal_does_not() {
    let (url, delay) = (database::own(), [("ENTREPOT_HTTP_DRAIN_DELAY", "600")]);
    let start = Instant::now();
    assert!(Served::on(&url, &delay).interrupt().success());
    let served = Served::on(&url, &delay);
    let client = Client::new(format!("http://{}", served.address));
    served.signal(Signal::SIGTERM);
    while client.get("/health/ready").status != 503 {
        assert!(start.elapsed() < Duration::from_secs(300), "still ready");
        std::thread::sleep(Duration::from_millis(20));
    }
    client.get("/admin/api/openapi.json").expect(200);
    assert!(served.terminate().success());
    assert!(start.elapsed() < Duration::from_secs(600), "the delay was waited for");
}
