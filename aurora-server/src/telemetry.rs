//! The names of the server's own measurements, and the recorder of the process.

use std::time::Duration;

use axum::http::StatusCode;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "aurora_http_requests_total";
const DURATION: &str = "aurora_http_request_duration_seconds";
const UPTIME: &str = "aurora_process_uptime_seconds";
const BUCKETS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Makes a Prometheus recorder the recorder of this process and hands out what it records.
///
/// For programs that are a server; an application that embeds one keeps its own recorder. `None` when another
/// recorder is there already: it keeps the measurements then, and `/metrics` says so.
#[must_use]
pub fn install_metrics() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)
        .ok()?;
    let handle = builder.install_recorder().ok()?;
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Answered HTTP requests by route, method and class of status."
    );
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time until the head of the answer, by route and method."
    );
    describe_gauge!(UPTIME, Unit::Seconds, "Time since this server was started.");
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

pub(crate) fn uptime(elapsed: Duration) {
    gauge!(UPTIME).set(elapsed.as_secs_f64());
}
