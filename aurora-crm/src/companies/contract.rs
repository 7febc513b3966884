//! What every [`CompanyRegistry`] must do.
#![expect(clippy::unwrap_used, reason = "a contract suite fails by panicking")]

use std::time::Duration;

use aurora_core::resilience::Deadline;
use aurora_core::time::{Clock as _, SystemClock};

use super::{Cnpj, CompanyRegistry, RegistryErrorKind};

/// Runs the whole suite against a `subject` that knows the company `known` and says of `unknown` that there is none.
///
/// The subject must live on the system's clock. It is asked seven questions: lift limits of its own.
///
/// # Panics
/// When `subject` breaks the contract.
pub async fn company_registry_contract(subject: &dyn CompanyRegistry, known: &Cnpj, unknown: &Cnpj) {
    let patience = || Deadline::after(&SystemClock, Duration::from_secs(60));
    for label in [subject.name(), subject.service(), subject.address()] {
        assert!(!label.is_empty(), "names that say nothing");
    }

    let before = SystemClock.now();
    let company = subject.find(known, patience()).await.unwrap();
    assert_eq!(company.cnpj, *known, "told of another company");
    assert_eq!(
        company.source,
        subject.name(),
        "the source is not the registry's name"
    );
    assert!(!company.legal_name.is_empty());
    assert!(!company.raw.is_null(), "the registry's own answer is not kept");
    let text = serde_json::to_string(&company).unwrap();
    assert_eq!(
        serde_json::from_str::<super::Company>(&text).unwrap(),
        company,
        "a company that is kept does not come back as it was"
    );
    let shown = format!("{company:?} {subject:?}");
    assert!(!shown.contains(&company.legal_name), "Debug shows the name");
    assert!(company.fetched_at >= before, "fetched before it was asked");

    let error = subject.find(unknown, patience()).await.unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::NotRegistered, "{error}");
    assert!(!error.is_retryable(), "a negative answer is an answer");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(unknown.plain()), "an error shows the number");

    let past = Deadline::after(&SystemClock, Duration::ZERO);
    let error = subject.find(known, past).await.unwrap_err();
    assert_eq!(
        error.kind(),
        RegistryErrorKind::Timeout,
        "asked after the deadline"
    );

    let (first, second, third, fourth) = tokio::join!(
        subject.find(known, patience()),
        subject.find(unknown, patience()),
        subject.find(known, patience()),
        subject.find(unknown, patience()),
    );
    for (answer, is_known) in [(first, true), (second, false), (third, true), (fourth, false)] {
        assert_eq!(
            answer.is_ok(),
            is_known,
            "answers of questions at once are mixed up"
        );
    }
}
