DROP VIEW visible_variant;
DROP VIEW category_node;
DROP VIEW category_lineage;
DROP VIEW category_ancestor;
