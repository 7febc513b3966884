//! Settings, threads, turns, steps and offers as rows.

pub(super) mod blocked;
pub(super) mod offers;
pub(super) mod register;
pub(super) mod settings;
pub(super) mod steps;
pub(super) mod turns;

/// Every statement, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 5] = [
    ("assistant::offers", offers::ALL),
    ("assistant::register", register::ALL),
    ("assistant::settings", settings::ALL),
    ("assistant::steps", steps::ALL),
    ("assistant::turns", turns::ALL),
];
