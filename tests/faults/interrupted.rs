//! The program itself, interrupted.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Nothing that it has started runs on, and its folder is gone.
#[test]
fn interrupted_it_leaves_nothing_behind() {
    let _turn = crate::turn();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "whatever_is_killed_nothing_is_lost"]).env("ENTREPOT_FAULTS_SECONDS", "600");
        let mut program = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let folder = folder(&mut program);
        assert!(!processes(&folder).is_empty());
        kill(Pid::from_raw(program.id() as i32), signal).unwrap();
        program.wait().unwrap();
        let end = Instant::now() + Duration::from_secs(120);
        while Path::new(&folder).exists() || !processes(&folder).is_empty() {
            assert!(Instant::now() < end, "after {signal}: {:?} and what is in {folder}", processes(&folder));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The folder that the program works in, once it does.
fn folder(program: &mut Child) -> String {
    let lines = BufReader::new(program.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut folders = lines.filter_map(|line| Some(line.strip_prefix("faults: ")?.split_once(" in ")?.1.to_owned()));
    folders.next().unwrap()
}

/// The command lines of processes that know of the folder; the shell that waits for the end is none of them.
fn processes(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| {
            let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let command = read("cmdline");
        if !command.starts_with("/bin/sh") && (command.contains(folder) || read("environ").contains(folder)) {
            found.push(command);
        }
    }
    found
}
