//! The binary itself, serving from a data folder.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use entrepot::startup::data_folder::DataFolder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::client::Client;
use super::server::KEY;

/// The server's process, past its start.
pub struct Served {
    child: Child,
    /// Where it speaks plain HTTP.
    pub address: SocketAddr,
    /// Where it speaks HTTPS.
    pub tls: Option<SocketAddr>,
    /// What it printed.
    pub shown: String,
}

impl Served {
    /// `entrepot serve`, with a key.
    pub fn start(folder: &DataFolder) -> Served {
        Served::run(folder, Command::new(env!("CARGO_BIN_EXE_entrepot")).arg("serve").env("ENTREPOT_SECRET_KEY", KEY))
    }

    /// `entrepot serve` on that database, with those variables.
    pub fn on(url: &str, variables: &[(&str, &str)]) -> Served {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
        command.arg("serve").env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_DATABASE_URL", url);
        command.env("ENTREPOT_DATABASE_POOL_SIZE", "4").env("ENTREPOT_HTTP_WORKERS", "2");
        command.env("ENTREPOT_HTTP_DRAIN_DELAY", "0");
        let folder = DataFolder::at(folder.path()).unwrap();
        Served::run(&folder, command.envs(variables.iter().copied()))
    }

    /// The same with HTTPS as well, by the certificate in that folder.
    pub fn secure(url: &str, certificate: &Path, variables: &[(&str, &str)]) -> Served {
        let [shown, key] = ["tls.crt", "tls.key"].map(|name| certificate.join(name).display().to_string());
        let tls = [("LISTEN", "127.0.0.1:0"), ("CERTIFICATE", &shown), ("KEY", &key)];
        let names = tls.map(|(name, value)| (format!("ENTREPOT_HTTP_TLS_{name}"), value));
        let tls = names.iter().map(|(name, value)| (name.as_str(), *value));
        Served::on(url, &tls.chain(variables.iter().copied()).collect::<Vec<_>>())
    }

    /// `entrepot serve --demo`, which makes its own key.
    pub fn start_demo(folder: &DataFolder) -> Served {
        Served::run(folder, Command::new(env!("CARGO_BIN_EXE_entrepot")).args(["serve", "--demo"]))
    }

    fn run(folder: &DataFolder, command: &mut Command) -> Served {
        command.current_dir(folder.path()).env_remove("DATABASE_URL").env("ENTREPOT_LOG_FORMAT", "json");
        command.env("ENTREPOT_DATA_FOLDER", folder.path()).env("ENTREPOT_HTTP_LISTEN", "127.0.0.1:0");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let ports = 1 + usize::from(command.get_envs().any(|(name, _)| name == "ENTREPOT_HTTP_TLS_LISTEN"));
        let (mut read, mut addresses) = (Vec::new(), Vec::new());
        while addresses.len() < ports {
            let Some(line) = log.next() else { panic!("entrepot serve ended: {}", read.join("\n")) };
            if line.contains("\"serving\"") {
                let serving: Value = serde_json::from_str(&line).unwrap();
                addresses.push(serving["address"].as_str().unwrap().parse().unwrap());
            }
            read.push(line);
        }
        std::thread::spawn(move || log.for_each(drop));
        let mut shown = String::new();
        if command.get_args().any(|argument| argument == "--demo") {
            let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            for line in lines.take_while(|line| !line.starts_with("Ctrl-C")) {
                shown.push_str(&line);
                shown.push('\n');
            }
        }
        Served { child, address: addresses[0], tls: addresses.get(1).copied(), shown }
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As Ctrl-C does.
    pub fn interrupt(mut self) -> ExitStatus {
        self.signal(Signal::SIGINT);
        self.child.wait().unwrap()
    }

    /// As a supervisor does.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.child.wait().unwrap()
    }

    /// The most that it had in memory at any moment, in bytes.
    pub fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// A number that `/metrics` shows.
    pub fn metric(&self, name: &str) -> u64 {
        let text = Client::new(format!("http://{}", self.address)).get("/metrics").expect(200).text;
        let value =
            text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}: {text}"));
        value.trim().parse().unwrap()
    }

    /// Sends a signal, without waiting.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
