use std::time::Duration;

use aurora_core::http::Egress;
use aurora_core::time::ManualClock;

use super::{Fakes, NUMBER, OPEN, PRIMARY, SECONDARY, find};
use crate::companies::RegistryErrorKind::Unavailable;
use crate::companies::{Companies, CompaniesBuilder, FreeSource, PaidSource, SourceOutcome};

fn wrong(builder: CompaniesBuilder) -> Vec<String> {
    let error = builder.build().unwrap_err();
    error.fields().iter().map(|field| field.field.clone()).collect()
}

#[tokio::test]
async fn questions_leave_to_public_addresses_alone_unless_told_otherwise() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let only = |builder: CompaniesBuilder| {
        builder
            .without(FreeSource::MinhaReceita)
            .without(FreeSource::BrasilApi)
            .without(FreeSource::PublicaCnpjWs)
            .without(FreeSource::ReceitaWs)
    };
    let guarded = Companies::builder()
        .clock(clock.clone())
        .base(FreeSource::CnpjaOpen, fakes.0[OPEN].uri());
    let told = find(&only(guarded).build().unwrap(), NUMBER).await.unwrap_err();
    assert_eq!(told.attempts()[0].outcome, SourceOutcome::Failed(Unavailable));
    assert_eq!(fakes.asked().await[OPEN], 0, "the guard let a question out");
    assert!(
        find(&only(fakes.free(&clock)).build().unwrap(), NUMBER)
            .await
            .is_ok()
    );
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let paid = PaidSource::new(PRIMARY)
        .secondary_key(SECONDARY)
        .base("http://api.cnpja.com")
        .per_minute(0);
    let builder = Companies::builder()
        .paid(paid.clone())
        .base(FreeSource::MinhaReceita, "minhareceita.org")
        .fresh_for(Duration::ZERO)
        .time_limit(Duration::ZERO)
        .total_limit(Duration::from_secs(7_200));
    let expected = [
        "time_limit",
        "total_limit",
        "cnpja/primary.base",
        "cnpja/secondary.base",
        "minha-receita.base",
        "cache",
    ];
    assert_eq!(wrong(builder), expected);
    let builder = Companies::builder().paid(paid).egress(Egress::Any);
    assert_eq!(
        wrong(builder),
        ["cnpja/primary.per_minute", "cnpja/secondary.per_minute"]
    );
    assert_eq!(wrong(Companies::builder().without_free()), ["sources"]);
}

#[test]
fn neither_the_builder_nor_the_lookup_shows_a_key() {
    let paid = || PaidSource::new(PRIMARY).secondary_key(SECONDARY);
    let shown = format!("{:?} {:?}", paid(), Companies::builder().paid(paid()));
    assert!(!shown.contains(PRIMARY) && !shown.contains(SECONDARY), "{shown}");
    let companies = Companies::builder().paid(paid()).build().unwrap();
    let shown = format!("{companies:?} {:?}", companies.sources());
    assert!(!shown.contains(PRIMARY) && !shown.contains(SECONDARY), "{shown}");
    let names: Vec<_> = companies
        .sources()
        .into_iter()
        .map(|status| status.name)
        .collect();
    let expected = [
        "cnpja/primary",
        "cnpja/secondary",
        "cnpja-open",
        "minha-receita",
        "brasil-api",
        "publica-cnpj-ws",
        "receita-ws",
    ];
    assert_eq!(names, expected);
}
