//! One connection for all, and the circuit before it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fred::interfaces::ClientLike;
use fred::types::config::Options;
use fred::types::{ClusterHash, CustomCommand, Value};

use super::answer::Answer;
use super::error::{Error, ErrorKind};
use super::link::{Link, Live};
use super::settings::Settings;
use super::telemetry;
use crate::failure::FailureClass;
use crate::resilience::{Breaker, BreakerState, Outcome, Permit};

/// How often a command is asked again whose slot has moved to another node.
const MOVES: u32 = 2;

/// The shortest time between two connections that are given up because the server refuses writes.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Connection {
    pub(super) settings: Settings,
    pub(super) breaker: Breaker,
    link: Link,
    refused: Mutex<Option<Duration>>,
}

/// What is sent.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) name: &'static str,
    /// The slot of a cluster that decides who is asked; anybody without one.
    pub(super) slot: Option<u16>,
    pub(super) args: Vec<Value>,
}

impl Connection {
    pub(super) fn start(settings: Settings) -> Self {
        Self {
            link: Link::start(&settings),
            breaker: settings.breaker(),
            refused: Mutex::new(None),
            settings,
        }
    }

    /// Waits for the first connection, no longer than one attempt may take.
    pub(super) async fn is_up_in_time(&self) -> bool {
        let limit = self.settings.connect_timeout;
        tokio::time::timeout(limit, self.link.up()).await.is_ok()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.link.live().is_some()
    }

    /// Asks `question`; when the server says that it does not know the script, asks `in_full` in what time is left.
    pub(super) async fn ask(
        &self,
        question: Question,
        in_full: Option<&(dyn Fn() -> Question + Send + Sync)>,
    ) -> Result<Answer, Error> {
        // The library's futures are several kilobytes large; the caller's need not be.
        let outcome = Box::pin(self.ask_once(question, in_full)).await;
        telemetry::asked(&outcome);
        outcome
    }

    async fn ask_once(
        &self,
        question: Question,
        in_full: Option<&(dyn Fn() -> Question + Send + Sync)>,
    ) -> Result<Answer, Error> {
        let live = self
            .link
            .live()
            .ok_or_else(|| Error::new(ErrorKind::Unavailable))?;
        let permit = self
            .breaker
            .try_acquire()
            .map_err(|rejected| Error::circuit_open(rejected.retry_after))?;
        let asked = Asked {
            connection: self,
            live: &live,
            permit: Some(permit),
            begun: self.settings.clock.elapsed(),
        };
        let mut outcome = asked.send(question).await;
        if let (Err(error), Some(in_full)) = (&outcome, in_full)
            && error.code() == Some("NOSCRIPT")
        {
            outcome = asked.send(in_full()).await;
        }
        asked.settle(&outcome);
        outcome.and_then(Answer::of)
    }

    /// A server that has become a replica keeps its connections; the one that takes writes now must be looked for.
    fn look_for_the_master(&self, live: &Live) {
        let now = self.settings.clock.elapsed();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_none_or(|last| now.saturating_sub(last) >= REFUSED_PAUSE) {
            *refused = Some(now);
            live.give_up();
        }
    }
}

/// A command under way. Dropping it half-way tells the circuit what is known by then.
struct Asked<'a> {
    connection: &'a Connection,
    live: &'a Arc<Live>,
    permit: Option<Permit>,
    begun: Duration,
}

impl Asked<'_> {
    async fn send(&self, question: Question) -> Result<Value, Error> {
        let mut moves = 0;
        loop {
            let limit = self
                .connection
                .settings
                .command_timeout
                .saturating_sub(self.elapsed());
            if limit.is_zero() {
                return Err(Error::new(ErrorKind::Timeout));
            }
            let options = Options {
                timeout: Some(limit),
                ..Options::default()
            };
            let hash = question.slot.map_or(ClusterHash::Random, ClusterHash::Custom);
            let command = CustomCommand::new_static(question.name, hash, false);
            let client = self.live.client.with_options(&options);
            let outcome = client
                .custom::<Value, Value>(command, question.args.clone())
                .await;
            let error = match outcome {
                Ok(value) => return Ok(value),
                Err(error) => Error::of(&error),
            };
            // By now the library has read anew which node has which slot.
            if error.kind() != ErrorKind::Unavailable || moves == MOVES {
                return Err(error);
            }
            moves += 1;
        }
    }

    fn elapsed(&self) -> Duration {
        self.connection
            .settings
            .clock
            .elapsed()
            .saturating_sub(self.begun)
    }

    fn settle(mut self, outcome: &Result<Value, Error>) {
        let error = outcome.as_ref().err();
        let judged = match error.map(Error::kind) {
            Some(ErrorKind::Timeout) => Outcome::Failed(FailureClass::Timeout, None),
            Some(ErrorKind::Lost) => Outcome::Failed(FailureClass::Transient, None),
            Some(ErrorKind::Busy) => Outcome::Failed(FailureClass::Throttled, None),
            // A server that refuses, or sends us to another node, is there and answers at once.
            _ => Outcome::Success,
        };
        self.tell(judged);
        if error.and_then(Error::code) == Some("READONLY") {
            self.connection.look_for_the_master(self.live);
        }
    }

    fn tell(&mut self, outcome: Outcome) {
        let Some(permit) = self.permit.take() else { return };
        let breaker = &self.connection.breaker;
        let was_open = breaker.state() == BreakerState::Open;
        permit.record(outcome, self.elapsed());
        if !was_open && breaker.state() == BreakerState::Open {
            telemetry::circuit_opened();
        }
        match outcome {
            Outcome::Failed(FailureClass::Timeout, _) => self.live.unanswered(),
            Outcome::Success => self.live.answered(),
            Outcome::Failed(..) => {}
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        // A caller with less patience than the limit has learned that the server is slow; one that gave up for reasons
        // of its own has learned nothing, and its permit goes back.
        if self.permit.is_some() && self.elapsed() >= self.connection.settings.slow_after() {
            self.tell(Outcome::Failed(FailureClass::Timeout, None));
        }
    }
}
