//! `mastercatalogcategories`, what the categories say, and `mastercatalogtree`, how they lie.

use crate::engine::field::{date_time, integer, json, long_text, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ownership, READ_ONLY, Resource};
use crate::storefront::texts::{Localized, Source};

const LOCALIZED: &str = "category_localized_value";

pub static CATEGORY: Resource = Resource::new("mastercatalogcategories", "category")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .computed(&Localized(&[
        Source::own("title", "category_title", "category_id", "string"),
        Source::own("shortDescription", "category_short_description", "category_id", "text"),
        Source::own("description", "category_long_description", "category_id", "wysiwyg"),
        Source::url(LOCALIZED, "category_id"),
        Source::urls(LOCALIZED, "category_id"),
    ]))
    .about("A category of the catalogue. `mastercatalogtree` tells how they lie.")
    .fields(&[
        text("title").computed(),
        long_text("shortDescription").computed(),
        long_text("description").computed().about("HTML."),
        text("url").computed().about("The path of the category's page."),
        json("urls")
            .computed()
            .about("`[{\"url\": \"/tools\", \"localizationId\": \"2\"}]`: the paths in the other localizations."),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        through("categoryPath", &CATEGORY, "category_ancestor", "category_id", "ancestor_id")
            .read_only()
            .no_filter()
            .no_sort()
            .about("The categories above it."),
        through("lineage", &CATEGORY, "category_lineage", "category_id", "ancestor_id").hidden(),
        to_one("parentCategory", &CATEGORY, "parent_category_id").hidden(),
        to_many("childCategories", &CATEGORY, "parent_category_id").hidden(),
    ]);

pub static CATEGORY_NODE: Resource = Resource::new("mastercatalogtree", "category_node")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .no_meta()
    .no_paging()
    .no_sorting()
    .about("A node of the tree of categories. `filter[root]` gives the part of the tree from a node on.")
    .fields(&[integer("order")
        .column("tree_left")
        .read_only()
        .not_null()
        .about("Its place in the tree, read from the root down.")])
    .relations(&[
        to_one("parent", &CATEGORY_NODE, "parent_id").read_only().filter(FilterSpec::new(EQUALITY).lists()).no_sort(),
        through("path", &CATEGORY_NODE, "category_ancestor", "category_id", "ancestor_id")
            .read_only()
            .no_filter()
            .no_sort()
            .about("The nodes above it."),
        to_one("category", &CATEGORY, "category_id").read_only().filter(FilterSpec::new(EQUALITY).lists()).no_sort(),
        through("lineage", &CATEGORY_NODE, "category_lineage", "category_id", "ancestor_id").hidden(),
    ])
    .extra_filters(&[ExtraFilter {
        name: "root",
        target: FilterTarget::Path("lineage"),
        spec: FilterSpec::new(crate::engine::filter::COMPARISON).lists(),
    }]);
