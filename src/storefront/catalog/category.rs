//! `mastercatalogcategories`, what the categories say, and `mastercatalogtree`, how they lie.

use diesel::pg::PgConnection;

use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::field::{array, date_time, integer, json, long_text, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::relation::{through, to_many, to_one};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ownership, READ_ONLY, Resource};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::storefront::media;
use crate::storefront::texts::{self, Source};

const LOCALIZED: &str = "category_localized_value";

const TEXTS: &[Source] = &[
    Source::own("title", "category_title", "category_id", "string"),
    Source::own("shortDescription", "category_short_description", "category_id", "text"),
    Source::own("description", "category_long_description", "category_id", "wysiwyg"),
    Source::url(LOCALIZED, "category_id"),
    Source::urls(LOCALIZED, "category_id"),
    Source::slot("metaTitle", LOCALIZED, "category_id", "metaTitles", "string"),
    Source::slot("metaDescription", LOCALIZED, "category_id", "metaDescriptions", "text"),
    Source::slot("metaKeywords", LOCALIZED, "category_id", "metaKeywords", "text"),
];

pub static CATEGORY: Resource = Resource::new("mastercatalogcategories", "category")
    .actions(READ_ONLY)
    .owned_by(Ownership::Reference)
    .public()
    .computed(&Attributes)
    .about("A category of the catalogue. `mastercatalogtree` tells how they lie.")
    .fields(&[
        text("title").computed(),
        long_text("shortDescription").computed(),
        long_text("description").computed().about("HTML."),
        text("url").computed().about("The path of the category's page."),
        json("urls")
            .computed()
            .about("`[{\"url\": \"/tools\", \"localizationId\": \"2\"}]`: the paths in the other localizations."),
        array("images").computed().about(
            "`[{\"mimeType\": \"image/png\", \"url\": \"/media/…\", \"type\": \"small\"}]`; `type` is `small` or `large`.",
        ),
        text("metaTitle").computed(),
        long_text("metaDescription").computed(),
        long_text("metaKeywords").computed(),
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

struct Attributes;

impl Computed for Attributes {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        texts::load(conn, ask, TEXTS, values)?;
        if !ask.wants("images") {
            return Ok(());
        }
        let mut sql = Sql::new();
        sql.raw(
            "SELECT c.id, COALESCE(jsonb_agg(jsonb_build_object('mimeType', f.mime_type, 'url', u.url, 'type', i.type) \
             ORDER BY i.type DESC) FILTER (WHERE u.url IS NOT NULL), '[]') FROM category c \
             CROSS JOIN LATERAL (VALUES ('small', c.small_image_id), ('large', c.large_image_id)) AS i (type, file_id) \
             LEFT JOIN file f ON f.organization_id = c.organization_id AND f.id = i.file_id \
             CROSS JOIN LATERAL (SELECT ",
        );
        sql.raw(media::URL).raw(" AS url) u WHERE c.organization_id = ").bind(Value::Integer(ask.caller.organization));
        sql.raw(" AND c.id = ANY(").bind(Value::Integers(ask.ids())).raw(") GROUP BY c.id");
        values.read(conn, sql, &["images"])
    }
}

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
