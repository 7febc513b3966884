use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::Instrument as _;

use super::*;
use crate::time::ManualClock;

/// What was written, line by line.
#[derive(Debug, Clone, Default)]
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

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn json(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn builder() -> LogsBuilder {
    Logs::builder("test").own("mine").clock(ManualClock::default())
}

/// Logs to a page of each form while `work` runs.
fn logged(builder: LogsBuilder, work: impl FnOnce(&Logs)) -> (String, Vec<Value>) {
    let (human, json) = (Page::default(), Page::default());
    let logs = builder
        .writer(Format::Human, Level::TRACE, human.clone())
        .writer(Format::Json, Level::TRACE, json.clone())
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(logs.layer());
    tracing::subscriber::with_default(subscriber, || work(&logs));
    drop(logs);
    (human.text(), json.json())
}

#[test]
fn a_line_has_its_stable_fields_and_those_of_every_span_around_it() {
    let builder = builder().environment("staging").version("1.2.3");
    let (human, json) = logged(builder, |_| {
        let request = tracing::info_span!(target: "mine", "request", request_id = "req_1", route = "/a", user = tracing::field::Empty);
        let _request = request.enter();
        let step = tracing::info_span!(target: "mine", "step", otel.kind = "x", route = "/b", trace_id = "t");
        let _step = step.enter();
        request.record("user", 7);
        let broken: Result<i32, _> = "x".parse::<i32>();
        let error: &(dyn std::error::Error + 'static) = &broken.unwrap_err();
        tracing::warn!(target: "mine::http", count = 3, ratio = 0.5, is_so = true, error, level = "high", "it {}", "works");
    });
    let expected = serde_json::json!({
        "timestamp": "2026-01-01T00:00:00.000000Z", "level": "warn", "target": "mine::http", "message": "it works",
        "service": "test", "environment": "staging", "version": "1.2.3", "count": 3, "ratio": 0.5, "is_so": true,
        "error": "invalid digit found in string", "field.level": "high", "route": "/b", "trace_id": "t",
        "request_id": "req_1", "user": 7,
    });
    assert_eq!(json, [expected]);
    assert_eq!(
        human,
        "2026-01-01T00:00:00.000000Z  WARN mine::http: it works count=3 ratio=0.5 is_so=true \
         error=\"invalid digit found in string\" level=high route=/b request_id=req_1 user=7\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lines_of_interleaved_requests_carry_their_own_id() {
    let (human, json) = (Page::default(), Page::default());
    let logs = builder()
        .writer(Format::Human, Level::TRACE, human.clone())
        .writer(Format::Json, Level::TRACE, json.clone())
        .build()
        .unwrap();
    let subscriber: tracing::Dispatch = tracing_subscriber::registry().with(logs.layer()).into();
    let requests = (0..50).map(|number| {
        let _default = tracing::dispatcher::set_default(&subscriber);
        let span = tracing::info_span!(target: "mine", "request", request_id = format!("req_{number}"));
        let work = async move {
            for step in 0..20 {
                tokio::task::yield_now().await;
                tracing::info!(target: "mine", number, step, "step");
            }
        };
        use tracing::instrument::WithSubscriber as _;
        tokio::spawn(work.instrument(span).with_subscriber(subscriber.clone()))
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap();
    }
    drop(logs);
    let lines = json.json();
    assert_eq!(lines.len(), 1_000);
    for line in lines {
        assert_eq!(line["request_id"], format!("req_{}", line["number"]), "{line}");
    }
    for line in human.text().lines() {
        let after = |name: &str| line.split(name).nth(1).unwrap().split(' ').next().unwrap();
        assert_eq!(after("request_id=req_"), after("number="), "{line}");
    }
}

#[test]
fn no_canary_gets_into_a_line() {
    const CANARY: &str = "c4n4ry";
    let (human, json) = logged(builder(), |_| {
        let span =
            tracing::info_span!(target: "mine", "login", password = CANARY, token = tracing::field::Empty);
        let _span = span.enter();
        span.record("token", CANARY);
        tracing::info!(
            target: "mine", authorization = CANARY, "http.request.header.cookie" = CANARY, api_key = ?Some(CANARY),
            client_secret = %CANARY, accessToken = CANARY, senha = CANARY, max_tokens = 100, otp = 123_456, "in"
        );
    });
    assert!(!human.contains(CANARY) && !human.contains("123456"), "{human}");
    let line = json[0].as_object().unwrap();
    assert!(!json[0].to_string().contains(CANARY), "{line:?}");
    let blanked = line.values().filter(|value| **value == "[redacted]").count();
    assert_eq!((blanked, &line["max_tokens"]), (9, &Value::from(100)));
}

#[test]
fn the_level_and_its_exceptions_change_while_the_process_runs() {
    let (_, json) = logged(builder().directive("noisy=info"), |logs| {
        let all = |round: u8| {
            tracing::debug!(target: "mine::a", round, "own debug");
            tracing::info!(target: "aurora_core::b", round, "own info");
            tracing::info!(target: "theirs", round, "their info");
            tracing::warn!(target: "theirs", round, "their warn");
            tracing::info!(target: "noisy::c", round, "noisy info");
        };
        all(1);
        logs.set_level(Level::DEBUG).unwrap();
        assert_eq!(logs.level(), Level::DEBUG);
        all(2);
        logs.set_filter(Level::ERROR, ["theirs=off", "mine=debug"])
            .unwrap();
        all(3);
        assert_eq!(
            logs.set_filter(Level::TRACE, ["loud"]).unwrap_err().kind(),
            ErrorKind::Invalid
        );
        all(4);
    });
    let said = |round: u8| -> Vec<&str> {
        let of_round = json.iter().filter(|line| line["round"] == round);
        of_round.map(|line| line["message"].as_str().unwrap()).collect()
    };
    assert_eq!(said(1), ["own info", "their warn", "noisy info"]);
    assert_eq!(said(2), ["own debug", "own info", "their warn", "noisy info"]);
    assert_eq!(said(3), ["own debug"]);
    assert_eq!(said(4), said(3), "a wrong directive changes nothing");
}

#[test]
fn errors_have_a_file_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (all, errors) = (
        folder.path().join("a/all.log"),
        folder.path().join("b/errors.log"),
    );
    let builder = builder().file(&all).error_file(&errors);
    logged(builder, |_| {
        tracing::info!(target: "mine", "fine");
        tracing::warn!(target: "mine", "odd");
        tracing::error!(target: "mine", "bad");
    });
    let messages = |path| -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].clone())
            .collect()
    };
    assert_eq!(messages(all), ["fine", "odd", "bad"]);
    assert_eq!(messages(errors), ["odd", "bad"]);
}

#[test]
fn values_that_cannot_be_shown_and_values_without_end_are_no_danger() {
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let long = "é".repeat(100_000);
    let (_, json) = logged(builder(), |_| {
        tracing::info!(target: "mine", broken = %Broken, long, bytes = &b"\xff\0a"[..], nan = f64::NAN, big = u128::MAX, "{long}");
    });
    let line = &json[0];
    assert_eq!(
        (&line["broken"], &line["bytes"]),
        (&"half".into(), &"\\xff\\x00a".into())
    );
    assert_eq!(
        (&line["nan"], &line["big"]),
        (&"NaN".into(), &u128::MAX.to_string().into())
    );
    for name in ["long", "message"] {
        let shown = line[name].as_str().unwrap();
        assert!(shown.len() < 8_300 && shown.ends_with('…'), "{}", shown.len());
    }
}

#[test]
fn a_line_stays_below_its_limit_and_keeps_the_id_of_its_request() {
    let evil = "\u{1}".repeat(10_000);
    let evil = evil.as_str();
    let (human, json) = logged(builder(), |_| {
        let _span =
            tracing::info_span!(target: "mine", "request", request_id = "req_1", evil2 = evil).entered();
        let step = tracing::info_span!(target: "mine", "step", trace_id = evil, span_id = evil);
        let _step = step.entered();
        tracing::info!(target: "mine", { log.target = evil, a = evil, b = evil, c = evil, d = evil, e = evil }, "{evil}");
    });
    assert!(
        human.len() < 128 * 1024 && human.contains("request_id=req_1"),
        "{}",
        human.len()
    );
    let length = json[0].to_string().len();
    assert!(
        length < 128 * 1024 && json[0]["request_id"] == "req_1",
        "{length}"
    );
}

#[test]
fn settings_that_make_no_sense_are_told_all_at_once() {
    let rotation = Rotation {
        max_bytes: 1,
        keep: 2_000,
        every: Period::Never,
    };
    let error = builder()
        .directive("loud")
        .directive("sqlx=shout")
        .rotation(rotation)
        .file("x.log")
        .error_file("x.log")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let text = error.to_string();
    for part in ["\"loud\"", "\"sqlx=shout\"", "max_bytes", "keep", "same file"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let error = builder().file("/proc/nowhere/x.log").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
}

#[cfg(feature = "config")]
#[test]
fn the_settings_say_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.log");
    let loaded = crate::config::Loader::new()
        .overrides([
            ("environment", "production".to_owned()),
            ("log.stream", "off".to_owned()),
            ("log.level", "debug".to_owned()),
            ("log.targets", "theirs=info".to_owned()),
            ("log.file", path.to_str().unwrap().to_owned()),
        ])
        .load()
        .unwrap();
    logged(Logs::builder("test").settings(loaded.settings()), |_| {
        tracing::debug!(target: "aurora_core::a", "ours");
        tracing::info!(target: "theirs", "theirs");
    });
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(r#""environment":"production""#), "{text}");
}
