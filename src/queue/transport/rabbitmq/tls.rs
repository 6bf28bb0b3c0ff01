//! The way to a broker by TLS: whoever asks for a connection gets one that has shaken hands.
//!
//! Input: the host of the URL and the certificates to trust. Output: a runtime for lapin, whose own TLS would bring a
//! second set of cryptography along.

use std::fmt;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_compat::{Compat, CompatExt};
use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::stream::Stream;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to trust, and whom to expect.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl Tls {
    /// To that host, whose certificate is signed by one of the file's, or, without a file, by one that the system trusts.
    /// An error is a sentence about the setting.
    pub fn new(host: &str, authorities: Option<&Path>) -> Result<Tls, String> {
        let unusable = |error: rustls::Error| format!("queue.rabbitmq_url says amqps, which cannot be used: {error}.");
        let host = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|_| {
            format!("queue.rabbitmq_url names the host \"{host}\", for which there are no certificates.")
        })?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(unusable)?;
        let config = match authorities {
            Some(file) => builder.with_root_certificates(trusted(file)?).with_no_client_auth(),
            None => builder.with_platform_verifier().map_err(unusable)?.with_no_client_auth(),
        };
        Ok(Tls { connector: TlsConnector::from(Arc::new(config)), host })
    }

    /// What lapin connects and works with, inside of a tokio runtime.
    pub fn runtime(&self) -> Runtime<RuntimeParts<Tokio, Secured>> {
        let reactor = Secured { plain: Tokio::current(), tls: self.clone() };
        Runtime::new(RuntimeParts::new(Tokio::current(), reactor))
    }
}

/// The certificates of a PEM file.
fn trusted(file: &Path) -> Result<RootCertStore, String> {
    let wrong = |error: &dyn fmt::Display| format!("queue.rabbitmq_ca {} cannot be used: {error}.", file.display());
    let bytes = std::fs::read(file).map_err(|error| wrong(&error))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        store.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    }
    if store.is_empty() {
        return Err(wrong(&"it has no certificate; PEM with -----BEGIN CERTIFICATE----- is needed"));
    }
    Ok(store)
}

/// Tokio's reactor, but for connections, which are by TLS.
#[derive(Clone)]
pub struct Secured {
    plain: Tokio,
    tls: Tls,
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("host", &self.tls.host).finish_non_exhaustive()
    }
}

impl Reactor for Secured {
    type TcpStream = Compat<TlsStream<TcpStream>>;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Read + Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.plain.register(socket)
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.plain.sleep(time)
    }

    fn interval(&self, time: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.plain.interval(time)
    }

    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let (plain, Tls { connector, host }) = (self.plain.tcp_connect_addr(address), self.tls.clone());
        async move { Ok(connector.connect(host, plain.await?.into_inner()).await?.compat()) }
    }
}
