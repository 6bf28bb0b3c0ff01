//! `productimages` in the storefront: a picture, where it is shown and where its file lies.

use diesel::pg::PgConnection;

use crate::engine::computed::{Ask, Computed, Values};
use crate::engine::field::{date_time, json, text, text_list};
use crate::engine::filter::{COLLECTION, FilterSpec};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{ExtraFilter, FilterTarget, Ownership, READ_ONLY, Resource};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::storefront::catalog::PRODUCT;
use crate::storefront::media;

pub static PRODUCT_IMAGE: Resource = Resource::new("productimages", "product_image")
    .actions(READ_ONLY)
    .owned_by(Ownership::Part(&["product"]))
    .public()
    .no_title()
    .computed(&Pictures)
    .about("A picture of a product.")
    .fields(&[
        text("mimeType").computed(),
        text_list("types").computed().about("Where it is shown: `main`, `listing`, `additional`."),
        json("files").computed().about(
            "Where the picture is fetched: `[{\"url\": \"/media/…\", \"maxWidth\": null, \"maxHeight\": null, \
             \"dimension\": \"original\", \"types\": [\"main\"]}]`. A path is one of this server.",
        ),
        text("originalImageName").computed(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("product", &PRODUCT, "product_id").read_only().not_null(),
        to_many("imageTypes", &IMAGE_TYPE, "product_image_id").hidden(),
    ])
    .extra_filters(&[ExtraFilter {
        name: "types",
        target: FilterTarget::Path("imageTypes.name"),
        spec: FilterSpec::new(COLLECTION).lists(),
    }]);

/// Where a picture is shown. Only filters ask for it.
static IMAGE_TYPE: Resource = Resource::new("productimagetypes", "product_image_type")
    .actions(READ_ONLY)
    .owned_by(Ownership::Part(&["productImage"]))
    .public()
    .fields(&[text("name").column("type").read_only().not_null().filter()])
    .relations(&[to_one("productImage", &PRODUCT_IMAGE, "product_image_id").read_only().not_null()]);

struct Pictures;

impl Computed for Pictures {
    fn load(&self, conn: &mut PgConnection, ask: Ask<'_>, values: &mut Values) -> Result<(), Error> {
        let mut sql = Sql::new();
        sql.raw(
            "SELECT i.id, to_jsonb(f.mime_type), to_jsonb(f.original_filename), \
             COALESCE((SELECT jsonb_build_array(jsonb_build_object('url', u.url, 'maxWidth', NULL, 'maxHeight', NULL, \
             'dimension', 'original', 'types', s.types)) WHERE u.url IS NOT NULL), '[]'), s.types \
             FROM product_image i LEFT JOIN file f ON f.organization_id = i.organization_id AND f.id = i.image_id \
             CROSS JOIN LATERAL (SELECT to_jsonb(ARRAY(SELECT t.type FROM product_image_type t \
             WHERE t.organization_id = i.organization_id AND t.product_image_id = i.id ORDER BY t.id)) AS types) s \
             CROSS JOIN LATERAL (SELECT ",
        );
        sql.raw(media::URL).raw(" AS url) u WHERE i.organization_id = ");
        sql.bind(Value::Integer(ask.caller.organization)).raw(" AND i.id = ANY(").bind(Value::Integers(ask.ids()));
        sql.raw(")");
        values.read(conn, sql, &["mimeType", "originalImageName", "files", "types"])
    }
}
