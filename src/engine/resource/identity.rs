//! Names in SQL, and what the ids of a resource are.

use crate::engine::filter::FilterSpec;
use crate::engine::kind::Storage;

/// The only thing that can become an SQL identifier: a name from the source code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ident(&'static str);

impl Ident {
    pub const fn new(name: &'static str) -> Ident {
        Ident(name)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// What a resource's ids are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// `bigint`, drawn from the sequence `<table>_id_seq`.
    Integer,
    /// `text`, chosen by the client on create or seeded (units, countries, statuses).
    Text,
    /// `uuid`, drawn by the server; the wire id is `{uuid}-{suffix column}` (product prices).
    Guid { suffix: Ident },
    /// `uuid`, drawn by the server.
    Uuid,
}

impl IdKind {
    /// Whether filters on it compare numbers.
    pub const fn is_numeric(self) -> bool {
        matches!(self, IdKind::Integer)
    }

    /// What the column of the id is in Postgres.
    pub const fn storage(self) -> Storage {
        match self {
            IdKind::Integer => Storage::BigInt,
            IdKind::Text => Storage::Text,
            IdKind::Guid { .. } | IdKind::Uuid => Storage::Uuid,
        }
    }

    /// Whether the client chooses the id on create.
    pub const fn is_assigned(self) -> bool {
        matches!(self, IdKind::Text)
    }
}

/// The identifier of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The column of the id on the wire.
    pub column: Ident,
    /// The column that foreign keys point at: the same, but where records go by an external id.
    pub referenced: Ident,
    pub kind: IdKind,
    /// Whether a record may be without one. Such a record is in no answer.
    pub nullable: bool,
    /// What `filter[id]` accepts.
    pub filter: FilterSpec,
}

impl Identity {
    pub(super) const fn new(column: &'static str, kind: IdKind, filter: FilterSpec) -> Identity {
        Identity { column: Ident::new(column), referenced: Ident::new(column), kind, nullable: false, filter }
    }

    /// Whether foreign keys hold something else than the id.
    pub fn is_external(&self) -> bool {
        self.column != self.referenced
    }

    /// Whether one foreign key column holds the id as a whole.
    pub fn is_in_foreign_keys(&self) -> bool {
        !self.is_external() && !matches!(self.kind, IdKind::Guid { .. })
    }
}
