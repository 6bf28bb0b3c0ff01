//! One address before several servers, as an operator's balancer makes it: connections go to servers that are ready.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn, yield_now};
use std::time::{Duration, Instant};

/// How often readiness is asked for; a server that is about to stop has to wait for longer than that.
const INTERVAL: Duration = Duration::from_millis(50);

/// Forwards bytes until it is dropped.
pub struct Balancer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    servers: Mutex<Vec<Server>>,
    turn: AtomicUsize,
    over: AtomicBool,
}

#[derive(Clone, Copy)]
struct Server {
    /// Where it is asked whether it is ready.
    asked: SocketAddr,
    /// Where connections go.
    to: SocketAddr,
    /// What it last said.
    ready: bool,
}

impl Balancer {
    pub fn start() -> Balancer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (asking, forwarding) = (shared.clone(), shared.clone());
        spawn(move || {
            while !asking.over.load(Ordering::Relaxed) {
                asking.ask();
                sleep(INTERVAL);
            }
        });
        spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if forwarding.over.load(Ordering::Relaxed) {
                    break;
                }
                if let Some(server) = forwarding.choose().and_then(|server| TcpStream::connect(server).ok()) {
                    join(client, server);
                }
            }
        });
        Balancer { address, shared }
    }

    /// Adds a server, and waits until it is ready. It is asked by plain HTTP; connections may go to another of its ports.
    pub fn add(&self, asked: SocketAddr, to: SocketAddr) {
        self.shared.servers.lock().unwrap().push(Server { asked, to, ready: false });
        let end = Instant::now() + Duration::from_secs(60);
        while !self.shared.servers.lock().unwrap().iter().any(|server| server.asked == asked && server.ready) {
            assert!(Instant::now() < end, "{asked} does not become ready");
            yield_now();
        }
    }

    /// Forgets a server.
    pub fn remove(&self, asked: SocketAddr) {
        self.shared.servers.lock().unwrap().retain(|server| server.asked != asked);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // Ends the wait for a client.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn ask(&self) {
        let servers = self.servers.lock().unwrap().clone();
        for Server { asked, .. } in servers {
            let ready = is_ready(asked).unwrap_or(false);
            for server in self.servers.lock().unwrap().iter_mut().filter(|server| server.asked == asked) {
                server.ready = ready;
            }
        }
    }

    fn choose(&self) -> Option<SocketAddr> {
        let servers = self.servers.lock().unwrap();
        let ready: Vec<_> = servers.iter().filter(|server| server.ready).map(|server| server.to).collect();
        ready.get(self.turn.fetch_add(1, Ordering::Relaxed) % ready.len().max(1)).copied()
    }
}

fn is_ready(server: SocketAddr) -> io::Result<bool> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    socket.write_all(b"GET /health/ready HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200 "))
}

/// Carries bytes both ways until both sides have said all.
fn join(client: TcpStream, server: TcpStream) {
    for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
        spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}
