//! What is killed: a Postgres of its own with fsync on, a server, two workers, and a broker where there is one.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use entrepot::db::embedded::{Durability, Embedded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::broker::Broker;
use crate::reaper::Reaper;

const KEY: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

/// The secret of the demonstration's clients.
pub const SECRET: &str = "a secret of the demonstration for faults";

/// The password of its user admin.
pub const PASSWORD: &str = "a password of the demonstration for faults";

/// What can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Server,
    /// Runs jobs of all queues.
    Worker,
    /// Runs jobs of two queues.
    Operations,
    Postgres,
    Broker,
}

/// All of it, with the demonstration's data.
pub struct Site {
    pub address: SocketAddr,
    server: Mutex<Option<Child>>,
    worker: Mutex<Option<Child>>,
    operations: Mutex<Option<Child>>,
    broker: Option<Mutex<Broker>>,
    postgres: Embedded,
    folder: TempDir,
    reaper: Reaper,
}

impl Site {
    /// `broker`: makes the one that tells workers of jobs, in that folder.
    pub fn open(broker: impl FnOnce(&Path) -> Option<Broker>) -> Site {
        // Below /tmp, where the user who runs Postgres comes as well.
        let folder = tempfile::Builder::new().prefix("entrepot-faults-").tempdir_in("/tmp").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        fs::set_permissions(folder.path(), mode).unwrap();
        let reaper = Reaper::of(folder.path());
        let broker = broker(folder.path()).map(Mutex::new);
        let postgres = Embedded::open(folder.path(), Durability::Durable).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let processes = || Mutex::new(None);
        let (server, worker, operations) = (processes(), processes(), processes());
        let site = Site { address, server, worker, operations, broker, postgres, folder, reaper };
        let loaded = site.entrepot(&["demo", "load"], "demo").status().unwrap();
        assert!(loaded.success(), "the demonstration could not be loaded");
        site.start();
        site.wait_until_ready();
        site
    }

    /// Where all of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn has_broker(&self) -> bool {
        self.broker.is_some()
    }

    /// The connection text of the database.
    pub fn database(&self) -> String {
        self.postgres.url()
    }

    /// Ends a part as power does.
    pub fn kill(&self, part: Part) {
        match part {
            Part::Server => end(&self.server),
            Part::Worker => end(&self.worker),
            Part::Operations => end(&self.operations),
            Part::Broker => self.broker.iter().for_each(|broker| broker.lock().unwrap().kill()),
            Part::Postgres => {
                let file = fs::read_to_string(self.postgres.cluster().join("postmaster.pid")).unwrap_or_default();
                if let Some(pid) = file.lines().next().and_then(|line| line.trim().parse().ok()) {
                    // It may have ended by itself.
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
        }
    }

    /// Starts what does not run; the broker is not waited for, workers do without it. A process that finds no database ends, and is started again by the next call.
    pub fn start(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.postgres.start() {
            assert!(Instant::now() < end, "Postgres does not start: {error}");
        }
        self.broker.iter().for_each(|broker| broker.lock().unwrap().launch());
        let mut server = self.entrepot(&["serve"], "server");
        server.env("ENTREPOT_HTTP_LISTEN", self.address.to_string()).env("ENTREPOT_QUEUE_WORKERS", "0");
        keep_up(&self.server, server);
        keep_up(&self.worker, self.entrepot(&["worker", "--concurrency", "2"], "worker"));
        let queues = ["worker", "--queues", "operations,default", "--concurrency", "2"];
        keep_up(&self.operations, self.entrepot(&queues, "operations"));
    }

    pub fn wait_until_ready(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        let ready = || {
            let answer = crate::client::http().get(format!("http://{}/health/ready", self.address)).send();
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        while !ready() {
            assert!(Instant::now() < end, "the server is not ready: {}", self.log("server"));
            self.start();
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last lines of a process's log.
    fn log(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(20).collect();
        tail.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn entrepot(&self, arguments: &[&str], name: &str) -> Command {
        let data = self.folder.path().join(name);
        fs::create_dir_all(&data).unwrap();
        let log = fs::File::options().create(true).append(true).open(data.with_extension("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
        command.args(arguments).current_dir(&data).env_remove("DATABASE_URL");
        // Those of this program are no settings of the server.
        command.env_remove("ENTREPOT_FAULTS_SEED").env_remove("ENTREPOT_FAULTS_SECONDS");
        command.env("ENTREPOT_DATA_FOLDER", &data).env("ENTREPOT_DATABASE_URL", self.database());
        command.env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_DEMO_SECRET", SECRET);
        command.env("ENTREPOT_ADMIN_PASSWORD", PASSWORD).env("ENTREPOT_QUEUE_LEASE", "3");
        command.env("ENTREPOT_HTTP_WORKERS", "2").env("ENTREPOT_DATABASE_CHECKOUT_TIMEOUT", "2");
        command.env("ENTREPOT_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.0/8").env("ENTREPOT_WEBHOOKS_TIMEOUT", "2");
        command.env("ENTREPOT_WEBHOOKS_GRACE", "5").env("ENTREPOT_WEBHOOKS_CIRCUIT_PAUSE", "1");
        if let Some(broker) = &self.broker {
            command.env("ENTREPOT_QUEUE_RABBITMQ_URL", broker.lock().unwrap().url());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill(Part::Server);
        self.kill(Part::Worker);
        self.kill(Part::Operations);
        if std::thread::panicking() {
            self.reaper.keep();
            crate::say(&format!("faults: logs and data are kept in {}", self.folder.path().display()));
            self.folder.disable_cleanup(true);
        }
    }
}

fn end(process: &Mutex<Option<Child>>) {
    if let Some(mut child) = process.lock().unwrap().take() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

fn keep_up(process: &Mutex<Option<Child>>, mut command: Command) {
    let mut process = process.lock().unwrap();
    let ended = process.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some());
    if ended {
        *process = Some(command.spawn().unwrap());
    }
}
