//! Connections: how many there may be, how long a client may keep one waiting, and how they end when the server stops.
//!
//! The web framework bounds the handshake, the head of a connection's first request and, in HTTP/1.1, the pause after
//! an answer. The rest is here: a later head, HTTP/2 without requests, a body that trickles in ([`arriving`]), an answer
//! that is not taken ([`leaving`]), the last words of HTTP/2 ([`farewell`]), and many connections from one address. A
//! connection that is over its time is shut down from the outside, whatever the framework waits for.

mod arriving;
pub mod farewell;
mod frames;
mod leaving;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream as Stream;
use actix_web::rt::task::JoinHandle;
use actix_web::{HttpMessage, HttpRequest, web};
use tokio::sync::watch;
use tokio::time::sleep_until;

use crate::app::App;
use crate::config::{Config, Http};
use crate::network::Networks;
use farewell::Farewell;

/// For how long an HTTP/2 connection without requests is kept when the server stops: what its client sent before it
/// knew of the stop has to arrive.
const LAST_CALL: Duration = Duration::from_secs(1);
/// How long a client may take to accept that its connection ends.
const LAST_WORD: Duration = Duration::from_secs(1);

/// The server's life, as connections see it.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    Serving,
    /// Others are to be asked: not ready, and connections of HTTP/1.1 end with their next answer.
    Leaving,
    /// Running requests are finished.
    Stopping(Instant),
}

/// What all connections of a server share.
pub struct Connections {
    stage: watch::Sender<Stage>,
    http: Http,
    /// Behind each of these addresses are many clients.
    proxies: Networks,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One open connection, of one worker.
struct Connection {
    shared: Arc<Connections>,
    /// The connection's socket once more; it takes part in nothing but the end.
    socket: TcpStream,
    /// Whose count this connection is in.
    address: Option<IpAddr>,
    /// Of HTTP/2 alone.
    farewell: Option<Rc<Farewell>>,
    /// Since when there is no request.
    idle: Cell<Instant>,
    /// The requests under way: when the client last took a part of the answer, once there is one.
    requests: RefCell<BTreeMap<u64, Option<Instant>>>,
    next: Cell<u64>,
    watch: OnceCell<JoinHandle<()>>,
}

/// A request under way on a connection.
struct Underway {
    connection: Rc<Connection>,
    number: u64,
}

impl Connections {
    pub fn new(config: &Config) -> Arc<Connections> {
        Arc::new(Connections {
            stage: watch::Sender::new(Stage::Serving),
            http: config.http.clone(),
            proxies: config.networks.trusted_proxies.clone(),
            open: Mutex::default(),
        })
    }

    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// The stages to come.
    pub fn stages(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    pub fn enter(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Takes a new connection in; to be called by its worker. One too many of its address is shut down.
    pub fn opened(self: &Arc<Connections>, stream: &Stream, farewell: Option<Rc<Farewell>>, data: &mut Extensions) {
        let socket: TcpStream = match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => socket.into(),
            Err(error) => return tracing::warn!(%error, "a connection goes without bounds"),
        };
        let address = stream.peer_addr().ok().map(|peer| peer.ip().to_canonical());
        let address = address.filter(|address| !self.proxies.contain(*address));
        if address.is_some_and(|address| !self.count(address)) {
            tracing::warn!(?address, "refused: the address has http.connections_per_address connections");
            let _ = socket.shutdown(Shutdown::Both);
            return;
        }
        let connection = Rc::new(Connection {
            shared: self.clone(),
            socket,
            address,
            farewell,
            idle: Cell::new(Instant::now()),
            requests: RefCell::default(),
            next: Cell::default(),
            watch: OnceCell::new(),
        });
        let watching = actix_web::rt::spawn(watch(Rc::downgrade(&connection), self.stage.subscribe()));
        // Cannot be set yet.
        let _ = connection.watch.set(watching);
        data.insert(connection);
    }

    /// Whether the address may have one more.
    fn count(&self, address: IpAddr) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        let limit = self.http.connections_per_address;
        let free = limit == 0 || *count < limit;
        *count += usize::from(free);
        free
    }

    fn forget(&self, address: IpAddr) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

/// Ends a connection when it is over its time. Ends with it.
async fn watch(connection: Weak<Connection>, mut stage: watch::Receiver<Stage>) {
    let mut told = false;
    loop {
        let now = *stage.borrow_and_update();
        let Some(connection) = connection.upgrade() else { return };
        if let (Some(farewell), Stage::Leaving | Stage::Stopping(_)) = (&connection.farewell, now) {
            farewell.leave();
        }
        // An answer that begins meanwhile may be due earlier.
        let (deadline, look) = (connection.deadline(now), Instant::now() + connection.shared.http.answer_timeout);
        let mut next = deadline.min(look);
        if deadline <= Instant::now() {
            match &connection.farewell {
                Some(farewell) if !told && connection.requests.borrow().is_empty() => {
                    farewell.end();
                    told = true;
                    next = Instant::now() + LAST_WORD;
                }
                _ => {
                    tracing::debug!(address = ?connection.address, "a connection was over its time");
                    let _ = connection.socket.shutdown(Shutdown::Both);
                    return;
                }
            }
        } else {
            told = false;
        }
        drop(connection);
        tokio::select! {
            () = sleep_until(next.into()) => {}
            changed = stage.changed() => if changed.is_err() { return },
        }
    }
}

impl Connection {
    /// When to shut it down, if nothing happens before.
    fn deadline(&self, stage: Stage) -> Instant {
        let http = &self.shared.http;
        let requests = self.requests.borrow();
        let waiting = requests.values().map(|taken| taken.unwrap_or_else(Instant::now) + http.answer_timeout).min();
        waiting.unwrap_or_else(|| match stage {
            // The framework ends connections of HTTP/1.1 itself.
            Stage::Stopping(since) if self.farewell.is_some() => self.idle.get().max(since) + LAST_CALL,
            _ => self.idle.get() + http.keep_alive + http.request_timeout,
        })
    }

    fn begin(self: &Rc<Connection>) -> Underway {
        let number = self.next.get();
        self.next.set(number + 1);
        self.requests.borrow_mut().insert(number, None);
        Underway { connection: self.clone(), number }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.get() {
            watch.abort();
        }
        if let Some(address) = self.address {
            self.shared.forget(address);
        }
    }
}

/// The client's end of a request's connection.
pub struct Peer(Option<Rc<Connection>>);

impl Peer {
    pub fn of(request: &HttpRequest) -> Peer {
        Peer(request.conn_data::<Rc<Connection>>().cloned())
    }

    /// Whether the client will send nothing more: it has gone, as far as can be seen before it is written to. The
    /// framework does not tell while a request is worked on.
    pub fn has_left(&self) -> bool {
        self.0.as_ref().is_some_and(|connection| connection.socket.peek(&mut [0]).is_ok_and(|bytes| bytes == 0))
    }
}

impl Underway {
    /// The client has taken what there was.
    fn taken(&self) {
        self.connection.requests.borrow_mut().insert(self.number, Some(Instant::now()));
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut requests = self.connection.requests.borrow_mut();
        requests.remove(&self.number);
        if requests.is_empty() {
            self.connection.idle.set(Instant::now());
        }
    }
}

/// The middleware that bounds a request's body and its answer.
pub async fn bound(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let underway = request.conn_data::<Rc<Connection>>().map(Connection::begin);
    let app = request.app_data::<web::Data<App>>().cloned();
    let unread = arriving::Unread::default();
    if let Some(app) = &app {
        let body = request.take_payload();
        request.set_payload(arriving::bounded(body, app.config.http.body_timeout, unread.clone()));
    }
    let mut response = next.call(request).await?;
    if app.is_some_and(|app| !matches!(app.connections.stage(), Stage::Serving)) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| leaving::Answer::new(body, underway, unread)))
}
