//! A server in a process of its own, which logs all it can, and its log.

use std::fs::{File, read_to_string, remove_dir_all};
use std::net::SocketAddr;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use entrepot::startup::data_folder::DataFolder;

use super::client::Client;
use super::database;
use super::server::KEY;

pub struct Logged {
    process: Child,
    folder: DataFolder,
    address: SocketAddr,
}

impl Logged {
    /// `entrepot serve` with those arguments, on a database of its own. `format`: `text` or `json`; `variables`: settings, by their
    /// names in the environment.
    pub fn start(arguments: &[&str], format: &str, variables: &[(&str, &str)]) -> Logged {
        let folder = database::folder("log");
        let log = folder.path().join("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
        command.arg("serve").args(arguments).current_dir(folder.path()).env("DATABASE_URL", database::own());
        command.env("ENTREPOT_DATA_FOLDER", folder.path()).env("ENTREPOT_HTTP_LISTEN", "127.0.0.1:0");
        command.env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_LOG_FORMAT", format).env("ENTREPOT_LOG_LEVEL", "trace");
        command.envs(variables.iter().copied());
        command.stdout(File::create(folder.path().join("greeting")).unwrap()).stderr(File::create(&log).unwrap());
        let mut served = Logged { process: command.spawn().unwrap(), folder, address: ([127, 0, 0, 1], 0).into() };
        let address = |log: &str| {
            let line = log.lines().find(|line| line.contains("serving") && line.contains("address"))?.to_owned();
            let (_, rest) = line.split_once("127.0.0.1:")?;
            rest.split(|sign: char| !sign.is_ascii_digit()).next()?.parse::<u16>().ok()
        };
        let log = served.log_until(|log| address(log).is_some());
        served.address.set_port(address(&log).unwrap());
        served
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn client(&self) -> Client {
        Client::new(format!("http://{}", self.address))
    }

    /// The log, once it is like that.
    pub fn log_until(&self, is_so: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let log = read_to_string(self.folder.path().join("log")).unwrap();
            if is_so(&log) {
                return log;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "waited in vain: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = remove_dir_all(self.folder.path());
    }
}
