//! Brands, categories, products with texts, units and pictures, a kit, variants, related products and stock.

use serde_json::{Value as Json, json};

use super::data::{Demo, Ids, many, one};
use super::german::German;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::{Error, Errors};

/// What orders refer to.
pub struct Catalog {
    /// Products by SKU.
    pub products: Ids,
    /// The items of the kit, in order.
    pub kit_items: Vec<String>,
    /// The tax code of all products.
    pub tax_code: String,
}

/// A product: SKU, name, category, brand, unit, price, stock.
pub(super) type Item = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, u32);

/// The kit's SKU.
pub const KIT: &str = "KIT-HOME";

pub(super) const PRODUCTS: &[Item] = &[
    ("HAM-450", "Claw hammer 450 g", "hand-tools", "northbridge", "item", "18.6000", 62),
    ("HAM-600", "Framing hammer 600 g", "hand-tools", "northbridge", "item", "27.9000", 31),
    ("SCR-PH2", "Screwdriver PH2", "hand-tools", "northbridge", "item", "5.2000", 140),
    ("SCR-SET", "Screwdriver set, 6 pieces", "hand-tools", "northbridge", "set", "24.5000", 58),
    ("PLI-180", "Combination pliers 180 mm", "hand-tools", "northbridge", "item", "16.4000", 77),
    ("SAW-550", "Hand saw 550 mm", "hand-tools", "northbridge", "item", "19.9500", 44),
    ("LVL-060", "Spirit level 60 cm", "hand-tools", "kestrel", "item", "21.3000", 35),
    ("TAP-005", "Tape measure 5 m", "hand-tools", "kestrel", "item", "8.9000", 120),
    ("KNF-018", "Utility knife 18 mm", "hand-tools", "kestrel", "item", "5.7500", 150),
    ("DRL-018", "Cordless drill 18 V", "power-tools", "kestrel", "item", "139.0000", 24),
    ("DRL-H20", "Hammer drill 800 W", "power-tools", "kestrel", "item", "98.0000", 17),
    ("SAN-150", "Orbital sander 150 mm", "power-tools", "kestrel", "item", "74.9000", 21),
    ("GRD-125", "Angle grinder 125 mm", "power-tools", "kestrel", "item", "64.5000", 26),
    ("BAT-184", "Battery 18 V, 4 Ah", "power-tools", "kestrel", "item", "69.9000", 40),
    ("BIT-019", "Drill bit set, 19 pieces", "power-tools", "northbridge", "set", "32.8000", 55),
    ("BLT-M08", "Hex bolt M8 x 40", "fasteners", "northbridge", "piece", "0.1800", 12_000),
    ("NUT-M08", "Hex nut M8", "fasteners", "northbridge", "piece", "0.0700", 15_000),
    ("WSH-M08", "Washer M8", "fasteners", "northbridge", "piece", "0.0300", 20_000),
    ("SCW-560", "Wood screw 5 x 60", "fasteners", "northbridge", "piece", "0.0900", 9_500),
    ("PLG-008", "Wall plug 8 mm", "fasteners", "northbridge", "piece", "0.0600", 8_000),
    ("GLS-CLR", "Safety glasses, clear", "safety", "kestrel", "item", "6.2000", 210),
    ("GLV-009", "Work gloves, size 9", "safety", "kestrel", "item", "4.1000", 300),
    ("GLV-010", "Work gloves, size 10", "safety", "kestrel", "item", "4.1000", 280),
    ("EAR-027", "Ear defenders 27 dB", "safety", "kestrel", "item", "14.9000", 80),
    ("MSK-FP2", "Dust mask FFP2", "safety", "kestrel", "piece", "0.9500", 900),
    ("HLM-WHT", "Safety helmet, white", "safety", "kestrel", "item", "22.0000", 65),
];

/// One dark pixel: the smallest picture there is.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwADBwIAMCbHYQAAAABJRU5ErkJggg==";

pub fn load(demo: &mut Demo<'_>) -> Result<Catalog, Errors> {
    let family = first_id(demo, "SELECT id FROM attribute_family WHERE organization_id = ")?;
    let tax_code = json!({"code": "STANDARD", "description": "Goods at the standard rate"});
    let tax_code = demo.create("producttaxcodes", tax_code, json!({}))?;
    let german = German::new(demo)?;
    let brands = brands(demo)?;
    let categories = categories(demo, &german)?;
    let mut catalog = Catalog { products: Ids::new(), kit_items: Vec::new(), tax_code };
    for (place, (sku, name, category, brand, unit, _, _)) in PRODUCTS.iter().enumerate() {
        let (mut data, mut included) = product(&german, sku, name, unit);
        let relationships = &mut data["relationships"];
        relationships["attributeFamily"] = one("attributefamilies", family);
        relationships["category"] = one("categories", &categories[category]);
        relationships["brand"] = one("brands", &brands[brand]);
        relationships["taxCode"] = one("producttaxcodes", &catalog.tax_code);
        if place == 0 {
            dress(relationships, &mut included);
        }
        catalog.products.insert(sku, demo.post(data, Json::Array(included))?);
    }
    kit(demo, &german, &mut catalog, family, &categories)?;
    gloves(demo, &german, &mut catalog, family, &categories)?;
    related(demo, &catalog)?;
    stock(demo)?;
    Ok(catalog)
}

fn brands(demo: &mut Demo<'_>) -> Result<Ids, Errors> {
    let mut brands = Ids::new();
    for (external_id, name) in [("northbridge", "Northbridge"), ("kestrel", "Kestrel")] {
        let data = json!({
            "type": "brands",
            "attributes": {"status": "enabled", "externalId": external_id},
            "relationships": {"names": many("localizedfallbackvalues", ["name"])},
        });
        let name = json!([{"type": "localizedfallbackvalues", "id": "name", "attributes": {"string": name}}]);
        brands.insert(external_id, demo.post(data, name)?);
    }
    Ok(brands)
}

fn categories(demo: &mut Demo<'_>, german: &German) -> Result<Ids, Errors> {
    let root = first_id(demo, "SELECT id FROM category WHERE parent_category_id IS NULL AND organization_id = ")?;
    let mut categories = Ids::new();
    for (external_id, parent, title) in [
        ("tools", "", "Tools"),
        ("hand-tools", "tools", "Hand tools"),
        ("power-tools", "tools", "Power tools"),
        ("fasteners", "", "Fasteners"),
        ("safety", "", "Safety"),
    ] {
        let name = german.name(external_id, title);
        let parent = categories.get(parent).cloned().unwrap_or_else(|| root.to_string());
        let data = json!({
            "type": "categories",
            "attributes": {"externalId": external_id},
            "relationships": {
                "titles": many("categorytitles", ["title", "titel"]),
                "shortDescriptions": many("categoryshortdescriptions", ["short", "kurz"]),
                "longDescriptions": many("categorylongdescriptions", ["long", "lang"]),
                "parentCategory": one("categories", parent),
            },
        });
        let included = json!([
            {"type": "categorytitles", "id": "title", "attributes": {"string": title}},
            {"type": "categoryshortdescriptions", "id": "short", "attributes": {"text": format!("{title} for the trade")}},
            {"type": "categorylongdescriptions", "id": "long", "attributes": {"wysiwyg": format!("<p>{title} for the trade.</p>")}},
            german.text("categorytitles", "titel", "string", name),
            german.text("categoryshortdescriptions", "kurz", "text", &format!("{name} für Profis")),
            german.text("categorylongdescriptions", "lang", "wysiwyg", &format!("<p>{name} für Profis.</p>")),
        ]);
        categories.insert(external_id, demo.post(data, included)?);
    }
    Ok(categories)
}

/// A product with its name, its descriptions and its unit.
fn product(german: &German, sku: &str, name: &str, unit: &str) -> (Json, Vec<Json>) {
    let german_name = german.name(sku, name);
    let data = json!({
        "type": "products",
        "attributes": {"sku": sku, "status": "enabled", "productType": "simple"},
        "relationships": {
            "names": many("productnames", ["name", "german"]),
            "shortDescriptions": many("productshortdescriptions", ["short", "kurz"]),
            "descriptions": many("productdescriptions", ["long", "lang"]),
            "unitPrecisions": many("productunitprecisions", ["unit"]),
            "primaryUnitPrecision": one("productunitprecisions", "unit"),
            "inventory_status": one("prodinventorystatuses", "in_stock"),
        },
    });
    let included = vec![
        json!({"type": "productnames", "id": "name", "attributes": {"string": name}}),
        json!({"type": "productshortdescriptions", "id": "short", "attributes": {"text": format!("{name}, for daily use")}}),
        json!({"type": "productdescriptions", "id": "long", "attributes": {"wysiwyg": format!("<p>{name}, for daily use.</p>")}}),
        german.text("productnames", "german", "string", german_name),
        german.text("productshortdescriptions", "kurz", "text", &format!("{german_name}, für jeden Tag")),
        german.text("productdescriptions", "lang", "wysiwyg", &format!("<p>{german_name}, für jeden Tag.</p>")),
        json!({
            "type": "productunitprecisions",
            "id": "unit",
            "attributes": {"precision": 0, "conversionRate": 1, "sell": true},
            "relationships": {"unit": one("productunits", unit)},
        }),
    ];
    (data, included)
}

/// A picture, an option and a title for search engines.
fn dress(relationships: &mut Json, included: &mut Vec<Json>) {
    relationships["images"] = many("productimages", ["image"]);
    relationships["manageInventory"] = one("entityfieldfallbackvalues", "managed");
    relationships["metaTitles"] = many("localizedfallbackvalues", ["meta"]);
    included.extend([
        json!({
            "type": "productimages",
            "id": "image",
            "relationships": {"image": one("files", "file"), "types": many("productimagetypes", ["main", "listing"])},
        }),
        json!({
            "type": "files",
            "id": "file",
            "attributes": {"content": PICTURE, "originalFilename": "hammer.png", "mimeType": "image/png"},
        }),
        json!({"type": "productimagetypes", "id": "main", "attributes": {"productImageTypeType": "main"}}),
        json!({"type": "productimagetypes", "id": "listing", "attributes": {"productImageTypeType": "listing"}}),
        json!({"type": "entityfieldfallbackvalues", "id": "managed", "attributes": {"scalarValue": "1"}}),
        json!({"type": "localizedfallbackvalues", "id": "meta", "attributes": {"string": "Claw hammer"}}),
    ]);
}

/// A kit of a hammer to choose and, if wanted, a set of screwdrivers.
fn kit(
    demo: &mut Demo<'_>,
    german: &German,
    catalog: &mut Catalog,
    family: i64,
    categories: &Ids,
) -> Result<(), Errors> {
    let (mut data, mut included) = product(german, KIT, "Home tool kit", "set");
    data["attributes"]["productType"] = json!("kit");
    let relationships = &mut data["relationships"];
    relationships["attributeFamily"] = one("attributefamilies", family);
    relationships["category"] = one("categories", &categories["hand-tools"]);
    relationships["taxCode"] = one("producttaxcodes", &catalog.tax_code);
    relationships["kitItems"] = many("productkititems", ["hammer", "drivers"]);
    let items: [(&str, &str, bool, &str, &[&str]); 2] = [
        ("hammer", "Hammer", false, "item", &["HAM-450", "HAM-600"]),
        ("drivers", "Screwdrivers", true, "set", &["SCR-SET"]),
    ];
    for (place, (item, label, optional, unit, products)) in items.into_iter().enumerate() {
        let choices: Vec<String> = products.iter().map(|sku| format!("{item}-{sku}")).collect();
        let (name, translated) = (format!("{item}-label"), format!("{item}-german"));
        included.push(json!({
            "type": "productkititems",
            "id": item,
            "attributes": {"sortOrder": place + 1, "optional": optional, "minimumQuantity": 1, "maximumQuantity": 2},
            "relationships": {
                "labels": many("productkititemlabels", [&name, &translated]),
                "kitItemProducts": many("productkititemproducts", &choices),
                "productUnit": one("productunits", unit),
            },
        }));
        included.push(json!({"type": "productkititemlabels", "id": name, "attributes": {"string": label}}));
        included.push(german.text("productkititemlabels", &translated, "string", german.name(label, label)));
        for (place, (choice, sku)) in choices.iter().zip(products).enumerate() {
            included.push(json!({
                "type": "productkititemproducts",
                "id": choice,
                "attributes": {"sortOrder": place + 1},
                "relationships": {"product": one("products", &catalog.products[sku])},
            }));
        }
    }
    catalog.products.insert(KIT, demo.post(data, Json::Array(included))?);
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM product_kit_item WHERE organization_id = ").bind(Value::Integer(demo.organization()));
    sql.raw(" ORDER BY sort_order, id");
    let ids = sql.collect(demo.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
    catalog.kit_items = ids.into_iter().flatten().map(|id| id.to_string()).collect();
    Ok(())
}

/// A configurable product: gloves in two sizes.
fn gloves(
    demo: &mut Demo<'_>,
    german: &German,
    catalog: &mut Catalog,
    family: i64,
    categories: &Ids,
) -> Result<(), Errors> {
    let (mut data, mut included) = product(german, "GLV", "Work gloves", "item");
    data["attributes"]["productType"] = json!("configurable");
    data["attributes"]["variantFields"] = json!(["size"]);
    let sizes = ["GLV-009", "GLV-010"];
    let relationships = &mut data["relationships"];
    relationships["attributeFamily"] = one("attributefamilies", family);
    relationships["category"] = one("categories", &categories["safety"]);
    relationships["variantLinks"] = many("productvariantlinks", sizes);
    relationships["defaultVariant"] = one("products", &catalog.products[sizes[0]]);
    for sku in sizes {
        let variant = json!({"product": one("products", &catalog.products[sku])});
        included.push(json!({"type": "productvariantlinks", "id": sku, "relationships": variant}));
    }
    catalog.products.insert("GLV", demo.post(data, Json::Array(included))?);
    Ok(())
}

/// What is shown along with what, and what one of them weighs.
fn related(demo: &mut Demo<'_>, catalog: &Catalog) -> Result<(), Errors> {
    for (sku, item) in [("DRL-018", "BAT-184"), ("DRL-018", "BIT-019"), ("BLT-M08", "NUT-M08"), ("BLT-M08", "WSH-M08")]
    {
        let relationships = json!({
            "product": one("products", &catalog.products[sku]),
            "relatedItem": one("products", &catalog.products[item]),
        });
        demo.create("relatedproducts", json!({}), relationships)?;
    }
    let measures =
        json!({"weightValue": 1.7, "dimensionsLength": 24, "dimensionsWidth": 8.5, "dimensionsHeight": 22.5});
    let relationships = json!({
        "product": one("products", &catalog.products["DRL-018"]),
        "productUnit": one("productunits", "item"),
        "weightUnit": one("weightunits", "kg"),
        "dimensionsUnit": one("lengthunits", "cm"),
        "freightClass": one("freightclasses", "parcel"),
    });
    demo.create("productshippingoptions", measures, relationships).map(drop)
}

fn stock(demo: &mut Demo<'_>) -> Result<(), Errors> {
    let mut sql = Sql::new();
    sql.raw("SELECT l.id, p.sku FROM inventory_level l JOIN product p ON p.organization_id = l.organization_id");
    sql.raw(" AND p.id = l.product_id WHERE l.organization_id = ").bind(Value::Integer(demo.organization()));
    let levels = sql.collect(demo.conn, |row| -> Result<_, Errors> { Ok((row.integer(0)?, row.text(1)?)) })?;
    for (level, sku) in levels {
        let item = PRODUCTS.iter().find(|item| Some(item.0) == sku.as_deref());
        if let (Some(level), Some(item)) = (level, item) {
            demo.patch("inventorylevels", level, json!({"quantity": item.6}))?;
        }
    }
    Ok(())
}

/// The lowest id of something that every organization has.
fn first_id(demo: &mut Demo<'_>, select: &'static str) -> Result<i64, Errors> {
    let mut sql = Sql::new();
    sql.raw(select).bind(Value::Integer(demo.organization())).raw(" ORDER BY id LIMIT 1");
    let ids = sql.collect(demo.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
    ids.into_iter()
        .flatten()
        .next()
        .ok_or_else(|| Error::internal("the organization lacks what it is made with").into())
}

/// The price and unit of a product of the list.
pub fn offer(sku: &str) -> Option<(&'static str, &'static str)> {
    PRODUCTS.iter().find(|item| item.0 == sku).map(|item| (item.5, item.4))
}
