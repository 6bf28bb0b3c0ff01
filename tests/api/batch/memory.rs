//! What a large body costs the server, in a process of its own.

use std::io::{Cursor, Read};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::blocking::Body;

use crate::support::batch::{Sent, summary};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::served::Served;
use crate::support::server::TestServer;

const MEBIBYTE: usize = 1 << 20;
/// Bytes of a line: more than a record may have on this server.
const LINE: usize = 600 << 10;
/// Together more than 200 MB.
const LINES: usize = 370;

/// Lines that are too long and do not pack; each tenth is shorter, and has a member that there is not. So all fail, and of
/// most only that is stored.
struct Lines {
    left: usize,
    line: Cursor<Vec<u8>>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.line.position() == self.line.get_ref().len() as u64 && self.left > 0 {
            self.left -= 1;
            let size = if self.left.is_multiple_of(10) { MEBIBYTE / 4 } else { LINE };
            let mut noise = vec![0; size / 4 * 3];
            rand::fill(&mut noise[..]);
            let text = STANDARD.encode(noise);
            let line = format!("{{\"type\":\"customergroups\",\"attributes\":{{\"unknown\":\"{text}\"}}}}\n");
            self.line = Cursor::new(line.into_bytes());
        }
        self.line.read(buffer)
    }
}

/// "memory stays flat (below 150 MB for a 200 MB body)": while it comes in, while it is split, and while its records are tried.
/// The 150 MB are for a release build; one for development that shares the machine with other tests is held to half the body.
#[test]
fn a_large_body_does_not_fill_the_memory() {
    let url = database::own();
    let organization = Organization::on(TestServer::lasting(&url, ""));
    let served = Served::on(&url, &[("ENTREPOT_QUEUE_WORKERS", "2"), ("ENTREPOT_HTTP_BODY_LIMIT", "524288")]);
    let client = organization.client().at(served.address);
    let before = served.peak_memory();
    let body = Lines { left: LINES, line: Cursor::default() };
    let answer = client.send(Method::PATCH, "/admin/api/customergroups", |request| {
        let request = request.header("Content-Type", "application/x-ndjson").timeout(Duration::from_secs(300));
        request.body(Body::new(body))
    });
    let sent = Sent::of(&answer);
    let all = LINES as i64;
    assert_eq!(summary(&sent.ended(&client)), [all, 0, all, 0, 0]);
    let peak = served.peak_memory();
    assert!(peak - before < LINES * LINE / 2, "{} MiB, and {} before", peak / MEBIBYTE, before / MEBIBYTE);
}
