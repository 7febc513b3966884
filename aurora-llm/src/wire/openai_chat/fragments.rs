//! Tool calls that arrive in fragments, and not always as documented.

use serde::Deserialize;
use serde_json::Value;

use super::decode::made_call_id;
use crate::chat::StreamEvent;
use crate::wire::json::arguments;

/// More calls than this, or more bytes before a call's name, no answer has: they become no event, so that nobody else
/// would stop them from filling the memory.
const MAX_CALLS: usize = 1_024;
const MAX_EARLY: usize = 1 << 20;

/// One fragment of one call.
#[derive(Debug, Deserialize)]
pub(super) struct Fragment {
    index: Option<u32>,
    id: Option<String>,
    function: Option<FunctionFragment>,
}

#[derive(Debug, Deserialize)]
struct FunctionFragment {
    name: Option<String>,
    arguments: Option<Value>,
}

/// The calls of one answer so far.
///
/// OpenAI numbers its calls and sends id and name once. Others send whole calls without a number, or several whole
/// calls all numbered 0, or repeat id and name with every fragment, or send the name after the id.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    calls: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    wire_index: Option<u32>,
    id: String,
    started: bool,
    /// Arguments that came before the name.
    early: String,
}

impl Fragments {
    pub(super) fn is_empty(&self) -> bool {
        !self.calls.iter().any(|call| call.started)
    }

    /// Takes a fragment. `Err` when there are more than an answer can have.
    pub(super) fn push(
        &mut self,
        fragment: Fragment,
        answer: &str,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        let id = fragment.id.filter(|id| !id.is_empty());
        let (name, more) = match fragment.function {
            Some(function) => (
                function.name.filter(|name| !name.is_empty()),
                arguments(function.arguments),
            ),
            None => (None, String::new()),
        };
        let at = self.find(fragment.index, id.as_deref(), name.as_deref());
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        if at == self.calls.len() {
            if at == MAX_CALLS {
                return Err("tool calls without end");
            }
            self.calls.push(Open {
                wire_index: fragment.index,
                id: String::new(),
                started: false,
                early: String::new(),
            });
        }
        let Some(call) = self.calls.get_mut(at) else {
            return Ok(());
        };
        if let Some(id) = id
            && !call.started
        {
            call.id = id;
        }
        if let Some(name) = name
            && !call.started
        {
            call.started = true;
            if call.id.is_empty() {
                call.id = made_call_id(answer, at);
            }
            let id = call.id.clone();
            out.push(StreamEvent::ToolCallStart { index, id, name });
            let early = std::mem::take(&mut call.early);
            if !early.is_empty() {
                out.push(StreamEvent::ToolCallDelta {
                    index,
                    arguments: early,
                });
            }
        }
        if more.is_empty() {
            return Ok(());
        }
        if call.started {
            out.push(StreamEvent::ToolCallDelta {
                index,
                arguments: more,
            });
        } else {
            if call.early.len() + more.len() > MAX_EARLY {
                return Err("a tool call without a name");
            }
            call.early.push_str(&more);
        }
        Ok(())
    }

    /// Closes all calls. `Err` when one never got a name.
    pub(super) fn end(&self, out: &mut Vec<StreamEvent>) -> Result<(), &'static str> {
        for (index, call) in (0..).zip(&self.calls) {
            if !call.started {
                return Err("a tool call without a name");
            }
            out.push(StreamEvent::ToolCallEnd { index });
        }
        Ok(())
    }

    /// Which call a fragment belongs to; one past the last for a new one.
    fn find(&self, index: Option<u32>, id: Option<&str>, name: Option<&str>) -> usize {
        let known = match (index, id) {
            (Some(index), _) => self.calls.iter().rposition(|call| call.wire_index == Some(index)),
            (None, Some(id)) => self.calls.iter().rposition(|call| call.id == id),
            // Without number and id, a name begins a call and anything else goes on with the last.
            (None, None) if name.is_some() => None,
            (None, None) => self.calls.len().checked_sub(1),
        };
        let known = known.filter(|at| {
            let other_id = self
                .calls
                .get(*at)
                .is_some_and(|call| call.started && id.is_some_and(|id| id != call.id) && name.is_some());
            !other_id
        });
        known.unwrap_or(self.calls.len())
    }
}
