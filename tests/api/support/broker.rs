//! A private RabbitMQ, where one is installed.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// The program itself: the script before it wants to run as a user of its own.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A broker that can be killed and started again; it keeps its data meanwhile.
pub struct Broker {
    folder: TempDir,
    ports: [u16; 4],
    running: Option<Child>,
}

impl Broker {
    /// Whether there is a RabbitMQ; a line says so where none is installed.
    pub fn is_installed() -> bool {
        let there = Path::new(SERVER).exists();
        if !there {
            // Past the test harness, which keeps back what a passing test prints.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: {SERVER} is not there; Debian's package rabbitmq-server has it");
        }
        there
    }

    /// `None`, with a line that says so, where no RabbitMQ is installed.
    pub fn new() -> Option<Broker> {
        Broker::within(&std::env::temp_dir())
    }

    /// The same, with its data below that folder.
    pub fn within(folder: &Path) -> Option<Broker> {
        if !Broker::is_installed() {
            return None;
        }
        // Ports that were free a moment ago.
        let free = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = free.map(|listener| listener.local_addr().unwrap().port());
        let folder = tempfile::tempdir_in(folder).unwrap();
        std::fs::write(folder.path().join("plugins"), "[].").unwrap();
        Some(Broker { folder, ports, running: None })
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports[0])
    }

    /// Where it is spoken to by TLS, once [`Broker::secure`] was called.
    pub fn secure_url(&self) -> String {
        format!("amqps://guest:guest@localhost:{}/%2f", self.ports[3])
    }

    /// Has it speak TLS as well, from the next start on, with a certificate for `localhost`. The answer: the file of the
    /// authority that has signed it.
    pub fn secure(&self) -> PathBuf {
        let [config, authority, certificate, key] = self.secrets();
        let signer = Authority::new("an authority of the operator's own");
        let (signed, signed_key) = signer.sign("localhost");
        for (path, text) in [(&authority, signer.certificate()), (&certificate, signed), (&key, signed_key)] {
            std::fs::write(path, text).unwrap();
        }
        let options = [("cacertfile", &authority), ("certfile", &certificate), ("keyfile", &key)];
        let options = options.map(|(name, path)| format!("ssl_options.{name} = {}\n", path.display())).concat();
        let listeners =
            format!("listeners.ssl.default = 127.0.0.1:{}\nssl_options.verify = verify_none\n", self.ports[3]);
        std::fs::write(config, listeners + &options).unwrap();
        authority
    }

    fn secrets(&self) -> [PathBuf; 4] {
        ["rabbitmq.conf", "authority.pem", "certificate.pem", "key.pem"].map(|name| self.folder.path().join(name))
    }

    /// Sends a signal to all of its processes.
    pub fn signal(&self, signal: Signal) {
        killpg(Pid::from_raw(self.running.as_ref().unwrap().id() as i32), signal).unwrap();
    }

    /// Starts it, and waits until it takes connections.
    pub fn start(&mut self) {
        self.launch();
        let end = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(("127.0.0.1", self.ports[0])).is_err() {
            assert!(Instant::now() < end, "RabbitMQ does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Starts it, unless it runs.
    pub fn launch(&mut self) {
        if self.running.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none()) {
            return;
        }
        let path = |name: &str| self.folder.path().join(name);
        let [port, distribution, mapper, _] = self.ports.map(|port| port.to_string());
        let mut command = Command::new(SERVER);
        command.env("HOME", self.folder.path()).env("RABBITMQ_MNESIA_BASE", path("mnesia"));
        command.env("RABBITMQ_LOG_BASE", path("log")).env("RABBITMQ_PID_FILE", path("pid"));
        command.env("RABBITMQ_NODENAME", format!("entrepot{port}@localhost")).env("RABBITMQ_NODE_PORT", &port);
        command.env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1").env("RABBITMQ_DIST_PORT", distribution);
        command.env("ERL_EPMD_PORT", mapper).env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins"))
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"));
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        self.running = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// How many processes wait for messages of a queue of the broker; 0 where there is no such queue.
    pub fn consumers(&self, queue: &str) -> u32 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let connection = Connection::connect(&self.url(), ConnectionProperties::default()).await.unwrap();
            let channel = connection.create_channel().await.unwrap();
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
            let queue = channel.queue_declare(queue.into(), passive, FieldTable::default()).await;
            queue.map_or(0, |queue| queue.consumer_count())
        })
    }

    /// As `kill -9` does, to all of its processes.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
            let _ = child.wait();
        }
    }

    /// Kills it, and takes its data away.
    pub fn wipe(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.folder.path().join("mnesia")).unwrap();
    }
}

/// Signs certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        Authority { issuer: CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Its own certificate, in PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for that host, and its key.
    pub fn sign(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let signed = CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        (signed.pem(), key.serialize_pem())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        // The mapper of names outlives its nodes.
        let mut mapper = Command::new("epmd");
        let _ = mapper.arg("-kill").env("ERL_EPMD_PORT", self.ports[2].to_string()).stdout(Stdio::null()).status();
    }
}
