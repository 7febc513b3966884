//! The last calls of this server with their attempts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::Timestamp;
use aurora_llm::ErrorKind;
use aurora_llm::client::{Attempt, Caller, Task};
use aurora_llm::pricing::Cost;
use aurora_llm::usage::Usage;

/// How many are kept.
const MOST: usize = 500;

/// One call as its caller saw it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) request_id: String,
    pub(crate) caller: Caller,
    pub(crate) task: Task,
    pub(crate) is_stream: bool,
    /// The model that was asked for.
    pub(crate) asked: Option<String>,
    pub(crate) end: End,
    pub(crate) elapsed: Duration,
    pub(crate) attempts: Vec<Attempt>,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Served {
        target: String,
        provider: String,
        model: String,
        usage: Option<Usage>,
        cost: Cost,
        is_cached: bool,
    },
    Failed(ErrorKind),
    /// The caller went away.
    GivenUp,
}

/// The last calls; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<VecDeque<Arc<Call>>>>);

impl Recent {
    pub(super) fn add(&self, call: Call) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MOST {
            calls.pop_front();
        }
        calls.push_back(Arc::new(call));
    }

    /// Those of a tenant, the newest first.
    pub(crate) fn of(&self, tenant: &str, most: usize) -> Vec<Arc<Call>> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = calls
            .iter()
            .rev()
            .filter(|call| call.caller.tenant.as_deref() == Some(tenant));
        mine.take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_tenants_see_their_own() {
        let recent = Recent::default();
        for number in 0..MOST + 10 {
            recent.add(Call {
                at: Timestamp::UNIX_EPOCH,
                request_id: number.to_string(),
                caller: Caller::tenant(if number % 2 == 0 { "even" } else { "odd" }),
                task: Task::Chat,
                is_stream: false,
                asked: None,
                end: End::GivenUp,
                elapsed: Duration::ZERO,
                attempts: Vec::new(),
            });
        }
        let odd = recent.of("odd", 2);
        let ids: Vec<&str> = odd.iter().map(|call| call.request_id.as_str()).collect();
        assert_eq!(ids, ["509", "507"]);
        assert_eq!(recent.of("even", MOST).len(), MOST / 2);
    }
}
