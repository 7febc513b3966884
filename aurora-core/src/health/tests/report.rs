//! What a report says, and to whom.

use super::*;

#[tokio::test]
async fn a_component_remembers_when_it_changed_and_when_it_was_last_well() {
    let clock = ManualClock::default();
    let state = Arc::new(AtomicUsize::new(0));
    let check = {
        let state = Arc::clone(&state);
        FnCheck::new("queue", move || {
            let state = state.load(Ordering::SeqCst);
            async move {
                match state {
                    0 => Ok(()),
                    1 => Err(HealthError::degraded("long")),
                    _ => Err(HealthError::new("gone")),
                }
            }
        })
    };
    let health = HealthRegistry::builder()
        .clock(clock.clone())
        .check(Criticality::Critical, check)
        .build()
        .unwrap();
    let start = clock.now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut seen = Vec::new();
    for next in [0, 0, 1, 1, 2, 0] {
        state.store(next, Ordering::SeqCst);
        let report = health.report().await;
        let component = &report.components[0];
        assert_eq!(report.status, component.status);
        seen.push((component.status, component.since, component.last_ok_at.unwrap()));
        clock.advance(Duration::from_secs(10));
    }
    let expected = [
        (Status::Ok, start, start),
        (Status::Ok, start, after(10)),
        (Status::Degraded, after(20), after(10)),
        (Status::Degraded, after(20), after(10)),
        (Status::Down, after(40), after(10)),
        (Status::Ok, after(50), after(50)),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn the_state_of_each_component_is_a_metric() {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let health = HealthRegistry::builder()
        .clock(ManualClock::default())
        .check(Criticality::Critical, Gate::open("database"))
        .check(Criticality::Degraded, Fixed("cache", Behaviour::Fails))
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(health.report()));
    let recorded = recorder.snapshotter().snapshot().into_vec();
    let mut values: Vec<(String, f64)> = recorded
        .into_iter()
        .map(|(key, _, _, value)| {
            assert_eq!(key.key().name(), "aurora_health_status");
            let metrics_util::debugging::DebugValue::Gauge(value) = value else {
                panic!("no gauge")
            };
            (
                key.key().labels().next().unwrap().value().to_owned(),
                value.into_inner(),
            )
        })
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(values, [("cache".to_owned(), 0.0), ("database".to_owned(), 1.0)]);
}

#[tokio::test]
async fn a_report_reads_well_as_json() {
    let builder = HealthRegistry::builder().clock(ManualClock::default());
    let health = builder
        .check(Criticality::Degraded, Fixed("cache", Behaviour::Fails))
        .build()
        .unwrap();
    let json = serde_json::to_value(&*health.report().await).unwrap();
    let expected = serde_json::json!({
        "status": "degraded",
        "draining": false,
        "components": [{
            "name": "cache",
            "status": "down",
            "criticality": "degraded",
            "detail": "refused",
            "checked_at": "2026-01-01T00:00:00.000000Z",
            "latency_ms": 0.0,
            "since": "2026-01-01T00:00:00.000000Z",
        }],
    });
    assert_eq!(json, expected);
}
