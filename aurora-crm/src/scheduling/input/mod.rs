//! What is needed to make and change what can be booked.

mod offering;
mod professional;
mod room;

use crate::fields::Fields;

pub(super) use self::offering::is_granularity;
pub use self::offering::{NewService, ServiceChange};
pub use self::professional::{NewProfessional, ProfessionalChange};
pub use self::room::{NewRoom, RoomChange};

/// The longest name, in characters.
const MAX_NAME: usize = 120;

/// How names are compared: without regard to case.
pub(super) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// Text of several lines that may be absent.
fn text(fields: &mut Fields, field: &str, text: Option<&str>, max: usize) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    if text.chars().any(|c| c.is_control() && c != '\n') {
        fields.refuse(
            field,
            "invalid",
            "must not have control characters other than new lines",
        );
    } else if text.chars().nth(max).is_some() {
        fields.refuse(
            field,
            "too_long",
            format_args!("must have at most {max} characters"),
        );
    }
    Some(text.to_owned())
}
