//! What goes wrong, when it is asked for.

use std::collections::VecDeque;
use std::time::Duration;

use super::wire::Reply;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// For an access token.
    Token,
    /// `events.list`.
    List,
    /// `events.insert`.
    Insert,
    /// `events.get`.
    Get,
    /// `events.patch`.
    Patch,
    /// `events.update`.
    Update,
    /// `events.delete`.
    Delete,
    /// `events.watch`.
    Watch,
    /// `channels.stop`.
    Stop,
    /// `freebusy.query`.
    FreeBusy,
    /// What is no call of the API.
    Unknown,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is done, and its answer is lost: the connection ends.
    Lost,
    /// It is not done, and the connection ends.
    Unseen,
    /// It is done, and answered this long after.
    Slow(Duration),
    /// 403 with this reason: `rateLimitExceeded`, `userRateLimitExceeded`, `quotaExceeded`, `forbidden` and others.
    Forbidden(&'static str),
    /// 429, with `Retry-After` in seconds where it is set.
    TooMany(Option<u32>),
    /// A 5xx with a page instead of JSON.
    Status(u16),
    /// It is done, and answered with 200 and what is no JSON.
    BadJson,
    /// 401: the token is not valid any more.
    Unauthorized,
    /// 410: the event is deleted.
    Deleted,
}

impl Fault {
    /// Whether the call is done nevertheless.
    pub(super) const fn lets_through(&self) -> bool {
        matches!(self, Self::Lost | Self::Slow(_) | Self::BadJson)
    }

    /// What is answered in place of the usual.
    pub(super) fn reply(&self) -> Option<Reply> {
        Some(match self {
            Self::Lost | Self::Slow(_) => return None,
            Self::Unseen => Reply::empty(),
            Self::Forbidden(reason) => Reply::error(403, "usageLimits", reason, "Rate Limit Exceeded"),
            Self::TooMany(wait) => {
                let mut reply = Reply::error(429, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded");
                reply
                    .headers
                    .extend(wait.map(|wait| ("retry-after", wait.to_string())));
                reply
            }
            Self::Status(status) => Reply {
                status: *status,
                headers: Vec::new(),
                body: "<html><title>Error</title></html>".to_owned(),
            },
            Self::BadJson => Reply {
                body: r#"{"kind": "calendar#ev"#.to_owned(),
                ..Reply::json(&serde_json::Value::Null)
            },
            Self::Deleted => Reply::error(410, "global", "deleted", "Resource has been deleted"),
            Self::Unauthorized => Reply::error(401, "global", "authError", "Invalid Credentials"),
        })
    }
}

/// What is planned.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Operation, Fault)>);

impl Faults {
    pub(super) fn plan(&mut self, operation: Operation, fault: Fault) {
        self.0.push_back((operation, fault));
    }

    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let index = self.0.iter().position(|(planned, _)| *planned == operation)?;
        self.0.remove(index).map(|(_, fault)| fault)
    }
}
