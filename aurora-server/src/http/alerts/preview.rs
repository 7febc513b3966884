//! What rules would have done with what was measured, and what that was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora_alerts::{Labels, Rule};
use aurora_core::time::Timestamp;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::field;
use super::measured::Measured;
use super::rules::RuleDefinition;
use crate::http::extract::Json;
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::rulebook::parse;
use crate::state::AppState;

/// The most samples that a preview is given.
const MOST_SAMPLES: usize = 10_000;
/// How often a preview judges.
const EVERY: Duration = Duration::from_secs(5);
/// How often at most: a week of it, and some more for what is due in between.
const MOST_TURNS: u64 = 150_000;
/// How long a preview may take.
const LONGEST: Duration = Duration::from_secs(20);
/// When to come back while another preview is under way.
const PAUSE: Duration = Duration::from_secs(5);

/// Rules to be tried on what was measured.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RulePreview)]
pub(super) struct PreviewInput {
    /// The rules, with the keys of the rule files; up to 50.
    #[schema(value_type = Vec<RuleDefinition>)]
    rules: Vec<Map<String, Value>>,
    /// How far back in what this process measured, up to 60 (unless told).
    minutes: Option<u32>,
    /// Samples to try them on instead, up to 10,000 of about a week, in the order of their time.
    samples: Option<Vec<SampleInput>>,
}

/// One sample.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordedSample)]
struct SampleInput {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The metric.
    metric: String,
    /// The labels of the series.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    labels: Labels,
    /// The value.
    value: f64,
}

/// What rules would have done: how often who would have been told of what. Nothing is sent and nothing changes.
///
/// The rules are judged by the same code as those in force, with the routes and channels in force. A server tries one
/// preview at a time, for at most 20 s.
///
/// `measured` are the samples that were judged: `series` (`metric`, `labels`, `unit`, `points` of `at` and `value`) of at most
/// 500 points in all, thinned so that the least and the most of each stretch stay, `limits` (`rule`, `metric`, `operator`,
/// `value`, `recovery`) that they can be compared with, `samples`, how many there were, and `series_left_out`.
#[utoipa::path(post, path = "/preview", tag = "alerts", operation_id = "preview_alert_rules", request_body = PreviewInput,
    responses(
        (status = 200, description = "`alerts` (rules and firings), `targets` and `rules` (notifications), counts of samples, and what was `measured`", body = Object),
        (status = 422, description = "Fields are wrong, or there is more to judge than in a week or in 20 s", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Another preview is under way; `Retry-After` tells when to come back", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn preview(
    State(state): State<AppState>,
    Json(input): Json<PreviewInput>,
) -> Result<axum::Json<Value>, Problem> {
    if input.rules.is_empty() || input.rules.len() > 50 {
        return Err(field("rules", "must have 1 to 50 entries"));
    }
    let minutes = input.minutes.unwrap_or(60);
    if !(1..=60).contains(&minutes) {
        return Err(field("minutes", "must be from 1 to 60"));
    }
    let Some(trial) = state.rulebook.trial() else {
        return Err(Problem::new(ProblemKind::TooManyRequests)
            .detail("another preview is under way")
            .retry_after(PAUSE));
    };
    let rules = input.rules.iter().enumerate().map(|(index, definition)| {
        parse(definition).map_err(|faults| faults.within(&format!("rules[{index}]")))
    });
    let rules = rules.collect::<Result<Vec<Rule>, _>>()?;
    let samples = match input.samples {
        Some(samples) if samples.len() > MOST_SAMPLES => {
            return Err(field("samples", "must have at most 10000 entries"));
        }
        Some(samples) => {
            let samples = samples.into_iter();
            samples
                .map(|it| (it.at, it.metric, it.labels, it.value))
                .collect::<Vec<_>>()
        }
        None => state
            .samples
            .since(state.clock.now() - Duration::from_secs(u64::from(minutes) * 60)),
    };
    let backtest = (state.alerts.backtest(rules.clone()))
        .interval(EVERY)
        .run_on(Duration::from_secs(30))
        .most_turns(MOST_TURNS);
    // Whoever goes away, or takes too long, ends it.
    let ended = Ended::default();
    let backtest = backtest.cancelled_by(Arc::clone(&ended.0));
    // Judging takes the processor for a moment: not on a thread that serves others, and no second time beside it.
    let judged = tokio::task::spawn_blocking(move || {
        let _trial = trial;
        let measured = Measured::by(&rules, &samples);
        backtest.run(samples).map(|report| (report, measured))
    });
    let (report, measured) = tokio::select! {
        biased;
        judged = judged => judged.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))??,
        () = state.clock.sleep(LONGEST) => {
            return Err(field("rules", "take too long on these samples; try fewer"));
        }
    };
    let mut told = serde_json::to_value(report).unwrap_or_default();
    if let Some(told) = told.as_object_mut() {
        let measured = serde_json::to_value(measured).unwrap_or_default();
        told.insert("measured".to_owned(), measured);
    }
    Ok(axum::Json(told))
}

/// Says so when it is dropped.
#[derive(Debug, Default)]
struct Ended(Arc<AtomicBool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
