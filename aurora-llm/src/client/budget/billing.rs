//! Options of a dialect under a hard budget: those alone that change neither the price, nor the length, nor who is asked.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Options by their dialects.
pub(in crate::client) type Options = BTreeMap<String, Map<String, Value>>;

/// What may say anything; names as [`plain`] makes them, for dialects write `top_k` and `topK`. How much a model thinks is
/// within the answer's length, and what is read is in the bound of the input.
const FREE: &[&str] = &[
    // how words are chosen
    "temperature",
    "topp",
    "p",
    "topk",
    "k",
    "minp",
    "topa",
    "typicalp",
    "tfsz",
    "mirostat",
    "mirostattau",
    "mirostateta",
    "repetitionpenalty",
    "repeatpenalty",
    "repeatlastn",
    "frequencypenalty",
    "presencepenalty",
    "logitbias",
    "seed",
    "randomseed",
    "stop",
    "stopsequences",
    // the form of the answer
    "responseformat",
    "format",
    "responsemimetype",
    "responseschema",
    "responsejsonschema",
    "logprobs",
    "toplogprobs",
    "responselogprobs",
    "verbosity",
    "stricttools",
    "toolchoice",
    "paralleltoolcalls",
    "maxtoolcalls",
    "citations",
    "citationoptions",
    "documents",
    "include",
    "usage",
    // who asks, and what is kept
    "user",
    "metadata",
    "labels",
    "store",
    "safetyidentifier",
    "promptcachekey",
    "promptcacheretention",
    "cachecontrol",
    "truncation",
    "truncate",
    "priority",
    "keepalive",
    "numgpu",
    "numthread",
    // what is refused, how closely pictures are looked at
    "safetysettings",
    "safetymode",
    "safeprompt",
    "mediaresolution",
    "audiotimestamp",
    // how much is thought
    "reasoningeffort",
    "effort",
    "summary",
    "includereasoning",
    "includethoughts",
    "thinkinglevel",
    "thinkingbudget",
    "think",
    "type",
    "display",
    "budgettokens",
    "tokenbudget",
    "enabled",
    "exclude",
    // vectors and orders of documents
    "dimensions",
    "outputdimension",
    "outputdimensionality",
    "encodingformat",
    "embeddingtypes",
    "inputtype",
    "tasktype",
    "title",
    "autotruncate",
    "topn",
    "returndocuments",
    "rankfields",
    "maxtokensperdoc",
];
/// What the request says itself: in its place stands nothing else, and not nothing either.
const OWN: &[&str] = &[
    "model",
    "models",
    "messages",
    "input",
    "inputs",
    "texts",
    "contents",
    "prompt",
    "stream",
    "streamoptions",
    "maxtokens",
    "maxcompletiontokens",
    "maxoutputtokens",
    "numpredict",
    "generationconfig",
    "options",
];
/// What holds options of the same sort, and is merged with what the request says. Under another spelling it would replace it.
const HOLDERS: &[&str] = &[
    "generationConfig",
    "options",
    "text",
    "reasoning",
    "thinking",
    "thinkingConfig",
    "output_config",
];
/// Tiers that cost what the price book says, or less. Without a word it is `auto`.
const TIERS: &[&str] = &["auto", "default", "flex", "standard", "standard_only"];
/// Of a name in an error.
const LONGEST_NAME: usize = 64;

/// The first option that no hard budget covers, by its name.
pub(super) fn uncovered(options: &Options) -> Option<String> {
    options.values().find_map(|options| within(options, ""))
}

fn within(options: &Map<String, Value>, path: &str) -> Option<String> {
    options.iter().find_map(|(name, value)| match value {
        Value::Object(inner) if HOLDERS.contains(&name.as_str()) => within(inner, &format!("{path}{name}.")),
        _ if is_covered(&plain(name), value) => None,
        _ => {
            let shown: String = name.escape_debug().take(LONGEST_NAME).collect();
            Some(format!("{path}{shown}"))
        }
    })
}

/// A name without its way of writing.
fn plain(name: &str) -> String {
    let signs = name.chars().filter(|sign| *sign != '_');
    signs.map(|sign| sign.to_ascii_lowercase()).collect()
}

fn is_covered(name: &str, value: &Value) -> bool {
    if OWN.contains(&name) {
        return false;
    }
    // What is switched off is as if it were not there; many clients write it down.
    let is_off = match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let is = |wanted: &[&str]| value.as_str().is_some_and(|word| wanted.contains(&word));
    is_off
        || FREE.contains(&name)
        || match name {
            "n" | "bestof" | "candidatecount" | "numcompletions" | "numgenerations" => {
                value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number))
            }
            "servicetier" => is(TIERS),
            "speed" => is(&["standard"]),
            "inferencegeo" => is(&["global"]),
            "modalities" | "responsemodalities" => value.as_array().is_some_and(|all| {
                let is_text = |one: &Value| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case("text"));
                all.iter().all(is_text)
            }),
            _ => false,
        }
}

/// More tokens than the options can add to what is read.
pub(super) fn read(options: &Options) -> u64 {
    let length =
        |options: &Map<String, Value>| serde_json::to_vec(options).map_or(u64::MAX, |text| bytes(&text));
    options.values().map(length).fold(0, u64::saturating_add)
}

fn bytes(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::{ChatRequest, ProviderOptions};
    use crate::wire::{anthropic, cohere, gemini, openai_chat, openai_responses};

    fn of(dialect: &str, name: &str, value: Value) -> Option<String> {
        let options = Map::from_iter([("logit_bias".to_owned(), json!({})), (name.to_owned(), value)]);
        uncovered(&BTreeMap::from([(dialect.to_owned(), options)]))
    }

    fn typed(options: &impl ProviderOptions) -> Option<String> {
        uncovered(&ChatRequest::user("?").provider_options(options).unwrap().options)
    }

    #[test]
    fn what_may_change_price_length_or_target_is_refused_by_its_name() {
        for (name, value) in [
            ("service_tier", json!("priority")),
            ("service_tier", json!(7)),
            ("web_search_options", json!({})),
            ("best_of", json!(4)),
            ("n", json!(2)),
            ("num_completions", json!(5)),
            ("speed", json!("fast")),
            ("inference_geo", json!("us")),
            ("modalities", json!(["text", "image"])),
            ("prediction", json!({"type": "content"})),
            ("models", json!(["openai/o1-pro"])),
            ("models", json!([])),
            ("model", json!("o1-pro")),
            ("provider", json!({"order": ["dear"]})),
            ("tools", json!([{"type": "web_search"}])),
            ("max_tokens", json!(100_000)),
            ("max_tokens", json!(null)),
            ("max_completion_tokens", json!(1)),
            ("max_output_tokens", json!(100_000)),
            ("n_predict", json!(-1)),
            ("stream_options", json!({"include_usage": false})),
            ("what_nobody_knows_yet", json!(true)),
        ] {
            assert_eq!(
                of("openai_chat", name, value.clone()).as_deref(),
                Some(name),
                "{value}"
            );
        }
        let long = of("openai_chat", &"x".repeat(500), json!(1)).unwrap();
        assert_eq!(long.len(), LONGEST_NAME);
    }

    #[test]
    fn what_is_held_within_an_option_is_looked_at_too() {
        for (name, value, found) in [
            (
                "generationConfig",
                json!({"candidateCount": 8}),
                "generationConfig.candidateCount",
            ),
            (
                "generationConfig",
                json!({"maxOutputTokens": null}),
                "generationConfig.maxOutputTokens",
            ),
            (
                "generationConfig",
                json!({"responseModalities": ["IMAGE"]}),
                "generationConfig.responseModalities",
            ),
            ("generationConfig", json!(null), "generationConfig"),
            ("generation_config", json!({"topK": 1}), "generation_config"),
            ("options", json!({"num_predict": -1}), "options.num_predict"),
            ("OPTIONS", json!(null), "OPTIONS"),
            ("reasoning", json!({"max_tokens": 9}), "reasoning.max_tokens"),
        ] {
            assert_eq!(of("gemini", name, value).as_deref(), Some(found));
        }
        for (name, value) in [
            (
                "generationConfig",
                json!({"topK": 1, "candidateCount": 1, "thinkingConfig": {"thinkingBudget": 0}}),
            ),
            ("options", json!({"min_p": 0.1, "mirostat": 1})),
            ("text", json!({"verbosity": "low"})),
        ] {
            assert_eq!(of("gemini", name, value), None, "{name}");
        }
    }

    #[test]
    fn what_costs_no_more_passes() {
        for (name, value) in [
            ("service_tier", json!("flex")),
            ("service_tier", json!(null)),
            ("plugins", json!([])),
            ("enable_search", json!(false)),
            ("n", json!(1)),
            ("best_of", json!(0)),
            ("best_of", json!(1)),
            ("speed", json!("standard")),
            ("inference_geo", json!("global")),
            ("responseModalities", json!(["TEXT"])),
            ("verbosity", json!("low")),
            ("reasoning_effort", json!("high")),
            ("top_logprobs", json!(3)),
        ] {
            assert_eq!(of("openai_chat", name, value), None, "{name}");
        }
    }

    #[test]
    fn typed_options_pass_where_they_cost_nothing() {
        let safety = gemini::SafetySetting::new("HARM_CATEGORY_HARASSMENT", "BLOCK_NONE");
        let gemini = gemini::Options::default()
            .safety(safety)
            .media_resolution("MEDIA_RESOLUTION_LOW");
        assert_eq!(typed(&gemini), None);
        for dear in [
            gemini.clone().google_search(),
            gemini.clone().url_context(),
            gemini.clone().code_execution(),
        ] {
            assert_eq!(typed(&dear).as_deref(), Some("tools"));
        }
        // What was cached is read, and is not in the bound of the input.
        assert_eq!(
            typed(&gemini.cached_content("cachedContents/a")).as_deref(),
            Some("cachedContent")
        );
        let chat = openai_chat::Options::default().verbosity("low").store(true);
        assert_eq!(
            typed(&chat.logit_bias(7, -100).prompt_cache_retention("24h")),
            None
        );
        let responses = openai_responses::Options::default()
            .verbosity("low")
            .truncation("auto");
        assert_eq!(typed(&responses.max_tool_calls(1)), None);
        assert_eq!(typed(&anthropic::Options::default().citations()), None);
        let cohere = cohere::Options::default()
            .priority(1)
            .document("a text")
            .strict_tools(true);
        assert_eq!(typed(&cohere.citations(cohere::Citations::Fast)), None);
    }
}
