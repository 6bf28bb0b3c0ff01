//! The places of categories in their trees, kept as nested sets: `left` and `right` enclose those of the categories
//! below, `level` counts from 0 at the root, `materializedPath` has the ids from the root on.

use diesel::pg::PgConnection;

use super::tree;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

/// Numbers an organization's categories anew, in one statement that writes only what has changed. Siblings are in the
/// order of their ids. Categories in a circle keep their numbers.
pub fn renumber(conn: &mut PgConnection, organization: i64) -> Result<(), Error> {
    tree::lock(conn, organization)?;
    let organization = Value::Integer(organization);
    let mut sql = Sql::new();
    sql.raw(
        "WITH RECURSIVE walk (id, path) AS (\
         SELECT id, ARRAY[id] FROM category WHERE parent_category_id IS NULL AND organization_id = ",
    )
    .bind(organization.clone())
    .raw(
        " UNION ALL SELECT child.id, walk.path || child.id FROM walk \
         JOIN category AS child ON child.parent_category_id = walk.id AND child.organization_id = ",
    )
    .bind(organization.clone())
    .raw(
        "), size (id, below) AS (SELECT above.id, count(*) - 1 FROM walk, unnest(path) AS above (id) GROUP BY above.id), \
         place AS (SELECT walk.id, path[1] AS root, cardinality(path) - 1 AS level, size.below, \
         row_number() OVER (PARTITION BY path[1] ORDER BY path) AS nth, array_to_string(path, '_') AS path \
         FROM walk JOIN size ON size.id = walk.id), \
         numbered AS (SELECT id, root, level, path, 2 * nth - level - 1 AS first, \
         2 * (nth + below) - level AS last FROM place) \
         UPDATE category SET tree_left = first, tree_right = last, tree_level = level, tree_root = root, \
         materialized_path = path FROM numbered WHERE category.id = numbered.id AND category.organization_id = ",
    )
    .bind(organization)
    .raw(
        " AND (tree_left, tree_right, tree_level, tree_root, materialized_path) \
         IS DISTINCT FROM (first, last, level, root, path)",
    );
    sql.execute(conn)?;
    Ok(())
}
