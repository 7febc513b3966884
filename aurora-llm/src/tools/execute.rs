//! The calls of one answer, run.

use std::panic::AssertUnwindSafe;

use aurora_core::time::Clock;
use futures::future::{Either, FutureExt as _, select};
use futures::{StreamExt as _, stream};

use super::Tools;
use super::run::CallRecord;
use crate::chat::{ChatResponse, FinishReason, ToolCall, ToolResult};
use crate::error::{Error, ErrorKind};

/// Runs the calls of `answer` that are `own`, some of them at once; the records are in the order of the calls.
pub(super) async fn all(
    tools: &Tools,
    clock: &dyn Clock,
    answer: &ChatResponse,
    own: impl Fn(&ToolCall) -> bool,
) -> Vec<CallRecord> {
    let calls: Vec<ToolCall> = answer.tool_calls().filter(|call| own(call)).cloned().collect();
    let cut = answer.finish == FinishReason::Length;
    stream::iter(calls)
        .map(|call| one(tools, clock, call, cut))
        .buffered(tools.limits.at_once)
        .collect()
        .await
}

async fn one(tools: &Tools, clock: &dyn Clock, call: ToolCall, cut: bool) -> CallRecord {
    let began = clock.elapsed();
    let outcome = outcome(tools, clock, &call, cut).await;
    let result = match outcome {
        Ok(content) => ToolResult::new(&call.id, shortened(content, tools.limits.result_bytes)),
        Err(words) => ToolResult::new(&call.id, shortened(words, tools.limits.result_bytes)).failed(),
    };
    CallRecord {
        elapsed: clock.elapsed().saturating_sub(began),
        call,
        result,
    }
}

async fn outcome(tools: &Tools, clock: &dyn Clock, call: &ToolCall, cut: bool) -> Result<String, String> {
    let Some(function) = tools.functions.get(&call.name) else {
        let known: Vec<&str> = tools.functions.keys().map(String::as_str).collect();
        return Err(format!(
            "there is no tool of this name; there are: {}",
            known.join(", ")
        ));
    };
    let arguments = call.arguments_json().map_err(|_| match cut {
        true => "the call was cut off before its end; make it shorter".to_owned(),
        false => "the arguments are not JSON".to_owned(),
    })?;
    // A panic is a failure of the function, not of the conversation.
    let running = AssertUnwindSafe(function.call(arguments)).catch_unwind();
    let limit = clock.sleep(tools.limits.call_timeout);
    match select(Box::pin(running), limit).await {
        Either::Left((Ok(Ok(content)), _)) => Ok(content),
        Either::Left((Ok(Err(error)), _)) => Err(error.to_string()),
        Either::Left((Err(_), _)) => {
            tracing::error!(tool = %call.name, "a tool panicked");
            Err("the tool failed".to_owned())
        }
        Either::Right(_) => Err("the tool took too long".to_owned()),
    }
}

/// At most `most` bytes of `text`, with a word that it was cut.
fn shortened(mut text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    text.truncate(end);
    text.push_str("\n[cut off here: the result was longer]");
    text
}

/// The error of a model that goes on calling.
pub(super) fn too_many(what: &str, most: u32) -> Error {
    Error::new(ErrorKind::ToolLimit).with_context(format!("after {most} {what}"))
}
