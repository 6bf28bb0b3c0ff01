//! Webhooks: the URL may be called, the topic and the format exist, the secret is sealed, and nobody is told more through
//! another owner than they may view themselves.

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::rights;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{ACCESS_DENIED, Error, Errors, LENGTH, URL, WEBHOOK_FORMAT, WEBHOOK_TOPIC};
use crate::webhooks::{FORMATS, subscription, topic};

pub struct WebhookRules;

/// The most characters of a secret.
pub const LONGEST_SECRET: usize = 255;

impl Rules for WebhookRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            if let Some(url) = node.value("notificationUrl").and_then(Value::as_text) {
                let checked = batch.context.server.check_url(url);
                errors.extend(checked.err().map(|text| node.at_attribute("notificationUrl", Error::new(&URL, text))));
            }
            errors.extend(unknown_topic(node).map(|error| node.at_relation("topic", error)));
            errors.extend(unknown_format(node).map(|error| node.at_relation("format", error)));
            errors.extend(too_long(node).map(|error| node.at_attribute("secret", error)));
        }
        Errors::check(errors)?;
        check_owners(batch, nodes)?;
        nodes.iter().try_for_each(|index| seal(batch, *index))
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    /// Each URL has its endpoint.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let moved =
            nodes.iter().map(|index| batch.node(*index)).filter(|node| node.changed.contains("notificationUrl"));
        let keys: Vec<Key> = moved.map(|node| node.key.clone()).collect();
        let organization = batch.organization();
        Ok(subscription::connect(batch.conn, organization, &keys)?)
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        if subscription::any_of_the_system(conn, caller.organization, keys)? {
            return Err(Error::new(&ACCESS_DENIED, "the webhook belongs to the system"));
        }
        subscription::detach(conn, caller.organization, keys)
    }
}

fn named<'n>(node: &'n Node, relation: &str) -> Option<&'n str> {
    match &node.one(relation)??.key {
        Key::Text(id) => Some(id),
        _ => None,
    }
}

fn unknown_topic(node: &Node) -> Option<Error> {
    let name = named(node, "topic").filter(|name| topic::parse(name).is_none())?;
    let detail = format!("The topic \"{name}\" does not exist. `/webhooktopics` lists those that do.");
    Some(Error::new(&WEBHOOK_TOPIC, detail))
}

fn unknown_format(node: &Node) -> Option<Error> {
    let name = named(node, "format").filter(|name| !FORMATS.contains(name))?;
    let detail = format!("The format \"{name}\" does not exist. Expected one of: {}.", FORMATS.join(", "));
    Some(Error::new(&WEBHOOK_FORMAT, detail))
}

fn too_long(node: &Node) -> Option<Error> {
    let secret = node.value("secret").and_then(Value::as_text)?;
    check_secret(secret).err()
}

/// Whether deliveries can be signed with it.
pub fn check_secret(secret: &str) -> Result<(), Error> {
    if secret.chars().count() > LONGEST_SECRET {
        let detail = format!("This value is too long. It should have {LONGEST_SECRET} characters or less.");
        return Err(Error::new(&LENGTH, detail));
    }
    Ok(())
}

fn seal(batch: &mut Batch<'_>, index: usize) -> Result<(), Errors> {
    let (organization, server) = (batch.organization(), batch.context.server);
    let node = batch.node_mut(index);
    let Some(clear) = node.value("secret").and_then(Value::as_text) else { return Ok(()) };
    let sealed = server.seal(&subscription::purpose(organization, &node.key), clear)?;
    node.set("secret", Value::Text(sealed));
    Ok(())
}

/// The owners before and after: what a webhook sends is what its owner may view, to where its editor likes.
fn check_owners(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let own = batch.context.caller.user().map(|user| Key::Integer(user.id));
    let others = nodes.iter().map(|index| {
        let node = batch.node(*index);
        let stored = node.stored.links.get("owner").and_then(Option::as_ref);
        let given = node.one("owner").flatten().map(|target| &target.key);
        let others = stored.into_iter().chain(given).filter(|owner| Some(*owner) != own.as_ref());
        (*index, others.cloned().collect())
    });
    let others: Vec<(usize, Vec<Key>)> = others.collect();
    Errors::check(rights::concerned_users(batch, &others)?)
}
