use super::*;

fn problems(builder: ClientBuilder) -> String {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!error.is_retryable());
    error.to_string()
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let told = problems(
        LlmClient::builder()
            .provider(Puppet::new("a"), "m")
            .provider(Puppet::new("a"), "m")
            .alias("fast", ["a/m", "b/m"])
            .idle_timeout(Duration::ZERO),
    );
    for problem in [
        r#"two targets are named "a/m""#,
        r#"alias "fast" names the unknown target "b/m""#,
        "a time limit must be longer than zero",
    ] {
        assert!(told.contains(problem), "{told}");
    }
}

#[test]
fn a_client_without_providers_is_refused() {
    assert!(problems(LlmClient::builder()).contains("at least one provider is needed"));
}

#[test]
fn every_time_limit_must_be_longer_than_zero() {
    let with = || LlmClient::builder().provider(Puppet::new("a"), "m");
    let zero = Duration::ZERO;
    for builder in [
        with().answer_timeout(zero),
        with().first_token_timeout(zero),
        with().idle_timeout(zero),
        with().total_timeout(zero),
    ] {
        assert!(problems(builder).contains("a time limit must be longer than zero"));
    }
    assert!(with().build().is_ok());
}

#[test]
fn the_same_provider_serves_twice_under_two_names() {
    let client = LlmClient::builder()
        .target(LlmTarget::new(Puppet::new("a"), "m").name("first"))
        .target(LlmTarget::new(Puppet::new("a"), "m").name("second"))
        .build()
        .unwrap();
    let names: Vec<_> = client.status().into_iter().map(|status| status.name).collect();
    assert_eq!(names, ["first", "second"]);
}

#[test]
fn what_is_shown_for_debugging_names_targets_alone() {
    let shown = format!("{:?}", client_of([&Puppet::new("a")]));
    assert!(shown.starts_with("LlmClient") && shown.contains("a/m"), "{shown}");
}
