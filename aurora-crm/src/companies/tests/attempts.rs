use std::time::Duration;

use async_trait::async_trait;
use aurora_core::cache::Freshness;
use aurora_core::resilience::Deadline;
use aurora_core::time::ManualClock;
use serde_json::json;

use super::{Fakes, LETTERS, NUMBER, OPEN, PRIMARY, SECONDARY, error, find};
use crate::companies::RegistryErrorKind::{InvalidCredential, NotRegistered, OutOfCredits, Unavailable};
use crate::companies::SourceOutcome::{Failed, Found, PassedOver};
use crate::companies::{
    Cnpj, Companies, Company, CompanyRegistry, RegistryError, RegistryErrorKind, SourceAttempt, SourceOutcome,
};

fn told(attempts: &[SourceAttempt]) -> Vec<(&str, SourceOutcome)> {
    attempts
        .iter()
        .map(|attempt| (attempt.source.as_str(), attempt.outcome))
        .collect()
}

#[tokio::test]
async fn a_lookup_tells_whom_it_asked_and_what_is_kept_tells_of_nobody() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    let refused = error(401, json!({"code": 401, "message": "invalid authentication"}));
    fakes.answer_key(PRIMARY, refused).await;
    let credits = json!({"code": 429, "message": "not enough credits", "required": 1, "remaining": 0});
    fakes.answer_key(SECONDARY, error(429, credits)).await;
    fakes.know(OPEN).await;
    let companies = fakes.all(&clock).build().unwrap();

    let lookup = find(&companies, NUMBER).await.unwrap();
    let expected = [
        ("cnpja/primary", Failed(InvalidCredential)),
        ("cnpja/secondary", Failed(OutOfCredits)),
        ("cnpja-open", Found),
    ];
    assert_eq!(told(lookup.attempts()), expected);

    let kept = find(&companies, NUMBER).await.unwrap();
    assert_eq!(kept.freshness(), Freshness::Fresh);
    assert!(kept.attempts().is_empty());

    // Both keys rest.
    let lookup = find(&companies, LETTERS).await.unwrap();
    let expected = [
        ("cnpja/primary", PassedOver),
        ("cnpja/secondary", PassedOver),
        ("cnpja-open", Found),
    ];
    assert_eq!(told(lookup.attempts()), expected);
}

#[tokio::test]
async fn who_joins_the_question_of_another_has_asked_nobody() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let companies = fakes.free(&clock).build().unwrap();
    let (first, second) = tokio::join!(find(&companies, NUMBER), find(&companies, NUMBER));
    assert_eq!(told(first.unwrap().attempts()), [("cnpja-open", Found)]);
    assert!(second.unwrap().attempts().is_empty());
    assert_eq!(fakes.asked().await[OPEN], 1);
}

/// Gives no company after a time.
#[derive(Debug)]
struct Taking(&'static str, u64, RegistryErrorKind, ManualClock);

#[async_trait]
impl CompanyRegistry for Taking {
    fn name(&self) -> &str {
        self.0
    }

    async fn find(&self, _cnpj: &Cnpj, _deadline: Deadline) -> Result<Company, RegistryError> {
        self.3.advance(Duration::from_millis(self.1));
        Err(RegistryError::new(self.2))
    }
}

fn of(registries: impl IntoIterator<Item = Taking>, clock: &ManualClock) -> Companies {
    let builder = Companies::builder().without_free().clock(clock.clone());
    registries
        .into_iter()
        .fold(builder, |builder, registry| builder.registry(registry, None))
        .build()
        .unwrap()
}

fn taken(attempts: &[SourceAttempt]) -> Vec<(&str, &str, u128)> {
    attempts
        .iter()
        .map(|it| (it.source.as_str(), it.outcome.as_str(), it.took.as_millis()))
        .collect()
}

#[tokio::test]
async fn each_attempt_has_its_time_also_where_there_is_no_such_company_and_where_all_fail() {
    let clock = ManualClock::default();
    let down = |name, millis| Taking(name, millis, Unavailable, clock.clone());
    let unknown = Taking("knows", 120, NotRegistered, clock.clone());
    let companies = of([down("first", 7), down("second", 30), unknown], &clock);
    let lookup = find(&companies, NUMBER).await.unwrap();
    assert!(!lookup.is_registered());
    let expected = [
        ("first", "unavailable", 7),
        ("second", "unavailable", 30),
        ("knows", "not_registered", 120),
    ];
    assert_eq!(taken(lookup.attempts()), expected);

    let companies = of([down("first", 7), down("second", 30)], &clock);
    let failed = find(&companies, NUMBER).await.unwrap_err();
    assert_eq!(taken(failed.attempts()), expected[..2]);
}
