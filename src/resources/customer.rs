//! Customers, their groups, people, addresses and terms.

#[expect(clippy::module_inception, reason = "a file has the name of its resource")]
pub mod customer;
pub mod customer_address;
pub mod customer_group;
pub mod customer_rating;
pub mod customer_tax_code;
pub mod customer_user;
pub mod customer_user_address;
pub mod customer_user_auth_status;
pub mod customer_user_role;
pub mod payment_term;

pub use self::customer::CUSTOMER;
pub use self::customer_address::CUSTOMER_ADDRESS;
pub use self::customer_group::CUSTOMER_GROUP;
pub use self::customer_rating::CUSTOMER_RATING;
pub use self::customer_tax_code::CUSTOMER_TAX_CODE;
pub use self::customer_user::CUSTOMER_USER;
pub use self::customer_user_address::CUSTOMER_USER_ADDRESS;
pub use self::customer_user_auth_status::CUSTOMER_USER_AUTH_STATUS;
pub use self::customer_user_role::CUSTOMER_USER_ROLE;
pub use self::payment_term::PAYMENT_TERM;
