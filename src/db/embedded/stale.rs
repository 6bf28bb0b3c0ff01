//! Whether what a Postgres left behind is still in use; told by `/proc`. Systems without it leave it to Postgres.

use std::fs;
use std::path::Path;

/// Whether a lock file names a process that is no live Postgres.
pub fn is_stale(lock: &Path) -> bool {
    let Ok(text) = fs::read_to_string(lock) else { return false };
    let Some(process) = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok()) else { return false };
    // A dead process that nobody has reaped has an empty command line.
    let command = fs::read(format!("/proc/{process}/cmdline"));
    command.is_ok_and(|line| !String::from_utf8_lossy(&line).contains("postgres"))
}

/// Whether a process works in that folder, as all of a server's processes do in that of its data.
pub fn has_process_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok()).any(|place| place == folder)
}
