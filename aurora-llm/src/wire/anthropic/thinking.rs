//! How hard the model shall think, and what it then cannot take.

use serde_json::{Map, Value, json};

use super::{DEFAULT_MAX_TOKENS, Thinking};
use crate::chat::{ChatRequest, ReasoningEffort, ToolChoice};
use crate::error::Error;
use crate::wire::json::{invalid, unsupported};

/// The smallest thinking budget that the API accepts.
const LEAST_BUDGET: u32 = 1_024;

/// Writes `max_tokens`, `thinking` and the effort.
pub(super) fn write(
    body: &mut Map<String, Value>,
    request: &ChatRequest,
    model: &str,
    thinking: Thinking,
) -> Result<(), Error> {
    let mut limit = request.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS);
    match plan(request.reasoning.as_ref(), thinking.of(model)) {
        Plan::Unsaid => {}
        Plan::Off => {
            body.insert("thinking".to_owned(), json!({"type": "disabled"}));
        }
        Plan::Word(word) => {
            refuse_what_thinking_excludes(request)?;
            let mut adaptive = json!({"type": "adaptive"});
            if let Some(adaptive) = adaptive.as_object_mut().filter(|_| request.show_reasoning) {
                adaptive.insert("display".to_owned(), json!("summarized"));
            }
            body.insert("thinking".to_owned(), adaptive);
            output_config(body, "effort", json!(word));
        }
        Plan::Budget(wanted) => {
            refuse_what_thinking_excludes(request)?;
            let budget = if request.max_tokens.is_some() {
                wanted.min(limit / 4 * 3)
            } else {
                limit = limit.saturating_add(wanted);
                wanted
            };
            if budget < LEAST_BUDGET {
                let least = LEAST_BUDGET / 3 * 4 + 4;
                return Err(invalid(format!("reasoning needs max_tokens of at least {least}")));
            }
            body.insert(
                "thinking".to_owned(),
                json!({"type": "enabled", "budget_tokens": budget}),
            );
        }
    }
    body.insert("max_tokens".to_owned(), json!(limit));
    Ok(())
}

/// Anthropic answers these with an error of the request; another target may take them.
fn refuse_what_thinking_excludes(request: &ChatRequest) -> Result<(), Error> {
    let excluded = [
        (
            request
                .temperature
                .is_some_and(|value| (value - 1.0).abs() > f64::EPSILON),
            "a temperature other than 1 with reasoning",
        ),
        (
            request.top_p.is_some_and(|value| value < 0.95),
            "a top_p below 0.95 with reasoning",
        ),
        (request.top_k.is_some(), "top_k with reasoning"),
        (
            matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool(_)),
            "a tool that must be called with reasoning",
        ),
    ];
    match excluded.into_iter().find(|(found, _)| *found) {
        Some((_, what)) => Err(unsupported(what)),
        None => Ok(()),
    }
}

enum Plan<'a> {
    Unsaid,
    Off,
    Word(&'a str),
    Budget(u32),
}

fn plan(effort: Option<&ReasoningEffort>, thinking: Thinking) -> Plan<'_> {
    let adaptive = thinking == Thinking::Adaptive;
    let (word, budget) = match effort {
        None => return Plan::Unsaid,
        Some(ReasoningEffort::None) => return Plan::Off,
        Some(ReasoningEffort::Other(word)) => return Plan::Word(word),
        Some(ReasoningEffort::Tokens(tokens)) => {
            let word = match tokens {
                ..=4_096 => "low",
                4_097..=16_384 => "medium",
                _ => "high",
            };
            (word, (*tokens).max(LEAST_BUDGET))
        }
        Some(ReasoningEffort::Minimal) => ("low", LEAST_BUDGET),
        Some(ReasoningEffort::Low) => ("low", 4_096),
        Some(ReasoningEffort::Medium) => ("medium", 10_240),
        Some(ReasoningEffort::High) => ("high", 24_576),
    };
    if adaptive {
        Plan::Word(word)
    } else {
        Plan::Budget(budget)
    }
}

pub(super) fn output_config(body: &mut Map<String, Value>, name: &str, value: Value) {
    let config = body.entry("output_config").or_insert_with(|| json!({}));
    if let Some(config) = config.as_object_mut() {
        config.insert(name.to_owned(), value);
    }
}

impl Thinking {
    /// What is meant for `model`: Claude up to 4.5 takes a budget, later ones a word, and some of these nothing else.
    fn of(self, model: &str) -> Self {
        if self != Self::ByModel {
            return self;
        }
        let Some(name) = model.strip_prefix("claude-") else {
            return Self::Budget;
        };
        let version = name
            .split_once(|letter: char| letter.is_ascii_digit())
            .and_then(|(family, _)| name.get(family.len()..))
            .unwrap_or_default();
        let old = ["2", "3", "4-0", "4-1", "4-2025", "4-5", "instant"];
        if version == "4" || old.iter().any(|begin| version.starts_with(begin)) {
            Self::Budget
        } else {
            Self::Adaptive
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_gets_what_it_takes() {
        for model in [
            "claude-3-7-sonnet-20250219",
            "claude-opus-4-20250514",
            "claude-sonnet-4",
            "claude-opus-4-1",
            "claude-sonnet-4-5-20250929",
            "claude-haiku-4-5",
            "somebody-else",
        ] {
            assert_eq!(Thinking::ByModel.of(model), Thinking::Budget, "{model}");
        }
        for model in [
            "claude-opus-4-6",
            "claude-sonnet-4-6",
            "claude-opus-4-7",
            "claude-opus-5-5",
            "claude-mythos-preview",
            "claude-next",
        ] {
            assert_eq!(Thinking::ByModel.of(model), Thinking::Adaptive, "{model}");
            assert_eq!(Thinking::Budget.of(model), Thinking::Budget, "{model}");
        }
    }
}
