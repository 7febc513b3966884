//! Limits of our own: how many requests and tokens a minute a target may get, and how many calls at once.

mod gauge;

use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::wire::{ResponseHead, limits as wire};

pub(super) use gauge::{Gauges, Taken};

/// The widest limit that can be counted in a minute: one a microsecond.
const WIDEST: u32 = 60_000_000;

/// How much a target may get. What is `None` is not limited.
///
/// # Examples
/// ```
/// use aurora_llm::client::limits::{Limits, Per};
///
/// let limits = Limits::default().requests_per_minute(500).tokens_per_minute(200_000).concurrency(16);
/// assert_eq!(limits.per, Per::Key);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Limits {
    /// Requests in a minute, every attempt counted: 1 to 60,000,000.
    pub requests_per_minute: Option<u32>,
    /// Tokens in a minute, input and output together: 1 to 60,000,000.
    pub tokens_per_minute: Option<u32>,
    /// Calls that are under way at once, streams until they end: 1 or more. It is counted in this process alone.
    pub concurrency: Option<usize>,
    /// What is counted together.
    pub per: Per,
}

/// What of a provider is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Per {
    /// Each key of each target by itself. The default, since vendors count so.
    #[default]
    Key,
    /// All keys of a target.
    Target,
    /// All targets of the provider instance.
    Provider,
}

impl Limits {
    /// Limits the requests in a minute.
    #[must_use]
    pub const fn requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = Some(requests);
        self
    }

    /// Limits the tokens in a minute, input and output together.
    #[must_use]
    pub const fn tokens_per_minute(mut self, tokens: u32) -> Self {
        self.tokens_per_minute = Some(tokens);
        self
    }

    /// Limits the calls that are under way at once.
    #[must_use]
    pub const fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = Some(calls);
        self
    }

    /// Says what is counted together.
    #[must_use]
    pub const fn per(mut self, per: Per) -> Self {
        self.per = per;
        self
    }

    /// What is wrong with them.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let is_wrong = |limit: Option<u32>| limit.is_some_and(|limit| !(1..=WIDEST).contains(&limit));
        if is_wrong(self.requests_per_minute) || is_wrong(self.tokens_per_minute) {
            return Some("a limit per minute is 1 to 60,000,000");
        }
        (self.concurrency == Some(0)).then_some("at least 1 call may be under way")
    }
}

/// The longest that a key rests for a limit that its provider told: limits are for a minute, and what is told is often
/// the time until all of it is back, not until there is some.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// For how long a key rests by the head of an answer that it got.
pub(super) fn learned(head: &ResponseHead, now: Timestamp) -> Option<Duration> {
    // Whoever refuses for now says himself for how long; that comes with the error.
    if head.status == 429 && head.headers.contains_key(http::header::RETRY_AFTER) {
        return None;
    }
    wire::rest(&head.headers, now).map(|rest| rest.min(LONGEST_REST))
}

/// How much of a limit one call takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weight {
    /// Tokens of input and output.
    pub(super) tokens: u64,
}

/// How long an answer is taken to be where the request does not say.
const USUAL_ANSWER: u64 = 1_024;

impl Weight {
    pub(super) fn of(input: u64, max_output: Option<u32>) -> Self {
        let tokens = input.saturating_add(max_output.map_or(USUAL_ANSWER, u64::from));
        Self { tokens }
    }
}

/// For how long a call without room is told to wait, when nobody knows.
const UNKNOWN_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
