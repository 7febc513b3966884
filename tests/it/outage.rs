//! An outage as an application sees it from inside: its calls are answered, its people are told, and told again when
//! it is over. Everything through the facade, without a server.

use std::time::Duration;

use aurora::alerts::testing::Recorder;
use aurora::alerts::{AlertEngine, Rule, Severity, Status};
use aurora::core::monitor::Monitor;
use aurora::core::resilience::{Breaker, RetryPolicy};
use aurora::core::time::ManualClock;
use aurora::llm::LlmClient;
use aurora::llm::providers::simulated::{Simulated, Step};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_failing_provider_costs_no_answer_and_its_alert_comes_and_goes() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    let primary = Simulated::new("primary").clock(clock.clone());
    let switch = primary.handle();
    let client = LlmClient::builder()
        .provider(primary, "large")
        .provider(Simulated::new("backup").clock(clock.clone()), "small")
        .retry(RetryPolicy::never())
        .breaker(Breaker::builder().consecutive(2).open_for(SECOND, SECOND))
        .monitor(monitor.clone())
        .clock(clock.clone())
        .build()
        .unwrap();

    let recorder = Recorder::new();
    let rule = Rule::new("Provider failing")
        .metric("error_rate")
        .above(20.0)
        .severity(Severity::Critical);
    let engine = AlertEngine::builder()
        .rule(rule)
        .notify(recorder.clone())
        .clock(clock.clone())
        .build()
        .unwrap();

    let mut providers = Vec::new();
    for second in 0..200 {
        match second {
            10 => switch.break_with(Step::status(503)),
            40 => switch.heal(),
            _ => {}
        }
        let answer = client
            .ask("Why is the sky blue?")
            .await
            .expect("every call is answered");
        providers.push(answer.provider().to_string());
        if let Some(rate) = monitor
            .summary("primary/large")
            .and_then(|summary| summary.error_rate)
        {
            engine.record_with("error_rate", [("target", "primary")], rate);
        }
        engine.tick().await;
        clock.advance(SECOND);
    }

    assert!(providers[..10].iter().all(|name| name == "primary"));
    assert!(
        providers[10..40].iter().all(|name| name == "backup"),
        "while it is down"
    );
    assert!(
        providers[50..].iter().all(|name| name == "primary"),
        "its probe finds it healthy again"
    );
    let told: Vec<Status> = recorder.notifications().iter().map(|told| told.status).collect();
    assert_eq!(
        told,
        [Status::Firing, Status::Resolved],
        "once when it began, once when it was over"
    );
    assert!(engine.active().is_empty());
}
