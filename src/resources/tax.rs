//! What is added to prices for the state: rates, where they apply, and to whom.

pub mod code;
pub mod tax_jurisdiction;
pub mod tax_rate;
pub mod tax_rule;
pub mod tax_settings;

pub use self::tax_jurisdiction::TAX_JURISDICTION;
pub use self::tax_rate::TAX;
pub use self::tax_rule::TAX_RULE;
pub use self::tax_settings::TAX_SETTINGS;
