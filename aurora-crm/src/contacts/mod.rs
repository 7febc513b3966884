//! Ways to reach somebody.

mod email;
mod phone;

pub use self::email::{Email, ParseEmailError};
pub use self::phone::{ParsePhoneError, Phone};
