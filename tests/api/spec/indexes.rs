//! Lists by the fields that connectors ask for read few rows: an index serves each of them.

use diesel::pg::PgConnection;
use entrepot::acl::{Level, authorize};
use entrepot::engine::cursor;
use entrepot::engine::plan::{Page, Position};
use entrepot::engine::predicate::Predicate;
use entrepot::engine::query::{LIST, Query, Request};
use entrepot::engine::registry::Registry;
use entrepot::engine::sql::Sql;
use entrepot::engine::sql::select::{self, Wanted, Window};
use entrepot::error::Error;
use entrepot::resources;
use serde_json::Value;

use super::query_text::{LIMITS, caller};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows::execute;
use crate::support::server::TestServer;

/// Enough rows that reading all of them is the worse plan.
const ROWS: u32 = 5000;

/// An organization with products, orders, customers and prices, in a database whose statistics are fresh.
fn fill() -> Organization {
    let server = TestServer::lasting(&database::own(), "");
    let organization = Organization::on(server);
    let user = organization.admin.id;
    let unit = organization.first.business_unit;
    for statement in [
        "INSERT INTO customer (organization_id, name, external_id, created_at, updated_at)
         SELECT $1, 'customer ' || n, 'c' || n, date '2020-01-01' + n * interval '1 hour', date '2021-01-01' + n * interval '1 hour'
         FROM generate_series(1, {rows}) AS n".to_owned(),
        format!(
            "INSERT INTO product (organization_id, sku, status, owner_id, attribute_family_id, inventory_status_id, created_at, updated_at)
             SELECT $1, 'sku-' || n, CASE WHEN n % 2 = 0 THEN 'enabled' ELSE 'disabled' END, {unit},
                    (SELECT min(id) FROM attribute_family WHERE organization_id = $1),
                    'in_stock', date '2020-01-01' + n * interval '1 hour', date '2021-01-01' + n * interval '1 hour'
             FROM generate_series(1, {{rows}}) AS n"
        ),
        format!(
            "INSERT INTO sales_order (organization_id, identifier, external_id, currency, customer_id, owner_id, created_by_id,
                    internal_status_id, status_id, created_at, updated_at)
             SELECT $1, 'Order-' || n, 'o' || n, 'EUR', (SELECT min(id) FROM customer WHERE organization_id = $1) + n % 1000,
                    {user}, {user}, 'open', (SELECT id FROM order_status ORDER BY id OFFSET n % 2 LIMIT 1),
                    date '2020-01-01' + n * interval '1 hour', date '2021-01-01' + n * interval '1 hour'
             FROM generate_series(1, {{rows}}) AS n"
        ),
        "INSERT INTO sales_order_line_item (organization_id, order_id, product_id, quantity, product_unit_id, value, currency)
         SELECT $1, s.id, (SELECT min(id) FROM product WHERE organization_id = $1) + s.id % 2000, 1, 'item', 10, 'EUR'
         FROM sales_order AS s WHERE organization_id = $1".to_owned(),
        "INSERT INTO price_list (organization_id, name, currencies)
         SELECT $1, 'prices ' || n, '[\"EUR\"]' FROM generate_series(1, 10) AS n".to_owned(),
        "INSERT INTO product_price (organization_id, price_list_id, product_id, unit_code, quantity, currency, value)
         SELECT $1, l.id, p.id, 'item', 1, 'EUR', 10 FROM price_list AS l, product AS p
         WHERE l.organization_id = $1 AND p.organization_id = $1 AND p.id % 10 = 0".to_owned(),
    ] {
        execute(&organization, &statement.replace("{rows}", &ROWS.to_string()));
    }
    for table in ["customer", "product", "sales_order", "sales_order_line_item", "product_price"] {
        organization
            .write(|conn| Ok(diesel::RunQueryDsl::execute(diesel::sql_query(format!("ANALYZE {table}")), conn)?));
    }
    organization
}

/// Rows read from the table of the list, and rows returned.
fn cost(conn: &mut PgConnection, organization: i64, path: &str) -> Result<(f64, f64), Error> {
    let registry = Registry::new("admin", "/admin/api", resources::ALL);
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    let resource = registry.get(name).unwrap();
    let url = format!("/admin/api/{name}");
    let request =
        Request { registry: &registry, resource, mixed: &[], route: LIST, limits: LIMITS, strict: false, path: &url };
    let query = Query::parse(request, query, None).unwrap_or_else(|errors| panic!("{path}: {errors}"));
    let plan = query.list(resource);
    let segment = match &plan.page {
        Page::Cursor { position: Position::After(values), .. } => {
            let segments = cursor::segments(resource, &plan.sort, values, false);
            segments.into_iter().next().unwrap()
        }
        _ => Predicate::True,
    };
    let mut caller = caller(Level::Organization);
    caller.organization = organization;
    let shape = plan.shape(resource);
    let plan = authorize(plan, &caller)?;
    let window = Window { segment, reversed: false, limit: Some(26), offset: 0 };
    let mut explain = Sql::new();
    explain.raw("EXPLAIN (ANALYZE, FORMAT JSON) ").append(select::rows(&plan, &shape, Wanted::default(), &window));
    let texts = explain.collect(conn, |row| -> Result<_, Error> { Ok(row.text(0)?.unwrap_or_default()) })?.concat();
    let plan: Value = serde_json::from_str(&texts).unwrap();
    let top = &plan[0]["Plan"];
    Ok((read(top), top["Actual Rows"].as_f64().unwrap()))
}

/// Rows that scans of the main table went through, those thrown away included.
fn read(node: &Value) -> f64 {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let own = if node["Alias"] == "t0" {
        (number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck"))
            * number("Actual Loops")
    } else {
        0.0
    };
    own + node["Plans"].as_array().into_iter().flatten().map(read).sum::<f64>()
}

#[test]
fn ten_rows_are_read_for_one_at_most() {
    let organization = fill();
    let first = |table: &str| {
        crate::support::rows::insert(
            &organization,
            &format!(
                "UPDATE {table} SET id = id WHERE organization_id = $1 AND id = (SELECT min(id) FROM {table} WHERE organization_id = $1)"
            ),
        )[0]
    };
    let (product, order, customer) = (first("product"), first("sales_order"), first("customer"));
    let price_list = first("price_list");
    let priced = product + 9 - (product + 9) % 10;
    let mut paths = Vec::new();
    for (name, id, own) in
        [("products", product, "sku"), ("orders", order, "identifier"), ("customers", customer, "name")]
    {
        paths.push(format!("{name}?fields[{name}]={own}"));
        paths.push(format!("{name}?filter[id]={id}&fields[{name}]={own}"));
        paths.push(format!("{name}?filter[id]={id},{},{}&fields[{name}]={own}", id + 5, id + 4000));
        paths.push(format!("{name}?filter[id]={}..{}&fields[{name}]={own}", id + 100, id + 4000));
        paths.push(format!("{name}?filter[id][gt]={}&sort=-id&fields[{name}]={own}", id + 100));
        for sort in ["id", "createdAt", "updatedAt", own] {
            paths.push(format!("{name}?sort={sort}&fields[{name}]={own}"));
            paths.push(format!("{name}?sort=-{sort}&fields[{name}]={own}"));
        }
        for (field, year) in [("createdAt", 2020), ("updatedAt", 2021)] {
            paths.push(format!("{name}?filter[{field}][gte]={year}-03-01&sort={field}&fields[{name}]={own}"));
            paths.push(format!("{name}?filter[{field}]={year}-03-01T05:00:00Z&fields[{name}]={own}"));
            paths.push(format!("{name}?filter[{field}]={year}-03-01..{year}-03-20&sort=-{field}&fields[{name}]={own}"));
            paths.push(format!(
                "{name}?filter[{field}]={year}-03-01T05:00:00Z,{year}-03-02T05:00:00Z&fields[{name}]={own}"
            ));
        }
    }
    for path in [
        "products?filter[sku]=sku-77&fields[products]=sku".to_owned(),
        "products?filter[sku]=sku-77,sku-4000,sku-x&fields[products]=sku".to_owned(),
        "products?filter[status]=enabled&fields[products]=sku".to_owned(),
        "products?filter[status]=disabled&sort=-id&fields[products]=sku".to_owned(),
        "products?sort=status&fields[products]=sku".to_owned(),
        "orders?filter[identifier]=oRDER-77&fields[orders]=identifier".to_owned(),
        "orders?filter[identifier]=oRDER-77,Order-78&fields[orders]=identifier".to_owned(),
        "orders?filter[externalId]=o77&fields[orders]=identifier".to_owned(),
        "orders?filter[externalId]=o77,o78&fields[orders]=identifier".to_owned(),
        format!("orders?filter[customer]={}&fields[orders]=identifier", customer + 3),
        format!("orders?filter[customer]={},{}&fields[orders]=identifier", customer + 3, customer + 4),
        format!("orders?filter[customer]={}&sort=-createdAt&fields[orders]=identifier", customer + 3),
        format!("orders?filter[customer]={}..{}&fields[orders]=identifier", customer + 3, customer + 40),
        "orders?filter[internalStatus]=open&fields[orders]=identifier".to_owned(),
        "orders?filter[status]=cancelled,closed&fields[orders]=identifier".to_owned(),
        "orders?filter[status]=closed&sort=-createdAt&fields[orders]=identifier".to_owned(),
        format!("orderlineitems?filter[product]={}..{}&fields[orderlineitems]=value", product + 7, product + 80),
        format!("productprices?filter[priceList]={price_list}..{}&fields[productprices]=value", price_list + 1),
        format!("orderlineitems?filter[orders]={order}&fields[orderlineitems]=value"),
        format!("orderlineitems?filter[product]={}&fields[orderlineitems]=value", product + 7),
        format!("orderlineitems?filter[product]={},{}&fields[orderlineitems]=value", product + 7, product + 8),
        format!("productprices?filter[priceList]={price_list}&fields[productprices]=value"),
        format!("productprices?filter[priceList]={price_list}&filter[product]={priced}&fields[productprices]=value"),
        format!(
            "productprices?filter[priceList]={price_list}&filter[product]={priced},{}&fields[productprices]=value",
            priced + 10
        ),
        "customers?filter[externalId]=c77&fields[customers]=name".to_owned(),
        "customers?filter[externalId]=c77,c78&fields[customers]=name".to_owned(),
        "customers?filter[name]=customer 77&fields[customers]=name".to_owned(),
    ] {
        paths.push(path);
    }
    // A page by cursor begins where the cursor is, however deep.
    for sort in ["id", "-createdAt", "updatedAt", "sku", "-status", "status,-id"] {
        let path = format!("products?sort={sort}&fields[products]=sku&page[after]=");
        let deep = organization.client().get(&format!("/admin/api/{path}&page[size]=1000")).expect(200).json();
        let cursor = deep["data"][999]["meta"]["page"]["cursor"].as_str().unwrap().to_owned();
        paths.push(format!("{path}{cursor}"));
    }
    let id = organization.id();
    let cost = |path: &str| organization.server.db.run_now::<_, Error>(|conn| cost(conn, id, path)).unwrap();
    let is_dear = |(read, returned): (f64, f64)| read > 10.0 * returned.max(1.0) + 1.0;
    // A field without an index shows what the measure sees.
    assert!(is_dear(cost("products?filter[featured]=true&fields[products]=sku")));
    let dear: Vec<String> = paths
        .iter()
        .map(|path| (path, cost(path)))
        .filter(|(_, cost)| is_dear(*cost))
        .map(|(path, (read, returned))| format!("{path}: {read} rows read, {returned} returned"))
        .collect();
    assert!(dear.is_empty(), "\n{}", dear.join("\n"));
}
