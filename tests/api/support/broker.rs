//! A private RabbitMQ, where one is installed.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The program itself: the script before it wants to run as a user of its own.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A broker that can be killed and started again; it keeps its data meanwhile.
pub struct Broker {
    folder: TempDir,
    ports: [u16; 3],
    running: Option<Child>,
}

impl Broker {
    /// `None`, with a line that says so, where no RabbitMQ is installed.
    pub fn new() -> Option<Broker> {
        if !Path::new(SERVER).exists() {
            eprintln!("SKIPPED: {SERVER} is not there; Debian's package rabbitmq-server has it");
            return None;
        }
        // Ports that were free a moment ago.
        let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = free.map(|listener| listener.local_addr().unwrap().port());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plugins"), "[].").unwrap();
        Some(Broker { folder, ports, running: None })
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports[0])
    }

    /// Starts it, and waits until it takes connections.
    pub fn start(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let [port, distribution, mapper] = self.ports.map(|port| port.to_string());
        let mut command = Command::new(SERVER);
        command.env("HOME", self.folder.path()).env("RABBITMQ_MNESIA_BASE", path("mnesia"));
        command.env("RABBITMQ_LOG_BASE", path("log")).env("RABBITMQ_PID_FILE", path("pid"));
        command.env("RABBITMQ_NODENAME", format!("entrepot{port}@localhost")).env("RABBITMQ_NODE_PORT", &port);
        command.env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1").env("RABBITMQ_DIST_PORT", distribution);
        command.env("ERL_EPMD_PORT", mapper).env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command.env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins")).env("RABBITMQ_CONFIG_FILE", path("none"));
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        self.running = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let end = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(("127.0.0.1", self.ports[0])).is_err() {
            assert!(Instant::now() < end, "RabbitMQ does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
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

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        // The mapper of names outlives its nodes.
        let mut mapper = Command::new("epmd");
        let _ = mapper.arg("-kill").env("ERL_EPMD_PORT", self.ports[2].to_string()).stdout(Stdio::null()).status();
    }
}
