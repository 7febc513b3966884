use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora_core::config::Loader;
use aurora_core::telemetry::{Format, Logs, TraceContext};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Exposure, limits, wrap};
use crate::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

async fn app() -> App {
    let loaded = Loader::new()
        .environment([("DATABASE_URL", "sqlite::memory:")])
        .overrides([("access.open", "true")])
        .load()
        .unwrap();
    App::build(loaded.settings().clone()).await.unwrap()
}

async fn answer(routes: Router<AppState>, path: &str) -> (Response, Value) {
    let app = app().await;
    let router = wrap(routes, app.state(), Exposure::Embedded).with_state(app.state().clone());
    let request = Request::get(path)
        .header("x-request-id", "r-1")
        .body(Body::empty())
        .unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let json = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{body:?}"));
    (Response::from_parts(parts, Body::empty()), json)
}

fn assert_problem(response: &Response, problem: &Value, status: u16, code: &str) {
    assert_eq!(response.status(), status, "{problem}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(
        (&problem["code"], &problem["request_id"]),
        (&json!(code), &json!("r-1"))
    );
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    async fn fall() -> StatusCode {
        panic!("the password is hunter2")
    }
    let (response, problem) = answer(Router::new().route("/", get(fall)), "/").await;
    assert_problem(&response, &problem, 500, "internal");
    assert!(!problem.to_string().contains("hunter2"));
}

#[tokio::test]
async fn a_request_without_end_is_given_up() {
    let endless = get(|| async { std::future::pending::<StatusCode>().await });
    let limit = from_fn_with_state(Duration::from_millis(20), limits::time);
    let (response, problem) = answer(Router::new().route("/", endless.layer(limit)), "/").await;
    assert_problem(&response, &problem, 503, "request_timeout");
}

#[tokio::test]
async fn what_lies_beneath_a_fault_of_ours_stays_here() {
    let fail = get(|| async {
        let cause = std::io::Error::other("postgres://user:pass@host");
        Problem::new(ProblemKind::Unavailable)
            .detail("10.0.0.7 is down")
            .caused_by(cause)
            .into_response()
    });
    let (response, problem) = answer(Router::new().route("/", fail), "/").await;
    assert_problem(&response, &problem, 503, "unavailable");
    assert_eq!(problem["detail"], ProblemKind::Unavailable.general());
}

#[tokio::test]
async fn an_error_from_a_library_gets_the_form_of_all_others() {
    let bare = get(|| async { (StatusCode::TOO_MANY_REQUESTS, "slow down, 10.0.0.7") });
    let (response, problem) = answer(Router::new().route("/", bare), "/").await;
    assert_problem(&response, &problem, 429, "too_many_requests");
    assert!(!problem.to_string().contains("10.0.0.7"));
}

#[tokio::test]
async fn an_error_in_a_form_of_its_own_is_left_alone() {
    let own = get(|| async { (StatusCode::IM_A_TEAPOT, axum::Json(json!({"error": "tea"}))) });
    let (response, body) = answer(Router::new().route("/", own), "/").await;
    assert_eq!((response.status().as_u16(), body), (418, json!({"error": "tea"})));
}

#[tokio::test]
async fn a_wait_is_told_in_whole_seconds_rounded_up() {
    let busy = get(|| async {
        Problem::new(ProblemKind::ProviderBusy)
            .retry_after(Duration::from_millis(1_200))
            .into_response()
    });
    let (response, problem) = answer(Router::new().route("/", busy), "/").await;
    assert_problem(&response, &problem, 503, "provider_busy");
    assert_eq!(response.headers()["retry-after"], "2");
}

#[tokio::test]
async fn while_the_database_is_away_clients_are_told_when_to_come_back() {
    let app = app().await;
    app.state().crm.database().close().await;
    let request = Request::get("/api/v1/clients").body(Body::empty()).unwrap();
    let response = app.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "2");
}

/// What was logged.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The message and the id of the request of each line of this module and of the layers, while `work` runs.
fn logged(work: impl Future<Output = ()>) -> Vec<(String, Value)> {
    let page = Page::default();
    let logs = Logs::builder("test").writer(Format::Json, tracing::Level::INFO, page.clone());
    let logs = logs.build().unwrap();
    // With a single subscriber, `tracing` lets the thread that comes first to a place in the code decide for all
    // threads whether anybody listens there; with two it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::registry().with(logs.layer());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || runtime.block_on(work));
    drop(logs); // writes what waits
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.filter(|line| {
        let target = line["target"].as_str().unwrap();
        target.starts_with("aurora_server::http::layers")
    });
    lines
        .map(|line| {
            (
                line["message"].as_str().unwrap().to_owned(),
                line["request_id"].clone(),
            )
        })
        .collect()
}

/// Says so when it goes.
struct Parting;

impl Drop for Parting {
    fn drop(&mut self) {
        tracing::info!(in_trace = TraceContext::current().is_some(), "gone");
    }
}

#[test]
fn lines_of_an_answer_that_is_being_sent_carry_the_id_of_its_request() {
    let lines = logged(async {
        let streamed = get(|| async {
            let trace = TraceContext::current().unwrap();
            let parting = Parting;
            Response::new(Body::from_stream(stream::iter(0..3).map(move |number| {
                let _moved = &parting;
                assert_eq!(TraceContext::current().as_ref(), Some(&trace));
                tracing::info!("piece {number}");
                Ok::<_, io::Error>("piece")
            })))
        });
        let app = app().await;
        let router = wrap(
            Router::new().route("/", streamed),
            app.state(),
            Exposure::Embedded,
        );
        let router = router.with_state(app.state().clone());
        let request = Request::get("/")
            .header("x-request-id", "r-1")
            .body(Body::empty());
        let response = router.oneshot(request.unwrap()).await.unwrap();
        let mut pieces = response.into_body().into_data_stream();
        for _ in 0..2 {
            assert_eq!(pieces.next().await.unwrap().unwrap(), "piece");
        }
        drop(pieces); // the client goes away
    });
    let expected = ["answered", "piece 0", "piece 1", "gone"].map(|text| (text.to_owned(), json!("r-1")));
    assert_eq!(lines, expected);
}

#[test]
fn a_request_whose_client_goes_away_is_logged_and_counted_apart() {
    let lines = logged(async {
        let endless = get(|| async { std::future::pending::<StatusCode>().await });
        let app = app().await;
        let router = wrap(Router::new().route("/", endless), app.state(), Exposure::Embedded);
        let router = router.with_state(app.state().clone());
        let request = Request::get("/")
            .header("x-request-id", "r-1")
            .body(Body::empty());
        let answer = router.oneshot(request.unwrap());
        assert!(
            tokio::time::timeout(Duration::from_millis(20), answer)
                .await
                .is_err()
        );
        let summary = app.state().http.summary("GET /").unwrap();
        assert_eq!((summary.cancelled, summary.failed), (1, 0));
    });
    assert_eq!(lines, [("not answered".to_owned(), json!("r-1"))]);
}
