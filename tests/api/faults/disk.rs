//! A disk that is full: the tables lie in a small file system of their own.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use entrepot::db::embedded::{Durability, Embedded};
use entrepot::db::migrate::migrate;
use serde_json::json;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

/// A mounted file system of 64 MB.
struct Small(PathBuf);

impl Small {
    /// `None`, said aloud, where this process may not mount.
    fn mount(folder: &Path) -> Option<Small> {
        let path = folder.join("small");
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Small(path));
        }
        eprintln!("SKIPPED: a full disk is not tested, since this process may not mount a tmpfs (root may)");
        None
    }

    /// Leaves no byte free; the answer is what takes the space.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            let bytes = vec![0; size];
            while file.write_all(&bytes).is_ok() {}
        }
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// "the database's disk is full: 503, code storage-full, with Retry-After; reads are served"
#[test]
fn a_full_disk_is_503_for_writes_and_heals_when_there_is_space() {
    let folder = database::folder("disk");
    let _reaper = database::reap(&folder);
    let Some(small) = Small::mount(folder.path()) else { return };
    let private = Embedded::open(folder.path(), Durability::Fleeting).unwrap();
    let space = small.0.join("tables");
    fs::create_dir(&space).unwrap();
    let owner = fs::metadata(private.cluster()).unwrap();
    {
        use std::os::unix::fs::MetadataExt;
        chown(&space, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    let mut superuser = PgConnection::establish(&private.url_of("postgres", "postgres")).unwrap();
    superuser.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{}'", space.display())).unwrap();
    superuser.batch_execute("CREATE DATABASE small OWNER entrepot TABLESPACE small").unwrap();
    let url = private.url_of("small", "entrepot");
    migrate(&url).unwrap();
    let server = TestServer::start(&url, "[database]\npool_size = 2");
    let organization = Organization::on(Box::leak(Box::new(server)));
    let client = organization.client();
    let create = |name: &str| {
        let attributes = json!({"name": name});
        client.post("/admin/api/customers", &json!({"data": {"type": "customers", "attributes": attributes}}))
    };
    create("before").expect(201);

    let filler = small.fill();
    let mut stored = 1;
    let refused = loop {
        let answer = create(&format!("{stored}-{}", "x".repeat(200)));
        if answer.status != 201 {
            break answer.expect(503);
        }
        stored += 1;
    };
    assert_eq!(refused.error()["code"], "storage-full");
    assert!(refused.header("Retry-After").parse::<u32>().is_ok());
    assert_eq!(client.get("/admin/api/customers?page[size]=1").expect(200).json()["data"].as_array().unwrap().len(), 1);
    client.get("/health/ready").expect(200);

    fs::remove_file(filler).unwrap();
    create("after").expect(201);
    let all = client.get("/admin/api/customers?page[size]=-1&fields[customers]=name").expect(200).json();
    assert_eq!(all["data"].as_array().unwrap().len(), stored + 1, "each acknowledged one, and none that was refused");
}
