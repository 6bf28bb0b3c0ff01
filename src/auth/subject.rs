//! Whom a token is for.

/// A user of the back office, a customer user of the storefront, or a visitor who has not logged in: its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    User(i64),
    CustomerUser(i64),
    Visitor(i64),
}

/// The columns `user_id`, `customer_user_id` and `visitor_id` of a token, one of which is set.
pub type Columns = (Option<i64>, Option<i64>, Option<i64>);

impl Subject {
    pub const fn columns(self) -> Columns {
        match self {
            Subject::User(id) => (Some(id), None, None),
            Subject::CustomerUser(id) => (None, Some(id), None),
            Subject::Visitor(id) => (None, None, Some(id)),
        }
    }

    pub const fn of(columns: Columns) -> Option<Subject> {
        match columns {
            (Some(id), _, _) => Some(Subject::User(id)),
            (_, Some(id), _) => Some(Subject::CustomerUser(id)),
            (_, _, Some(id)) => Some(Subject::Visitor(id)),
            _ => None,
        }
    }
}

/// Several subjects, as the columns hold them.
#[derive(Clone, Debug, Default)]
pub struct Subjects {
    pub users: Vec<i64>,
    pub customer_users: Vec<i64>,
    pub visitors: Vec<i64>,
}

impl Subjects {
    pub fn of(subjects: &[Subject]) -> Subjects {
        let mut lists = Subjects::default();
        for subject in subjects {
            match subject {
                Subject::User(id) => lists.users.push(*id),
                Subject::CustomerUser(id) => lists.customer_users.push(*id),
                Subject::Visitor(id) => lists.visitors.push(*id),
            }
        }
        lists
    }
}
