//! An organization in a database of its own whose every table has thousands of rows, linked by every foreign key.
//!
//! The rows are made from the catalogue alone. What a table checks is dropped first: plans follow from indexes and
//! statistics, not from sense.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text};
use entrepot::error::Error;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

/// How many rows a table has.
pub const ROWS: i64 = 8_000;

/// The id of the n-th row of every table with numeric ids.
pub const fn id(n: i64) -> i64 {
    1_000_000 + n
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    /// Whether Postgres fills it by itself.
    #[diesel(sql_type = Bool)]
    defaults: bool,
    /// The table that it points at, unless it is the organization.
    #[diesel(sql_type = Nullable<Text>)]
    target: Option<String>,
    /// The texts that a check allows.
    #[diesel(sql_type = Array<Text>)]
    allowed: Vec<String>,
}

const COLUMNS: &str = r"
SELECT c.table_name::text, c.column_name::text AS name, c.data_type::text,
    c.is_nullable = 'YES' AS nullable,
    c.column_default IS NOT NULL AND c.data_type <> 'bigint' AS defaults,
    (SELECT k.confrelid::regclass::text FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid = t.oid AND k.conkey[cardinality(k.conkey)] = a.attnum LIMIT 1) AS target,
    ARRAY(SELECT DISTINCT m[1] FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''::text', 'g') m
        WHERE k.contype = 'c' AND k.conrelid = t.oid AND k.conkey = ARRAY[a.attnum] AND a.atttypid = 'text'::regtype
            AND pg_get_constraintdef(k.oid) !~ '~' ORDER BY 1) AS allowed
FROM information_schema.columns c
JOIN pg_class t ON t.relname = c.table_name AND t.relnamespace = 'public'::regnamespace AND t.relkind = 'r'
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = c.column_name
WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER'
ORDER BY c.table_name, c.ordinal_position";

/// Everything but the server's own tables and what an installation has a handful of.
const NOT_FILLED: [&str; 8] = [
    "customer_user_role",
    "organization",
    "localization",
    "localization_localized_value",
    "signing_key",
    "change",
    "tax_settings",
    "__diesel_schema_migrations",
];

const WITHOUT_CHECKS: &str = "DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0
            AND connamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.owner, found.conname);
    END LOOP;
END $$";

impl Column {
    /// The value in row `n`.
    fn value(&self, organization: i64) -> Option<String> {
        let name = self.name.as_str();
        let own = self.target.as_deref() == Some(self.table_name.as_str());
        Some(match (self.table_name.as_str(), name, self.data_type.as_str()) {
            (_, "organization_id", _) => organization.to_string(),
            ("product_unit_text", "localization_id", _) => "(SELECT min(id) FROM localization)".to_owned(),
            _ if self.target.as_deref() == Some("localization") => return None,
            // The links that no foreign key holds.
            ("sales_order", "source_entity_class", _) => "'orders'".to_owned(),
            ("sales_order", "source_entity_number", _) => format!("{} + n", id(0)),
            ("file", "parent_type", _) => "'attachments'".to_owned(),
            ("price_list_schedule", "deactivate_at", _) => return None,
            ("category", "materialized_path", _) => format!("({} + n / 2) || '_' || ({} + n)", id(0), id(0)),
            // One of four.
            ("attachment", "customer_id" | "customer_user_id" | "order_id" | "product_id", _) => {
                let turn = ["customer_id", "customer_user_id", "order_id", "product_id"]
                    .iter()
                    .position(|one| *one == name)?;
                format!("CASE WHEN n % 4 = {turn} THEN {} + n END", id(0))
            }
            // A tree.
            (_, _, "bigint") if own => format!("CASE WHEN n > 1 THEN {} + n / 2 END", id(0)),
            (_, _, "text") if own => "CASE WHEN n > 1 THEN 'x' || n / 2 END".to_owned(),
            (_, _, "bigint") => format!("{} + n", id(0)),
            _ if self.defaults && self.allowed.is_empty() => return None,
            (_, "currency", _) => "'EUR'".to_owned(),
            (_, _, "text" | "character varying") if self.allowed.is_empty() => "'x' || n".to_owned(),
            (_, _, "text") => {
                let allowed: Vec<String> = self.allowed.iter().map(|text| format!("'{text}'")).collect();
                format!("(ARRAY[{}])[1 + n % {}]", allowed.join(", "), allowed.len())
            }
            (_, _, "integer" | "numeric" | "smallint") => "n % 100".to_owned(),
            (_, _, "boolean") => "false".to_owned(),
            (_, _, "date") => "date '2020-01-01' + n::int % 3000".to_owned(),
            (_, _, "timestamp with time zone") => "timestamptz '2020-01-01' + n * interval '1 hour'".to_owned(),
            (_, _, "uuid") => "gen_random_uuid()".to_owned(),
            _ if self.nullable => return None,
            (_, _, "jsonb") => "'{}'".to_owned(),
            (_, _, "bytea") => "decode(md5(n::text), 'hex')".to_owned(),
            (_, _, "ARRAY") => "'{}'".to_owned(),
            (table, name, other) => panic!("{table}.{name} is of the type {other}, which nothing here makes up"),
        })
    }
}

pub fn organization() -> Organization {
    let server = TestServer::lasting(&database::own(), "");
    let organization = Organization::on(server);
    let columns = organization.write(|conn| Ok(diesel::sql_query(COLUMNS).load::<Column>(conn)?));
    let mut tables: BTreeMap<&str, Vec<&Column>> = BTreeMap::new();
    for column in columns.iter().filter(|column| !NOT_FILLED.contains(&column.table_name.as_str())) {
        tables.entry(&column.table_name).or_default().push(column);
    }
    let mut statements = vec![WITHOUT_CHECKS.to_owned()];
    for (table, columns) in tables {
        let (names, values): (Vec<_>, Vec<_>) = columns
            .iter()
            .filter_map(|column| Some((format!("\"{}\"", column.name), column.value(organization.id())?)))
            .unzip();
        statements.push(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM generate_series(1, {ROWS}) AS n ON CONFLICT DO NOTHING",
            names.join(", "),
            values.join(", ")
        ));
    }
    organization.write(|conn| {
        for statement in &statements {
            conn.batch_execute(statement).unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
        Ok(())
    });
    server.db.run_now::<_, Error>(|conn| Ok(conn.batch_execute("VACUUM ANALYZE")?)).unwrap();
    organization
}
