//! One who reads an answer together with others.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aurora_core::resilience::Deadline;
use aurora_core::time::Clock;

use super::upstream::whole;
use super::{Flight, State};
use crate::chat::{StreamCollector, StreamEvent};
use crate::client::answer::Answer;
use crate::client::stream::Source;
use crate::client::told::Told;
use crate::error::{Error, ErrorKind, TimeoutStage};

/// A place in a flight.
pub(in crate::client::cache) struct Seat {
    flight: Arc<Flight>,
    leads: bool,
}

impl Seat {
    /// The place of the one for whom the flight is made, and who pays for it.
    pub(super) const fn first(flight: Arc<Flight>) -> Self {
        Self { flight, leads: true }
    }

    /// The place of one who joins.
    pub(super) const fn beside(flight: Arc<Flight>) -> Self {
        Self { flight, leads: false }
    }

    /// Takes the place, at most until `deadline`.
    pub(in crate::client::cache) fn reader(self, deadline: Deadline, clock: &Arc<dyn Clock>) -> Reader {
        let left = deadline.remaining(&**clock);
        let timer = left.map(|left| -> Pin<Box<dyn Future<Output = ()> + Send>> {
            let clock = Arc::clone(clock);
            Box::pin(async move { clock.sleep(left).await })
        });
        Reader {
            seat: self.flight.seat(),
            leads: self.leads,
            flight: Some(self.flight),
            cursor: 0,
            version: 0,
            timer,
        }
    }
}

/// One who reads; dropping it leaves the answer to the others.
pub(in crate::client::cache) struct Reader {
    /// Not there any more once everything was read.
    flight: Option<Arc<Flight>>,
    seat: u64,
    leads: bool,
    cursor: usize,
    version: u64,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Reader {
    /// Whether somebody else asked first.
    pub(in crate::client::cache) const fn is_follower(&self) -> bool {
        !self.leads
    }

    /// The whole answer.
    pub(in crate::client::cache) async fn answer(&mut self) -> Result<Answer, Error> {
        let leads = self.leads;
        let found = std::future::poll_fn(|cx| {
            self.poll(cx, |state, _| match &state.outcome {
                None => None,
                Some(Err(error)) => Some(Err(error.share())),
                Some(Ok(())) => Some(Ok((
                    state.told.as_ref().map(|(told, _)| told.clone()),
                    state.said.as_ref().and_then(whole),
                ))),
            })
        })
        .await;
        self.leave();
        match found.map_err(|error| seen(leads, error))? {
            (Some(told), Some(response)) => Ok(Answer::new(response, shown(leads, told))),
            _ => Err(Error::new(ErrorKind::StreamTruncated)),
        }
    }

    /// Waits until it is known who answers.
    pub(in crate::client::cache) async fn opened(mut self) -> Result<Listener, (Error, bool)> {
        let leads = self.leads;
        let found = std::future::poll_fn(|cx| {
            self.poll(cx, |state, _| match (&state.outcome, &state.told) {
                (Some(Err(error)), _) if state.log.is_empty() => Some(Err(error.share())),
                (_, Some((told, version))) => Some(Ok((told.clone(), *version))),
                (Some(Err(error)), None) => Some(Err(error.share())),
                _ => None,
            })
        })
        .await;
        match found {
            Ok((told, version)) => {
                self.version = version;
                let told = shown(leads, told);
                Ok(Listener { reader: self, told })
            }
            Err(error) => Err((seen(leads, error), !leads)),
        }
    }

    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut ready: impl FnMut(&mut State, usize) -> Option<Result<T, Error>>,
    ) -> Poll<Result<T, Error>> {
        let Some(flight) = &self.flight else {
            return Poll::Ready(Err(Error::new(ErrorKind::StreamTruncated)));
        };
        let cursor = self.cursor;
        if let Poll::Ready(found) = flight.poll(self.seat, cx, |state| ready(state, cursor)) {
            return Poll::Ready(found);
        }
        if let Some(timer) = &mut self.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(Error::new(ErrorKind::Timeout(TimeoutStage::Total))));
        }
        Poll::Pending
    }

    /// Leaves the flight, which ends when nobody else reads it.
    fn leave(&mut self) {
        self.timer = None;
        if let Some(flight) = self.flight.take() {
            flight.waiters.leave(self.seat);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The events of an answer that several may read.
pub(in crate::client::cache) struct Listener {
    reader: Reader,
    told: Told,
}

impl Listener {
    fn hear(&mut self, told: Option<(Told, u64)>) {
        if let Some((told, version)) = told {
            self.told = shown(self.reader.leads, told);
            self.reader.version = version;
        }
    }
}

impl Source for Listener {
    fn told(&self) -> &Told {
        &self.told
    }

    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        _: &StreamCollector,
    ) -> Poll<Option<Result<StreamEvent, Error>>> {
        if self.reader.flight.is_none() {
            return Poll::Ready(None);
        }
        let version = self.reader.version;
        let next = self.reader.poll(cx, |state, cursor| {
            let over = state.outcome.is_some();
            if over {
                state.fill();
            }
            let told = state.told.as_ref().filter(|(_, now)| *now != version).cloned();
            if let Some(event) = state.log.get(cursor) {
                // Who answers is known before the last event: it says what the answer cost.
                return Some(Ok((Ok(event.clone()), told)));
            }
            match &state.outcome {
                Some(Err(error)) => Some(Ok((Err(error.share()), told))),
                Some(Ok(())) => Some(Err(Error::new(ErrorKind::StreamTruncated))),
                None => None,
            }
        });
        let Poll::Ready(found) = next else {
            return Poll::Pending;
        };
        let item = match found {
            Ok((item, told)) => {
                self.hear(told);
                item.map_err(|error| seen(self.reader.leads, error))
            }
            Err(error) => Err(error),
        };
        self.reader.cursor += 1;
        if item.as_ref().map_or(true, StreamEvent::is_terminal) {
            self.reader.leave();
        }
        Poll::Ready(Some(item))
    }
}

/// Who answers, as it is told to one who reads: only the first pays, so only he sees what was paid for.
fn shown(leads: bool, told: Told) -> Told {
    let cache = told.cache;
    match (leads, cache.is_free()) {
        (true, _) => told,
        // What is kept is nobody's, but the look for it was the first one's.
        (false, true) => told.shared().through(cache),
        (false, false) => told.shared(),
    }
}

fn seen(leads: bool, error: Error) -> Error {
    if leads {
        error
    } else {
        error.with_attempts(Vec::new())
    }
}
