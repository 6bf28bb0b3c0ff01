//! What the names in expressions mean: members of products, and of the prices of a list.

use super::expression::Type;
use crate::engine::resource::Ident;

/// A member of the product that a price is made for: what it is called, and where it is.
#[derive(Debug, PartialEq)]
pub struct ProductName {
    /// Without `product.`.
    pub path: &'static str,
    pub kind: Type,
    pub column: ProductColumn,
}

/// Where a product's member is found.
#[derive(Debug, PartialEq)]
pub enum ProductColumn {
    Own(Ident),
    /// The unit of the primary unit precision.
    PrimaryUnit,
}

const fn own(path: &'static str, kind: Type, column: &'static str) -> ProductName {
    ProductName { path, kind, column: ProductColumn::Own(Ident::new(column)) }
}

/// Everything that can follow `product.`. All of it belongs to the product's own record: a price follows from nothing
/// that can change unnoticed.
pub static PRODUCT: &[ProductName] = &[
    own("id", Type::Number, "id"),
    own("sku", Type::Text, "sku"),
    own("status", Type::Text, "status"),
    own("type", Type::Text, "product_type"),
    own("featured", Type::Boolean, "featured"),
    own("newArrival", Type::Boolean, "new_arrival"),
    own("category", Type::Number, "category_id"),
    own("category.id", Type::Number, "category_id"),
    own("brand", Type::Number, "brand_id"),
    own("brand.id", Type::Number, "brand_id"),
    own("taxCode", Type::Number, "tax_code_id"),
    own("taxCode.id", Type::Number, "tax_code_id"),
    own("attributeFamily", Type::Number, "attribute_family_id"),
    own("attributeFamily.id", Type::Number, "attribute_family_id"),
    own("inventory_status", Type::Text, "inventory_status_id"),
    own("inventory_status.id", Type::Text, "inventory_status_id"),
    ProductName { path: "primaryUnitPrecision.unit", kind: Type::Text, column: ProductColumn::PrimaryUnit },
    ProductName { path: "primaryUnitPrecision.unit.code", kind: Type::Text, column: ProductColumn::PrimaryUnit },
];

/// A member of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceMember {
    Value,
    Quantity,
    Unit,
    Currency,
}

impl PriceMember {
    pub const ALL: [PriceMember; 4] =
        [PriceMember::Value, PriceMember::Quantity, PriceMember::Unit, PriceMember::Currency];

    /// What follows `pricelist[1].prices.`.
    pub const fn name(self) -> &'static str {
        match self {
            PriceMember::Value => "value",
            PriceMember::Quantity => "quantity",
            PriceMember::Unit => "unit",
            PriceMember::Currency => "currency",
        }
    }

    pub const fn kind(self) -> Type {
        match self {
            PriceMember::Value | PriceMember::Quantity => Type::Number,
            PriceMember::Unit | PriceMember::Currency => Type::Text,
        }
    }

    /// The column of `product_price`.
    pub const fn column(self) -> Ident {
        Ident::new(match self {
            PriceMember::Value => "value",
            PriceMember::Quantity => "quantity",
            PriceMember::Unit => "unit_code",
            PriceMember::Currency => "currency",
        })
    }
}
