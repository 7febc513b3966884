//! Privacy as rows: the only part of it that knows sqlx.

pub(super) mod consents;
pub(super) mod erase;
pub(super) mod export;
pub(super) mod holdings;
pub(super) mod holds;
pub(super) mod requests;
pub(super) mod retention;
mod rows;
pub(super) mod shares;
mod subjects;

#[cfg(feature = "files")]
pub(crate) use self::holds::refuse_held_file_in;
pub(crate) use self::holds::refuse_held_in;
pub(in crate::privacy) use self::rows::hex;

/// Every statement, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: &[(&str, &[(&str, &str)])] = &[
    ("privacy::consents", consents::ALL),
    ("privacy::erase", erase::ALL),
    ("privacy::holdings", holdings::ALL),
    ("privacy::holds", holds::ALL),
    ("privacy::requests", requests::ALL),
    ("privacy::retention", retention::ALL),
    ("privacy::shares", shares::ALL),
    ("privacy::subjects", subjects::ALL),
];
