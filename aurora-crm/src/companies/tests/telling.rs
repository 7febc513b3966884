use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use aurora_core::time::ManualClock;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::{Fakes, NUMBER, OPEN, PRIMARY, SECONDARY, error, find, not_registered, numbers};
use crate::companies::{REGISTRY_ANSWERS, describe};

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut text = self.0.lock().unwrap();
        write!(
            text,
            "\n{} {}",
            event.metadata().level(),
            event.metadata().target()
        )
        .unwrap();
        event.record(&mut Text(&mut text));
    }

    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, _: &tracing::Id, _: Context<'_, S>) {
        attributes.record(&mut Text(&mut self.0.lock().unwrap()));
    }
}

/// What a refused key, used-up credits and a negative answer leave behind, and that none of it shows a key or a number.
#[test]
fn a_refused_key_is_told_and_no_secret_with_it() {
    let (lines, recorder) = (Lines::default(), DebuggingRecorder::new());
    let snapshots = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let told = metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(subscriber, || {
            runtime.block_on(async {
                describe();
                let (fakes, clock) = (Fakes::down().await, ManualClock::default());
                let refused = || error(401, json!({"code": 401, "message": "invalid authentication"}));
                fakes.answer_key(PRIMARY, refused()).await;
                let credits =
                    json!({"code": 429, "message": "not enough credits", "required": 1, "remaining": 0});
                fakes.answer_key(SECONDARY, error(429, credits)).await;
                let companies = fakes.all(&clock).build().unwrap();
                let failed = find(&companies, NUMBER).await.unwrap_err();
                fakes.know(OPEN).await;
                assert!(find(&companies, NUMBER).await.is_ok());
                fakes.answer(OPEN, not_registered()).await;
                let number = numbers(1)[0];
                let negative = companies
                    .find(&number, aurora_core::resilience::Deadline::NONE)
                    .await
                    .unwrap();
                let primary = companies.sources().remove(0);
                assert_eq!(primary.last_error.unwrap().class, "credential");
                assert!(!primary.healthy, "a key that is refused is tried by every call");
                format!("{failed} {failed:?} {negative:?} {companies:?}")
            })
        })
    });

    let logged = lines.0.lock().unwrap().clone();
    let warned: Vec<_> = logged
        .lines()
        .filter(|line| line.starts_with("WARN aurora_crm"))
        .collect();
    assert_eq!(warned.len(), 2, "{logged}");
    assert!(
        warned[0].contains("cnpja/primary") && warned[0].contains("refuses the key"),
        "{}",
        warned[0]
    );
    assert!(
        warned[1].contains("cnpja/secondary") && warned[1].contains("credits"),
        "{}",
        warned[1]
    );
    let ours: String = logged.lines().filter(|line| line.contains("aurora")).collect();
    for secret in [
        PRIMARY,
        SECONDARY,
        "primary-27e4642e",
        NUMBER,
        "19.131.243",
        "12ABC000",
    ] {
        assert!(
            !ours.contains(secret) && !told.contains(secret),
            "{secret} is shown"
        );
    }

    let mut counted = BTreeMap::new();
    for (key, _, _, value) in snapshots.snapshot().into_vec() {
        let key = key.key();
        if key.name() == REGISTRY_ANSWERS {
            let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
            let DebugValue::Counter(value) = value else {
                unreachable!("a counter")
            };
            counted.insert(labels.join(" "), value);
        }
    }
    let count = |labels: &str| counted.get(labels).copied().unwrap_or(0);
    assert_eq!(count("cnpja/primary invalid_credential"), 1);
    assert_eq!(count("cnpja/primary passed_over"), 2);
    assert_eq!(count("cnpja/secondary out_of_credits"), 1);
    assert_eq!(count("cnpja-open unavailable"), 1);
    assert_eq!(count("cnpja-open found"), 1);
    assert_eq!(count("cnpja-open not_registered"), 1);
}
