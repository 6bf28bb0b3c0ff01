//! Attributes of a resource: name, column, kind, and what a client may do with them.

use super::filter::{COMPARISON, EQUALITY, FilterSpec, Operator, Operators};
use super::kind::Kind;
use super::resource::Ident;

/// Who may set a field or relationship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Settable on create and update.
    Writable,
    /// Settable on create; a value sent on update is accepted and ignored.
    CreateOnly,
    /// Kept by the server; a value sent is accepted and ignored.
    ReadOnly,
    /// Settable, never shown.
    WriteOnly,
    /// Settable on create, never shown; on update there is no such member.
    WriteOnce,
    /// Neither shown nor settable; rules fill it, filters and sorters may use it.
    Hidden,
}

impl Access {
    /// Whether documents show it.
    pub const fn is_shown(self) -> bool {
        !matches!(self, Access::WriteOnly | Access::WriteOnce | Access::Hidden)
    }
}

/// The value a create stores when the request does not say one. What Postgres itself defaults has no entry here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    Text(&'static str),
    Integer(i64),
    Boolean(bool),
    /// The moment of the write.
    Now,
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub column: Ident,
    pub kind: Kind,
    pub access: Access,
    /// Whether no column holds it, and [`super::computed`] works it out.
    pub computed: bool,
    /// Must be present and not blank on create, and never blank on update.
    pub required: bool,
    /// Whether the column may be null. Null on input for a column that may not be: `not null constraint`.
    pub nullable: bool,
    /// The greatest number of characters.
    pub max: Option<u32>,
    pub default: Option<Literal>,
    pub filter: Option<FilterSpec>,
    pub sort: bool,
    /// Whether an index is expected behind the column.
    pub indexed: bool,
    /// Whether a given text must be an e-mail address.
    pub email: bool,
    /// Whether it changes without anybody changing the record, so that `If-Match` does not look at it.
    pub volatile: bool,
    /// One sentence for the API document; empty where the name says it all.
    pub about: &'static str,
    /// A valid value for examples, as text; `None`: one is made from the kind.
    pub example: Option<&'static str>,
}

/// `nullable`, writable, without filter and sorter: the starting point of all field builders.
pub const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        column: Ident::new(name),
        kind,
        access: Access::Writable,
        computed: false,
        required: false,
        nullable: true,
        max: None,
        default: None,
        filter: None,
        sort: false,
        indexed: false,
        email: false,
        volatile: false,
        about: "",
        example: None,
    }
}

macro_rules! builders {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)*) => {
        $($(#[$doc])* pub const fn $name(name: &'static str) -> Field { field(name, Kind::$kind) })*
    };
}

builders! {
    /// A string of up to 255 characters unless [`Field::max`] says otherwise.
    text => Text;
    /// A string of any length.
    long_text => LongText;
    /// A 32-bit number.
    integer => Integer;
    /// A 64-bit number, a string on the wire.
    big_int => BigInt;
    /// An exact number, a number on the wire.
    float => Float;
    /// An exact number, a string on the wire.
    decimal => Decimal;
    /// An amount with four decimals, a string on the wire.
    money => Money;
    /// A fraction.
    percent => Percent;
    /// A fraction that is stored in hundredths.
    percent_100 => Percent100;
    boolean => Boolean;
    date => Date;
    date_time => DateTime;
    uuid => Uuid;
    /// An ISO 4217 code.
    currency => Currency;
    text_list => TextList;
    array => Array;
    json => Json;
    /// Bytes, base64 on the wire.
    base64 => Base64;
    /// Clear text in, argon2 hash in the column, never shown.
    password => Password;
    /// Clear text in, sealed in the column, never shown.
    secret => Secret;
}

/// One of the listed words.
pub const fn enumeration(name: &'static str, words: &'static [&'static str]) -> Field {
    field(name, Kind::Enum(words))
}

/// A list of objects with at most the listed members.
pub const fn objects(name: &'static str, members: &'static [&'static str]) -> Field {
    field(name, Kind::Objects(members))
}

impl Field {
    /// The column, where its name is not the attribute's.
    pub const fn column(mut self, column: &'static str) -> Field {
        self.column = Ident::new(column);
        self
    }

    pub const fn required(mut self) -> Field {
        self.required = true;
        self.nullable = false;
        self
    }

    /// The column is never null; a default (here or in Postgres) or a rule fills it.
    pub const fn not_null(mut self) -> Field {
        self.nullable = false;
        self
    }

    pub const fn max(mut self, characters: u32) -> Field {
        self.max = Some(characters);
        self
    }

    /// Stored on create when the request says nothing; implies [`Field::not_null`].
    pub const fn default(mut self, literal: Literal) -> Field {
        self.default = Some(literal);
        self.nullable = false;
        self
    }

    pub const fn read_only(mut self) -> Field {
        self.access = Access::ReadOnly;
        self
    }

    pub const fn create_only(mut self) -> Field {
        self.access = Access::CreateOnly;
        self
    }

    /// Neither shown nor settable: for rules, filters and sorters.
    pub const fn hidden(mut self) -> Field {
        self.access = Access::Hidden;
        self
    }

    /// No column holds it: [`super::resource::Resource::computed`] works it out.
    pub const fn computed(mut self) -> Field {
        self.computed = true;
        self.access = Access::ReadOnly;
        self
    }

    pub const fn write_only(mut self) -> Field {
        self.access = Access::WriteOnly;
        self
    }

    pub const fn write_once(mut self) -> Field {
        self.access = Access::WriteOnce;
        self
    }

    pub const fn email(mut self) -> Field {
        self.email = true;
        self
    }

    pub const fn volatile(mut self) -> Field {
        self.volatile = true;
        self
    }

    pub const fn about(mut self, sentence: &'static str) -> Field {
        self.about = sentence;
        self
    }

    /// A valid value for the examples of the API document; the examples state the field even where it is optional.
    pub const fn example(mut self, text: &'static str) -> Field {
        self.example = Some(text);
        self
    }

    /// The operators that the contract gives the kind by default.
    pub const fn filter(mut self) -> Field {
        self.filter = Some(match self.kind {
            Kind::Integer
            | Kind::BigInt
            | Kind::Float
            | Kind::Decimal
            | Kind::Money
            | Kind::Percent
            | Kind::Percent100
            | Kind::Date
            | Kind::DateTime => FilterSpec::new(COMPARISON).lists().ranges(),
            Kind::LongText => FilterSpec::new(Operators::of(&[Operator::Exists])),
            Kind::Uuid => FilterSpec::new(EQUALITY).lists(),
            _ => FilterSpec::new(EQUALITY),
        });
        self
    }

    /// [`Field::filter`], and a comma separates values.
    pub const fn filter_list(self) -> Field {
        let mut field = self.filter();
        if let Some(spec) = field.filter {
            field.filter = Some(spec.lists());
        }
        field
    }

    /// Exactly that filter, in place of the kind's own.
    pub const fn filter_by(mut self, spec: FilterSpec) -> Field {
        self.filter = Some(spec);
        self
    }

    /// More operators than the kind's own, such as [`super::filter::PATTERN`].
    pub const fn operators(mut self, more: Operators) -> Field {
        if let Some(mut spec) = self.filter {
            spec.operators = spec.operators.and(more);
            self.filter = Some(spec);
        }
        self
    }

    /// The filter ignores letter case; the index behind it is on `lower(column)`.
    pub const fn case_insensitive(mut self) -> Field {
        if let Some(mut spec) = self.filter {
            spec.case_insensitive = true;
            self.filter = Some(spec);
        }
        self
    }

    pub const fn sort(mut self) -> Field {
        self.sort = true;
        self
    }

    /// An index is expected behind the column; the registry test asks the database.
    pub const fn indexed(mut self) -> Field {
        self.indexed = true;
        self
    }
}
