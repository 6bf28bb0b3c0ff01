//! Every permission at every level, against records of one's own, of the own unit, of a unit below, of another unit and of
//! another organization, for each kind of ownership.

use entrepot::acl::{Level, Permission};
use serde_json::{Map, Value, json};

use crate::support::client::Answer;
use crate::support::organization::{Organization, User, unique};

/// A resource of each kind of ownership, and a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Customers, owned by a user.
    User,
    /// Brands, owned by a business unit.
    BusinessUnit,
    /// Payment terms, owned by the organization.
    Organization,
    /// Addresses: to see one takes VIEW on its customer; to add, change or remove one, EDIT.
    Part,
}

const KINDS: [Kind; 4] = [Kind::User, Kind::BusinessUnit, Kind::Organization, Kind::Part];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::User => "customers",
            Kind::BusinessUnit => "brands",
            Kind::Organization => "paymentterms",
            Kind::Part => "customeraddresses",
        }
    }

    /// The resource whose permission decides.
    fn governed_by(self) -> &'static str {
        if self == Kind::Part { "customers" } else { self.name() }
    }

    /// An attribute that may be changed to any text.
    fn text(self) -> &'static str {
        match self {
            Kind::User => "name",
            Kind::BusinessUnit => "externalId",
            Kind::Organization | Kind::Part => "label",
        }
    }
}

/// Where a record belongs, seen from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Own,
    OwnUnit,
    UnitBelow,
    OtherUnit,
    OtherOrganization,
}

const PLACES: [Place; 5] = [Place::Own, Place::OwnUnit, Place::UnitBelow, Place::OtherUnit, Place::OtherOrganization];

/// "Levels per entity: user's own, business units of the user, those and subordinate units, organization"; "ORGANIZATION
/// (none, GLOBAL)", "BUSINESS_UNIT (none, LOCAL..)".
fn reaches(kind: Kind, level: Level, place: Place) -> bool {
    let least = match (kind, place) {
        (_, Place::OtherOrganization) => return false,
        (Kind::Organization, _) => Level::Organization,
        (Kind::User | Kind::Part, Place::Own) => Level::User,
        (_, Place::Own | Place::OwnUnit) => Level::BusinessUnit,
        (_, Place::UnitBelow) => Level::Division,
        (_, Place::OtherUnit) => Level::Organization,
    };
    level >= least
}

/// An organization with a colleague of the caller in each place, and a stranger's one.
struct World {
    home: Organization,
    abroad: Organization,
    unit: i64,
    below: i64,
    other: i64,
    colleagues: [User; 3],
}

impl World {
    fn new() -> World {
        let home = Organization::new();
        let unit = home.unit(None);
        let (below, other) = (home.unit(Some(unit)), home.unit(None));
        let colleagues = [home.user(unit, &[]), home.user(below, &[]), home.user(other, &[])];
        World { home, abroad: Organization::new(), unit, below, other, colleagues }
    }

    /// A caller who has one permission on what decides about `kind` at that level, and sees and changes the rest.
    fn caller(&self, kind: Kind, permission: Permission, level: Level) -> User {
        let of_part = kind == Kind::Part && permission != Permission::View;
        let permission = if of_part { Permission::Edit } else { permission };
        let mut own = Map::new();
        if permission != Permission::View {
            own.insert("VIEW".to_owned(), json!("organization"));
        }
        if permission == Permission::Assign {
            own.insert("EDIT".to_owned(), json!("organization"));
        }
        own.insert(permission.name().to_owned(), json!(level.name()));
        let view = json!({"VIEW": "organization"});
        let names = json!({"VIEW": "organization", "CREATE": "organization", "DELETE": "organization"});
        let mut all = json!({"users": view, "businessunits": view, "localizedfallbackvalues": names});
        all[kind.governed_by()] = Value::Object(own);
        self.home.user(self.unit, &[&self.home.role(&all)])
    }

    /// The owner that a record of that kind has in a place.
    fn owner(&self, kind: Kind, place: Place, caller: &User) -> Option<Value> {
        let user = |id: i64| json!({"data": {"type": "users", "id": id.to_string()}});
        let unit = |id: i64| json!({"data": {"type": "businessunits", "id": id.to_string()}});
        match (kind, place) {
            (Kind::Organization, _) => None,
            (Kind::BusinessUnit, Place::Own | Place::OwnUnit) => Some(unit(self.unit)),
            (Kind::BusinessUnit, Place::UnitBelow) => Some(unit(self.below)),
            (Kind::BusinessUnit, Place::OtherUnit) => Some(unit(self.other)),
            (Kind::BusinessUnit, Place::OtherOrganization) => Some(unit(self.abroad.first.business_unit)),
            (_, Place::Own) => Some(user(caller.id)),
            (_, Place::OwnUnit) => Some(user(self.colleagues[0].id)),
            (_, Place::UnitBelow) => Some(user(self.colleagues[1].id)),
            (_, Place::OtherUnit) => Some(user(self.colleagues[2].id)),
            (_, Place::OtherOrganization) => Some(user(self.abroad.admin.id)),
        }
    }

    fn administrator(&self, place: Place) -> &Organization {
        if place == Place::OtherOrganization { &self.abroad } else { &self.home }
    }

    /// The document of a new record in that place.
    fn document(&self, kind: Kind, place: Place, caller: &User) -> Value {
        let data = match kind {
            Kind::Part => {
                let customer = self.record(Kind::User, place, caller);
                let to = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id}});
                json!({
                    "attributes": {"label": unique("Address"), "street": "1 Main Street", "city": "Town",
                        "postalCode": "10115", "organization": "Company"},
                    "relationships": {"customer": to("customers", &customer), "country": to("countries", "DE")},
                })
            }
            Kind::BusinessUnit => json!({
                "attributes": {"status": "enabled"},
                "relationships": {"names": {"data": [{"type": "localizedfallbackvalues", "id": "name"}]}},
            }),
            _ => json!({"attributes": {}, "relationships": {}}),
        };
        let mut document = json!({"data": data});
        document["data"]["type"] = json!(kind.name());
        document["data"]["attributes"][kind.text()] = json!(unique("Text"));
        match (kind, self.owner(kind, place, caller)) {
            (Kind::User | Kind::BusinessUnit, Some(owner)) => {
                document["data"]["relationships"]["owner"] = owner;
            }
            (Kind::Organization, _) => {
                document["data"].as_object_mut().unwrap().remove("relationships");
            }
            _ => {}
        }
        if kind == Kind::BusinessUnit {
            document["included"] = json!([{
                "type": "localizedfallbackvalues", "id": "name", "attributes": {"string": "Brand"},
            }]);
        }
        document
    }

    /// A record in that place; the answer is its id.
    fn record(&self, kind: Kind, place: Place, caller: &User) -> String {
        let document = self.document(kind, place, caller);
        self.administrator(place).client().post(&format!("/admin/api/{}", kind.name()), &document).expect(201).id()
    }
}

/// The statuses of a request to one record: done, refused, or as if it did not exist.
fn expected(kind: Kind, level: Level, place: Place, done: u16) -> &'static [u16] {
    match place {
        Place::OtherOrganization if may_at_all(kind, level) => &[404],
        // Without any access to the type it may be refused before it is looked for.
        Place::OtherOrganization => &[403, 404],
        _ if reaches(kind, level, place) && done == 204 => &[204],
        _ if reaches(kind, level, place) => &[200],
        _ => &[403],
    }
}

fn may_at_all(kind: Kind, level: Level) -> bool {
    PLACES.iter().any(|place| reaches(kind, level, *place))
}

fn each(permission: Permission, check: impl Fn(&World, &User, Kind, Level, Place) + Sync) {
    std::thread::scope(|scope| {
        for kind in KINDS {
            let check = &check;
            scope.spawn(move || {
                let world = World::new();
                for level in Level::ALL {
                    let caller = world.caller(kind, permission, level);
                    for place in PLACES {
                        check(&world, &caller, kind, level, place);
                    }
                }
            });
        }
    });
}

#[track_caller]
fn assert_status(answer: &Answer, statuses: &[u16], case: (Kind, Level, Place)) {
    assert!(statuses.contains(&answer.status), "{case:?}: {} is none of {statuses:?}: {}", answer.status, answer.text);
}

/// "A single hidden entity is 403 `No access to the entity.` (exists but not visible), a missing one 404"; "Lists ... are
/// filtered silently".
#[test]
fn view() {
    each(Permission::View, |world, caller, kind, level, place| {
        let case = (kind, level, place);
        let id = world.record(kind, place, caller);
        let item = caller.client.get(&format!("/admin/api/{}/{id}", kind.name()));
        assert_status(&item, expected(kind, level, place, 200), case);
        let list = caller.client.get(&format!("/admin/api/{}?filter[id]={id}", kind.name()));
        assert_status(&list, if may_at_all(kind, level) { &[200] } else { &[403] }, case);
        if list.status == 200 {
            let shown = list.json()["data"].as_array().unwrap().len();
            assert_eq!(shown, usize::from(reaches(kind, level, place)), "{case:?}");
        } else {
            assert_eq!(list.error()["detail"], "No access to this type of entities.", "{case:?}");
        }
    });
}

#[test]
fn edit() {
    each(Permission::Edit, |world, caller, kind, level, place| {
        let case = (kind, level, place);
        let id = world.record(kind, place, caller);
        let path = format!("/admin/api/{}/{id}", kind.name());
        let text = unique("Changed");
        let document = json!({"data": {"type": kind.name(), "id": id, "attributes": {(kind.text()): text}}});
        assert_status(&caller.client.patch(&path, &document), expected(kind, level, place, 200), case);
        let now = world.administrator(place).client().get(&path).expect(200).json();
        let changed = now["data"]["attributes"][kind.text()] == text.as_str();
        assert_eq!(changed, reaches(kind, level, place), "{case:?}");
    });
}

#[test]
fn delete() {
    each(Permission::Delete, |world, caller, kind, level, place| {
        let case = (kind, level, place);
        let id = world.record(kind, place, caller);
        let path = format!("/admin/api/{}/{id}", kind.name());
        assert_status(&caller.client.delete(&path), expected(kind, level, place, 204), case);
        let after = world.administrator(place).client().get(&path).status;
        assert_eq!(after, if reaches(kind, level, place) { 404 } else { 200 }, "{case:?}");
    });
}

/// A record is created where the permission CREATE reaches.
#[test]
fn create() {
    each(Permission::Create, |world, caller, kind, level, place| {
        let case = (kind, level, place);
        let document = world.document(kind, place, caller);
        let answer = caller.client.post(&format!("/admin/api/{}", kind.name()), &document);
        match place {
            Place::OtherOrganization if kind == Kind::Organization => {}
            Place::OtherOrganization => assert!(matches!(answer.status, 400..=404), "{case:?}: {}", answer.text),
            _ => assert_status(&answer, if reaches(kind, level, place) { &[201] } else { &[403] }, case),
        }
    });
}

/// "Assigning an owner outside the ASSIGN level": 403, and the owner stays.
#[test]
fn assign() {
    each(Permission::Assign, |world, caller, kind, level, place| {
        let case = (kind, level, place);
        // Only what has an owner can be given to another; to one's own it is given already.
        let Some(owner) = world.owner(kind, place, caller).filter(|_| kind != Kind::Part) else { return };
        let start = if kind == Kind::User { Place::Own } else { Place::OwnUnit };
        if owner == world.owner(kind, start, caller).unwrap() {
            return;
        }
        let id = world.record(kind, start, caller);
        let path = format!("/admin/api/{}/{id}", kind.name());
        let document = json!({"data": {"type": kind.name(), "id": id, "relationships": {"owner": owner}}});
        let answer = caller.client.patch(&path, &document);
        match place {
            Place::OtherOrganization => assert!(matches!(answer.status, 400..=404), "{case:?}: {}", answer.text),
            _ => assert_status(&answer, if reaches(kind, level, place) { &[200] } else { &[403] }, case),
        }
        let now = world.home.client().get(&format!("{path}/relationships/owner")).expect(200).json();
        assert_eq!(now["data"] == owner["data"], reaches(kind, level, place), "{case:?}");
    });
}
