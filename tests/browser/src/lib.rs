//! `aurora` in front of a real browser: Debian's Chromium by its driver.
//!
//! `scripts/test` builds the binary and says where things are: `AURORA_TEST_BINARY`, `AURORA_TEST_CHROMEDRIVER`,
//! `AURORA_TEST_NODE_MODULES` (the folder whose `node_modules` hold axe-core). Screenshots of every page are left in
//! `AURORA_TEST_PICTURES`, to be looked at.
#![expect(
    clippy::disallowed_methods,
    reason = "the clock and the settings of Aurora are another process's"
)]

mod acts;
mod aurora;
mod browser;
mod journey;
mod look;
mod meta;

use std::io::Write as _;
use std::time::Duration;

pub use aurora::Aurora;
pub use browser::{Browser, View};
pub use journey::Journey;
pub use look::{axe, faults, too_wide, untranslated};
pub use meta::{CUSTOMER, Meta, NUMBER, TOKEN, Taken};

/// Longer than anything here takes on a slow machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the environment says about something that a test needs. Without it the test is skipped and says so; when the list in
/// `AURORA_TEST_REQUIRE` contains `name`, that is a failure.
pub fn provided(name: &str, variable: &str) -> Option<String> {
    let setting = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let value = setting(variable);
    if value.is_none() {
        let required = setting("AURORA_TEST_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|entry| entry.trim() == name),
            "AURORA_TEST_REQUIRE asks for {name} and {variable} is not set"
        );
        // Not with `eprintln`, which the test runner shows only of tests that fail.
        drop(writeln!(
            std::io::stderr(),
            "skipped what needs {name}: {variable} is not set"
        ));
    }
    value
}

/// Whether what takes long is wanted, too (`AURORA_TEST_LONG`).
pub fn has_time() -> bool {
    std::env::var_os("AURORA_TEST_LONG").is_some()
}
