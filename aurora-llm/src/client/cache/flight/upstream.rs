//! What a flight brings, one step at a time: sans lock, sans readers.

use std::mem::replace;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::chat::{ChatResponse, StreamCollector, StreamEvent};
use crate::client::cache::MAX_LOG;
use crate::client::cache::entry::{self, Said};
use crate::client::cache::job::Begun;
use crate::client::cache::status::CacheStatus;
use crate::client::cache::store::Keeper;
use crate::client::stream::Source;
use crate::client::told::Told;
use crate::client::trail::Attempt;
use crate::error::{Error, ErrorKind};

/// One answer on its way, until it is kept.
pub(in crate::client::cache) struct Upstream {
    stage: Stage,
    keeper: Keeper,
}

enum Stage {
    Opening(BoxFuture<'static, Result<Begun, Error>>),
    Streaming(Box<Streaming>),
    /// The answer is complete, and handed out when it is kept: nobody may ask for it again in between.
    Keeping(BoxFuture<'static, ()>, Box<Ended>),
    Over,
}

struct Streaming {
    source: Box<dyn Source>,
    /// What was done before it began.
    before: Vec<Attempt>,
    collector: StreamCollector,
    /// What will be kept; given up when it is too long.
    record: Option<Vec<StreamEvent>>,
    /// What the events take, in bytes.
    weight: usize,
    longest: usize,
    /// How many attempts there were, and who answered, when it was told last.
    known: (usize, String),
}

/// What a step brought.
pub(super) enum Step {
    /// It must wait.
    Pending,
    /// It is known who answers.
    Opened(Told),
    /// Something was said, and who answers, when that is somebody else.
    Event(StreamEvent, Option<Told>),
    /// It is complete.
    Ended(Box<Ended>),
    /// It went wrong; who had answered until then.
    Failed(Error, Option<Told>),
}

/// A complete answer.
pub(super) struct Ended {
    pub(super) told: Told,
    /// The end of what was said event by event.
    pub(super) last: Option<StreamEvent>,
    pub(super) said: Option<Said>,
}

impl Upstream {
    pub(in crate::client::cache) fn new(
        opening: BoxFuture<'static, Result<Begun, Error>>,
        keeper: Keeper,
    ) -> Self {
        Self {
            stage: Stage::Opening(opening),
            keeper,
        }
    }

    pub(super) fn step(&mut self, cx: &mut Context<'_>) -> Step {
        match &mut self.stage {
            Stage::Opening(opening) => match opening.poll_unpin(cx) {
                Poll::Pending => Step::Pending,
                Poll::Ready(begun) => self.begun(begun),
            },
            Stage::Streaming(streaming) => match streaming.poll(cx) {
                Poll::Pending => Step::Pending,
                Poll::Ready(Ok(event)) if event.is_terminal() => self.ended(event),
                Poll::Ready(Ok(event)) => {
                    let told = streaming.news();
                    Step::Event(event, told)
                }
                Poll::Ready(Err(error)) => {
                    let error = error.with_partial(streaming.collector.partial());
                    let told = streaming.told();
                    self.stage = Stage::Over;
                    Step::Failed(error, Some(told))
                }
            },
            Stage::Keeping(write, _) => {
                if write.poll_unpin(cx).is_pending() {
                    return Step::Pending;
                }
                match replace(&mut self.stage, Stage::Over) {
                    Stage::Keeping(_, ended) => Step::Ended(ended),
                    _ => lost(),
                }
            }
            Stage::Over => lost(),
        }
    }

    fn begun(&mut self, begun: Result<Begun, Error>) -> Step {
        match begun {
            Err(error) => {
                self.stage = Stage::Over;
                Step::Failed(error, None)
            }
            Ok(Begun::Kept(kept)) => {
                self.stage = Stage::Over;
                Step::Ended(Box::new(Ended {
                    told: kept.told,
                    last: None,
                    said: Some(kept.said),
                }))
            }
            Ok(Begun::Whole(answer, aside)) => {
                let (response, mut told) = answer.into_parts();
                told.was_raced_by(self.keeper.take(aside));
                let cost = told.total();
                let worth = entry::is_worth_keeping(&response);
                let said = Said::Whole(response);
                let write = worth.then(|| self.keeper.keep(&told, cost, &said).boxed());
                self.keep(
                    write,
                    Ended {
                        told,
                        last: None,
                        said: Some(said),
                    },
                )
            }
            Ok(Begun::Stream(source, aside)) => {
                let longest = self.keeper.longest();
                let known = mark(source.told());
                let streaming = Box::new(Streaming {
                    known,
                    source,
                    before: self.keeper.take(aside),
                    collector: StreamCollector::default(),
                    record: (longest > 0).then(Vec::new),
                    weight: 0,
                    longest,
                });
                let told = streaming.told();
                self.stage = Stage::Streaming(streaming);
                Step::Opened(told)
            }
        }
    }

    /// The provider has said its last.
    fn ended(&mut self, last: StreamEvent) -> Step {
        let Stage::Streaming(streaming) = replace(&mut self.stage, Stage::Over) else {
            return lost();
        };
        let told = streaming.told();
        let cost = told.total_with(streaming.collector.usage());
        let response = streaming.collector.finish();
        let worth = response.as_ref().is_some_and(entry::is_worth_keeping);
        let record = streaming.record.filter(|_| worth);
        let write = record.map(|events| self.keeper.keep(&told, cost, &Said::Stream(events)).boxed());
        self.keep(
            write,
            Ended {
                told,
                last: Some(last),
                said: response.map(Said::Whole),
            },
        )
    }

    fn keep(&mut self, write: Option<BoxFuture<'static, ()>>, ended: Ended) -> Step {
        let Some(write) = write else {
            self.stage = Stage::Over;
            return Step::Ended(Box::new(ended));
        };
        let told = ended.told.clone();
        self.stage = Stage::Keeping(write, Box::new(ended));
        // Something came of it, so it will be polled again.
        Step::Opened(told)
    }
}

impl Streaming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<StreamEvent, Error>> {
        let event = loop {
            match futures::ready!(self.source.poll_event(cx, &self.collector)) {
                None => return Poll::Ready(Err(Error::new(ErrorKind::StreamTruncated))),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                // Whoever comes later has no use for a sign of life, and they would add up.
                Some(Ok(StreamEvent::Ping)) => {}
                Some(Ok(event)) => break event,
            }
        };
        self.collector.push(&event);
        self.weight = self
            .weight
            .saturating_add(event.size())
            .saturating_add(size_of::<StreamEvent>());
        if self.weight > MAX_LOG {
            let error = Error::new(ErrorKind::Malformed).with_context("an answer without end");
            return Poll::Ready(Err(error));
        }
        if self.collector.size() > self.longest {
            self.record = None;
        }
        if let Some(record) = &mut self.record {
            record.push(event.clone());
        }
        Poll::Ready(Ok(event))
    }

    /// Who answers, when that has changed since it was told last.
    fn news(&mut self) -> Option<Told> {
        let told = self.source.told();
        if (told.attempts.len(), &*told.target) == (self.known.0, self.known.1.as_str()) {
            return None;
        }
        self.known = mark(told);
        Some(self.told())
    }

    fn told(&self) -> Told {
        let mut told = self.source.told().clone().through(CacheStatus::Miss);
        told.was_raced_by(self.before.clone());
        told
    }
}

/// Polled after its end, or an answer without one.
fn lost() -> Step {
    Step::Failed(Error::new(ErrorKind::StreamTruncated), None)
}

fn mark(told: &Told) -> (usize, String) {
    (told.attempts.len(), told.target.to_string())
}

/// The whole answer, from whatever form it has.
pub(super) fn whole(said: &Said) -> Option<ChatResponse> {
    match said {
        Said::Whole(response) => Some(response.clone()),
        Said::Stream(events) => entry::collected(events),
    }
}
