//! The files that the storefront shows: where they are fetched, and who may fetch them.
//!
//! A file is seen by who may view one of the records that show it. Its address names its organization, so that pages can
//! show pictures to visitors without a token, and ends with its digest, so that a changed content has another address.

use diesel::pg::PgConnection;
use uuid::Uuid;

use crate::acl::{self, Caller, Permission};
use crate::engine::key::Key;
use crate::engine::kind::Storage;
use crate::engine::resource::Resource;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::storefront::catalog::{CATEGORY, PRODUCT_IMAGE};
use crate::storefront::sales::ORDER;

/// SQL of the address of a file `f`; null where it has neither a content nor an address elsewhere.
pub const URL: &str =
    "COALESCE(f.external_url, '/media/' || f.organization_id || '/' || f.uuid || '/' || left(f.content_digest, 32))";

/// Records that show files, and the statement that finds those of a file.
static PLACES: &[(&Resource, &str)] = &[
    (&CATEGORY, "SELECT id FROM category WHERE small_image_id = "),
    (&CATEGORY, "SELECT id FROM category WHERE large_image_id = "),
    (&PRODUCT_IMAGE, "SELECT id FROM product_image WHERE image_id = "),
    (&ORDER, "SELECT order_id FROM sales_order_document WHERE file_id = "),
];

/// A stored content that the caller may fetch.
#[derive(Clone, Debug)]
pub struct Media {
    pub file: i64,
    pub mime_type: String,
    pub name: Option<String>,
    /// SHA-256 in hexadecimal digits.
    pub digest: String,
    pub bytes: u64,
    /// Whether visitors of the shop may see the records that show it.
    pub public: bool,
}

/// The content of the caller's organization with that address; 404 where there is none, 403 where no record that the
/// caller may view shows it.
pub fn find(conn: &mut PgConnection, caller: &Caller, uuid: Uuid) -> Result<Media, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT f.id, f.mime_type, f.original_filename, f.content_digest, octet_length(f.content)::bigint FROM file f",
    );
    // No token vouches for the organization of an anonymous visitor.
    sql.raw(" JOIN organization o ON o.id = f.organization_id AND o.enabled");
    sql.raw(" WHERE f.organization_id = ").bind(Value::Integer(caller.organization));
    sql.raw(" AND f.uuid = ").bind(Value::Uuid(uuid)).raw(" AND f.content IS NOT NULL");
    let found = sql.collect(conn, |row| -> Result<_, Error> {
        Ok(Media {
            file: row.integer(0)?.unwrap_or_default(),
            mime_type: row.text(1)?.unwrap_or_default(),
            name: row.text(2)?,
            digest: row.text(3)?.unwrap_or_default(),
            bytes: row.integer(4)?.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            public: false,
        })
    })?;
    let Some(media) = found.into_iter().next() else { return Err(Error::not_found()) };
    for (resource, statement) in PLACES {
        let keys = showing(conn, caller.organization, statement, media.file)?;
        if !acl::allowed_keys(conn, caller, resource, Permission::View, &keys)?.is_empty() {
            return Ok(Media { public: resource.public, ..media });
        }
    }
    Err(Error::no_access())
}

/// The records that show a file.
fn showing(conn: &mut PgConnection, organization: i64, statement: &'static str, file: i64) -> Result<Vec<Key>, Error> {
    let mut sql = Sql::new();
    sql.raw(statement).bind(Value::Integer(file)).raw(" AND organization_id = ").bind(Value::Integer(organization));
    let ids = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    Ok(ids.into_iter().flatten().map(Key::Integer).collect())
}

/// A part of the content, of that many bytes from an offset on; 404 where it has changed since it was found.
pub fn content(
    conn: &mut PgConnection,
    organization: i64,
    media: &Media,
    (from, length): (u64, u64),
) -> Result<Vec<u8>, Error> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut sql = Sql::new();
    sql.raw("SELECT substring(content FROM (").bind(Value::Integer(number(from) + 1)).raw(")::int FOR (");
    sql.bind(Value::Integer(number(length))).raw(")::int) FROM file WHERE organization_id = ");
    sql.bind(Value::Integer(organization)).raw(" AND id = ").bind(Value::Integer(media.file));
    sql.raw(" AND content_digest = ").bind(Value::Text(media.digest.clone()));
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.value(0, Storage::Bytes)?) })?;
    match found.into_iter().next() {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        _ => Err(Error::not_found()),
    }
}
