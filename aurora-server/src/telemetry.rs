//! The names of the server's own measurements, and the recorder of the process.

use std::time::Duration;

use aurora_core::telemetry::ProcessMetrics;
use aurora_llm::telemetry as llm;
use axum::http::StatusCode;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "aurora_http_requests_total";
const DURATION: &str = "aurora_http_request_duration_seconds";
const CONNECTIONS: &str = "aurora_http_open_connections";
const BUCKETS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Makes a Prometheus recorder the recorder of this process and hands out what it records.
///
/// For programs that are a server; an application that embeds one keeps its own recorder. `None` when another
/// recorder is there already: it keeps the measurements then, and `/metrics` says so.
#[must_use]
pub fn install_metrics() -> Option<PrometheusHandle> {
    let buckets: [(&str, &[f64]); 3] = [
        (DURATION, &BUCKETS),
        (llm::DURATION, &llm::DURATION_BUCKETS),
        (llm::TOKENS, &llm::TOKENS_BUCKETS),
    ];
    let builder = buckets
        .into_iter()
        .try_fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
            builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)
        })
        .ok()?;
    let handle = builder.install_recorder().ok()?;
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "HTTP requests by route, method and class of status; none when the client went away first."
    );
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time until the head of the answer, by route and method."
    );
    describe_gauge!(CONNECTIONS, Unit::Count, "Connections that clients hold open.");
    ProcessMetrics::new().describe();
    llm::describe();
    aurora_core::cache::describe();
    aurora_core::redis::describe();
    aurora_core::monitor::export::describe();
    aurora_crm::companies::describe();
    Some(handle)
}

pub(crate) fn request(method: &'static str, route: &str, status: StatusCode, elapsed: Duration) {
    let class = match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    let route = route.to_owned();
    counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => class).increment(1);
    histogram!(DURATION, "route" => route, "method" => method).record(elapsed.as_secs_f64());
}

/// A request whose client went away before it was answered.
pub(crate) fn given_up(method: &'static str, route: &str) {
    counter!(REQUESTS, "route" => route.to_owned(), "method" => method, "status" => "none").increment(1);
}

pub(crate) fn open_connections(count: usize) {
    gauge!(CONNECTIONS).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}
