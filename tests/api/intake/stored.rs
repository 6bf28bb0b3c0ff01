//! Bodies in the database.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use entrepot::auth::secret::ServerKey;
use entrepot::error::Error;
use entrepot::operation::body::{self, Encoding, Reader, Writer};
use entrepot::operation::quota::Owner;
use entrepot::schema::batch_body;

use super::{gzip, leftovers, until};
use crate::support::organization::Organization;
use crate::support::server::{KEY, config};

fn key() -> Arc<ServerKey> {
    Arc::new(ServerKey::parse(KEY).unwrap())
}

fn writer(organization: &Organization, encoding: Encoding) -> Writer {
    let owner = Owner { organization: organization.id(), client: organization.admin.client_id.clone() };
    let settings = config("[batch]\nbody_limit = 10485760").batch;
    Writer::new(organization.server.db.clone(), key(), owner, encoding, settings)
}

fn complete(organization: &Organization, writer: &Writer) -> i64 {
    let stored = organization.server.db.transaction_now::<_, Error>(|conn| writer.complete(conn)).unwrap();
    writer.keep();
    stored.operation
}

/// Bytes that do not repeat.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

#[test]
fn a_body_is_read_as_it_came_in() {
    let organization = Organization::new();
    for size in [1, 1 << 20, (3 << 20) + 17] {
        let sent = noise(size);
        for (encoding, parts) in [(Encoding::Identity, sent.clone()), (Encoding::Gzip, gzip(&sent))] {
            let mut writer = writer(&organization, encoding);
            parts.chunks(300_001).for_each(|part| writer.take(part).unwrap());
            writer.end().unwrap();
            let id = complete(&organization, &writer);
            let open = || Reader::open(organization.server.db.clone(), key(), organization.id(), id);
            let mut reader = open().unwrap();
            assert_eq!(reader.size(), size as u64);
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert!(read == sent, "{size} bytes");
            reader.seek(SeekFrom::Start(size as u64 - 1)).unwrap();
            read.clear();
            reader.read_to_end(&mut read).unwrap();
            assert_eq!(read, sent[size - 1..]);
            organization.server.db.transaction_now(|conn| body::delete(conn, organization.id(), id)).unwrap();
            assert!(open().is_err());
        }
    }
}

#[test]
fn what_nobody_wants_is_removed() {
    let organization = Organization::new();
    let mut wanted = writer(&organization, Encoding::Identity);
    wanted.take(&noise(2 << 20)).unwrap();
    assert_eq!(leftovers(&organization), 1);
    wanted.take(&noise(9 << 20)).unwrap_err();
    drop(wanted);
    until(|| leftovers(&organization) == 0);
}

/// A body whose process was killed has nobody who removes it.
#[test]
fn what_has_been_abandoned_is_swept() {
    let organization = Organization::new();
    let mut abandoned = writer(&organization, Encoding::Identity);
    abandoned.take(&noise(1 << 20)).unwrap();
    abandoned.keep();
    drop(abandoned);
    let sweep = || organization.write(|conn| Ok(body::sweep(conn, Utc::now()).unwrap()));
    sweep();
    assert_eq!(leftovers(&organization), 1, "its request may still be under way");
    organization.write(|conn| {
        let own = batch_body::table.filter(batch_body::organization_id.eq(organization.id()));
        let long_ago = batch_body::touched_at.eq(Utc::now() - TimeDelta::hours(1));
        Ok(diesel::update(own).set(long_ago).execute(conn).unwrap())
    });
    assert!(sweep() >= 1);
    assert_eq!(leftovers(&organization), 0);
}
