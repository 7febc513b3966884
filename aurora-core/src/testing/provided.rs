//! What a test can only use where somebody provides it.

/// What the environment variable `variable` says about the service `name`, such as its URL.
///
/// Without it a note says that the part of the test that needs it was skipped; when the list in `AURORA_TEST_REQUIRE`
/// contains `name`, that is a failure, so that a test command which starts services never skips in silence.
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
    eprintln!("skipped: {name}, {variable} is not set");
    None
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a test runs against is told by its environment alone"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
