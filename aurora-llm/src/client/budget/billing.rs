//! Options of a dialect that change what a call costs beyond the prices that reservations go by.

use serde_json::Value;

use crate::chat::ChatRequest;

/// Answers that are thrown away and billed, tools that the provider runs and bills, places and speeds at another price.
const DEARER: [&str; 13] = [
    "best_of",
    "n",
    "prediction",
    "web_search_options",
    "web_search",
    "search_parameters",
    "enable_search",
    "plugins",
    "mcp_servers",
    "container",
    "server_tools",
    "speed",
    "inference_geo",
];
/// Tiers that cost what the price book says, or less. Without a word it is `auto`.
const TIERS: [&str; 5] = ["auto", "default", "flex", "standard", "standard_only"];

/// The first option that may make the call dearer.
pub(super) fn dearer(request: &ChatRequest) -> Option<&'static str> {
    let mut options = request.options.values();
    options.find_map(|options| {
        // One answer, and a list of nothing, are what there is without the option; many clients write them down.
        let is_on = |name: &str| match options.get(name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Number(number)) => number.as_u64() != Some(1),
            Some(_) => true,
        };
        let tier = options.get("service_tier").filter(|tier| !tier.is_null());
        if tier.is_some_and(|tier| !tier.as_str().is_some_and(|tier| TIERS.contains(&tier))) {
            return Some("service_tier");
        }
        DEARER.into_iter().find(|name| is_on(name))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(name: &str, value: Value) -> ChatRequest {
        let mut request = ChatRequest::user("?");
        let options = request.options.entry("openai_chat".to_owned()).or_default();
        options.insert("logit_bias".to_owned(), json!({}));
        options.insert(name.to_owned(), value);
        request
    }

    #[test]
    fn what_costs_more_is_told_from_what_does_not() {
        for (name, value) in [
            ("service_tier", json!("priority")),
            ("service_tier", json!(7)),
            ("web_search_options", json!({})),
            ("best_of", json!(4)),
            ("speed", json!("fast")),
        ] {
            assert_eq!(dearer(&with(name, value)), Some(name));
        }
        for (name, value) in [
            ("service_tier", json!("flex")),
            ("service_tier", json!(null)),
            ("plugins", json!([])),
            ("n", json!(1)),
            ("best_of", json!(1)),
            ("verbosity", json!("low")),
        ] {
            assert_eq!(dearer(&with(name, value)), None, "{name}");
        }
    }
}
