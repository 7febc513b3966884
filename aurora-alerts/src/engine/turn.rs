//! One turn of an engine: lead or follow, take in what waits, write it down, answer.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::time::{Clock, Timestamp};
use tracing::{error, info, warn};

use super::desk::{Intake, Order};
use super::{AlertEngine, Brain, Role};
use crate::core::{Command, Core, Handed, Input, Reply};
use crate::error::{Error, ErrorKind};
use crate::history::Record;
use crate::notification::DeliveryId;
use crate::pipeline::Sending;
use crate::store::{Batch, Lead, StoreError, StoreErrorKind};
use crate::telemetry;

/// The most messages of other replicas that one turn takes in.
const INBOX: usize = 1_000;

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Rules are judged.
    Tick,
    /// Only what waits is taken in.
    Wake,
    /// As `Wake`, for somebody who sends nothing afterwards.
    Ask,
}

/// What has to be answered and told once it is written.
#[derive(Debug)]
struct Outcome {
    batch: Arc<Batch>,
    answers: Vec<(Order, Reply)>,
}

impl AlertEngine {
    /// Takes the turn, one at a time in this process, and does all that waits.
    ///
    /// # Cancel safety
    /// What was taken in stays taken in, and is written with the next turn; whoever waits for an answer then gets it.
    pub(super) async fn turn(&self, occasion: Occasion) -> Result<(), Error> {
        let inner = &self.inner;
        let Ok(_turn) = inner.turns.acquire().await else {
            return Err(closed());
        };
        self.take_turn(occasion).await
    }

    /// Does all that waits, for the one who has the turn.
    pub(super) async fn take_turn(&self, occasion: Occasion) -> Result<(), Error> {
        match self.role().await? {
            Role::Leading(lead) => self.lead_turn(lead, occasion).await,
            Role::Following => self.follow_turn().await,
        }
    }

    /// Takes or keeps the lead where there is one to have, and loads what another left.
    async fn role(&self) -> Result<Role, Error> {
        let inner = &self.inner;
        let now = inner.clock.elapsed();
        let (lead, is_fresh) = {
            let brain = self.brain();
            (
                brain.lead,
                brain
                    .renewed_at
                    .is_some_and(|at| now.saturating_sub(at) < inner.lead_ttl / 3),
            )
        };
        if let Some(lead) = lead.filter(|_| is_fresh) {
            return Ok(Role::Leading(lead));
        }
        let got = inner.store.lead(&inner.holder, inner.lead_ttl).await?;
        match (got, lead) {
            (Some(got), Some(had)) if got == had => {
                self.brain().renewed_at = Some(now);
                Ok(Role::Leading(got))
            }
            (Some(got), _) => {
                self.load().await?;
                let mut brain = self.brain();
                brain.lead = Some(got);
                brain.renewed_at = Some(now);
                drop(brain);
                if inner.has_followed() {
                    // The replica that led was handed these samples too.
                    inner.series.skip(inner.clock.now());
                    // And these not: they are judged by nobody.
                    inner.desk.forget_samples();
                    info!(fence = got.fence, "this replica evaluates and delivers now");
                }
                inner.set_following(false);
                Ok(Role::Leading(got))
            }
            (None, had) => {
                if had.is_some() {
                    self.lost_lead();
                }
                inner.set_following(true);
                Ok(Role::Following)
            }
        }
    }

    /// Begins anew from what is stored.
    async fn load(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let snapshot = inner.store.load().await?;
        let version = snapshot.version;
        let blueprint = inner.blueprint();
        let mut core = Core::new(blueprint.rules.clone(), blueprint.setup(), inner.series.clone());
        core.restore(snapshot);
        if core.unreadable() > 0 {
            error!(
                rows = core.unreadable(),
                "stored rows that cannot be understood are left alone"
            );
        }
        let mut brain = self.brain();
        brain.core = core;
        brain.unsaved = None;
        brain.inbox_after = 0;
        brain.version = Some(version);
        Ok(())
    }

    /// Another leads now: what was not written is not so.
    fn lost_lead(&self) {
        warn!("another replica evaluates and delivers now");
        let mut brain = self.brain();
        brain.lead = None;
        brain.renewed_at = None;
        brain.version = None;
        brain.unsaved = None;
    }

    async fn lead_turn(&self, lead: Lead, occasion: Occasion) -> Result<(), Error> {
        let inner = &self.inner;
        let after = self.brain().inbox_after;
        let messages = inner.store.inbox(after, INBOX).await?;
        let intake = inner.desk.take();
        let outcome = {
            let mut brain = self.brain();
            let mut consumed = Vec::with_capacity(messages.len());
            let now = inner.clock.now();
            for message in messages {
                match serde_json::from_str::<Handed<Command>>(&message.body) {
                    Ok(Handed { ticket, command }) => {
                        let reply = brain.core.step(Input::Command(command), now);
                        if let Some(ticket) = ticket {
                            brain.core.answer(ticket, reply);
                        } else if reply == Reply::Full {
                            error!(
                                seq = message.seq,
                                "what another replica took in was refused: there are too many"
                            );
                            telemetry::refused_of_replica();
                        }
                    }
                    Err(_) => error!(
                        seq = message.seq,
                        "a message of another replica cannot be understood"
                    ),
                }
                brain.inbox_after = message.seq;
                consumed.push(message.seq);
            }
            let answers = take_in(&mut brain.core, intake, occasion, now);
            let mut batch = brain.core.take_batch();
            batch.consumed = consumed;
            let events = brain.core.take_events();
            brain.untold.extend(events);
            if let Some(unsaved) = brain.unsaved.take() {
                batch = Arc::unwrap_or_clone(unsaved).followed_by(batch);
            }
            let batch = Arc::new(batch);
            // Until it is written it stays here, so that a dropped future loses nothing.
            brain.unsaved = Some(Arc::clone(&batch)).filter(|batch| !batch.is_empty());
            Outcome { batch, answers }
        };
        let written = if outcome.batch.is_empty() {
            Ok(())
        } else {
            inner.store.commit(lead, &outcome.batch).await
        };
        self.conclude(outcome, written).await
    }

    async fn conclude(&self, outcome: Outcome, written: Result<(), StoreError>) -> Result<(), Error> {
        let inner = &self.inner;
        match written {
            Ok(()) => {
                self.brain().unsaved = None;
                self.answer_handed();
                for (order, reply) in outcome.answers {
                    drop(order.reply.send(Ok(reply))); // whoever no longer waits need not be told
                }
                self.publish(&outcome.batch.history);
                Ok(())
            }
            Err(error) if error.kind() == StoreErrorKind::Fenced => {
                self.lost_lead();
                inner.set_following(true);
                let orders: Vec<Order> = outcome.answers.into_iter().map(|(order, _)| order).collect();
                self.hand_on(orders).await
            }
            Err(error) => {
                let error = Error::from(error);
                for (order, _) in outcome.answers {
                    drop(order.reply.send(Err(error.clone())));
                }
                Err(error)
            }
        }
    }

    /// Another leads: it is handed everything, and what it has written is shown.
    async fn follow_turn(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let intake = inner.desk.take();
        if intake
            .own
            .iter()
            .any(|input| matches!(input, Input::Configure(_)))
        {
            // Other rules are in force: what is shown is made anew by them.
            self.brain().version = None;
        }
        self.hand_on(intake.commands).await?;
        self.hand_on_samples().await?;
        self.look().await
    }

    /// Samples wait on the desk until they are handed on; where they wait too long, the oldest are lost and counted.
    async fn hand_on_samples(&self) -> Result<(), Error> {
        let samples = self.inner.desk.take_samples();
        if samples.is_empty() {
            return Ok(());
        }
        let command = Command::Samples { samples };
        let Ok(body) = serde_json::to_string(&command) else {
            return Ok(()); // finite numbers and texts can always be written
        };
        let handed = self.inner.store.submit(&[body]).await;
        if let (Err(_), Command::Samples { samples }) = (&handed, command) {
            self.inner.desk.put_back(samples);
        }
        Ok(handed?)
    }

    async fn hand_on(&self, orders: Vec<Order>) -> Result<(), Error> {
        if orders.is_empty() {
            return Ok(());
        }
        let tickets: Vec<Option<String>> = orders
            .iter()
            .map(|order| order.command.is_answered().then(|| self.ticket()))
            .collect();
        let bodies: Result<Vec<String>, _> = orders
            .iter()
            .zip(&tickets)
            .map(|(order, ticket)| {
                let (ticket, command) = (ticket.clone(), &order.command);
                serde_json::to_string(&Handed { ticket, command })
            })
            .collect();
        let handed = match bodies {
            Ok(bodies) => self.inner.store.submit(&bodies).await.map_err(Error::from),
            Err(_) => Err(Error::new(
                ErrorKind::Invalid,
                "engine",
                "the request cannot be written as JSON",
            )),
        };
        for (order, ticket) in orders.into_iter().zip(tickets) {
            match (&handed, ticket) {
                (Ok(()), Some(ticket)) => drop(self.brain().handed.insert(ticket, order.reply)),
                (Ok(()), None) => drop(order.reply.send(Ok(Reply::Done))),
                (Err(error), _) => drop(order.reply.send(Err(error.clone()))),
            }
        }
        handed
    }

    /// A name under which no other replica has handed anything in.
    fn ticket(&self) -> String {
        DeliveryId::new(self.inner.now()).to_string()
    }

    /// Tells whoever handed something to the replica that led what is written down of it.
    fn answer_handed(&self) {
        let mut brain = self.brain();
        let Brain { core, handed, .. } = &mut *brain;
        let answered = |ticket: &String| Some((ticket.clone(), core.answer_to(ticket)?));
        let answered: Vec<(String, Reply)> = handed.keys().filter_map(answered).collect();
        for (ticket, reply) in answered {
            if let Some(waiting) = handed.remove(&ticket) {
                drop(waiting.send(Ok(reply))); // whoever no longer waits need not be told
            }
        }
        handed.retain(|_, waiting| !waiting.is_closed());
    }

    /// Shows what the leader has written, where there is something new.
    async fn look(&self) -> Result<(), Error> {
        let version = self.inner.store.version().await?;
        if self.brain().version != Some(version) {
            self.load().await?;
        }
        self.answer_handed();
        Ok(())
    }

    /// What may be sent now: nothing before everything is written, and nothing by a replica that does not lead.
    pub(super) fn claim(&self) -> Vec<Sending> {
        let inner = &self.inner;
        let elapsed = inner.clock.elapsed();
        let mut brain = self.brain();
        let leads = brain.lead.is_some()
            && brain
                .renewed_at
                .is_some_and(|at| elapsed.saturating_sub(at) < inner.lead_ttl);
        if !leads || brain.unsaved.is_some() {
            return Vec::new();
        }
        brain.core.claim()
    }

    /// How long until something is due, if nothing else happens.
    pub(super) fn until_due(&self) -> Option<Duration> {
        let due = self.brain().core.next_due()?;
        Some(due.since(self.inner.clock.now()))
    }

    fn publish(&self, records: &[Record]) {
        let events = std::mem::take(&mut self.brain().untold);
        for event in events {
            telemetry::changed(event.decision, event.alert.severity);
            self.inner.journal.alert(event);
        }
        for record in records {
            telemetry::recorded(record);
            self.inner.journal.record(record);
        }
    }

    pub(super) fn brain(&self) -> MutexGuard<'_, Brain> {
        self.inner.brain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that waits goes through the core, then time passes.
fn take_in(core: &mut Core, intake: Intake, occasion: Occasion, now: Timestamp) -> Vec<(Order, Reply)> {
    for input in intake.own {
        core.step(input, now);
    }
    let mut answers = Vec::with_capacity(intake.commands.len());
    for order in intake.commands {
        let reply = core.step(Input::Command(order.command.clone()), now);
        answers.push((order, reply));
    }
    let passes = match occasion {
        Occasion::Tick => Input::Tick,
        Occasion::Wake => Input::Wake,
        Occasion::Ask => Input::Ask,
    };
    core.step(passes, now);
    answers
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "engine", "it was shut down")
}
