//! The names of this module's metrics.

use metrics::{counter, describe_counter};

/// What registries answered, by `source` and `outcome`: `found`, `passed_over` (a limit of our own, or an open
/// circuit), or a name of [`RegistryErrorKind`](super::RegistryErrorKind).
pub const REGISTRY_ANSWERS: &str = "aurora_company_registry_answers_total";

/// Describes the metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(REGISTRY_ANSWERS, "What registries of companies answered.");
}

pub(super) fn answered(source: &str, outcome: &'static str) {
    counter!(REGISTRY_ANSWERS, "source" => source.to_owned(), "outcome" => outcome).increment(1);
}
