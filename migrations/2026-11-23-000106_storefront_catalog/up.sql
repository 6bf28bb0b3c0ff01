-- What the storefront's catalogue reads beside the tables.

-- The categories above each category.
CREATE VIEW category_ancestor AS
SELECT c.organization_id, c.id AS category_id, above.id::bigint AS ancestor_id
FROM category c, unnest(string_to_array(c.materialized_path, '_')) AS above (id)
WHERE above.id <> c.id::text;

-- Those and the category itself.
CREATE VIEW category_lineage AS
SELECT organization_id, category_id, ancestor_id FROM category_ancestor
UNION ALL
SELECT organization_id, id, id FROM category;

-- The tree alone: a node of it is its category.
CREATE VIEW category_node AS
SELECT organization_id, id, id AS category_id, parent_category_id AS parent_id, tree_left, created_at, updated_at
FROM category;

-- The variants of configurable products that are to be seen.
CREATE VIEW visible_variant AS
SELECT organization_id, parent_product_id, product_id FROM product_variant_link WHERE visible;
