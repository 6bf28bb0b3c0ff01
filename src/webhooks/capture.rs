//! What changes, noted for whoever has asked to be told, in the transaction that changes it.
//!
//! Whether anyone has asked is found by the statement that writes the change rows. If so, the records are rendered once
//! for each owner of subscriptions, with that owner's rights, and the messages are written in one statement.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types as st;
use uuid::Uuid;

use super::topic::Entity;
use super::{message, sight};
use crate::acl::{self, Caller, Permission, authorize};
use crate::auth::callers;
use crate::db::announce;
use crate::engine::key::Key;
use crate::engine::load;
use crate::engine::plan::ReadPlan;
use crate::engine::query::include;
use crate::engine::render::View;
use crate::engine::sql::{Sql, transaction};
use crate::engine::value::Value;
use crate::engine::write::{Action, Changed, Context, Observer};
use crate::error::{CONTENTION, DATABASE_AWAY, Error, Errors};

/// Messages in one statement.
const INSERTED: usize = 1000;

/// Notes changes for webhooks.
pub struct Capture {
    /// How documents present themselves: with links where the server knows its own address.
    view: View,
}

/// A record, and its document where that is told.
type Told = (Key, Option<Vec<u8>>);

/// A subscription to what happened.
struct Subscription {
    webhook: Uuid,
    endpoint: i64,
    url: String,
    topic: String,
    /// The one record it is about, if it is.
    record: Option<String>,
    thin: bool,
}

impl Subscription {
    fn wants(&self, key: &Key) -> bool {
        self.record.as_ref().is_none_or(|record| *record == key.to_string())
    }
}

impl Capture {
    /// `public_url`: of the server, and `root` of the back office's API.
    pub fn new(public_url: Option<&str>, root: &str) -> Capture {
        let base = format!("{}{root}", public_url.unwrap_or_default());
        Capture { view: View { base, links: public_url.is_some() } }
    }
}

impl Observer for Capture {
    fn watchers(&self, context: Context<'_>, changed: Changed<'_>) -> Option<Sql> {
        let entity = Entity::of(changed.resource)?;
        let mut sql = Sql::new();
        sql.raw("SELECT id FROM webhook WHERE organization_id = ").bind(Value::Integer(context.caller.organization));
        sql.raw(" AND event = ").bind(Value::Text(entity.topic(changed.action))).raw(" AND enabled");
        if changed.action != Action::Created {
            let records = changed.keys.iter().map(Key::to_string).collect();
            sql.raw(" AND (record_id IS NULL OR record_id = ANY(").bind(Value::Texts(records)).raw("))");
        }
        Some(sql)
    }

    fn changed(
        &self,
        conn: &mut PgConnection,
        context: Context<'_>,
        changed: Changed<'_>,
        watchers: &[Uuid],
    ) -> Result<(), Errors> {
        let Some(entity) = Entity::of(changed.resource) else { return Ok(()) };
        let organization = context.caller.organization;
        let mut rows = Rows::default();
        for (owner, subscriptions) in subscriptions(conn, organization, watchers)? {
            let Some(caller) = callers::user(conn, organization, owner, "webhooks").map_err(Error::from)? else {
                continue;
            };
            let wanted: Vec<Key> = changed
                .keys
                .iter()
                .filter(|key| subscriptions.iter().any(|subscription| subscription.wants(key)))
                .cloned()
                .collect();
            let thin = subscriptions.iter().all(|subscription| subscription.thin);
            let owner = (owner, sight::of(&caller, entity));
            for (key, document) in self.documents(conn, &caller, entity, &wanted, thin)? {
                for subscription in subscriptions.iter().filter(|subscription| subscription.wants(&key)) {
                    rows.add(entity, &owner, subscription, &key, document.as_deref(), context.now);
                }
                if rows.webhooks.len() >= INSERTED {
                    rows.insert(conn, organization, context.now)?;
                }
            }
        }
        Ok(rows.insert(conn, organization, context.now)?)
    }
}

impl Capture {
    /// The records that the owner may view, with their documents: without one where they are not asked for or cannot be
    /// rendered. A subscription never makes a write fail.
    fn documents(
        &self,
        conn: &mut PgConnection,
        owner: &Caller,
        entity: &Entity,
        keys: &[Key],
        thin: bool,
    ) -> Result<Vec<Told>, Error> {
        let resource = entity.resource;
        let plan = ReadPlan {
            include: include::paths(resource, entity.include),
            ..ReadPlan::item(resource, &Key::Integer(0))
        };
        let Ok(plan) = authorize(plan, owner) else { return Ok(Vec::new()) };
        if !thin {
            match transaction(conn, |conn| load::documents(conn, &plan, keys, &self.view)) {
                Ok(documents) => {
                    let mut documents: HashMap<Key, Vec<u8>> = documents.into_iter().collect();
                    let found = keys.iter().filter_map(|key| Some((key.clone(), Some(documents.remove(key)?))));
                    return Ok(found.collect());
                }
                Err(error) if error.code == &CONTENTION || error.code == &DATABASE_AWAY => return Err(error),
                Err(error) => tracing::warn!(%error, resource = resource.name, "a webhook is told no more than an id"),
            }
        }
        let viewable: HashSet<Key> = acl::allowed_keys(conn, owner, resource, Permission::View, keys)?;
        Ok(keys.iter().filter(|key| viewable.contains(key)).map(|key| (key.clone(), None)).collect())
    }
}

/// The subscriptions by owner, of owners who may still log in. They stay as they are until the end of the transaction.
fn subscriptions(
    conn: &mut PgConnection,
    organization: i64,
    watchers: &[Uuid],
) -> Result<BTreeMap<i64, Vec<Subscription>>, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "SELECT w.owner_id, w.id, w.endpoint_id, w.notification_url, w.topic, w.record_id, w.format_id FROM webhook w \
         JOIN app_user u ON u.organization_id = w.organization_id AND u.id = w.owner_id \
         JOIN organization o ON o.id = w.organization_id \
         WHERE u.active AND o.enabled AND w.enabled AND w.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND w.id = ANY(").bind(Value::Uuids(watchers.to_vec()));
    sql.raw(") ORDER BY w.id FOR SHARE OF w");
    let mut found: BTreeMap<i64, Vec<Subscription>> = BTreeMap::new();
    sql.for_each(conn, |row| -> Result<(), Error> {
        let owner = row.integer(0)?.unwrap_or_default();
        let Some((webhook, endpoint)) = row.get::<st::Uuid, Uuid>(1)?.zip(row.integer(2)?) else { return Ok(()) };
        found.entry(owner).or_default().push(Subscription {
            webhook,
            endpoint,
            url: row.text(3)?.unwrap_or_default(),
            topic: row.text(4)?.unwrap_or_default(),
            record: row.text(5)?,
            thin: row.text(6)?.as_deref() == Some(super::THIN),
        });
        Ok(())
    })?;
    Ok(found)
}

/// Messages to be written, column by column.
#[derive(Default)]
struct Rows {
    webhooks: Vec<Uuid>,
    endpoints: Vec<i64>,
    owners: Vec<i64>,
    /// What they may view; nothing: everything.
    sights: Vec<String>,
    messages: Vec<Uuid>,
    topics: Vec<String>,
    resources: Vec<String>,
    records: Vec<String>,
    urls: Vec<String>,
    bodies: Vec<String>,
}

impl Rows {
    fn add(
        &mut self,
        entity: &Entity,
        (owner, sight): &(i64, Option<String>),
        subscription: &Subscription,
        key: &Key,
        document: Option<&[u8]>,
        now: DateTime<Utc>,
    ) {
        let id = Uuid::new_v4();
        let document = document.filter(|_| !subscription.thin);
        self.webhooks.push(subscription.webhook);
        self.endpoints.push(subscription.endpoint);
        self.owners.push(*owner);
        self.sights.push(sight.clone().unwrap_or_default());
        self.messages.push(id);
        self.topics.push(subscription.topic.clone());
        self.resources.push(entity.resource.name.to_owned());
        self.records.push(key.to_string());
        self.urls.push(subscription.url.clone());
        self.bodies.push(message::body(&subscription.topic, (entity.resource, key), document, now, id));
    }

    /// Writes what was added, in its order, and is empty again.
    fn insert(&mut self, conn: &mut PgConnection, organization: i64, now: DateTime<Utc>) -> Result<(), Error> {
        if self.webhooks.is_empty() {
            return Ok(());
        }
        let Rows { webhooks, endpoints, owners, sights, messages, topics, resources, records, urls, bodies } =
            std::mem::take(self);
        let moment = || Value::DateTime(now);
        let mut sql = Sql::new();
        sql.raw(
            "INSERT INTO webhook_delivery (organization_id, webhook_id, endpoint_id, owner_id, sight, message_id, topic, \
             resource, record_id, notification_url, body, due_at, pending_since, created_at, updated_at) \
             SELECT ",
        );
        sql.bind(Value::Integer(organization))
            .raw(", webhook, endpoint, owner, nullif(sight, ''), message, topic, resource, record, url, body, ");
        sql.bind(moment()).raw(", ").bind(moment()).raw(", ").bind(moment()).raw(", ").bind(moment());
        sql.raw(" FROM unnest(");
        sql.bind(Value::Uuids(webhooks)).raw(", ").bind(Value::Integers(endpoints)).raw(", ");
        sql.bind(Value::Integers(owners)).raw(", ").bind(Value::Texts(sights)).raw(", ");
        sql.bind(Value::Uuids(messages)).raw(", ");
        sql.bind(Value::Texts(topics)).raw(", ").bind(Value::Texts(resources)).raw(", ");
        sql.bind(Value::Texts(records)).raw(", ").bind(Value::Texts(urls)).raw(", ").bind(Value::Texts(bodies));
        sql.raw(
            ") WITH ORDINALITY AS m (webhook, endpoint, owner, sight, message, topic, resource, record, url, body, \
             place) ORDER BY place",
        );
        sql.execute(conn)?;
        announce();
        Ok(())
    }
}
