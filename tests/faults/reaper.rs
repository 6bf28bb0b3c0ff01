//! Ends what the program has started and clears up behind it, however it ends: by Ctrl-C, a signal, or a panic.
//!
//! A small shell of a process group of its own waits for the other end of its standard input to close.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Kills every process that works in the folder or was told of it, stops its Postgres, and removes it, unless something
/// was said before. Where the folder is gone already, all is done.
const SCRIPT: &str = r#"
keep=$(cat)
[ -d "$1" ] || exit 0
for round in 1 2 3; do
    pid=$(head -n 1 "$1/postgres/postmaster.pid" 2> /dev/null) && kill -QUIT "$pid" && sleep 0.3
    for found in $(
        grep -lsF "$1" /proc/[0-9]*/environ
        find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$1*" 2> /dev/null
    ); do
        pid=${found#/proc/}
        kill -9 "${pid%%/*}"
    done
    sleep 0.1
done
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    pid=$(head -n 1 "$1/postgres/postmaster.pid" 2> /dev/null) || break
    kill -QUIT "$pid" || break
    sleep 0.2
done
[ -z "$keep" ] && rm -rf "$1"
"#;

/// Waits for the end of this process.
pub struct Reaper(Child);

impl Reaper {
    pub fn of(folder: &Path) -> Reaper {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "sh"]).arg(folder).current_dir("/").process_group(0);
        Reaper(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// The folder is to stay.
    pub fn keep(&mut self) {
        if let Some(end) = &mut self.0.stdin {
            // It may have ended; then the folder is gone.
            let _ = end.write_all(b"keep");
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
