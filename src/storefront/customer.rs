//! The caller's own company: its customers, their users, roles and addresses.

#[expect(clippy::module_inception, reason = "a file has the name of its resource")]
pub mod customer;
pub mod customer_address;
pub mod customer_group;
pub mod customer_user;
pub mod customer_user_address;
pub mod customer_user_role;

pub use self::customer::CUSTOMER;
pub use self::customer_address::CUSTOMER_ADDRESS;
pub use self::customer_group::CUSTOMER_GROUP;
pub use self::customer_user::CUSTOMER_USER;
pub use self::customer_user_address::CUSTOMER_USER_ADDRESS;
pub use self::customer_user_role::CUSTOMER_USER_ROLE;
