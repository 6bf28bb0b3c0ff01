//! Where Postgres's programs are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::EmbeddedError;

/// Folders of packages, each with one folder per version.
const PACKAGES: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
];

/// The folder that holds `initdb`, `pg_ctl` and `postgres`.
pub struct Binaries(PathBuf);

impl Binaries {
    /// Looks in `PATH`, then where packages put them, the newest version first. An existing `cluster` can only be run
    /// by the version that made it.
    pub fn find(cluster: &Path) -> Result<Binaries, EmbeddedError> {
        let wanted = fs::read_to_string(cluster.join("PG_VERSION")).ok().map(|text| text.trim().to_owned());
        let mut found = candidates().into_iter().filter(|folder| folder.join("initdb").exists());
        let fitting = match &wanted {
            None => found.next(),
            Some(version) => found.find(|folder| major(folder).as_ref() == Some(version)),
        };
        fitting.map(Binaries).ok_or_else(|| match wanted {
            None => EmbeddedError(
                "No Postgres server is installed here and database.url is not set. Install one (Debian: apt-get install \
                 postgresql; macOS: brew install postgresql@17), or set DATABASE_URL."
                    .to_owned(),
            ),
            Some(version) => EmbeddedError(format!(
                "The data in {} was written by Postgres {version}, which is not installed here. Install that version, \
                 or name another data_folder.",
                cluster.display()
            )),
        })
    }

    pub fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    for (parent, prefix) in PACKAGES {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let version = name.strip_prefix(prefix)?.trim_start_matches('@');
                Some((version.parse().ok()?, entry.path().join("bin")))
            })
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    }
    folders
}

/// `15` of `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major(folder: &Path) -> Option<String> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))?;
    version.split(['.', 'b', 'r']).next().map(str::to_owned)
}
