//! One attempt at one target, within its time limits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::fallback::Attempt;
use aurora_core::time::Clock;
use futures::StreamExt as _;

use super::target::Member;
use crate::chat::{ChatResponse, ChatStream, StreamEvent};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::provider::Call;

/// Events before the first content are kept back; more of them than this are not an answer.
const MAX_PRELUDE: usize = 1_000;

/// Asks for the whole answer.
pub(super) async fn whole(
    attempt: Attempt<Member>,
    call: Call,
    answer: Duration,
    clock: Arc<dyn Clock>,
) -> Result<ChatResponse, Error> {
    let member = attempt.payload();
    let limit = call.timeout.map_or(answer, |total| total.min(answer));
    let call = call.timeout(limit);
    let answer = within(&*clock, limit, TimeoutStage::Total, member.provider().chat(&call)).await;
    answer.map_err(|error| named(error, member, &call))
}

/// Does `work` for the attempt, at most for `limit` and for what the call has left.
pub(super) async fn within_limit<V: Send>(
    attempt: Attempt<Member>,
    limit: Duration,
    clock: Arc<dyn Clock>,
    work: impl Future<Output = Result<V, Error>> + Send,
) -> Result<V, Error> {
    let limit = attempt.remaining().map_or(limit, |left| left.min(limit));
    let outcome = within(&*clock, limit, TimeoutStage::Total, work).await;
    let member = attempt.payload();
    outcome.map_err(|error| match error.provider() {
        Some(_) => error,
        None => error.with_provider(member.provider_id().clone(), member.model()),
    })
}

/// A stream that has reached its commit point.
pub(super) struct Opened {
    /// What came so far; the last of them is the first content or the end.
    pub(super) events: VecDeque<StreamEvent>,
    /// The rest.
    pub(super) stream: ChatStream,
}

/// Asks for a stream and reads it up to its first content.
pub(super) async fn until_content(
    attempt: Attempt<Member>,
    call: Call,
    first_token: Duration,
    clock: Arc<dyn Clock>,
) -> Result<Opened, Error> {
    let member = attempt.payload();
    let (limit, stage) = match call.timeout {
        Some(total) if total < first_token => (total, TimeoutStage::Total),
        _ => (first_token, TimeoutStage::FirstToken),
    };
    let mut consumed = None;
    let opened = within(&*clock, limit, stage, async {
        let mut stream = member.provider().chat_stream(&call).await?;
        let mut events = VecDeque::new();
        while let Some(event) = stream.next().await {
            let event = event?;
            if let StreamEvent::Usage(usage) = &event {
                // The input is billed by then, whatever becomes of the answer.
                consumed = Some(usage.clone());
            }
            let committed = event.is_content() || event.is_terminal();
            events.push_back(event);
            if committed {
                return Ok(Opened { events, stream });
            }
            if events.len() > MAX_PRELUDE {
                return Err(Error::new(ErrorKind::Malformed).with_context("events without any content"));
            }
        }
        Err(Error::new(ErrorKind::StreamTruncated))
    })
    .await;
    opened.map_err(|error| {
        let error = match consumed {
            Some(usage) if error.usage().is_none() => error.with_usage(usage),
            _ => error,
        };
        named(error, member, &call)
    })
}

/// Waits for `work` no longer than `limit`.
pub(super) async fn within<V: Send>(
    clock: &dyn Clock,
    limit: Duration,
    stage: TimeoutStage,
    work: impl Future<Output = Result<V, Error>> + Send,
) -> Result<V, Error> {
    tokio::select! {
        biased;
        outcome = work => outcome,
        () = clock.sleep(limit) => Err(Error::new(ErrorKind::Timeout(stage))),
    }
}

/// Says who failed, where the provider did not.
fn named(error: Error, member: &Member, call: &Call) -> Error {
    if error.provider().is_some() {
        return error;
    }
    error.with_provider(member.provider_id().clone(), &*call.model)
}
