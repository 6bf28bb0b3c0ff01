//! One database server for the whole run: that of `DATABASE_URL`, else a private one in a temporary folder.
//!
//! A private one is stopped and removed when this process ends, however it ends: a small shell waits for the other end
//! of its standard input to close.

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use entrepot::db::embedded::{Durability, Embedded};
use entrepot::db::migrate::migrate;
use entrepot::startup::data_folder::DataFolder;

use super::ending::at_end;

// The binary, if a test runs it, works in the folder. A process that is killed while its database starts leaves the
// start running: hence the repeated look.
const REAPER: &str = r#"
cat > /dev/null
for process in /proc/[0-9]*; do
    [ "$(readlink "$process/cwd")" = "$1" ] && kill -9 "${process#/proc/}"
done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    pid=$(head -n 1 "$1/postgres/postmaster.pid" 2> /dev/null) && kill -QUIT "$pid" 2> /dev/null
    pids=$(pgrep -f -- "$1/postgres" 2> /dev/null) && kill -QUIT $pids 2> /dev/null
    kill -0 $pid $pids 2> /dev/null || break
    sleep 0.2
done
rm -rf "$1"
"#;

enum Cluster {
    /// The URL of a database whose role may create databases.
    Given(String),
    Private(Box<Embedded>, #[expect(dead_code, reason = "held until the process ends")] Reaper),
}

/// The connection text of the database that all tests share.
pub fn shared() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| copy("shared"))
}

/// The connection text of a migrated database of the test's own, which is removed when the test ends.
pub fn own() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("own_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let url = copy(&name);
    // A test may have stopped the server of databases, or made it full: then it is removed with the folder.
    at_end(move || drop(execute(&format!("DROP DATABASE {} WITH (FORCE)", database_name(&name)))));
    url
}

/// The same for tests that share it.
pub fn of_group(name: &str) -> String {
    copy(name)
}

/// A folder for a private server, reachable by the user who runs it. Give it to [`reap`].
pub fn folder(name: &str) -> DataFolder {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("entrepot-test-{}-{number}-{name}", std::process::id());
    DataFolder::at(&std::env::temp_dir().join(name)).unwrap()
}

/// Stops the server of a folder and removes the folder when it is dropped or the process ends.
pub struct Reaper(Child);

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

pub fn reap(folder: &DataFolder) -> Reaper {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", REAPER, "sh"]).arg(folder.path()).process_group(0);
    Reaper(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| match std::env::var("DATABASE_URL") {
        Ok(url) => Cluster::Given(url),
        Err(_) => {
            let folder = folder("run");
            let reaper = reap(&folder);
            Cluster::Private(Box::new(Embedded::open(folder.path(), Durability::Fleeting).unwrap()), reaper)
        }
    })
}

/// A copy of the migrated template.
fn copy(name: &str) -> String {
    static TEMPLATE: OnceLock<()> = OnceLock::new();
    let template = database_name("template");
    TEMPLATE.get_or_init(|| {
        execute(&format!("CREATE DATABASE {template}")).unwrap();
        migrate(&url_of(&template)).unwrap();
    });
    let name = database_name(name);
    // Two copies of one template at a time: the second finds it in use.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
    url_of(&name)
}

fn execute(statement: &str) -> Result<(), Box<dyn Error>> {
    let url = match cluster() {
        Cluster::Given(url) => url.clone(),
        Cluster::Private(embedded, _) => embedded.url(),
    };
    Ok(PgConnection::establish(&url)?.batch_execute(statement)?)
}

fn database_name(name: &str) -> String {
    format!("entrepot_test_{}_{name}", std::process::id())
}

fn url_of(database: &str) -> String {
    match cluster() {
        Cluster::Given(url) => {
            let (address, parameters) = url
                .split_once('?')
                .map_or((url.as_str(), String::new()), |(address, rest)| (address, format!("?{rest}")));
            let server = address.rsplit_once('/').map(|(server, _)| server).unwrap();
            format!("{server}/{database}{parameters}")
        }
        Cluster::Private(embedded, _) => embedded.url_of(database, "entrepot"),
    }
}
