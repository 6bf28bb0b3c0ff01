//! Whose the records of a resource are.

use super::Ident;

/// Whose a record is: what the access levels of a role compare (contract section 23, and Rights in `docs/security.md`).
#[derive(Clone, Copy, Debug)]
pub enum Ownership {
    /// Readable by every caller; writing takes the organization level.
    Reference,
    /// Owned by the organization as a whole; also what has no owner at all.
    Organization,
    /// The column holds a user's id.
    User(Ident),
    /// The column holds a business unit's id.
    BusinessUnit(Ident),
    /// The column holds a customer's id. `shared`: where it is null, every customer may see the record.
    Customer { column: Ident, shared: bool },
    /// The columns hold the id of a customer user and that of the customer they buy for.
    CustomerUser { user: Ident, customer: Ident },
    /// A part takes its parent's permission, through the first of these relationships that is set.
    Part(&'static [&'static str]),
    /// Computed from several records: viewed by who may view every one of them, written by nobody.
    AllOf(&'static [&'static str]),
}

impl Ownership {
    /// The columns that name the owner.
    pub fn columns(self) -> impl Iterator<Item = Ident> {
        let columns = match self {
            Ownership::User(column) | Ownership::BusinessUnit(column) | Ownership::Customer { column, .. } => {
                [Some(column), None]
            }
            Ownership::CustomerUser { user, customer } => [Some(user), Some(customer)],
            Ownership::Reference | Ownership::Organization | Ownership::Part(_) | Ownership::AllOf(_) => [None, None],
        };
        columns.into_iter().flatten()
    }
}
