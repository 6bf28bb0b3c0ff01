//! Servers in this process, on ports of their own.

use std::net::SocketAddr;
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use entrepot::app::App;
use entrepot::auth::secret::ServerKey;
use entrepot::config::{Config, Source};
use entrepot::db::Db;
use entrepot::jobs;
use entrepot::queue::{Entry, Registry};
use entrepot::startup::Server;

use super::client::Client;
use super::database;
use super::ending::at_end;

/// The key of every server in tests.
pub const KEY: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

/// Cheap passwords, a free port, few connections.
const SETTINGS: &str = "
    [http]
    listen = \"127.0.0.1:0\"
    workers = 2
    [database]
    pool_size = 8
    [auth]
    argon2_memory = 64
    argon2_iterations = 1
    [queue]
    workers = 0
    [orders]
    external_status_management = true
";

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    /// Where HTTPS is spoken.
    pub tls: Option<SocketAddr>,
    pub db: Db,
    handle: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl TestServer {
    /// The server that tests share, on the shared database.
    pub fn shared() -> &'static TestServer {
        static SERVER: OnceLock<TestServer> = OnceLock::new();
        SERVER.get_or_init(|| TestServer::start(database::shared(), "[queue]\nworkers = 2"))
    }

    /// A server of the test's own. `settings`: TOML that comes over the tests' settings. It has workers if they say so.
    pub fn start(url: &str, settings: &str) -> TestServer {
        TestServer::with_jobs(url, settings, jobs::ALL)
    }

    /// The same, running until the test ends.
    pub fn lasting(url: &str, settings: &str) -> &'static TestServer {
        let server: &'static TestServer = Box::leak(Box::new(TestServer::start(url, settings)));
        at_end(|| drop(server.handle.stop(false)));
        server
    }

    /// A server that knows those jobs.
    pub fn with_jobs(url: &str, settings: &str, jobs: &[Entry]) -> TestServer {
        TestServer::with_key(url, settings, jobs, KEY)
    }

    /// A server that knows those jobs, with a key of its own.
    pub fn with_key(url: &str, settings: &str, jobs: &[Entry], key: &str) -> TestServer {
        let config = config(settings);
        let db = Db::connect(url, &config.database, config.connections_beside()).unwrap();
        let key = ServerKey::parse(key).unwrap();
        let app = App { jobs: Registry::new(jobs), ..App::new(config, db.clone(), key).unwrap() };
        let (send, receive) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = Server::build(app)?;
                send.send((server.addresses().to_vec(), server.handle())).unwrap();
                server.run().await
            })
        });
        let (addresses, handle) = receive.recv().unwrap();
        let tls = addresses.iter().find(|(_, scheme)| *scheme == "https").map(|(address, _)| *address);
        TestServer { address: addresses[0].0, tls, db, handle, thread: Some(thread) }
    }

    /// A client without a token.
    pub fn client(&self) -> Client {
        Client::new(format!("http://{}", self.address))
    }

    /// Stops the server as Ctrl-C does, without waiting.
    pub fn begin_stop(&self) {
        drop(self.handle.stop(true));
    }

    /// Waits until the server has ended.
    pub fn wait(mut self) -> std::io::Result<()> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// The tests' settings, with more over them.
pub fn config(settings: &str) -> Config {
    let mut source = Source::default();
    source.file("the tests' settings", SETTINGS);
    source.file("the test's settings", settings);
    Config::from_source(source).unwrap()
}
