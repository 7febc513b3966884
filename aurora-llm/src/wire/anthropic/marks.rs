//! Marks for the prompt cache.

use serde_json::{Map, Value, json};

use crate::chat::{CacheTtl, ChatRequest, Part};
use crate::error::Error;
use crate::wire::json::invalid;

/// Most marks of one request, by Anthropic's rule.
const MOST: usize = 4;

pub(super) fn control(ttl: CacheTtl) -> Value {
    match ttl {
        CacheTtl::OneHour => json!({"type": "ephemeral", "ttl": "1h"}),
        CacheTtl::FiveMinutes => json!({"type": "ephemeral"}),
    }
}

/// Refuses what Anthropic would.
pub(super) fn refuse_too_many(request: &ChatRequest) -> Result<(), Error> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let in_parts = parts.filter(|part| matches!(part, Part::CachePoint(_))).count();
    let in_tools = request
        .tools
        .iter()
        .filter(|tool| tool.cache_point.is_some())
        .count();
    if in_parts + in_tools > MOST {
        return Err(invalid(format!("more than {MOST} marks for the prompt cache")));
    }
    Ok(())
}

/// Marks the last block that may bear a mark; thinking may not. Before anything is said, there is nothing to keep.
pub(super) fn set(blocks: &mut [Value], ttl: CacheTtl) -> bool {
    let may = |block: &&mut Value| {
        let kind = block.get("type").and_then(Value::as_str);
        !matches!(kind, Some("thinking" | "redacted_thinking"))
    };
    match blocks.iter_mut().rev().find(may).and_then(Value::as_object_mut) {
        Some(block) => {
            block.insert("cache_control".to_owned(), control(ttl));
            true
        }
        None => false,
    }
}

/// The mark that a client set on a block or a tool.
pub(super) fn read(block: &Map<String, Value>) -> Option<CacheTtl> {
    let control = block.get("cache_control").filter(|control| control.is_object())?;
    let hour = control.get("ttl").is_some_and(|ttl| ttl == "1h");
    Some(if hour {
        CacheTtl::OneHour
    } else {
        CacheTtl::FiveMinutes
    })
}
