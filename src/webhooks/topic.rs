//! Topics: `order.created`, `order.updated`, `order.deleted`, and of a single record `order.updated.42`.

use crate::engine::key::Key;
use crate::engine::resource::Resource;
use crate::engine::write::Action;
use crate::resources::catalog::{CATEGORY, PRODUCT};
use crate::resources::customer::{CUSTOMER, CUSTOMER_USER};
use crate::resources::inventory::INVENTORY_LEVEL;
use crate::resources::sales::ORDER;
use crate::resources::system::USER;

/// What webhooks are told of.
pub struct Entity {
    /// Its name in topics.
    pub alias: &'static str,
    pub resource: &'static Resource,
    /// The include paths of its document: what belongs to the record.
    pub include: &'static [&'static str],
}

/// Every entity that has topics, sorted by alias. A test holds the table `webhook_topic` against it.
pub static ENTITIES: &[Entity] = &[
    Entity { alias: "category", resource: &CATEGORY, include: &["titles"] },
    Entity { alias: "customer", resource: &CUSTOMER, include: &["addresses"] },
    Entity { alias: "customeruser", resource: &CUSTOMER_USER, include: &["addresses"] },
    Entity { alias: "inventorylevel", resource: &INVENTORY_LEVEL, include: &["product", "productUnitPrecision"] },
    Entity {
        alias: "order",
        resource: &ORDER,
        include: &["lineItems.kitItemLineItems", "billingAddress", "shippingAddress", "discounts", "shippingTrackings"],
    },
    Entity { alias: "product", resource: &PRODUCT, include: &["names", "unitPrecisions"] },
    Entity { alias: "user", resource: &USER, include: &[] },
];

/// What happens to records of an entity, in the order of the topics.
pub const ACTIONS: [Action; 3] = [Action::Created, Action::Updated, Action::Deleted];

impl Entity {
    /// The topic of everything of a kind that happens to the entity's records.
    pub fn topic(&self, action: Action) -> String {
        format!("{}.{}", self.alias, action.word())
    }

    /// The entity behind a resource of either API: the storefront writes the same tables.
    pub fn of(resource: &Resource) -> Option<&'static Entity> {
        ENTITIES.iter().find(|entity| entity.resource.table == resource.table)
    }
}

/// Reads a topic: the entity, what happens to it, and the record if it is about a single one. A record that is created
/// has no id beforehand, so `created` is never about a single one.
pub fn parse(text: &str) -> Option<(&'static Entity, Action, Option<Key>)> {
    let mut parts = text.splitn(3, '.');
    let (alias, word, record) = (parts.next()?, parts.next()?, parts.next());
    let entity = ENTITIES.iter().find(|entity| entity.alias == alias)?;
    let action = ACTIONS.into_iter().find(|action| action.word() == word)?;
    let record = record.map(|id| Key::parse(entity.resource.id.kind, id).ok().filter(|_| action != Action::Created));
    match record {
        Some(None) => None,
        Some(record) => Some((entity, action, record)),
        None => Some((entity, action, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_name_an_entity_an_action_and_perhaps_a_record() {
        let parsed = |text| parse(text).map(|(entity, action, record)| (entity.alias, action, record));
        assert_eq!(parsed("order.created"), Some(("order", Action::Created, None)));
        assert_eq!(parsed("product.updated.42"), Some(("product", Action::Updated, Some(Key::Integer(42)))));
        assert_eq!(parsed("user.deleted.7"), Some(("user", Action::Deleted, Some(Key::Integer(7)))));
        for wrong in [
            "",
            "order",
            "orders.created",
            "order.changed",
            "order.created.1",
            "order.updated.",
            "order.updated.x",
            "order.updated.1.2",
            "order.updated.007",
            "Order.created",
            " order.created",
            "order..1",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
