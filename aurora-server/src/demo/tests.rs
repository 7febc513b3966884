use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora_alerts::state::Decision;
use aurora_core::time::ManualClock;
use tokio::sync::oneshot;

use super::{Console, Demo, Script, Summary, Words};

/// Lets everybody work who can, then lets time pass; many small steps, so that waits end in their order.
async fn pass(clock: &ManualClock, time: Duration) {
    const STEP: Duration = Duration::from_millis(25);
    let mut left = time;
    while !left.is_zero() {
        for _ in 0..40 {
            tokio::task::yield_now().await;
        }
        let step = left.min(STEP);
        clock.advance(step);
        left -= step;
    }
}

#[tokio::test]
async fn an_outage_costs_no_request_and_its_alert_comes_and_goes() {
    let clock = ManualClock::default();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&lines);
    let console = Console::new(move |line| heard.lock().unwrap().push(line.to_owned()));
    let script = Script::STORY;
    let demo = Demo::build_on(script, Words::English, console, Arc::new(clock.clone()))
        .await
        .unwrap();
    let state = demo.app.state().clone();
    let bound = demo.listen(Some("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let changes = || -> Vec<Decision> {
        state
            .alerts
            .history(10)
            .into_iter()
            .rev()
            .map(|change| change.decision)
            .collect()
    };
    let story = async {
        pass(&clock, script.begins).await;
        let before = Summary::of(&state);
        assert!(
            before.requests > 40 && before.fallbacks == 0 && changes().is_empty(),
            "{before:?}"
        );
        pass(&clock, script.lasts).await;
        let during = Summary::of(&state);
        assert!(during.fallbacks > 40, "others answer in the meantime: {during:?}");
        assert_eq!(changes(), [Decision::Fired]);
        assert!(
            state.gateway.client().unwrap().status()[0].skipped > 20,
            "a target that is down is left alone"
        );
        pass(&clock, Duration::from_secs(20)).await;
        assert_eq!(
            changes(),
            [Decision::Fired, Decision::Resolved],
            "it resolves by itself"
        );
        let after = Summary::of(&state);
        assert_eq!((after.failed, after.fired, after.resolved), (0, 1, 1));
        assert!(state.gateway.client().unwrap().status()[0].healthy);
        pass(
            &clock,
            script.every - script.lasts - Duration::from_secs(20) + script.lasts,
        )
        .await;
        assert_eq!(Summary::of(&state).fired, 2, "the second outage is told too");
        assert_eq!(Summary::of(&state).failed, 0);
        stop.send(()).unwrap();
        pass(&clock, Duration::from_secs(2)).await;
    };
    let (outcome, ()) = tokio::join!(demo.run(bound, stopped, std::future::pending()), story);
    outcome.unwrap();
    let lines = lines.lock().unwrap().join("\n");
    for told in [
        "00:20  SIMULATED  sim-a begins to fail",
        "SIMULATED  [WARNING] Provider failing: error_rate",
        "00:50  SIMULATED  sim-a works again",
        "SIMULATED  [RESOLVED] Provider failing",
        " requests, 0 failed, ",
    ] {
        assert!(lines.contains(told), "{told:?} is not in\n{lines}");
    }
}

#[tokio::test]
async fn the_clients_of_the_demo_are_there_one_of_them_with_letters_in_its_number() {
    let demo = Demo::build(Script::STORY, Words::Portuguese, Console::new(|_| ()))
        .await
        .unwrap();
    let state = demo.app.state();
    let context = aurora_crm::Context::new(state.workspace, "test");
    let filter = aurora_crm::clients::ClientFilter::all();
    let page = state
        .crm
        .clients()
        .list(&context, &filter, &aurora_core::page::PageRequest::default())
        .await
        .unwrap();
    let numbers: Vec<String> = page
        .items
        .iter()
        .filter_map(|client| client.cnpj.map(|cnpj| cnpj.plain().to_owned()))
        .collect();
    assert_eq!(numbers.len(), 6);
    assert!(numbers.contains(&"12ABC34501DE35".to_owned()));
}

#[tokio::test]
async fn a_taken_port_is_no_reason_not_to_show_anything() {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&lines);
    let console = Console::new(move |line| heard.lock().unwrap().push(line.to_owned()));
    let demo = Demo::build(Script::STORY, Words::English, console).await.unwrap();
    // Either this takes it, or somebody else has it already.
    let held = tokio::net::TcpListener::bind(super::ADDRESS).await;
    let bound = demo.listen(None).await.unwrap();
    assert_ne!(bound.local_addr().port(), super::ADDRESS.port());
    assert!(lines.lock().unwrap()[0].contains("8080 is taken"));
    drop(held);
    let wished = demo.listen(Some(bound.local_addr())).await.unwrap_err();
    assert_eq!(
        wished.kind(),
        crate::ErrorKind::Address,
        "a wish is not changed silently"
    );
}
