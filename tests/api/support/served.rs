//! The binary itself, serving from a data folder.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};

use entrepot::startup::data_folder::DataFolder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::server::KEY;

/// `entrepot serve`, past its start.
pub struct Served(Child);

impl Served {
    pub fn start(folder: &DataFolder) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrepot"));
        command.arg("serve").current_dir(folder.path()).env_remove("DATABASE_URL");
        command.env("ENTREPOT_DATA_FOLDER", folder.path()).env("ENTREPOT_HTTP_LISTEN", "127.0.0.1:0");
        command.env("ENTREPOT_SECRET_KEY", KEY).env("ENTREPOT_LOG_FORMAT", "json");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut read = Vec::new();
        while !read.last().is_some_and(|line: &String| line.contains("\"serving\"")) {
            let Some(line) = log.next() else { panic!("entrepot serve ended: {}", read.join("\n")) };
            read.push(line);
        }
        std::thread::spawn(move || log.for_each(drop));
        Served(child)
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// As Ctrl-C does.
    pub fn interrupt(mut self) -> ExitStatus {
        kill(Pid::from_raw(self.0.id() as i32), Signal::SIGINT).unwrap();
        self.0.wait().unwrap()
    }
}
