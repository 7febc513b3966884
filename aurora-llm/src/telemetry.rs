//! Every name under which this crate reports about itself, in one place.
//!
//! Spans and metrics are named as in OpenTelemetry's conventions for generative AI
//! (<https://github.com/open-telemetry/semantic-conventions-genai>), which are still in development there. Prompts and
//! answers are never recorded.
//!
//! A program whose recorder wants to know buckets beforehand takes [`DURATION_BUCKETS`] and [`TOKENS_BUCKETS`], which
//! the conventions recommend, and calls [`describe`] once after it has installed its recorder.

use std::time::Duration;

use aurora_core::time::Clock;
use metrics::{Histogram, SharedString, Unit, counter, describe_counter, describe_histogram, histogram};
use tracing::Span;
use tracing::field::Empty;

use crate::chat::{ChatRequest, FinishReason};
use crate::client::{Answer, CacheStatus};
use crate::error::{Error, ErrorKind};
use crate::pricing::Cost;
use crate::provider::ProviderId;
use crate::usage::Usage;

/// Histogram of how long calls took, in seconds; of failed ones with the label `error.type`.
pub const DURATION: &str = "gen_ai.client.operation.duration";

/// Upper ends of the buckets of [`DURATION`].
pub const DURATION_BUCKETS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Histogram of how long streams took to their first content, in seconds. Its buckets are those of [`DURATION`].
pub const TIME_TO_FIRST_CHUNK: &str = "gen_ai.client.operation.time_to_first_chunk";

/// Histogram of the time from one piece of content of a stream to the next, in seconds, as its reader gets them. Its
/// buckets are those of [`DURATION`].
pub const TIME_PER_OUTPUT_CHUNK: &str = "gen_ai.client.operation.time_per_output_chunk";

/// Histogram of the tokens of calls, by the label `gen_ai.token.type` (`input`, `output`).
pub const TOKENS: &str = "gen_ai.client.token.usage";

/// Upper ends of the buckets of [`TOKENS`].
pub const TOKENS_BUCKETS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Counter of what calls cost, in nano-dollars (10⁻⁹ USD), by provider; what is known of calls that were given up or
/// broke is in it by estimate.
pub const COST: &str = "aurora_llm.cost";

/// Counter of calls whose cost is not known, by provider: no price, or no usage told.
pub const UNPRICED: &str = "aurora_llm.unpriced";

/// Counter of calls that a budget did not cover, by the labels `scope` and `period`.
pub const BUDGET_REFUSED: &str = "aurora_llm.budget.refused";

/// Histogram of the share of a budget that is spent after each call, 1 for all of it, by the labels `scope` and `period`.
pub const BUDGET_USED: &str = "aurora_llm.budget.used";

/// Upper ends of the buckets of [`BUDGET_USED`].
pub const BUDGET_USED_BUCKETS: [f64; 8] = [0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 1.0, 1.5];

/// Counter of attempts whose use could not be booked in the ledger and is only in the log.
pub const LEDGER_LOST: &str = "aurora_llm.ledger.lost";

const OPERATION: &str = "gen_ai.operation.name";
pub(crate) const CHAT: &str = "chat";
pub(crate) const EMBEDDINGS: &str = "embeddings";
pub(crate) const RERANK: &str = "rerank";
const KIND: &str = "gen_ai.provider.name";
const INSTANCE: &str = "aurora_llm.provider";
const ERROR: &str = "error.type";
const TOKEN_TYPE: &str = "gen_ai.token.type";

/// Counter of the answers of a response cache, by `outcome`: `hit`, `similar`, `miss`, `shared`, `bypassed`.
pub const CACHE_ANSWERS: &str = "aurora_llm_cache_answers_total";

/// Counter of what a response cache could not do, by `operation`: `read`, `decode`, `write`, `embed`. Such a call is a
/// miss.
pub const CACHE_FAILURES: &str = "aurora_llm_cache_failures_total";

/// Tells the recorder of the process what the metrics mean.
pub fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time that model calls took, failed ones with error_type."
    );
    describe_histogram!(
        TIME_TO_FIRST_CHUNK,
        Unit::Seconds,
        "Time to the first content of streamed answers."
    );
    describe_histogram!(
        TIME_PER_OUTPUT_CHUNK,
        Unit::Seconds,
        "Time from one piece of streamed answers to the next."
    );
    describe_histogram!(TOKENS, Unit::Count, "Tokens of model calls by type.");
    describe_counter!(COST, "Cost of model calls in nano-dollars.");
    describe_counter!(UNPRICED, Unit::Count, "Model calls whose cost is not known.");
    describe_counter!(
        BUDGET_REFUSED,
        Unit::Count,
        "Model calls that a budget did not cover."
    );
    describe_histogram!(BUDGET_USED, "Share of a budget that is spent after a model call.");
    describe_counter!(
        LEDGER_LOST,
        Unit::Count,
        "Attempts whose use could not be booked."
    );
    describe_counter!(CACHE_ANSWERS, "Answers of a response cache by outcome.");
    describe_counter!(CACHE_FAILURES, "What a response cache could not do.");
}

pub(crate) fn chat_span(request: &ChatRequest) -> Span {
    let model = request.model.as_deref();
    tracing::info_span!(
        "chat",
        otel.kind = "client",
        otel.name = model.map(|model| format!("chat {model}")),
        "gen_ai.operation.name" = CHAT,
        "gen_ai.request.model" = model,
        "gen_ai.request.max_tokens" = request.max_tokens,
        "gen_ai.provider.name" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.response.time_to_first_chunk" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "aurora_llm.cache" = Empty,
        "error.type" = Empty,
    )
}

/// The span of a call that is not chat.
pub(crate) fn span(operation: &'static str, model: Option<&str>) -> Span {
    tracing::info_span!(
        "call",
        otel.kind = "client",
        otel.name = model.map(|model| format!("{operation} {model}")),
        "gen_ai.operation.name" = operation,
        "gen_ai.request.model" = model,
        "gen_ai.provider.name" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "error.type" = Empty,
    )
}

/// Who answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served<'a> {
    pub(crate) provider: &'a ProviderId,
    pub(crate) kind: &'static str,
    pub(crate) model: &'a str,
}

impl<'a> Served<'a> {
    pub(crate) fn by(answer: &'a Answer) -> Self {
        Self {
            provider: answer.provider(),
            kind: answer.kind(),
            model: answer.model(),
        }
    }
}

/// An answer that no provider was asked for: its time and tokens are nobody's.
pub(crate) fn reused(span: &Span, by: Served<'_>, cache: CacheStatus) {
    span.record("gen_ai.provider.name", by.kind);
    span.record("gen_ai.response.model", by.model);
    span.record("aurora_llm.cache", cache.as_str());
}

pub(crate) fn cache_answered(status: CacheStatus) {
    counter!(CACHE_ANSWERS, "outcome" => status.as_str()).increment(1);
}

pub(crate) fn cache_failed(operation: &'static str) {
    counter!(CACHE_FAILURES, "operation" => operation).increment(1);
}

pub(crate) fn served(
    operation: &'static str,
    span: &Span,
    by: Served<'_>,
    usage: Option<&Usage>,
    elapsed: Duration,
) {
    span.record("gen_ai.provider.name", by.kind);
    span.record("gen_ai.response.model", by.model);
    // Labels are what was configured, never the model that a request named: their values are bounded.
    let labels = [
        (OPERATION, SharedString::const_str(operation)),
        (KIND, by.kind.into()),
        (INSTANCE, SharedString::from(by.provider.to_string())),
    ];
    histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
    if let Some(usage) = usage {
        span.record("gen_ai.usage.input_tokens", usage.total_input());
        span.record("gen_ai.usage.output_tokens", usage.total_output());
        for (name, tokens) in [("input", usage.total_input()), ("output", usage.total_output())] {
            let [operation, kind, instance] = labels.clone();
            let labels = [operation, kind, instance, (TOKEN_TYPE, name.into())];
            #[expect(clippy::cast_precision_loss, reason = "no call has 2^53 tokens")]
            histogram!(TOKENS, &labels).record(tokens as f64);
        }
    }
}

/// Notes why an answer ended.
pub(crate) fn finished(span: &Span, reason: &FinishReason) {
    span.record("gen_ai.response.finish_reasons", reason.as_str());
}

/// A call under way. One that is dropped before it has ended was given up by its caller, and is told as cancelled.
pub(crate) struct UnderWay<'a> {
    operation: &'static str,
    span: &'a Span,
    clock: &'a dyn Clock,
    started: Duration,
    ended: bool,
}

impl<'a> UnderWay<'a> {
    pub(crate) fn begin(operation: &'static str, span: &'a Span, clock: &'a dyn Clock) -> Self {
        Self {
            operation,
            span,
            clock,
            started: clock.elapsed(),
            ended: false,
        }
    }

    /// When it began.
    pub(crate) const fn started(&self) -> Duration {
        self.started
    }

    /// How long it took; its outcome is told by somebody else.
    pub(crate) fn end(mut self) -> Duration {
        self.ended = true;
        self.clock.elapsed().saturating_sub(self.started)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let elapsed = self.clock.elapsed().saturating_sub(self.started);
            abandoned(self.operation, self.span, None, elapsed);
        }
    }
}

/// The caller gave the call up.
pub(crate) fn abandoned(
    operation: &'static str,
    span: &Span,
    by: Option<(&ProviderId, &'static str)>,
    elapsed: Duration,
) {
    let cancelled = ErrorKind::Cancelled.as_str();
    span.record(ERROR, cancelled);
    let instance = by.map_or_else(|| "none".to_owned(), |(provider, _)| provider.to_string());
    let labels = [
        (OPERATION, SharedString::const_str(operation)),
        (KIND, SharedString::const_str(by.map_or("none", |(_, kind)| kind))),
        (INSTANCE, instance.into()),
        (ERROR, SharedString::const_str(cancelled)),
    ];
    histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
}

/// The pace of one stream.
#[derive(Default)]
pub(crate) struct Chunks {
    /// When the last piece came, and where the time to the next one is recorded: with whoever wrote it.
    last: Option<(Duration, ProviderId, Histogram)>,
}

impl Chunks {
    /// A piece of content has come.
    pub(crate) fn came(
        &mut self,
        span: &Span,
        (provider, kind): (&ProviderId, &'static str),
        started: Duration,
        now: Duration,
    ) {
        if let Some((last, by, histogram)) = &mut self.last
            && by == provider
        {
            histogram.record(now.saturating_sub(*last).as_secs_f64());
            *last = now;
            return;
        }
        let labels = [
            (OPERATION, SharedString::const_str(CHAT)),
            (KIND, SharedString::const_str(kind)),
            (INSTANCE, provider.to_string().into()),
        ];
        if self.last.is_none() {
            let first = now.saturating_sub(started).as_secs_f64();
            span.record("gen_ai.response.time_to_first_chunk", first);
            histogram!(TIME_TO_FIRST_CHUNK, &labels).record(first);
        }
        let per_chunk = histogram!(TIME_PER_OUTPUT_CHUNK, &labels);
        if let Some((last, ..)) = &self.last {
            per_chunk.record(now.saturating_sub(*last).as_secs_f64());
        }
        self.last = Some((now, provider.clone(), per_chunk));
    }
}

/// What an answered call cost.
pub(crate) fn cost(by: Served<'_>, cost: Cost) {
    estimated(by.provider, by.kind, cost);
}

/// What an attempt cost that gave no answer, as far as can be known.
pub(crate) fn estimated(provider: &ProviderId, kind: &'static str, cost: Cost) {
    let labels = [
        (KIND, SharedString::const_str(kind)),
        (INSTANCE, SharedString::from(provider.to_string())),
    ];
    match cost.amount() {
        Some(amount) => counter!(COST, &labels).increment(u64::try_from(amount.nanos()).unwrap_or(0)),
        None => counter!(UNPRICED, &labels).increment(1),
    }
}

/// A budget of this scope and period did not cover a call.
pub(crate) fn budget_refused(scope: &'static str, period: &'static str) {
    counter!(BUDGET_REFUSED, "scope" => scope, "period" => period).increment(1);
}

/// How much of a budget is spent.
pub(crate) fn budget_used(scope: &'static str, period: &'static str, share: f64) {
    histogram!(BUDGET_USED, "scope" => scope, "period" => period).record(share);
}

/// What an attempt used is only in the log.
pub(crate) fn ledger_lost() {
    counter!(LEDGER_LOST).increment(1);
}

/// `by` is the kind of the provider whose error it is, where it is one's.
pub(crate) fn failed(
    operation: &'static str,
    span: &Span,
    error: &Error,
    by: Option<&'static str>,
    elapsed: Duration,
) {
    let kind = error.kind().as_str();
    span.record(ERROR, kind);
    if let Some(by) = by {
        span.record(KIND, by);
    }
    let instance = error
        .provider()
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    let labels = [
        (OPERATION, SharedString::const_str(operation)),
        (KIND, SharedString::const_str(by.unwrap_or("none"))),
        (INSTANCE, instance.into()),
        (ERROR, kind.into()),
    ];
    histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
    tracing::debug!(parent: span, duration_ms = elapsed.as_millis(), "error.type" = kind, "the call failed");
}

#[cfg(test)]
#[cfg(feature = "simulated")]
mod tests;
