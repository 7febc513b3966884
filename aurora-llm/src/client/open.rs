//! One attempt at one target, within its time limits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::fallback::Attempt;
use aurora_core::time::Clock;
use futures::StreamExt as _;

use super::Limits;
use super::budget::Meter;
use super::live::{MAX_ANSWER, Pace, Paced};
use super::target::Member;
use crate::chat::{ChatResponse, ChatStream, StreamEvent};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::provider::Call;
use crate::usage::Usage;

/// Events before the first content are kept back; more of them than this are not an answer.
const MAX_PRELUDE: usize = 1_000;
/// Nor is an answer with more events than this held back.
const MAX_HELD: usize = 1 << 20;

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
    /// What came so far.
    pub(super) events: VecDeque<StreamEvent>,
    /// The rest, if the last of them is not the end.
    pub(super) rest: Option<Paced>,
    /// Counts what is used from here on.
    pub(super) meter: Option<Meter>,
}

/// Asks for a stream and reads it up to its commit point: the first content, or as many events more as are held back.
pub(super) async fn until_committed(
    attempt: Attempt<Member>,
    call: Call,
    limits: Limits,
    holds: usize,
    clock: Arc<dyn Clock>,
) -> Result<Opened, Error> {
    let member = attempt.payload();
    let mut consumed = None;
    let opened = async {
        let end = call.timeout.map(|left| clock.elapsed().saturating_add(left));
        let (limit, stage) = match call.timeout {
            Some(total) if total < limits.first_token => (total, TimeoutStage::Total),
            _ => (limits.first_token, TimeoutStage::FirstToken),
        };
        let first = until_content(member, &call, &mut consumed);
        let (events, stream) = within(&*clock, limit, stage, first).await?;
        let pace = Pace {
            idle: limits.idle,
            throughput: limits.throughput,
            end,
        };
        held_back(
            events,
            Paced::new(stream, pace, Arc::clone(&clock)),
            holds,
            &mut consumed,
        )
        .await
    }
    .await;
    opened.map_err(|error| {
        let error = match consumed {
            Some(usage) if error.usage().is_none() => error.with_usage(usage),
            _ => error,
        };
        named(error, member, &call)
    })
}

async fn until_content(
    member: &Member,
    call: &Call,
    consumed: &mut Option<Usage>,
) -> Result<(VecDeque<StreamEvent>, ChatStream), Error> {
    let mut stream = member.provider().chat_stream(call).await?;
    let mut events = VecDeque::new();
    while let Some(event) = stream.next().await {
        let event = event?;
        if let StreamEvent::Usage(usage) = &event {
            // The input is billed by then, whatever becomes of the answer.
            *consumed = Some(usage.clone());
        }
        let begun = event.is_content() || event.is_terminal();
        events.push_back(event);
        if begun {
            return Ok((events, stream));
        }
        if events.len() > MAX_PRELUDE {
            return Err(Error::new(ErrorKind::Malformed).with_context("events without any content"));
        }
    }
    Err(Error::new(ErrorKind::StreamTruncated))
}

/// Reads on until so many events are there, the first content included.
async fn held_back(
    mut events: VecDeque<StreamEvent>,
    mut stream: Paced,
    holds: usize,
    consumed: &mut Option<Usage>,
) -> Result<Opened, Error> {
    let mut size: usize = events.iter().map(StreamEvent::size).sum();
    let mut held = 1;
    while !events.back().is_some_and(StreamEvent::is_terminal) {
        if held >= holds {
            let rest = Some(stream);
            let meter = None;
            return Ok(Opened { events, rest, meter });
        }
        let Some(event) = stream.next().await else {
            return Err(Error::new(ErrorKind::StreamTruncated));
        };
        let event = event?;
        if let StreamEvent::Usage(usage) = &event {
            *consumed = Some(usage.clone());
        }
        size = size.saturating_add(event.size());
        if size > MAX_ANSWER || events.len() > MAX_HELD {
            return Err(Error::new(ErrorKind::Malformed).with_context("an answer without end"));
        }
        held += 1;
        // Pings have done their work once they are here.
        if event != StreamEvent::Ping {
            events.push_back(event);
        }
    }
    let (rest, meter) = (None, None);
    Ok(Opened { events, rest, meter })
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
