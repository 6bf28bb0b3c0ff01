//! What is killed: a Postgres of its own with fsync on, a server, a worker.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use entrepot::db::embedded::{Durability, Embedded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

const KEY: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

/// The secret of the demonstration's clients.
pub const SECRET: &str = "a secret of the demonstration for faults";

/// The password of its user admin.
pub const PASSWORD: &str = "a password of the demonstration for faults";

/// What can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Server,
    Postgres,
}

/// All of it, with the demonstration's data.
pub struct Site {
    pub address: SocketAddr,
    server: Mutex<Option<Child>>,
    postgres: Embedded,
    folder: TempDir,
}

impl Site {
    pub fn open() -> Site {
        // Below /tmp, where the user who runs Postgres comes as well.
        let folder = tempfile::Builder::new().prefix("entrepot-faults-").tempdir_in("/tmp").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        fs::set_permissions(folder.path(), mode).unwrap();
        let postgres = Embedded::open(folder.path(), Durability::Durable).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let site = Site { address, server: Mutex::new(None), postgres, folder };
        let loaded = site.entrepot(&["demo", "load"], "demo").status().unwrap();
        assert!(loaded.success(), "the demonstration could not be loaded");
        site.start();
        site.wait_until_ready();
        site
    }

    /// The connection text of the database.
    pub fn database(&self) -> String {
        self.postgres.url()
    }

    /// Ends a part as power does.
    pub fn kill(&self, part: Part) {
        match part {
            Part::Server => {
                if let Some(mut child) = self.server.lock().unwrap().take() {
                    child.kill().unwrap();
                    child.wait().unwrap();
                }
            }
            Part::Postgres => {
                let file = fs::read_to_string(self.postgres.cluster().join("postmaster.pid")).unwrap_or_default();
                if let Some(pid) = file.lines().next().and_then(|line| line.trim().parse().ok()) {
                    // It may have ended by itself.
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
        }
    }

    /// Starts what does not run. A server that finds no database ends, and is started again by the next call.
    pub fn start(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.postgres.start() {
            assert!(Instant::now() < end, "Postgres does not start: {error}");
        }
        let mut server = self.server.lock().unwrap();
        let ended = server.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some());
        if ended {
            let mut command = self.entrepot(&["serve"], "server");
            command.env("ENTREPOT_HTTP_LISTEN", self.address.to_string());
            *server = Some(command.spawn().unwrap());
        }
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
        command.args(arguments).current_dir(&data).env_remove("DATABASE_URL").process_group(0);
        command.env("ENTREPOT_DATA_FOLDER", &data).env("ENTREPOT_DATABASE_URL", self.database());
        command.env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_DEMO_SECRET", SECRET);
        command.env("ENTREPOT_ADMIN_PASSWORD", PASSWORD).env("ENTREPOT_QUEUE_LEASE", "3");
        command.env("ENTREPOT_HTTP_WORKERS", "2").env("ENTREPOT_DATABASE_CHECKOUT_TIMEOUT", "2");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill(Part::Server);
    }
}
