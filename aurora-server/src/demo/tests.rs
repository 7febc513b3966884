use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora_alerts::Status;
use aurora_alerts::history::Outcome;
use aurora_alerts::state::Decision;
use aurora_core::time::ManualClock;
use serde_json::json;
use tokio::sync::oneshot;

use super::{Console, Demo, Script, Summary, Words};
use crate::http::testing::Server;
use crate::state::AppState;

const CHANNELS: [&str; 4] = ["console", "sim-email", "sim-slack", "sim-telegram"];

/// The channels that took a message of this kind, by their names.
fn told_by(state: &AppState, status: Status) -> Vec<String> {
    let deliveries = state.alerts.deliveries(50).into_iter();
    let mut channels: Vec<String> = deliveries
        .filter(|record| record.status == status && matches!(record.outcome, Outcome::Delivered { .. }))
        .map(|record| record.channel)
        .collect();
    channels.sort();
    channels
}

/// A demo that nobody hears, and its server, without traffic and script.
async fn quiet() -> (Demo, Server) {
    let demo = Demo::build(Script::STORY, Words::English, Console::new(|_| ()))
        .await
        .unwrap();
    let server = Server::run(demo.app.clone()).await;
    (demo, server)
}

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
        assert_eq!(
            told_by(&state, Status::Firing),
            CHANNELS,
            "every channel shows the message"
        );
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
        assert_eq!(told_by(&state, Status::Resolved), CHANNELS);
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
async fn the_clients_of_the_demo_are_there_some_of_them_with_letters_in_their_numbers() {
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
    assert_eq!(numbers.len(), 12);
    assert!(numbers.contains(&"12ABC34501DE35".to_owned()));
    let has_letters = |number: &&String| number.chars().any(char::is_alphabetic);
    assert_eq!(numbers.iter().filter(has_letters).count(), 3);
}

#[tokio::test]
async fn every_page_of_the_demo_has_something_to_show() {
    let (_demo, server) = quiet().await;
    for (path, least) in [
        ("/api/v1/clients", 16),
        ("/api/v1/leads", 11),
        ("/api/v1/conversations", 2),
        ("/api/v1/knowledge/documents", 2),
        ("/api/v1/appointments", 6),
        ("/api/v1/services", 3),
        ("/api/v1/professionals", 2),
    ] {
        let listed = server.get(path).await.good(200);
        let items = listed["items"].as_array().unwrap();
        assert!(items.len() >= least, "{path}: {listed}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_company_is_told_by_the_free_registry_and_the_second_time_by_the_cache() {
    let (_demo, server) = quiet().await;
    for freshness in ["loaded", "fresh"] {
        let found = server.get("/api/v1/cnpj/12ABC34501DE35").await.good(200);
        assert_eq!(found["source"], "sim-cnpj-free", "{found}");
        assert_eq!(found["freshness"], freshness, "{found}");
        let attempts = found["attempts"].as_array().unwrap();
        let outcomes: Vec<_> = attempts
            .iter()
            .map(|it| it["outcome"].as_str().unwrap())
            .collect();
        let expected: &[&str] = if freshness == "loaded" {
            &["out_of_credits", "found"]
        } else {
            &[]
        };
        assert_eq!(outcomes, expected, "{found}");
        assert_eq!(found["legal_name"], "Aurora Boreal Viagens Ltda", "{found}");
    }
    server.stop().await.unwrap();
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
    let all = demo.listen(Some("0.0.0.0:0".parse().unwrap())).await.unwrap_err();
    assert_eq!(all.kind(), crate::ErrorKind::Address);
    let told = all.to_string();
    assert!(
        told.contains("the demo asks nobody") && !told.contains("access.open"),
        "{told}"
    );
}

#[tokio::test]
async fn what_the_introduction_names_is_there() {
    let (_demo, server) = quiet().await;
    let here = format!("http://{}", server.address());
    for words in [Words::English, Words::Portuguese] {
        let told = words.introduction(server.address(), &Script::STORY);
        let links = told
            .split_whitespace()
            .filter_map(|word| word.strip_prefix(here.as_str()));
        let links: Vec<&str> = links.filter(|path| !path.is_empty()).collect();
        assert_eq!(links, ["/", "/docs"], "{told}");
        for path in links.into_iter().chain(["/health", "/ready"]) {
            let answer = server.get(path).await;
            assert!(answer.status < 400, "{path}: {}", answer.status);
        }
    }
    let question = json!([{"role": "user", "content": "Why?"}]);
    let model = server.get("/v1/models").await.good(200)["data"][0]["id"].clone();
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let call = json!({"model": model, "max_tokens": 50, "messages": question});
        server.post(path, &call).await.good(200);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_messages_of_an_alert_are_shown_as_each_channel_would_have_them() {
    let (_demo, server) = quiet().await;
    let message =
        json!({"title": "Provider failing", "content": "error_rate 100 > 20", "severity": "warning"});
    let shown = server
        .post("/api/v1/notifications/preview", &message)
        .await
        .good(200);
    let items = shown["items"].as_array().unwrap();
    let channels: Vec<_> = items
        .iter()
        .map(|item| item["channel"].as_str().unwrap())
        .collect();
    assert_eq!(channels, CHANNELS);
    for item in items {
        assert!(
            item["text"].as_str().unwrap().contains("error_rate 100 > 20"),
            "{item}"
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_question_at_temperature_0_is_answered_from_the_cache() {
    let (_demo, server) = quiet().await;
    let question = json!({"prompt": "Why is the sky blue?", "temperature": 0});
    let first = server.post("/llm/chat", &question).await.good(200);
    let second = server.post("/llm/chat", &question).await.good(200);
    assert_eq!(
        (&first["cached"], &second["cached"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(first["content"], second["content"]);
    let other = json!({"prompt": "Why is the sky blue?", "temperature": 1});
    for _ in 0..2 {
        let answer = server.post("/llm/chat", &other).await.good(200);
        assert_eq!(answer["cached"], false, "who asks for variety gets it");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_looks_breaks_and_heals_a_provider() {
    let (demo, server) = quiet().await;
    for target in ["sim-a", "sim-b", "sim-b"] {
        let path = format!("/api/demo/break/{target}");
        let turned = server.post(&path, &json!({})).await.good(200);
        assert_eq!(turned, json!({"target": target, "broken": true}), "idempotent");
        server.assert_shape("DemoTarget", &turned);
    }
    let answer = server
        .post("/llm/chat", &json!({"prompt": "Who?"}))
        .await
        .good(200);
    assert_eq!(answer["target"], "sim-c", "the others fail: {answer}");
    let fallback = server.get("/api/fallback").await.good(200);
    let broken: Vec<_> = fallback["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["broken"])
        .collect();
    assert_eq!(broken, [&json!(true), &json!(true), &json!(false)]);
    for _ in 0..2 {
        let turned = server.post("/api/demo/heal/sim-b", &json!({})).await.good(200);
        assert_eq!(turned, json!({"target": "sim-b", "broken": false}));
    }
    assert_eq!(demo.switches.is_broken("sim-b"), Some(false));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_demo_is_broken_by_its_name_and_by_no_other_page() {
    let (demo, server) = quiet().await;
    let unknown = server.post("/api/demo/break/sim-z", &json!({})).await;
    let problem = unknown.problem(404, "not_found");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("sim-a, sim-b, sim-c"),
        "{problem}"
    );
    let foreign = [("origin", "https://evil.example")];
    let refused = server.send("POST", "/api/demo/break/sim-b", &foreign, "").await;
    refused.problem(403, "foreign_origin");
    assert_eq!(demo.switches.is_broken("sim-b"), Some(false));
    let api = server.get("/openapi.json").await.good(200);
    for path in ["/api/demo/break/{target}", "/api/demo/heal/{target}"] {
        assert_eq!(
            api["paths"][path]["post"]["x-permission"], "operation:write",
            "{path}"
        );
    }
    server.stop().await.unwrap();

    let real = Server::with([]).await;
    real.post("/api/demo/break/sim-b", &json!({}))
        .await
        .problem(404, "not_found");
    let api = real.get("/openapi.json").await.good(200);
    assert!(api["paths"].get("/api/demo/break/{target}").is_none());
    real.stop().await.unwrap();
}
