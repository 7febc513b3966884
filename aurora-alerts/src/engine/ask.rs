//! What people and programs ask of an engine.

use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::time::{Clock, Timestamp};

use tokio::sync::oneshot;

use super::turn::{Occasion, closed};
use super::{AlertEngine, Arc, PoisonError};
use crate::backtest::Backtest;
use crate::core::{Command, Input, Reply, Setting};
use crate::error::{Error, ErrorKind, Problem};
use crate::history::{HistoryQuery, Record};
use crate::labels::Fingerprint;
use crate::notification::Notification;
use crate::notifier::{Receipt, Rendered};
use crate::pipeline::Acknowledgement;
use crate::posted::PostedAlert;
use crate::route::Routing;
use crate::rule::{Rule, RuleBuilder};
use crate::silence::{Silence, SilenceId};
use crate::store::{Batch, Lead};

/// How often a replica looks for the answer of the one that leads.
const LOOK: Duration = Duration::from_millis(100);
/// How long it does so beyond the time after which it could lead itself.
const PATIENCE: Duration = Duration::from_secs(5);

impl AlertEngine {
    /// Takes alerts that somebody else found, or their ends; when it gives `Ok`, they are written down and will be told.
    ///
    /// Of several, those that make sense are taken even where others do not. An alert that is posted again is the same
    /// alert; posting something twice is harmless.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] names every alert that makes no sense; the others were taken. [`ErrorKind::Unavailable`],
    /// [`ErrorKind::Full`] and [`ErrorKind::Closed`] as their documentation says.
    ///
    /// # Cancel safety
    /// A dropped future may or may not have taken them.
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::{AlertEngine, Console, PostedAlert};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), aurora_alerts::Error> {
    /// let engine = AlertEngine::builder().notify(Console::new()).build()?;
    /// engine.post([PostedAlert::new([("alertname", "Backup failed"), ("host", "db1")])]).await?;
    /// engine.tick().await; // [WARNING] Backup failed {alertname="Backup failed", host="db1"}
    /// # Ok(())
    /// # }
    /// ```
    pub async fn post(&self, alerts: impl IntoIterator<Item = PostedAlert>) -> Result<(), Error> {
        let mut taken = Vec::new();
        let mut problems = Vec::new();
        for alert in alerts {
            match alert.problem() {
                None => taken.push(alert),
                Some(problem) => problems.push(Problem::new(format!("alert {}", alert.labels), problem)),
            }
        }
        if !taken.is_empty() {
            self.order(Command::Post { alerts: taken }).await?;
        }
        Error::check(problems)
    }

    /// Makes a silence, or replaces the one of the same id.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it has no matcher, or ends before it starts; otherwise as [`post`](Self::post).
    pub async fn silence(&self, silence: Silence) -> Result<SilenceId, Error> {
        self.put_silence(silence, None).await
    }

    /// Replaces the silence of the same id, if that has this [version](Silence::version) still.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none of that id, [`ErrorKind::Conflict`] when it has another version;
    /// otherwise as [`silence`](Self::silence).
    pub async fn replace_silence(&self, silence: Silence, version: i64) -> Result<SilenceId, Error> {
        self.put_silence(silence, Some(version)).await
    }

    async fn put_silence(&self, silence: Silence, after: Option<i64>) -> Result<SilenceId, Error> {
        let subject = format!("silence {}", silence.id);
        if silence.matchers.is_empty() || silence.matchers.iter().any(crate::Matchers::is_empty) {
            return Err(Error::invalid(subject, "needs at least one matcher in each set"));
        }
        if silence.ends_at <= silence.starts_at {
            return Err(Error::invalid(subject, "ends before it starts"));
        }
        let id = silence.id;
        let silence = Box::new(silence);
        self.order(Command::Silence { silence, after }).await?;
        Ok(id)
    }

    /// Ends a silence now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none of that id that has not ended; otherwise as [`post`](Self::post).
    pub async fn expire_silence(&self, id: SilenceId, by: &str) -> Result<(), Error> {
        let (by, after) = (by.to_owned(), None);
        self.order(Command::Expire { id, by, after }).await
    }

    /// Ends a silence now, if it has this [version](Silence::version) still.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when it has another version; otherwise as [`expire_silence`](Self::expire_silence).
    pub async fn expire_silence_if(&self, id: SilenceId, version: i64, by: &str) -> Result<(), Error> {
        let (by, after) = (by.to_owned(), Some(version));
        self.order(Command::Expire { id, by, after }).await
    }

    /// Says that somebody takes care: no repetition and no escalation until the alert ends, or for `lasts`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when none of the alerts fires; otherwise as [`post`](Self::post).
    pub async fn acknowledge(
        &self,
        alerts: impl IntoIterator<Item = Fingerprint>,
        by: &str,
        comment: &str,
        lasts: Option<Duration>,
    ) -> Result<(), Error> {
        let at = self.inner.now();
        let acknowledgement = Acknowledgement {
            by: by.to_owned(),
            comment: comment.to_owned(),
            at,
            until: lasts.map(|lasts| at + lasts),
        };
        let alerts = alerts.into_iter().collect();
        self.order(Command::Acknowledge {
            alerts,
            acknowledgement,
        })
        .await
    }

    /// Takes an acknowledgement back; escalation begins anew.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when nobody has acknowledged it; otherwise as [`post`](Self::post).
    pub async fn unacknowledge(&self, alert: Fingerprint, by: &str) -> Result<(), Error> {
        let by = by.to_owned();
        self.order(Command::Unacknowledge { alert, by }).await
    }

    /// Uses a channel again that was switched off because nothing could be sent there.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is no such channel or it was not off; otherwise as [`post`](Self::post).
    pub async fn enable_channel(&self, channel: &str) -> Result<(), Error> {
        let channel = channel.to_owned();
        self.order(Command::Enable { channel }).await
    }

    /// Whether [`reload`](Self::reload) would take these rules and routes.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with every problem at once.
    pub fn check(&self, rules: Vec<Rule>, routing: Routing) -> Result<(), Error> {
        Error::check(self.inner.blueprint().with(rules, routing).problems())
    }

    /// A backtest of other rules with the routes and channels of this engine; nothing is sent.
    pub fn backtest<R: Into<RuleBuilder>>(&self, rules: impl IntoIterator<Item = R>) -> Backtest {
        let blueprint = self.inner.blueprint();
        let mut backtest = Backtest::new(rules, blueprint.routing.clone());
        for channel in &blueprint.fixed.channels {
            backtest = backtest.channel(&channel.name, &channel.targets, channel.limits);
        }
        match &blueprint.fixed.fallback {
            Some(fallback) => backtest.fallback(fallback),
            None => backtest,
        }
    }

    /// Works by other rules and routes from now on. Alerts of unchanged rules keep everything; what was told stays told.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with every problem at once; the old ones then stay in force.
    pub async fn reload(&self, rules: Vec<Rule>, routing: Routing) -> Result<(), Error> {
        let blueprint = self.inner.blueprint().with(rules, routing);
        Error::check(blueprint.problems())?;
        let setting = Setting {
            rules: blueprint.rules.clone(),
            setup: blueprint.setup(),
        };
        *self
            .inner
            .blueprint
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(blueprint);
        self.inner.desk.put(Input::Configure(Box::new(setting)));
        self.turn(Occasion::Ask).await
    }

    /// Sends a message to each target of a channel that is clearly marked as a test.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is no such channel, [`ErrorKind::Channel`] with what each failing target said.
    ///
    /// # Cancel safety
    /// Dropping the future may leave targets untried.
    pub async fn probe(&self, channel: &str) -> Result<Vec<Receipt>, Error> {
        let inner = &self.inner;
        let notifier = inner.notifier(channel).ok_or_else(|| no_channel(channel))?;
        let mut receipts = Vec::new();
        let mut problems = Vec::new();
        for target in notifier.targets() {
            let tried = tokio::select! {
                biased;
                tried = notifier.probe(&target, inner.now()) => tried.map_err(|error| error.to_string()),
                () = inner.clock.sleep(inner.send_timeout) => Err("the channel did not answer in time".to_owned()),
            };
            match tried {
                Ok(receipt) => receipts.push(receipt),
                Err(detail) => problems.push(Problem::new(format!("channel {channel:?}"), detail)),
            }
        }
        if problems.is_empty() {
            Ok(receipts)
        } else {
            Err(Error::of(ErrorKind::Channel, problems))
        }
    }

    /// What a channel would show of a notification; nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is no such channel.
    pub fn preview(&self, channel: &str, notification: &Notification) -> Result<Rendered, Error> {
        let notifier = self.inner.notifier(channel).ok_or_else(|| no_channel(channel))?;
        Ok(notifier.render(notification))
    }

    /// The notification about an alert that is active or just over, as a target that knows of all before its last change
    /// is told it; nothing is sent. `None` where there is no such alert, or it is inactive.
    ///
    /// Its link to acknowledge has the form of those that are sent and is good for nothing: not everybody who may see what
    /// is told may acknowledge.
    #[must_use]
    pub fn notification(&self, fingerprint: Fingerprint) -> Option<Notification> {
        let now = self.inner.now();
        let told = self.brain().core.notification(fingerprint, now);
        told.or_else(|| {
            // One that was posted is forgotten as soon as everybody knows of its end.
            let alert = self.inner.journal.ended(fingerprint, now)?;
            let brain = self.brain();
            brain.core.notification_of(&alert, now)
        })
    }

    /// What happened, the newest first, from the store: of all replicas, and of engines before this one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the cursor is of another query, [`ErrorKind::Unavailable`] when the store does not
    /// answer.
    pub async fn records(&self, query: &HistoryQuery, page: &PageRequest) -> Result<Page<Record>, Error> {
        Ok(self.inner.store.history(query, page).await?)
    }

    /// Forgets history that is older than `keep`, at most 10,000 records a call; gives how many.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the store does not answer.
    pub async fn forget_history(&self, keep: Duration) -> Result<u64, Error> {
        let before: Timestamp = self.inner.now() - keep;
        Ok(self.inner.store.sweep(before, 10_000).await?)
    }

    /// Takes up what the store holds, as [`open`](super::AlertEngineBuilder::open) does.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the store does not answer.
    pub async fn take_up(&self) -> Result<(), Error> {
        self.turn(Occasion::Ask).await
    }

    /// Writes down what rules have learned since the last time.
    pub(super) async fn checkpoint(&self, lead: Lead) -> Result<(), Error> {
        let mut batch = Batch::default();
        self.brain().core.checkpoint(&mut batch);
        if batch.is_empty() {
            return Ok(());
        }
        Ok(self.inner.store.commit(lead, &batch).await?)
    }

    /// Puts a command down and sees to it that somebody takes it in.
    pub(super) async fn order(&self, command: Command) -> Result<(), Error> {
        if self.is_ending() {
            return Err(closed());
        }
        let mut answer = self.inner.desk.order(command)?;
        // Whoever has the turn takes in all that waits: `run`, another caller, or this one.
        let reply = tokio::select! {
            biased;
            answered = &mut answer => answered,
            turn = self.inner.turns.acquire() => {
                // Brought to its end also when the answer is there before: what it asks of the store is not dropped
                // half-way.
                let turned = match turn {
                    Ok(_turn) => self.take_turn(Occasion::Ask).await,
                    Err(_) => Err(closed()),
                };
                match answer.try_recv() {
                    Ok(answered) => Ok(answered),
                    Err(_) => {
                        turned?;
                        self.answered(answer).await
                    }
                }
            }
        };
        match reply {
            Ok(Ok(Reply::Done)) => Ok(()),
            Ok(Ok(Reply::NotFound)) => Err(Error::new(
                ErrorKind::NotFound,
                "engine",
                "there is nothing that it could be done to",
            )),
            Ok(Ok(Reply::Overtaken)) => Err(Error::new(
                ErrorKind::Conflict,
                "engine",
                "something else is there by now",
            )),
            Ok(Ok(Reply::Full)) => Err(Error::new(
                ErrorKind::Full,
                "engine",
                "there are as many as there may be",
            )),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::new(
                ErrorKind::Unavailable,
                "engine",
                "whoever took it in was stopped; it is not known whether it was taken",
            )),
        }
    }

    /// Waits for an answer; that of another replica comes through the store, which is looked at until it is there.
    async fn answered(
        &self,
        mut answer: oneshot::Receiver<Result<Reply, Error>>,
    ) -> Result<Result<Reply, Error>, oneshot::error::RecvError> {
        let clock = &self.inner.clock;
        let (begun, patience) = (clock.elapsed(), self.inner.lead_ttl + PATIENCE);
        loop {
            tokio::select! {
                biased;
                answered = &mut answer => return answered,
                () = clock.sleep(LOOK) => {}
            }
            if clock.elapsed().saturating_sub(begun) >= patience {
                return Ok(Err(Error::new(
                    ErrorKind::Unavailable,
                    "engine",
                    "the replica that leads has not answered; it is not known whether it was taken",
                )));
            }
            if let Err(error) = self.turn(Occasion::Ask).await {
                return Ok(Err(error));
            }
        }
    }
}

pub(super) fn no_channel(channel: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("channel {channel:?}"),
        "there is no such channel",
    )
}
