use std::time::Duration;

use aurora_core::cache::Freshness;
use aurora_core::resilience::Deadline;
use aurora_core::time::ManualClock;
use futures::future::join_all;
use wiremock::ResponseTemplate;

use super::{
    DAY, Fakes, LETTERS, MINUTE, NUMBER, OPEN, PAID, cnpj, find, fixtures, not_registered, numbers, source,
};
use crate::companies::{Companies, Lookup, LookupErrorKind};

fn slowly(form: serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(form)
        .set_delay(Duration::from_millis(100))
}

/// Asks a hundred times at once; each asks by a handle and in a form of its own.
async fn a_hundred(companies: &Companies, forms: [&str; 2]) -> Vec<Lookup> {
    let questions = (0..100).map(|index| {
        let (companies, number) = (companies.clone(), cnpj(forms[index % 2]));
        tokio::spawn(async move { companies.find(&number, Deadline::NONE).await })
    });
    join_all(questions)
        .await
        .into_iter()
        .map(|outcome| outcome.unwrap().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_are_one_question() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.answer(PAID, slowly(fixtures::cnpja(LETTERS))).await;
    let companies = fakes.all(&clock).build().unwrap();
    let lookups = a_hundred(&companies, [LETTERS, "12.abc.345/01de-35"]).await;
    assert!(lookups.iter().all(|lookup| source(lookup) == "cnpja/primary"));
    assert_eq!(fakes.asked().await, [1, 0, 0, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_are_one_question_also_when_there_is_no_such_company() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes
        .answer(PAID, not_registered().set_delay(Duration::from_millis(100)))
        .await;
    let companies = fakes.all(&clock).build().unwrap();
    let lookups = a_hundred(&companies, [NUMBER, "19.131.243/0001-97"]).await;
    assert!(lookups.iter().all(|lookup| !lookup.is_registered()));
    assert_eq!(fakes.asked().await, [1, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn what_is_kept_is_served_with_its_age_and_without_a_question() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let companies = fakes.free(&clock).build().unwrap();
    let first = find(&companies, NUMBER).await.unwrap();
    assert_eq!(
        (first.freshness(), first.age()),
        (Freshness::Loaded, Duration::ZERO)
    );
    clock.advance(38 * DAY);
    let second = find(&companies, NUMBER).await.unwrap();
    assert_eq!((second.freshness(), second.age()), (Freshness::Fresh, 38 * DAY));
    assert_eq!(
        second.company(),
        first.company(),
        "it does not come back as it was"
    );
    assert_eq!(fakes.asked().await[OPEN], 1);

    assert!(companies.forget(&cnpj(NUMBER)).await.unwrap());
    assert_eq!(
        find(&companies, NUMBER).await.unwrap().freshness(),
        Freshness::Loaded
    );
    assert_eq!(fakes.asked().await[OPEN], 2);
}

#[tokio::test]
async fn that_there_is_no_such_company_is_kept_for_a_shorter_time() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.answer(OPEN, not_registered()).await;
    let companies = fakes.free(&clock).build().unwrap();
    for _ in 0..3 {
        assert!(!find(&companies, NUMBER).await.unwrap().is_registered());
    }
    assert_eq!(fakes.asked().await[OPEN], 1);
    clock.advance(30 * MINUTE);
    assert_eq!(
        find(&companies, NUMBER).await.unwrap().freshness(),
        Freshness::Fresh
    );

    // It is registered meanwhile.
    fakes.know(OPEN).await;
    clock.advance(31 * MINUTE);
    assert!(find(&companies, NUMBER).await.unwrap().is_registered());
}

#[tokio::test]
async fn what_is_past_its_time_is_served_while_nobody_answers() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let companies = fakes.free(&clock).build().unwrap();
    let first = find(&companies, NUMBER).await.unwrap();
    fakes.answer(OPEN, ResponseTemplate::new(500)).await;

    clock.advance(46 * DAY);
    for _ in 0..2 {
        let stale = find(&companies, NUMBER).await.unwrap();
        assert_eq!((stale.freshness(), stale.age()), (Freshness::Stale, 46 * DAY));
        assert_eq!(stale.company(), first.company());
        assert!(
            stale.cache_status().starts_with("companies; hit; ttl=-"),
            "{}",
            stale.cache_status()
        );
        while fakes.asked().await[OPEN] == 0 {
            tokio::task::yield_now().await;
        }
    }
    // Another number is an error meanwhile, and so is this one when it is too old.
    let other = numbers(1)[0];
    assert!(companies.find(&other, Deadline::NONE).await.is_err());
    clock.advance(90 * DAY);
    let error = find(&companies, NUMBER).await.unwrap_err();
    assert_eq!(error.kind(), LookupErrorKind::Unavailable);
}

#[tokio::test]
async fn what_is_past_its_time_is_renewed_behind_the_callers_back() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let companies = fakes.free(&clock).build().unwrap();
    find(&companies, NUMBER).await.unwrap();
    clock.advance(46 * DAY);
    assert_eq!(
        find(&companies, NUMBER).await.unwrap().freshness(),
        Freshness::Stale
    );
    loop {
        let lookup = find(&companies, NUMBER).await.unwrap();
        if lookup.freshness() == Freshness::Fresh {
            assert_eq!(lookup.age(), Duration::ZERO);
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(fakes.asked().await[OPEN], 2);
}
