//! The last calls of this server with their attempts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::Timestamp;
use aurora_llm::ErrorKind;
use aurora_llm::client::{Attempt, Caller, Task};
use aurora_llm::pricing::Cost;
use aurora_llm::usage::Usage;

use super::gateway::{LONGEST_NAME, is_key_of};

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

impl Call {
    /// `served`, `failed` or `given_up`.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self.end {
            End::Served { .. } => "served",
            End::Failed(_) => "failed",
            End::GivenUp => "given_up",
        }
    }

    /// Whether another target answered than one that was tried before it.
    pub(crate) fn is_fallback(&self) -> bool {
        let End::Served { target, .. } = &self.end else {
            return false;
        };
        let mut attempts = self.attempts.iter();
        attempts.any(|attempt| attempt.target != *target && !is_key_of(target, &attempt.target))
    }

    /// Whether the answer came from the cache.
    pub(crate) const fn is_cached(&self) -> bool {
        matches!(self.end, End::Served { is_cached: true, .. })
    }

    /// Whether `name` answered, failed, or was passed over.
    pub(crate) fn is_about(&self, name: &str) -> bool {
        let is_it = |target: &str| target == name || is_key_of(name, target);
        let answered = matches!(&self.end, End::Served { target, .. } if is_it(target));
        answered || self.attempts.iter().any(|attempt| is_it(&attempt.target))
    }
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
    pub(super) fn add(&self, mut call: Call) {
        // Whoever adds has refused longer names; here they would stay.
        if let Some(asked) = &mut call.asked {
            asked.truncate(asked.floor_char_boundary(LONGEST_NAME));
        }
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MOST {
            calls.pop_front();
        }
        calls.push_back(Arc::new(call));
    }

    /// Those of a tenant that are wanted, the newest first.
    pub(crate) fn of(&self, tenant: &str, most: usize, is_wanted: impl Fn(&Call) -> bool) -> Vec<Arc<Call>> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = calls
            .iter()
            .rev()
            .filter(|call| call.caller.tenant.as_deref() == Some(tenant) && is_wanted(call));
        mine.take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: usize, tenant: &str, asked: Option<String>) -> Call {
        Call {
            at: Timestamp::UNIX_EPOCH,
            request_id: number.to_string(),
            caller: Caller::tenant(tenant),
            task: Task::Chat,
            is_stream: false,
            asked,
            end: End::GivenUp,
            elapsed: Duration::ZERO,
            attempts: Vec::new(),
        }
    }

    #[test]
    fn what_is_kept_of_a_call_is_short() {
        let recent = Recent::default();
        recent.add(call(1, "t", Some("á".repeat(1_000))));
        let asked = recent.of("t", 1, |_| true)[0].asked.clone().unwrap();
        assert_eq!(asked.len(), LONGEST_NAME);
    }

    #[test]
    fn the_newest_come_first_and_tenants_see_their_own() {
        let recent = Recent::default();
        for number in 0..MOST + 10 {
            recent.add(call(number, if number % 2 == 0 { "even" } else { "odd" }, None));
        }
        let odd = recent.of("odd", 2, |_| true);
        let ids: Vec<&str> = odd.iter().map(|call| call.request_id.as_str()).collect();
        assert_eq!(ids, ["509", "507"]);
        assert_eq!(recent.of("even", MOST, |_| true).len(), MOST / 2);
        let oldest = recent.of("odd", MOST, |call| call.request_id == "11");
        assert_eq!(oldest.len(), 1, "what is not wanted takes no place");
    }
}
