//! How far a loop of tools may go.

use std::time::Duration;

/// How far a loop of tools may go, so that a model that calls and calls ends somewhere.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_llm::tools::ToolLimits;
///
/// let limits = ToolLimits::default().rounds(4).call_timeout(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct ToolLimits {
    pub(super) rounds: u32,
    pub(super) calls: u32,
    pub(super) at_once: usize,
    pub(super) call_timeout: Duration,
    pub(super) result_bytes: usize,
}

impl Default for ToolLimits {
    /// 8 rounds, 32 calls, 4 of them at once, 30 s and 64 KiB for each.
    fn default() -> Self {
        Self {
            rounds: 8,
            calls: 32,
            at_once: 4,
            call_timeout: Duration::from_secs(30),
            result_bytes: 64 * 1024,
        }
    }
}

impl ToolLimits {
    /// How often the model may answer with calls; at least 1.
    pub const fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = if rounds == 0 { 1 } else { rounds };
        self
    }

    /// How many calls may be made in all; at least 1.
    pub const fn calls(mut self, calls: u32) -> Self {
        self.calls = if calls == 0 { 1 } else { calls };
        self
    }

    /// How many calls of one answer run at the same time; at least 1.
    pub const fn at_once(mut self, calls: usize) -> Self {
        self.at_once = if calls == 0 { 1 } else { calls };
        self
    }

    /// How long one call may take; then the model is told that it took too long.
    pub const fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = limit;
        self
    }

    /// How many bytes of a result the model gets; the rest is cut off, and the model is told so.
    pub const fn result_bytes(mut self, bytes: usize) -> Self {
        self.result_bytes = bytes;
        self
    }
}
