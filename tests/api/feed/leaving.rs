//! "A record that leaves a caller's view is a `deleted` for that caller", and one that enters it is new.

use serde_json::json;

use super::{Reader, told};
use crate::support::shop::{Shop, one};

/// The owner of a customer changes; each of the two sees their own customers.
#[test]
fn the_owner_changes() {
    let shop = Shop::new();
    let role = json!({"customers": {"VIEW": "user"}});
    let [before, after, other] = [(); 3].map(|()| shop.organization.user_who_may(&role));
    let owned = |id: i64| json!({"owner": one("users", &id.to_string())});
    let customer = shop.create("customers", &json!({"name": "B"}), &owned(before.id));
    let mut whole = Reader::from_the_oldest(shop.client());
    whole.until(2);
    let start = |client| Reader { cursor: whole.cursor.clone(), ..Reader::from_now(client) };
    let mut readers = [&before, &after, &other].map(|user| start(&user.client));
    let body = json!({"data": {"type": "customers", "id": customer, "relationships": owned(after.id)}});
    shop.client().patch(&format!("/admin/api/customers/{customer}"), &body).expect(200);
    let changes = start(shop.client()).changes_until(1);
    assert_eq!(told(&changes[0]), format!("updated customers {customer}"));
    let seen = readers.each_mut().map(|reader| reader.read()["data"].clone());
    assert_eq!(told(&seen[0][0]), format!("deleted customers {customer}"));
    assert_eq!(seen[0][0]["attributes"]["fields"], json!([]));
    assert_eq!(told(&seen[1][0]), format!("created customers {customer}"));
    assert_eq!(seen[2], json!([]));
    // The filter means the action that the caller is told.
    let mut left =
        Reader { cursor: whole.cursor.clone(), ..Reader::from_now(&before.client) }.with("&filter[action]=deleted");
    assert_eq!(left.until(1), [format!("deleted customers {customer}")]);
}
