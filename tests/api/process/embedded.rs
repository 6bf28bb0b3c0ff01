use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use diesel::connection::Connection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use entrepot::db::embedded::{Durability, Embedded};
use entrepot::startup::data_folder::DataFolder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};

use crate::support::database;
use crate::support::served::Served;

fn ask(conn: &mut PgConnection, sql: &str) -> String {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        answer: String,
    }
    diesel::sql_query(format!("SELECT ({sql})::text AS answer")).get_result::<Row>(conn).unwrap().answer
}

fn postmaster(folder: &DataFolder) -> i32 {
    let text = fs::read_to_string(folder.path().join("postgres/postmaster.pid")).unwrap();
    text.lines().next().unwrap().trim().parse().unwrap()
}

#[test]
fn it_lets_in_its_own_user_by_peer_and_nobody_by_tcp() {
    let folder = database::folder("peer");
    let _reaper = database::reap(&folder);
    let private = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    let mut conn = PgConnection::establish(&private.url()).unwrap();
    assert_eq!(ask(&mut conn, "SELECT current_user || ' ' || current_database()"), "entrepot entrepot");
    assert_eq!(ask(&mut conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), "false");
    assert_eq!(ask(&mut conn, "SELECT setting FROM pg_settings WHERE name = 'listen_addresses'"), "");

    let mut admin = PgConnection::establish(&private.url_of("postgres", "postgres")).unwrap();
    let methods = "SELECT string_agg(DISTINCT type || ' ' || auth_method, ',') FROM pg_hba_file_rules";
    assert_eq!(ask(&mut admin, methods), "local peer");

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(private.sockets()), mode(private.cluster())), (0o700, 0o700));
    let socket = private.sockets().join(".s.PGSQL.5432");
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());

    // Another user does not get in, even where the folder would let it pass.
    if Uid::effective().is_root() {
        fs::set_permissions(private.sockets(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
        let mut psql = Command::new("psql");
        psql.args([&private.url(), "-c", "SELECT 1"]).uid(nobody.uid.as_raw()).current_dir("/");
        if let Ok(output) = psql.output() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.contains("authentication failed"), "{text}");
        }
    }
}

#[test]
fn it_has_a_session_of_its_own() {
    let folder = database::folder("session");
    let _reaper = database::reap(&folder);
    let _private = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    let process = Pid::from_raw(postmaster(&folder));
    assert_ne!(nix::unistd::getsid(Some(process)).unwrap(), nix::unistd::getsid(None).unwrap());
}

#[test]
fn what_a_killed_server_leaves_is_adopted_or_recovered() {
    let folder = database::folder("kill");
    let _reaper = database::reap(&folder);
    let first = Served::start(&folder);
    let url = Embedded::open(folder.path(), Durability::Durable).unwrap().url();
    let mut conn = PgConnection::establish(&url).unwrap();
    diesel::sql_query("CREATE TABLE scratch AS SELECT 7 AS id").execute(&mut conn).unwrap();
    let running = postmaster(&folder);
    first.kill();

    let adopting = Served::start(&folder);
    assert_eq!(postmaster(&folder), running);
    assert_eq!(ask(&mut conn, "SELECT id FROM scratch"), "7");
    adopting.kill();

    // The database is killed too, and leaves its lock files behind.
    kill(Pid::from_raw(running), Signal::SIGKILL).unwrap();
    while is_alive(running) {
        std::thread::yield_now();
    }
    let recovering = Served::start(&folder);
    assert_ne!(postmaster(&folder), running);
    let mut conn = PgConnection::establish(&url).unwrap();
    assert_eq!(ask(&mut conn, "SELECT id FROM scratch"), "7");
    drop(conn);
    let database = postmaster(&folder);
    assert!(recovering.interrupt().success());
    assert!(!is_alive(database), "Ctrl-C left the database running");
}

#[test]
fn a_second_process_uses_the_server_of_the_first_and_leaves_it_running() {
    let folder = database::folder("second");
    let _reaper = database::reap(&folder);
    let first = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    let second = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    assert!(first.owns() && !second.owns());
    drop(second);
    PgConnection::establish(&first.url()).unwrap();
    let url = first.url();
    drop(first);
    assert!(PgConnection::establish(&url).is_err());
}

fn is_alive(process: i32) -> bool {
    // A killed process stays as a zombie until its parent looks.
    let zombie = fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|text| text.contains(") Z "));
    kill(Pid::from_raw(process), None).is_ok() && !zombie
}
