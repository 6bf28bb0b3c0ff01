//! The operating-system user who runs the private Postgres: this process's own, or `postgres` when that is root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};

use super::EmbeddedError;

pub struct Owner {
    user: User,
    /// Whether this process must become that user to run a program.
    change: bool,
}

impl Owner {
    pub fn find() -> Result<Owner, EmbeddedError> {
        if !Uid::effective().is_root() {
            return Ok(Owner { user: current()?, change: false });
        }
        let user = User::from_name("postgres").ok().flatten().ok_or_else(|| {
            EmbeddedError(
                "Postgres does not run as root, and there is no user postgres to run it: install the system's package \
                 of Postgres, start as another user, or set DATABASE_URL."
                    .to_owned(),
            )
        })?;
        Ok(Owner { user, change: true })
    }

    pub fn name(&self) -> &str {
        &self.user.name
    }

    pub fn uid(&self) -> Option<u32> {
        self.change.then(|| self.user.uid.as_raw())
    }

    pub fn gid(&self) -> Option<u32> {
        self.change.then(|| self.user.gid.as_raw())
    }

    /// Whether the user may pass every folder down to this one, itself included.
    pub fn reaches(&self, folder: &Path) -> bool {
        !self.change
            || folder.ancestors().all(|step| {
                fs::metadata(step).is_ok_and(|data| {
                    let bit = match (data.uid() == self.user.uid.as_raw(), data.gid() == self.user.gid.as_raw()) {
                        (true, _) => 0o100,
                        (false, true) => 0o010,
                        (false, false) => 0o001,
                    };
                    data.mode() & bit != 0
                })
            })
    }

    /// A program that will run as the user, in a folder that the user can be in, with nothing of this process's input.
    pub fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C").env_remove("PGDATA");
        if let (Some(uid), Some(gid)) = (self.uid(), self.gid()) {
            command.uid(uid).gid(gid);
        }
        command
    }
}

/// The name of the user of this process, as `peer` sees it.
pub fn current_name() -> Result<String, EmbeddedError> {
    Ok(current()?.name)
}

fn current() -> Result<User, EmbeddedError> {
    let uid = Uid::effective();
    User::from_uid(uid).ok().flatten().ok_or_else(|| {
        EmbeddedError(format!(
            "The user {uid} of this process has no name in the system, which peer needs: set DATABASE_URL."
        ))
    })
}
