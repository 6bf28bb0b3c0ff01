//! The private Postgres for a machine that has no `DATABASE_URL`.
//!
//! Input: a folder. Output: a running server whose only door is a socket in a folder of mode 0700, where `peer` lets the
//! operating-system user of this process in and nobody else; no TCP. `pg_ctl` starts it in a session of its own, so a
//! terminal's Ctrl-C does not reach it and it outlives a killed process; the next start adopts it, or Postgres
//! recovers what is left. postgres refuses to run as root: there, it runs as the user `postgres`.

mod binaries;
mod owner;
mod stale;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use nix::fcntl::{Flock, FlockArg};

use binaries::Binaries;
use owner::Owner;

/// The database and the role that owns it.
const NAME: &str = "entrepot";
/// Bytes that a socket's path may have on every system: 104 on macOS, with the end mark.
const SOCKET_PATH: usize = 103;

/// Why there is no private Postgres, in a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EmbeddedError(String);

/// Whether data must survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    Durable,
    /// For tests: fast, and lost with the machine.
    Fleeting,
}

/// A running private server. The process that holds its lock stops it when this is dropped.
pub struct Embedded {
    binaries: Binaries,
    owner: Owner,
    cluster: PathBuf,
    sockets: PathBuf,
    /// `None`: another process of ours runs it.
    lock: Option<Flock<fs::File>>,
}

impl Embedded {
    /// Whether that folder can hold a private server: the user who runs it reaches it.
    pub fn fits(folder: &Path) -> bool {
        Owner::find().is_ok_and(|owner| owner.reaches(folder))
    }

    /// Starts the server of that folder, adopts it if it runs, creates it if there is none. Where another process of
    /// ours runs it, it is only used.
    pub fn open(folder: &Path, durability: Durability) -> Result<Embedded, EmbeddedError> {
        let owner = Owner::find()?;
        let folder = fs::canonicalize(folder).map_err(|error| wrong(folder, error))?;
        if !owner.reaches(&folder) {
            return Err(EmbeddedError(format!(
                "The user {} who runs the private Postgres cannot reach the folder {}: name another by data_folder.",
                owner.name(),
                folder.display()
            )));
        }
        let cluster = folder.join("postgres");
        let binaries = Binaries::find(&cluster)?;
        let sockets = socket_folder(&folder);
        let lock = lock(&folder.join("postgres.lock"))?;
        let embedded = Embedded { binaries, owner, cluster, sockets, lock };
        if embedded.owns() {
            embedded.create(durability)?;
            embedded.configure(durability)?;
            embedded.start()?;
        }
        embedded.create_database()?;
        Ok(embedded)
    }

    /// Whether this process runs the server, and stops it in the end.
    pub fn owns(&self) -> bool {
        self.lock.is_some()
    }

    /// The connection text of the database, for the user of this process.
    pub fn url(&self) -> String {
        self.url_of(NAME, NAME)
    }

    /// The connection text of a database as a role: `postgres` is the superuser.
    pub fn url_of(&self, database: &str, role: &str) -> String {
        let host = self.sockets.display().to_string().replace('\\', "\\\\").replace('\'', "\\'");
        format!("host='{host}' port=5432 dbname={database} user={role}")
    }

    /// The folder of the socket.
    pub fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// The folder of the data.
    pub fn cluster(&self) -> &Path {
        &self.cluster
    }

    /// Stops the server and waits for it; sessions are ended, transactions under way rolled back.
    pub fn stop(&self) -> Result<(), EmbeddedError> {
        if self.runs() { self.pg_ctl(&["stop", "-m", "fast", "-w", "-t", "60"]) } else { Ok(()) }
    }

    /// Starts the server, unless it runs.
    pub fn start(&self) -> Result<(), EmbeddedError> {
        if self.runs() {
            return Ok(());
        }
        self.remove_stale_locks();
        let log = self.cluster.join("server.log");
        let _ = fs::remove_file(&log);
        self.pg_ctl(&["start", "-w", "-t", "120", "-l", &log.display().to_string()]).map_err(|error| {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let tail: Vec<&str> = text.lines().rev().take(5).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            EmbeddedError(format!("{error}\n{}", tail.join("\n")))
        })
    }

    fn runs(&self) -> bool {
        !stale::is_stale(&self.cluster.join("postmaster.pid")) && self.pg_ctl(&["status"]).is_ok()
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<(), EmbeddedError> {
        let mut command = self.owner.command(self.binaries.path("pg_ctl"));
        command.arg("-D").arg(&self.cluster).arg("-s").args(arguments);
        finish(command)
    }

    fn create(&self, durability: Durability) -> Result<(), EmbeddedError> {
        for folder in [&self.cluster, &self.sockets] {
            fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
            let private = fs::Permissions::from_mode(0o700);
            fs::set_permissions(folder, private).map_err(|error| wrong(folder, error))?;
            chown(folder, self.owner.uid(), self.owner.gid()).map_err(|error| wrong(folder, error))?;
        }
        if self.cluster.join("PG_VERSION").exists() {
            return Ok(());
        }
        tracing::info!(folder = %self.cluster.display(), "creating the private Postgres");
        // `C.UTF-8` knows the letters of all scripts and sorts by code point; systems without it have `C`.
        self.initdb("C.UTF-8", durability).or_else(|_| self.initdb("C", durability))
    }

    fn initdb(&self, locale: &str, durability: Durability) -> Result<(), EmbeddedError> {
        let mut command = self.owner.command(self.binaries.path("initdb"));
        command.arg("-D").arg(&self.cluster).args(["-U", "postgres", "-A", "peer", "-E", "UTF8"]);
        command.arg(format!("--locale={locale}"));
        if durability == Durability::Fleeting {
            command.arg("--no-sync");
        }
        finish(command)
    }

    /// Writes who may connect, and how the server runs; all of it anew at every start.
    fn configure(&self, durability: Durability) -> Result<(), EmbeddedError> {
        let user = owner::current_name()?;
        let sockets = self.sockets.display().to_string().replace('\'', "''");
        let mut settings = format!(
            "# Written anew at every start.\nlisten_addresses = ''\nport = 5432\nunix_socket_directories = '{sockets}'\n\
             unix_socket_permissions = 0700\nlc_messages = 'C'\n"
        );
        if durability == Durability::Fleeting {
            // Many servers share it, each with a pool of its own.
            settings.push_str("max_connections = 1000\n");
            settings.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
        } else {
            settings.push_str("max_connections = 200\n");
        }
        let main = self.cluster.join("postgresql.conf");
        let include = "include_if_exists = 'entrepot.conf'\n";
        let text = fs::read_to_string(&main).map_err(|error| wrong(&main, error))?;
        if !text.contains(include) {
            self.write("postgresql.conf", &format!("{text}\n{include}"))?;
        }
        self.write("entrepot.conf", &settings)?;
        self.write("pg_hba.conf", "local all all peer map=entrepot\n")?;
        self.write("pg_ident.conf", &format!("entrepot \"{user}\" postgres\nentrepot \"{user}\" {NAME}\n"))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), EmbeddedError> {
        let path = self.cluster.join(name);
        fs::write(&path, text).map_err(|error| wrong(&path, error))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(|error| wrong(&path, error))?;
        chown(&path, self.owner.uid(), self.owner.gid()).map_err(|error| wrong(&path, error))
    }

    fn create_database(&self) -> Result<(), EmbeddedError> {
        if PgConnection::establish(&self.url()).is_ok() {
            return Ok(());
        }
        let failed =
            |error: &dyn std::fmt::Display| EmbeddedError(format!("The private Postgres does not answer: {error}"));
        let mut conn = PgConnection::establish(&self.url_of("postgres", "postgres")).map_err(|error| failed(&error))?;
        let role = format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{NAME}') \
             THEN CREATE ROLE {NAME} LOGIN CREATEDB; END IF; END $$"
        );
        conn.batch_execute(&role).map_err(|error| failed(&error))?;
        conn.batch_execute(&format!("CREATE DATABASE {NAME} OWNER {NAME}")).map_err(|error| failed(&error))
    }

    /// Lock files name a process. After a reboot, or where nobody reaps dead processes, the number may belong to another
    /// program or to a dead one; Postgres would respect it.
    fn remove_stale_locks(&self) {
        for _ in 0..100 {
            if !stale::has_process_in(&self.cluster) {
                break;
            }
            // The server's processes end by themselves when it is gone.
            std::thread::sleep(Duration::from_millis(100));
        }
        for path in [self.cluster.join("postmaster.pid"), self.sockets.join(".s.PGSQL.5432.lock")] {
            if stale::is_stale(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if self.owns()
            && let Err(error) = self.stop()
        {
            tracing::error!(%error, "the private Postgres could not be stopped");
        }
    }
}

/// Beside the data, unless the path would be too long for a socket.
fn socket_folder(folder: &Path) -> PathBuf {
    let near = folder.join("socket");
    if near.join(".s.PGSQL.5432.lock").as_os_str().len() <= SOCKET_PATH {
        return near;
    }
    let hash = folder
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    PathBuf::from(format!("/tmp/entrepot-{hash:016x}"))
}

fn lock(path: &Path) -> Result<Option<Flock<fs::File>>, EmbeddedError> {
    let file = fs::File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|error| wrong(path, error))?;
    Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).ok())
}

fn wrong(path: &Path, error: std::io::Error) -> EmbeddedError {
    EmbeddedError(format!("{}: {error}.", path.display()))
}

fn finish(mut command: Command) -> Result<(), EmbeddedError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| EmbeddedError(format!("{program} could not be run: {error}.")))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(EmbeddedError(format!("{program} failed ({}): {}", output.status, text.trim())))
}
