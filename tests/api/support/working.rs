//! The binary itself, running jobs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::server::KEY;

/// A worker's process, past its start.
pub struct Working {
    child: Child,
    /// Where it answers for health and metrics.
    pub address: Option<SocketAddr>,
    /// What it has said since its start.
    log: Arc<Mutex<Vec<String>>>,
}

impl Working {
    /// `entrepot worker` on that database, with those arguments.
    pub fn on(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Working {
        let mut command = entrepot(url);
        command.arg("worker").args(arguments);
        command.env("ENTREPOT_LOG_FORMAT", "json").env("ENTREPOT_QUEUE_LEASE", "3").envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (mut address, mut read) = (None, Vec::new());
        loop {
            let Some(line) = log.next() else { panic!("entrepot worker ended: {}", read.join("\n")) };
            let event: Value = serde_json::from_str(&line).unwrap();
            match event["message"].as_str() {
                Some("answering for health and metrics") => address = event["address"].as_str().unwrap().parse().ok(),
                Some("working") => break,
                _ => read.push(line),
            }
        }
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = said.clone();
        std::thread::spawn(move || log.for_each(|line| lines.lock().unwrap().push(line)));
        Working { child, address, log: said }
    }

    /// The lines of its log since it works.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Sends a signal, without waiting.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a supervisor does; without waiting.
    pub fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary on that database.
fn entrepot(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
    command.current_dir(std::env::temp_dir()).env_remove("DATABASE_URL").env("ENTREPOT_SECRET_KEY", KEY);
    command.env("ENTREPOT_DATABASE_URL", url);
    command
}

/// What a command prints; the error is what it complains of.
pub fn run(url: &str, arguments: &[&str]) -> Result<String, String> {
    let Output { status, stdout, stderr } = entrepot(url).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
}
