//! Which part of a history is sent.

use std::collections::BTreeSet;

use crate::chat::{Message, Part, Role};
use crate::tokens::estimate_message;

/// The beginnings of the exchanges in `messages`: each begins with what the user says and ends before he speaks again,
/// so that no result of a tool is ever without its call.
pub(super) fn exchanges(messages: &[Message]) -> Vec<usize> {
    let mut begins: Vec<usize> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let speaks_again = at == 0 || message.role == Role::User;
        // Several messages of the user in a row are one turn.
        let goes_on = at > 0
            && messages
                .get(at - 1)
                .is_some_and(|before| before.role == Role::User);
        if speaks_again && !goes_on {
            begins.push(at);
        }
    }
    begins
}

/// About how many tokens the messages have.
pub(super) fn size(messages: &[Message]) -> u64 {
    messages.iter().map(estimate_message).fold(0, u64::saturating_add)
}

/// The latest exchanges that fit beside `message` into `most` tokens.
pub(super) fn fitting<'a>(messages: &'a [Message], message: &Message, most: u64) -> &'a [Message] {
    let room = most.saturating_sub(size(std::slice::from_ref(message)));
    let mut first = first_fitting(messages, room);
    if message.role == Role::Tool {
        // Results go with their calls, however large those are.
        first = first.min(exchanges(messages).last().copied().unwrap_or_default());
    }
    messages.get(first..).unwrap_or_default()
}

/// The calls of the last answer that have no result yet, by their ids.
pub(super) fn open_calls(messages: &[Message]) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for message in messages {
        match message.role {
            Role::Assistant => open = message.tool_calls().map(|call| call.id.clone()).collect(),
            Role::Tool => open.retain(|id| !results(message).any(|result| result == id)),
            Role::User | Role::System => open.clear(),
        }
    }
    open
}

/// Whether `message` has a result for each of these calls, and no other.
pub(super) fn answers(message: &Message, open: &BTreeSet<String>) -> bool {
    let told: BTreeSet<&str> = results(message).collect();
    let each_once = told.len() == results(message).count();
    each_once && !told.is_empty() && told.iter().copied().eq(open.iter().map(String::as_str))
}

fn results(message: &Message) -> impl Iterator<Item = &str> {
    message.parts.iter().filter_map(|part| match part {
        Part::ToolResult(result) => Some(result.call_id.as_str()),
        _ => None,
    })
}

/// Where the latest exchanges begin that have at most `room` tokens together.
pub(super) fn first_fitting(messages: &[Message], room: u64) -> usize {
    let (mut first, mut sum) = (messages.len(), 0_u64);
    for begin in exchanges(messages).into_iter().rev() {
        let exchange = messages.get(begin..first).unwrap_or_default();
        sum = sum.saturating_add(size(exchange));
        if sum > room {
            break;
        }
        first = begin;
    }
    first
}
