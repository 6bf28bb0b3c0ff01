//! The ports: bound, and what is spoken on each.
//!
//! The web framework's own server hides a connection's bytes, where [GOAWAY](crate::http::connection::farewell) has to be
//! said; this one is put together from the same parts.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService, Protocol, Request};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_tls::accept::{TlsError, max_concurrent_tls_connect};
use actix_web::dev::AppConfig;
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App as Actix, web};
use tokio::io::{AsyncRead, AsyncWrite};

use super::tls::Certificate;
use super::unbound;
use crate::app::App;
use crate::config::Http;
use crate::http;
use crate::http::connection::farewell::Spoken;
use crate::http::origin::Port;

/// TLS handshakes at the same time in each worker, and how long one may take: strangers can begin them.
const HANDSHAKES: usize = 1024;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client may take to close its side of a connection of HTTP/1.1.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// What a client may ask for by ALPN, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Ports that are bound, and a server on them.
pub struct Listening {
    pub addresses: Vec<(SocketAddr, &'static str)>,
    pub certificate: Option<Arc<Certificate>>,
    pub server: Server,
}

/// What answers on every port.
#[derive(Clone)]
struct Site {
    app: web::Data<App>,
    stop: GracefulShutdownSignal,
}

/// Binds the ports of the settings. Must be called inside an actix runtime. An error says which setting is wrong, and how.
pub fn listen(app: &Arc<App>) -> io::Result<Listening> {
    let settings = &app.config.http;
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        workers => workers,
    };
    max_concurrent_tls_connect(HANDSHAKES);
    let mut server = ServerBuilder::new()
        .workers(workers)
        .max_concurrent_connections(settings.connections.div_ceil(workers))
        // For bodies that are stored as they come, each with a connection, and for password checks.
        .worker_max_blocking_threads(app.config.database.pool_size as usize + 2)
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .disable_signals();
    let site = Site { app: app.clone().into(), stop: server.graceful_shutdown_signal() };
    let mut addresses = Vec::new();
    if let Some(address) = settings.listen {
        let (listener, port) = bind("http.listen", address, false)?;
        let site = site.clone();
        server = server.listen("http", listener, move || plain(site.clone(), port))?;
        addresses.push((port.address, "http"));
    }
    let mut certificate = None;
    if let Some(tls) = &settings.tls {
        let found = Certificate::open(tls).map_err(io::Error::other)?;
        let mut config = found.server_config().map_err(io::Error::other)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        let mut acceptor = Acceptor::new(config);
        acceptor.set_handshake_timeout(HANDSHAKE_TIMEOUT.min(settings.request_timeout));
        let (listener, port) = bind("http.tls.listen", tls.listen, true)?;
        server = server.listen("https", listener, move || secure(site.clone(), port, acceptor.clone()))?;
        addresses.push((port.address, "https"));
        certificate = Some(found);
    }
    Ok(Listening { addresses, certificate, server: server.run() })
}

fn bind(key: &str, address: SocketAddr, secure: bool) -> io::Result<(TcpListener, Port)> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, Port { address, secure }))
    });
    bound.map_err(|error| unbound(key, address, &error))
}

/// HTTP/1.1 on plain TCP.
fn plain(site: Site, port: Port) -> impl ServiceFactory<TcpStream, Config = (), Response = (), InitError = ()> {
    let connections = site.app.connections.clone();
    let opened = move |stream: &TcpStream, data: &mut Extensions| connections.opened(stream, None, data);
    fn_service(async |stream: TcpStream| {
        send_at_once(&stream);
        let peer = stream.peer_addr().ok();
        Ok((stream, Protocol::Http1, peer))
    })
    .and_then(answering(site, port, opened))
}

/// HTTP/2 and HTTP/1.1 on TLS.
fn secure(
    site: Site,
    port: Port,
    acceptor: Acceptor,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), InitError = ()> {
    let connections = site.app.connections.clone();
    let opened = move |spoken: &Spoken<TlsStream<TcpStream>>, data: &mut Extensions| {
        connections.opened(spoken.get_ref().get_ref().0, spoken.farewell(), data);
    };
    acceptor
        .map_err(TlsError::into_service_error)
        .and_then(async |stream: TlsStream<TcpStream>| {
            let (tcp, tls) = stream.get_ref();
            send_at_once(tcp);
            let (peer, http2) = (tcp.peer_addr().ok(), tls.alpn_protocol() == Some(PROTOCOLS[0]));
            let protocol = if http2 { Protocol::Http2 } else { Protocol::Http1 };
            Ok((Spoken::new(stream, http2), protocol, peer))
        })
        .and_then(answering(site, port, opened).map_err(TlsError::Service))
}

/// Otherwise an event, or a frame, would wait until its client has acknowledged the one before it: for 40 ms.
fn send_at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small answers may be sent late");
    }
}

/// Every route, over connections of any kind.
fn answering<IO: AsyncRead + AsyncWrite + Unpin + 'static>(
    site: Site,
    port: Port,
    opened: impl Fn(&IO, &mut Extensions) + 'static,
) -> impl ServiceFactory<(IO, Protocol, Option<SocketAddr>), Config = (), Response = (), Error = DispatchError, InitError = ()>
{
    let Http { keep_alive, request_timeout, .. } = site.app.config.http;
    let Site { app, stop } = site;
    let routes = Actix::new()
        .app_data(app.clone())
        .app_data(port)
        .configure(|service| http::routes(&app, service))
        .wrap(Compress::default())
        .wrap(from_fn(http::cors::cors))
        .wrap(from_fn(http::trace::trace))
        .wrap(from_fn(http::connection::bound));
    let routes = IntoServiceFactory::<_, Request>::into_factory(routes);
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stop = stop.clone();
            async move { stop.notified().await }
        })
        .keep_alive(keep_alive)
        .client_request_timeout(request_timeout)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .on_connect_ext(opened)
        .finish(map_config(routes.map_err(|error| error.error_response()), |()| AppConfig::default()))
}
