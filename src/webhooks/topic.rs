//! Topics: `order.created`, `order.updated`, `order.deleted`, and of a single record `order.updated.42`.

use crate::engine::key::Key;
use crate::engine::query::include;
use crate::engine::resource::Resource;
use crate::engine::write::Action;
use crate::resources::catalog::{CATEGORY, PRODUCT};
use crate::resources::customer::{CUSTOMER, CUSTOMER_USER};
use crate::resources::inventory::INVENTORY_LEVEL;
use crate::resources::pricing::PRODUCT_PRICE;
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
    Entity { alias: "productprice", resource: &PRODUCT_PRICE, include: &[] },
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

    /// The entity of that type in the back office's API.
    pub fn named(name: &str) -> Option<&'static Entity> {
        ENTITIES.iter().find(|entity| entity.resource.name == name)
    }

    /// The types of all that its document shows, its own first.
    pub fn shown(&self) -> Vec<&'static Resource> {
        let included = include::paths(self.resource, self.include);
        [self.resource].into_iter().chain(included.iter().map(|include| include.relation.target)).collect()
    }
}

/// Reads a topic: the entity, what happens to it, and the record if it is about a single one. A record that is created
/// has no id beforehand, so `created` is never about a single one.
pub fn parse(text: &str) -> Option<(&'static Entity, Action, Option<Key>)> {
    let mut parts = text.splitn(3, '.');
    let (alias, word, record) = (parts.next()?, parts.next()?, parts.next());
    let entity = ENTITIES.iter().find(|entity| entity.alias == alias)?;
    let action = ACTIONS.into_iter().find(|action| action.word() == word)?;
    let key = |id: &str| Key::parse(entity.resource.id.kind, id).ok().filter(|key| key.to_string() == id);
    let record = record.map(|id| key(id).filter(|_| action != Action::Created));
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
        assert!(parsed("productprice.updated.0197f2f0-5c1e-7c3a-9d57-1f5e0f6a2b11-3").is_some());
        // An id has one form.
        assert_eq!(parsed("productprice.updated.0197F2F0-5C1E-7C3A-9D57-1F5E0F6A2B11-3"), None);
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
