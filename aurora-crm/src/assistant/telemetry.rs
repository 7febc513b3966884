//! Metrics of the assistant. Their labels are words of this program.

use std::time::Duration;

use super::outcome::{Reason, TurnOutcome};
use super::tools::ToolName;

/// Turns that have ended, by `outcome` and `reason`.
pub const TURNS: &str = "aurora_crm_assistant_turns_total";
/// How long turns took from their beginning, in seconds, by `outcome`.
pub const TURN_SECONDS: &str = "aurora_crm_assistant_turn_seconds";
/// Tools that have run, by `tool` and `result` (`ok`, `refused`, `failed`).
pub const TOOLS: &str = "aurora_crm_assistant_tools_total";
/// What was taken out of replies before they were sent, by `what`.
pub const WITHHELD: &str = "aurora_crm_assistant_withheld_total";

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    metrics::describe_counter!(TURNS, "turns of the assistant that have ended");
    metrics::describe_histogram!(
        TURN_SECONDS,
        metrics::Unit::Seconds,
        "how long turns took from their beginning"
    );
    metrics::describe_counter!(TOOLS, "tools of the assistant that have run");
    metrics::describe_counter!(WITHHELD, "what was taken out of replies before they were sent");
}

pub(super) fn ended(outcome: TurnOutcome, reason: Reason, took: Duration) {
    metrics::counter!(TURNS, "outcome" => outcome.as_str(), "reason" => reason.as_str()).increment(1);
    metrics::histogram!(TURN_SECONDS, "outcome" => outcome.as_str()).record(took.as_secs_f64());
}

pub(super) fn ran(name: &str, result: &'static str) {
    // A model can call what there is not: its words are no label.
    let tool = ToolName::of(name).map_or("unknown", ToolName::as_str);
    metrics::counter!(TOOLS, "tool" => tool, "result" => result).increment(1);
}

pub(super) fn withheld(what: &[String]) {
    const KNOWN: [&str; 7] = ["instructions", "link", "id", "email", "number", "tool", "length"];
    for label in KNOWN
        .into_iter()
        .filter(|known| what.iter().any(|it| it == known))
    {
        metrics::counter!(WITHHELD, "what" => label).increment(1);
    }
}
