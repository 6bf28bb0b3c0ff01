//! The kinds of attribute values: what each is in Postgres, on the wire and in a filter.
//!
//! Every stage matches a [`Kind`] exhaustively (parse, bind, decode, render, describe), so a new kind does not
//! compile until all of them know it. The wire forms are those of the contract, section 22.

/// The type of one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `text` column, JSON string. An empty string on input means null.
    Text,
    /// As [`Kind::Text`], but long: filtered by `exists` only.
    LongText,
    /// `integer` column, JSON number.
    Integer,
    /// `bigint` column, JSON string of digits.
    BigInt,
    /// `numeric` column, JSON number without trailing zeros. Quantities, rates, sort orders.
    Float,
    /// `numeric` column, JSON string without trailing zeros.
    Decimal,
    /// `numeric(19,4)` column, JSON string with exactly four decimals; input is rounded half away from zero.
    Money,
    /// `numeric` column, JSON number, a fraction (0.1 is 10 %).
    Percent,
    /// `numeric` column that holds 10 for 10 %, JSON number that shows 0.1.
    Percent100,
    /// `boolean` column, JSON boolean.
    Boolean,
    /// `date` column, JSON string `YYYY-MM-DD`.
    Date,
    /// `timestamptz` column (microseconds), JSON string `YYYY-MM-DDThh:mm:ssZ`.
    DateTime,
    /// `uuid` column, lower-case JSON string.
    Uuid,
    /// `text` column of three capital letters (ISO 4217), JSON string.
    Currency,
    /// `text` column with a check constraint; one of the listed words.
    Enum(&'static [&'static str]),
    /// `jsonb` column that holds an array of strings.
    TextList,
    /// `jsonb` column that holds an array of anything.
    Array,
    /// `jsonb` column that holds an array of objects, each with at most the listed members.
    Objects(&'static [&'static str]),
    /// `jsonb` column, any JSON value.
    Json,
    /// `bytea` column, JSON string in base64.
    Base64,
    /// `text` column of an argon2 hash; write only, the input is the clear text.
    Password,
    /// `text` column of a value sealed under the server's key; write only, the input is the clear text.
    Secret,
}

/// The family of Postgres types a [`Kind`] is stored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Text,
    Integer,
    BigInt,
    Numeric,
    Boolean,
    Date,
    Timestamp,
    Uuid,
    Json,
    Bytes,
}

impl Kind {
    /// What the column of this kind is in Postgres.
    pub const fn storage(self) -> Storage {
        match self {
            Kind::Text | Kind::LongText | Kind::Currency | Kind::Enum(_) | Kind::Password | Kind::Secret => {
                Storage::Text
            }
            Kind::Integer => Storage::Integer,
            Kind::BigInt => Storage::BigInt,
            Kind::Float | Kind::Decimal | Kind::Money | Kind::Percent | Kind::Percent100 => Storage::Numeric,
            Kind::Boolean => Storage::Boolean,
            Kind::Date => Storage::Date,
            Kind::DateTime => Storage::Timestamp,
            Kind::Uuid => Storage::Uuid,
            Kind::TextList | Kind::Array | Kind::Objects(_) | Kind::Json => Storage::Json,
            Kind::Base64 => Storage::Bytes,
        }
    }

    /// The word that error texts and the API document use for a value of this kind (contract 4.3).
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::Text
            | Kind::LongText
            | Kind::Currency
            | Kind::Enum(_)
            | Kind::Password
            | Kind::Secret
            | Kind::Base64 => "string",
            Kind::Integer | Kind::BigInt => "integer",
            Kind::Float | Kind::Decimal | Kind::Money | Kind::Percent | Kind::Percent100 => "number",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Uuid => "GUID",
            Kind::TextList | Kind::Array | Kind::Objects(_) => "array",
            Kind::Json => "object",
        }
    }
}
