//! `/api/v1/metrics/push`: numbers from outside for the alert rules.

use aurora_alerts::{ErrorKind, Labels};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Right};
use super::extract::Json;
use super::problem::{FieldError, Problem, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/metrics", routes)];

const MOST_SAMPLES: usize = 1_000;
const MOST_LABELS: usize = 16;
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 256;

fn routes() -> Routes {
    Routes::new().route(Access::Installation(Right::AlertWrite), routes!(push))
}

/// Samples for the alert rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PushSamples)]
struct PushInput {
    /// 1 to 1,000.
    samples: Vec<SampleInput>,
}

/// One sample, as of now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PushedSample, example = json!({"metric": "queue_length", "value": 120, "labels": {"queue": "orders"}}))]
struct SampleInput {
    /// As in Prometheus: letters, digits, `_` and `:`, up to 128.
    metric: String,
    /// The value.
    value: f64,
    /// Up to 16, names as in Prometheus, values of up to 256 bytes.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    labels: Labels,
}

/// What became of the samples.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushedSamples)]
struct Pushed {
    /// How many were taken. One of a metric that no rule watches is taken and forgotten.
    accepted: usize,
    /// Those that were not.
    refused: Vec<RefusedSample>,
}

/// A sample that was not taken.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedSample {
    /// Its place in the request, from 0.
    index: usize,
    /// `too_many_series`: the metric has as many label sets as it may have.
    reason: &'static str,
}

/// Takes samples for the alert rules, as of now; they are judged within a second.
#[utoipa::path(post, path = "/push", tag = "alerts", operation_id = "push_samples", request_body = PushInput,
    responses(
        (status = 200, description = "What became of them", body = Pushed),
    ))]
async fn push(
    State(state): State<AppState>,
    Json(input): Json<PushInput>,
) -> Result<axum::Json<Pushed>, Problem> {
    let problems = problems(&input.samples);
    if !problems.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(problems));
    }
    let mut refused = Vec::new();
    let count = input.samples.len();
    for (index, sample) in input.samples.into_iter().enumerate() {
        match state.samples.record(&sample.metric, sample.labels, sample.value) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Full => refused.push(RefusedSample {
                index,
                reason: "too_many_series",
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(axum::Json(Pushed {
        accepted: count - refused.len(),
        refused,
    }))
}

fn problems(samples: &[SampleInput]) -> Vec<FieldError> {
    if samples.is_empty() || samples.len() > MOST_SAMPLES {
        return vec![FieldError::new(
            "samples",
            "invalid",
            "must have 1 to 1000 entries",
        )];
    }
    let mut problems = Vec::new();
    for (index, sample) in samples.iter().enumerate() {
        let mut wrong = |field: &str, message: &'static str| {
            problems.push(FieldError::new(
                format!("samples[{index}].{field}"),
                "invalid",
                message,
            ));
        };
        if !is_name(&sample.metric, true) {
            wrong(
                "metric",
                "must be 1 to 128 letters, digits, _ and :, no digit first",
            );
        }
        if sample.labels.len() > MOST_LABELS {
            wrong("labels", "must have at most 16 entries");
        }
        for (name, value) in sample.labels.iter() {
            if !is_name(name, false) {
                wrong(
                    "labels",
                    "names must be 1 to 128 letters, digits and _, no digit first",
                );
            }
            if value.len() > LONGEST_VALUE {
                wrong("labels", "values can have at most 256 bytes");
            }
        }
    }
    problems.truncate(100);
    problems
}

/// The names of Prometheus: colons are for metrics alone.
fn is_name(name: &str, is_metric: bool) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || is_metric && byte == b':';
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(good)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use aurora_alerts::{AlertEngine, Rule};
    use serde_json::json;

    use crate::http::testing::{Server, eventually};

    #[tokio::test]
    async fn samples_from_outside_are_judged() {
        let rule = Rule::new("Queue long").metric("queue_length").above(100.0);
        let alerts = AlertEngine::builder().rule(rule).series_limit(2).build().unwrap();
        let server = Server::watched([], alerts.clone()).await;
        let sample =
            |queue: &str| json!({"metric": "queue_length", "value": 120, "labels": {"queue": queue}});
        let body =
            json!({"samples": [sample("a"), sample("b"), sample("c"), {"metric": "unwatched", "value": 1}]});
        let answer = server.post("/api/v1/metrics/push", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(
            answer.json(),
            json!({"accepted": 3, "refused": [{"index": 2, "reason": "too_many_series"}]})
        );
        eventually(|| alerts.active().len() == 2).await;
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_sample_is_refused_as_a_whole() {
        let server = Server::with([]).await;
        let long = "x".repeat(300);
        let wrong = json!({"samples": [
            {"metric": "0bad", "value": 1},
            {"metric": "good", "value": 1, "labels": {"a-b": "x", "ok": long}},
        ]});
        let answer = server.post("/api/v1/metrics/push", &wrong).await;
        assert_eq!(answer.status, 422);
        let fields: Vec<_> = answer.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["field"].clone())
            .collect();
        assert_eq!(
            fields,
            [
                json!("samples[0].metric"),
                json!("samples[1].labels"),
                json!("samples[1].labels")
            ]
        );
        for (body, status) in [
            (json!({"samples": []}), 422),
            (json!({"samples": [{"metric": "a"}]}), 422),
        ] {
            assert_eq!(server.post("/api/v1/metrics/push", &body).await.status, status);
        }
        server.stop().await.unwrap();
    }
}
