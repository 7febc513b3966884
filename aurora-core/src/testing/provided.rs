//! What a test can only use where somebody provides it.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

/// The services whose absence this process has told already.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What the environment variable `variable` says about the service `name`, such as its URL.
///
/// Without it the part of the test that needs it is skipped, and each process that runs tests says so once, also where
/// the output of tests that pass is not shown. When the list in `AURORA_TEST_REQUIRE` contains `name`, that is a
/// failure, so that a test command which starts services skips nothing.
///
/// # Panics
/// When the service is required and the variable is not set.
///
/// # Examples
/// ```
/// if let Some(url) = aurora_core::testing::provided("redis", "AURORA_TEST_REDIS_URL") {
///     // … what can only be tested against a server …
/// }
/// ```
#[expect(
    clippy::panic,
    reason = "a test without a service that it must have has failed"
)]
#[must_use]
pub fn provided(name: &str, variable: &str) -> Option<String> {
    if let Some(value) = setting(variable) {
        return Some(value);
    }
    let required = setting("AURORA_TEST_REQUIRE").unwrap_or_default();
    if required.split(',').any(|entry| entry.trim() == name) {
        panic!("AURORA_TEST_REQUIRE asks for {name} and {variable} is not set");
    }
    tell_once(name, variable);
    None
}

/// Not with `eprintln`, which the test runner captures and shows only of tests that fail.
fn tell_once(name: &str, variable: &str) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if !told.iter().any(|service| service == name) {
        told.push(name.to_owned());
        let note = format!("skipped what needs {name}: {variable} is not set\n");
        // A test does not fail for want of somebody to tell.
        drop(std::io::stderr().write_all(note.as_bytes()));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a test runs against is told by its environment alone"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
