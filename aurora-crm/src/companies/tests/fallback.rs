use std::time::Duration;

use async_trait::async_trait;
use aurora_core::resilience::Deadline;
use aurora_core::time::ManualClock;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{
    BRASIL, DAY, Fakes, LETTERS, MINHA, MINUTE, NUMBER, OPEN, PAID, PRIMARY, RECEITA, SECONDARY, WS, cnpj,
    error, find, fixtures, not_registered, numbers, source,
};
use crate::companies::RegistryErrorKind::{
    InvalidCredential, NotRegistered, OutOfCredits, RateLimited, Refused, Timeout, Unavailable,
};
use crate::companies::{
    Cnpj, Company, CompanyRegistry, FreeSource, LookupErrorKind, RegistryError, RegistryErrorKind,
    SourceOutcome,
};

/// How each source failed; `None` where it was passed over.
fn failures(error: &crate::companies::LookupError) -> Vec<(&str, Option<RegistryErrorKind>)> {
    let failure = |outcome| match outcome {
        SourceOutcome::Failed(kind) => Some(kind),
        SourceOutcome::PassedOver => None,
        other => unreachable!("{other:?} in an error"),
    };
    error
        .attempts()
        .iter()
        .map(|attempt| (attempt.source.as_str(), failure(attempt.outcome)))
        .collect()
}

#[tokio::test]
async fn sources_are_asked_in_their_order_each_once_until_one_answers() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    let companies = fakes.all(&clock).build().unwrap();
    fakes
        .answer_key(
            PRIMARY,
            error(401, json!({"code": 401, "message": "invalid authentication"})),
        )
        .await;
    let credits = json!({"code": 429, "message": "not enough credits", "required": 1, "remaining": 0});
    fakes.answer_key(SECONDARY, error(429, credits)).await;
    fakes
        .answer(MINHA, error(400, json!({"message": "CNPJ inválido."})))
        .await;
    fakes
        .answer(
            WS,
            error(429, json!({"status": 429, "titulo": "Muitas requisições"})),
        )
        .await;
    fakes
        .answer(
            RECEITA,
            error(200, json!({"status": "ERROR", "message": "Timeout"})),
        )
        .await;

    let told = find(&companies, LETTERS).await.unwrap_err();
    assert_eq!(told.kind(), LookupErrorKind::Unavailable);
    // BrasilAPI reads numbers as Minha Receita does, which could not read this one.
    let expected = [
        ("cnpja/primary", Some(InvalidCredential)),
        ("cnpja/secondary", Some(OutOfCredits)),
        ("cnpja-open", Some(Unavailable)),
        ("minha-receita", Some(Refused)),
        ("publica-cnpj-ws", Some(RateLimited)),
        ("receita-ws", Some(Unavailable)),
    ];
    assert_eq!(failures(&told), expected);
    assert_eq!(fakes.asked().await, [2, 1, 1, 0, 1, 1]);

    // An error is not kept: the source that comes back is asked by the next call.
    fakes.know(BRASIL).await;
    fakes.answer(MINHA, ResponseTemplate::new(500)).await;
    assert_eq!(source(&find(&companies, LETTERS).await.unwrap()), "brasil-api");
}

#[tokio::test]
async fn that_there_is_no_such_company_is_an_answer_for_all() {
    let clock = ManualClock::default();
    let negatives = [
        (PAID, not_registered()),
        (OPEN, not_registered()),
        (
            MINHA,
            error(404, json!({"message": "CNPJ 19.131.243/0001-97 não encontrado."})),
        ),
        (WS, error(404, json!({"status": 404, "titulo": "Não encontrado"}))),
        (
            RECEITA,
            error(
                200,
                json!({"status": "ERROR", "message": "CNPJ rejeitado pela Receita Federal"}),
            ),
        ),
    ];
    for (which, answer) in negatives {
        let fakes = Fakes::down().await;
        fakes.answer(which, answer).await;
        let companies = fakes.all(&clock).build().unwrap();
        let lookup = find(&companies, NUMBER).await.unwrap();
        assert!(!lookup.is_registered() && lookup.company().is_none());
        let asked = fakes.asked().await;
        assert_eq!(asked[which], 1);
        assert!(
            asked[which + 1..].iter().all(|&asked| asked == 0),
            "{which} fell through: {asked:?}"
        );
    }
}

#[tokio::test]
async fn a_second_key_is_not_tried_where_the_service_is_down() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let companies = fakes.all(&clock).build().unwrap();
    assert_eq!(source(&find(&companies, NUMBER).await.unwrap()), "cnpja-open");
    assert_eq!(fakes.asked().await, [1, 1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn letters_go_through_every_source() {
    let clock = ManualClock::default();
    let names = [
        "cnpja/primary",
        "cnpja-open",
        "minha-receita",
        "brasil-api",
        "publica-cnpj-ws",
        "receita-ws",
    ];
    for (which, name) in names.into_iter().enumerate() {
        let fakes = Fakes::down().await;
        fakes.know(which).await;
        let companies = fakes.all(&clock).build().unwrap();
        for number in [LETTERS, "SY.99M.4WL/1G7A-66"] {
            let lookup = find(&companies, number).await.unwrap();
            assert_eq!(source(&lookup), name);
            assert_eq!(lookup.company().unwrap().cnpj, cnpj(number));
        }
    }
}

#[tokio::test]
async fn a_source_over_its_limit_is_passed_over_and_nobody_waits() {
    // The clock stands still: whatever waited would never come back.
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    fakes.know(MINHA).await;
    let companies = fakes.free(&clock).build().unwrap();
    let numbers = numbers(9);
    let mut sources = Vec::new();
    for number in &numbers[..8] {
        let lookup = companies.find(number, Deadline::NONE).await.unwrap();
        sources.push(source(&lookup).to_owned());
    }
    assert_eq!(sources[..5], vec!["cnpja-open"; 5]);
    assert_eq!(sources[5..], vec!["minha-receita"; 3]);
    clock.advance(MINUTE);
    let lookup = companies.find(&numbers[8], Deadline::NONE).await.unwrap();
    assert_eq!(source(&lookup), "cnpja-open");
}

#[tokio::test]
async fn when_all_limits_are_used_up_the_caller_is_told_when_to_come_again() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(WS).await;
    let companies = fakes
        .free(&clock)
        .without(FreeSource::CnpjaOpen)
        .without(FreeSource::MinhaReceita)
        .without(FreeSource::BrasilApi)
        .without(FreeSource::ReceitaWs)
        .build()
        .unwrap();
    let numbers = numbers(4);
    for number in &numbers[..3] {
        companies.find(number, Deadline::NONE).await.unwrap();
    }
    clock.advance(Duration::from_secs(20));
    let told = companies.find(&numbers[3], Deadline::NONE).await.unwrap_err();
    assert_eq!(told.kind(), LookupErrorKind::RateLimited);
    assert_eq!(failures(&told), [("publica-cnpj-ws", None)]);
    assert_eq!(told.retry_after(), Some(Duration::from_secs(40)));
    // What is kept is served all the same.
    assert!(
        companies
            .find(&numbers[0], Deadline::NONE)
            .await
            .unwrap()
            .is_registered()
    );
    clock.advance(Duration::from_secs(40));
    assert!(companies.find(&numbers[3], Deadline::NONE).await.is_ok());
    assert_eq!(fakes.asked().await[WS], 4);
}

#[tokio::test]
async fn a_source_is_left_alone_for_as_long_as_it_asks() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(MINHA).await;
    let limited = error(429, json!({"code": 429, "message": "rate limit exceeded"}));
    fakes
        .answer(OPEN, limited.insert_header("retry-after", "30"))
        .await;
    let companies = fakes.free(&clock).build().unwrap();
    let numbers = numbers(3);
    for number in &numbers[..2] {
        assert_eq!(
            source(&companies.find(number, Deadline::NONE).await.unwrap()),
            "minha-receita"
        );
    }
    assert_eq!(
        fakes.asked().await[OPEN],
        1,
        "asked although it wants to be left alone"
    );
    clock.advance(MINUTE);
    fakes.know(OPEN).await;
    assert_eq!(
        source(&companies.find(&numbers[2], Deadline::NONE).await.unwrap()),
        "cnpja-open"
    );
}

/// Waits until a fake has been asked, then lets time pass.
async fn let_pass(fakes: &Fakes, which: usize, clock: &ManualClock, time: Duration) {
    while fakes.asked().await[which] == 0 || clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(time);
}

#[tokio::test]
async fn a_slow_source_is_given_up_for_the_next() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    let slow = ResponseTemplate::new(200)
        .set_body_json(fixtures::cnpja(NUMBER))
        .set_delay(DAY);
    fakes.answer(OPEN, slow).await;
    fakes.know(MINHA).await;
    let companies = fakes
        .free(&clock)
        .time_limit(Duration::from_secs(3))
        .build()
        .unwrap();
    let limit = let_pass(&fakes, OPEN, &clock, Duration::from_secs(3));
    let (lookup, ()) = tokio::join!(find(&companies, NUMBER), limit);
    assert_eq!(source(&lookup.unwrap()), "minha-receita");
}

#[tokio::test]
async fn a_caller_who_is_out_of_time_leaves_and_the_answer_is_kept_for_the_next() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    let slow = ResponseTemplate::new(200).set_body_json(fixtures::cnpja(NUMBER));
    fakes
        .answer(OPEN, slow.set_delay(Duration::from_millis(300)))
        .await;
    let companies = fakes.free(&clock).build().unwrap();
    let (number, second) = (cnpj(NUMBER), Duration::from_secs(1));
    let hurried = companies.find(&number, aurora_core::resilience::Deadline::after(&clock, second));
    let patient = companies.find(&number, Deadline::NONE);
    let (hurried, patient, ()) = tokio::join!(hurried, patient, let_pass(&fakes, OPEN, &clock, second));
    assert_eq!(hurried.unwrap_err().kind(), LookupErrorKind::Timeout);
    assert!(patient.unwrap().is_registered());
    assert_eq!(fakes.asked().await[OPEN], 1);
}

/// A registry that looks at no deadline.
#[derive(Debug)]
struct Stubborn;

#[async_trait]
impl CompanyRegistry for Stubborn {
    fn name(&self) -> &str {
        "stubborn"
    }

    async fn find(&self, _cnpj: &Cnpj, _deadline: Deadline) -> Result<Company, RegistryError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_registry_of_ones_own_comes_last_and_is_held_to_the_time_limit() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    let companies = fakes.free(&clock).registry(Stubborn, None).build().unwrap();
    let time = async {
        while fakes.asked().await[RECEITA] == 0 || clock.sleepers() < 1 {
            tokio::task::yield_now().await;
        }
        // The last of the registries may still be at work: time passes until the lookup ends.
        loop {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(1));
        }
    };
    let told = tokio::select! {
        outcome = find(&companies, NUMBER) => outcome.unwrap_err(),
        () = time => unreachable!("time passes without end"),
    };
    assert_eq!(failures(&told).last(), Some(&("stubborn", Some(Timeout))));
}

#[tokio::test]
async fn an_answer_about_another_company_is_not_taken() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes
        .answer(OPEN, error(200, fixtures::cnpja("33683111000280")))
        .await;
    fakes
        .answer(MINHA, error(200, fixtures::minha_receita("33683111000280")))
        .await;
    fakes.know(WS).await;
    let companies = fakes.free(&clock).build().unwrap();
    let lookup = find(&companies, NUMBER).await.unwrap();
    assert_eq!(source(&lookup), "publica-cnpj-ws");
    let status = companies.sources();
    let open = status.iter().find(|status| status.name == "cnpja-open").unwrap();
    assert_eq!((open.failed, open.last_error.unwrap().class), (1, "transient"));
}

#[tokio::test]
async fn a_source_that_fails_again_and_again_is_not_asked_for_a_while() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    let companies = fakes
        .free(&clock)
        .without(FreeSource::CnpjaOpen)
        .without(FreeSource::BrasilApi)
        .registry(Known, None)
        .without(FreeSource::PublicaCnpjWs)
        .without(FreeSource::ReceitaWs)
        .build()
        .unwrap();
    for number in numbers(20) {
        let lookup = companies.find(&number, Deadline::NONE).await.unwrap();
        assert!(!lookup.is_registered());
    }
    assert_eq!(fakes.asked().await[MINHA], 5, "the circuit does not open");
}

/// A registry that knows that there is nobody.
#[derive(Debug)]
struct Known;

#[async_trait]
impl CompanyRegistry for Known {
    fn name(&self) -> &str {
        "known"
    }

    async fn find(&self, _cnpj: &Cnpj, _deadline: Deadline) -> Result<Company, RegistryError> {
        Err(RegistryError::new(NotRegistered))
    }
}
