//! Which prices hold: chains of price lists, told by a table and against a plain model.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entrepot::commerce::pricing::{PriceScope, prices};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::organization::Organization;
use crate::support::rows::{execute, insert};
use crate::support::shop::Shop;

/// Where a list is assigned, in the order of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Customer,
    Group,
    Website,
}
use Place::{Customer, Group, Website};

/// A list with its place and what is in it: product, quantity, currency, value in cents.
#[derive(Clone, Debug)]
struct List {
    place: Place,
    order: i32,
    merges: bool,
    active: bool,
    /// From and until that many days after today; no schedule where it is `None`.
    schedule: Option<(i64, i64)>,
    currencies: &'static [&'static str],
    prices: Vec<(usize, i64, &'static str, i64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    customer_ends: bool,
    group_ends: bool,
    minimal: bool,
}

type Key = (usize, i64, &'static str);

/// The prices as the rule tells them, list by list: what is found so far, and whether a product takes more.
fn model(chain: Chain, lists: &[List], visitor: bool) -> BTreeMap<Key, i64> {
    let reached = |place: Place| match place {
        Customer => !visitor,
        Group => !visitor && !chain.customer_ends,
        Website => visitor || (!chain.customer_ends && !chain.group_ends),
    };
    let mut counting: Vec<&List> = lists
        .iter()
        .filter(|list| list.active && reached(list.place))
        .filter(|list| list.schedule.is_none_or(|(from, until)| from <= 0 && 0 < until))
        .collect();
    // Equal orders are told apart by the id, and ids follow the order of the lists here: the sort is stable.
    counting.sort_by_key(|list| (list.place, list.order));
    let mut found: BTreeMap<Key, i64> = BTreeMap::new();
    let mut closed: Vec<usize> = Vec::new();
    for list in counting {
        let known: Vec<Key> = found.keys().copied().collect();
        for (product, quantity, currency, value) in &list.prices {
            if !list.currencies.contains(currency) {
                continue;
            }
            let key = (*product, *quantity, *currency);
            if chain.minimal {
                let least = found.entry(key).or_insert(*value);
                *least = (*least).min(*value);
                continue;
            }
            let has_product = known.iter().any(|known| known.0 == *product);
            let closed_before = closed.contains(product) && has_product;
            if closed_before || (!list.merges && has_product) || known.contains(&key) {
                continue;
            }
            found.insert(key, *value);
            if !list.merges {
                closed.push(*product);
            }
        }
    }
    found
}

/// An organization with a customer in a group and two products.
struct Market {
    organization: Organization,
    customer: i64,
    group: i64,
    products: [i64; 2],
}

impl Market {
    fn new() -> Market {
        let shop = Shop::new();
        let products = ["A", "B"].map(|sku| shop.product(sku, &[("item", 0)]).parse().unwrap());
        let customer = shop.customer.parse().unwrap();
        let organization = shop.organization;
        let group = insert(&organization, "INSERT INTO customer_group (organization_id, name) VALUES ($1, 'Group')")[0];
        execute(&organization, &format!("UPDATE customer SET group_id = {group} WHERE organization_id = $1"));
        Market { organization, customer, group, products }
    }

    /// Makes this chain the only one.
    fn set(&self, chain: Chain, lists: &[List]) {
        let organization = &self.organization;
        for table in [
            "price_list_to_customer",
            "price_list_to_customer_group",
            "price_list_to_website",
            "price_list_customer_fallback",
            "price_list_customer_group_fallback",
            "price_list_schedule",
            "product_price",
            "price_list",
        ] {
            execute(organization, &format!("DELETE FROM {table} WHERE organization_id = $1"));
        }
        let strategy = if chain.minimal { "minimal_prices" } else { "merge_by_priority" };
        execute(organization, &format!("UPDATE website SET price_strategy = '{strategy}' WHERE organization_id = $1"));
        let website = organization.first.website;
        for (ends, owner, id) in
            [(chain.customer_ends, "customer", self.customer), (chain.group_ends, "customer_group", self.group)]
        {
            execute(
                organization,
                &format!(
                    "INSERT INTO price_list_{owner}_fallback (organization_id, {owner}_id, website_id, fallback)
                     VALUES ($1, {id}, {website}, {})",
                    i32::from(ends)
                ),
            );
        }
        for (number, list) in lists.iter().enumerate() {
            self.add(number, list);
        }
    }

    fn add(&self, number: usize, list: &List) {
        let (organization, website) = (&self.organization, self.organization.first.website);
        let (active, scheduled) = (list.active, list.schedule.is_some());
        let currencies = serde_json::to_string(list.currencies).unwrap();
        let id = insert(
            organization,
            &format!(
                "INSERT INTO price_list (organization_id, name, currencies, active, contain_schedule)
                 VALUES ($1, '{number}', '{currencies}', {active}, {scheduled})"
            ),
        )[0];
        let (table, column, owner) = match list.place {
            Customer => ("price_list_to_customer", "customer_id, ", format!("{}, ", self.customer)),
            Group => ("price_list_to_customer_group", "customer_group_id, ", format!("{}, ", self.group)),
            Website => ("price_list_to_website", "", String::new()),
        };
        execute(
            organization,
            &format!(
                "INSERT INTO {table} (organization_id, price_list_id, {column}website_id, sort_order, merge_allowed)
                 VALUES ($1, {id}, {owner}{website}, {}, {})",
                list.order, list.merges
            ),
        );
        if let Some((from, until)) = list.schedule {
            execute(
                organization,
                &format!(
                    "INSERT INTO price_list_schedule (organization_id, price_list_id, active_at, deactivate_at)
                     VALUES ($1, {id}, '{NOON}'::timestamptz + interval '{from} days',
                         '{NOON}'::timestamptz + interval '{until} days')"
                ),
            );
        }
        let mut rows = Vec::new();
        for (product, quantity, currency, cents) in &list.prices {
            let product = self.products[*product];
            rows.push(format!("($1, {id}, {product}, 'item', {quantity}, '{currency}', {cents} * 0.01)"));
        }
        if !rows.is_empty() {
            execute(
                organization,
                &format!(
                    "INSERT INTO product_price (organization_id, price_list_id, product_id, unit_code, quantity,
                         currency, value) VALUES {}",
                    rows.join(", ")
                ),
            );
        }
    }

    fn prices(&self, visitor: bool) -> BTreeMap<Key, i64> {
        let scope = PriceScope {
            organization: self.organization.id(),
            website: self.organization.first.website,
            customer: (!visitor).then_some(self.customer),
            at: NOON.parse::<DateTime<Utc>>().unwrap(),
        };
        let found = self.organization.write(|conn| Ok(prices(conn, &scope, &self.products, None)?));
        let cents = |value: rust_decimal::Decimal| (value * rust_decimal::Decimal::ONE_HUNDRED).try_into().unwrap();
        found
            .into_iter()
            .map(|price| {
                let product = self.products.iter().position(|id| *id == price.product).unwrap();
                let currency = ["USD", "EUR"].into_iter().find(|code| *code == price.currency).unwrap();
                ((product, i64::try_from(price.quantity).unwrap(), currency), cents(price.value))
            })
            .collect()
    }
}

const NOON: &str = "2026-06-15T12:00:00Z";

fn list(place: Place, order: i32, merges: bool, prices: &[(usize, i64, &'static str, i64)]) -> List {
    List { place, order, merges, active: true, schedule: None, currencies: &["USD", "EUR"], prices: prices.to_vec() }
}

fn expect(market: &Market, told: &str, chain: Chain, lists: &[List], expected: &[(usize, i64, &'static str, i64)]) {
    market.set(chain, lists);
    let expected: BTreeMap<Key, i64> = expected
        .iter()
        .map(|(product, quantity, currency, value)| ((*product, *quantity, *currency), *value))
        .collect();
    assert_eq!(market.prices(false), expected, "{told}");
    assert_eq!(model(chain, lists, false), expected, "the model: {told}");
}

#[test]
fn the_table_of_chains() {
    let market = Market::new();
    let plain = Chain::default();
    let usd = |product, quantity, value| (product, quantity, "USD", value);
    let at = |place, value| list(place, 1, true, &[usd(0, 1, value)]);

    expect(&market, "nothing assigned", plain, &[], &[]);
    expect(&market, "the website's", plain, &[at(Website, 3)], &[usd(0, 1, 3)]);
    expect(&market, "the group's come before", plain, &[at(Website, 3), at(Group, 2)], &[usd(0, 1, 2)]);
    let all = [at(Website, 3), at(Group, 2), at(Customer, 1)];
    expect(&market, "the customer's come first", plain, &all, &[usd(0, 1, 1)]);

    let others = [at(Website, 3), list(Group, 1, true, &[usd(1, 1, 2)])];
    expect(&market, "each product by itself", plain, &others, &[usd(0, 1, 3), usd(1, 1, 2)]);
    let ends = Chain { group_ends: true, ..plain };
    expect(&market, "the group ends the chain", ends, &others, &[usd(1, 1, 2)]);
    let ends = Chain { customer_ends: true, ..plain };
    expect(&market, "the customer ends the chain", ends, &others, &[]);

    let ordered = [list(Customer, 2, true, &[usd(0, 1, 20)]), list(Customer, 1, true, &[usd(0, 1, 10)])];
    expect(&market, "the smaller sort order first", plain, &ordered, &[usd(0, 1, 10)]);

    let tiers = [list(Customer, 1, true, &[usd(0, 10, 8)]), list(Website, 1, true, &[usd(0, 1, 9), usd(0, 10, 7)])];
    expect(&market, "lists that merge add quantities", plain, &tiers, &[usd(0, 1, 9), usd(0, 10, 8)]);
    let alone = [list(Customer, 1, false, &[usd(0, 10, 8)]), list(Website, 1, true, &[usd(0, 1, 9), usd(1, 1, 5)])];
    expect(&market, "a first list that does not merge stands alone", plain, &alone, &[usd(0, 10, 8), usd(1, 1, 5)]);
    let late = [list(Customer, 1, true, &[usd(0, 10, 8)]), list(Website, 1, false, &[usd(0, 1, 9), usd(1, 1, 5)])];
    expect(&market, "a later one adds to no product that has prices", plain, &late, &[usd(0, 10, 8), usd(1, 1, 5)]);

    let currencies = [list(Customer, 1, true, &[(0, 1, "EUR", 8)]), at(Website, 9)];
    expect(&market, "currencies merge", plain, &currencies, &[(0, 1, "EUR", 8), usd(0, 1, 9)]);
    let lost = [List { currencies: &["EUR"], ..at(Customer, 1) }, at(Website, 9)];
    expect(&market, "a currency that the list no longer has", plain, &lost, &[usd(0, 1, 9)]);

    let inactive = [List { active: false, ..at(Customer, 1) }, at(Website, 9)];
    expect(&market, "inactive lists do not count", plain, &inactive, &[usd(0, 1, 9)]);
    for (schedule, value) in [((-1, 1), 1), ((0, 1), 1), ((-1, 0), 9), ((1, 2), 9), ((-2, -1), 9)] {
        let scheduled = [List { schedule: Some(schedule), ..at(Customer, 1) }, at(Website, 9)];
        expect(&market, &format!("schedule {schedule:?}"), plain, &scheduled, &[usd(0, 1, value)]);
    }

    let least = Chain { minimal: true, ..plain };
    let lists = [list(Customer, 1, false, &[usd(0, 1, 8), usd(0, 10, 7)]), list(Website, 1, true, &[usd(0, 1, 6)])];
    expect(&market, "the smallest", least, &lists, &[usd(0, 1, 6), usd(0, 10, 7)]);
}

#[test]
fn visitors_have_the_lists_of_the_website() {
    let market = Market::new();
    let lists = [list(Customer, 1, true, &[(0, 1, "USD", 1)]), list(Website, 1, true, &[(0, 1, "USD", 9)])];
    market.set(Chain { customer_ends: true, group_ends: true, minimal: false }, &lists);
    assert_eq!(market.prices(true), BTreeMap::from([((0, 1, "USD"), 9)]));
}

fn any_list() -> impl Strategy<Value = List> {
    let place = prop_oneof![Just(Customer), Just(Group), Just(Website)];
    let price = (0..2_usize, prop_oneof![Just(1_i64), Just(10)], prop_oneof![Just("USD"), Just("EUR")], 1..500_i64);
    let currencies = prop_oneof![Just(&["USD", "EUR"][..]), Just(&["USD"][..])];
    let schedule =
        prop_oneof![3 => Just(None), 1 => (-2..2_i64, 1..3_i64).prop_map(|(from, days)| Some((from, from + days)))];
    let rest = (any::<bool>(), prop::bool::weighted(0.85), schedule, currencies);
    (place, 0..3_i32, rest, proptest::collection::vec(price, 0..5)).prop_map(
        |(place, order, (merges, active, schedule, currencies), prices)| {
            let unique: BTreeMap<_, _> = prices
                .into_iter()
                .map(|(product, quantity, currency, value)| ((product, quantity, currency), value))
                .collect();
            let prices =
                unique.into_iter().map(|((product, quantity, currency), value)| (product, quantity, currency, value));
            List { place, order, merges, active, schedule, currencies, prices: prices.collect() }
        },
    )
}

#[test]
fn any_chain_is_as_the_model_says() {
    let market = Market::new();
    let chain = (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2))
        .prop_map(|(customer_ends, group_ends, minimal)| Chain { customer_ends, group_ends, minimal });
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    runner
        .run(&(chain, proptest::collection::vec(any_list(), 0..7)), |(chain, lists)| {
            market.set(chain, &lists);
            for visitor in [false, true] {
                prop_assert_eq!(market.prices(visitor), model(chain, &lists, visitor));
            }
            Ok(())
        })
        .unwrap();
}
