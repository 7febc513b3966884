//! Sends what is to be sent, through the outbox.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::store::outbox::{Delivery, Failed, Handler, Schedule, WorkerBuilder};
use serde::{Deserialize, Serialize};

use super::sql::outgoing::ATTEMPTS;
use super::sql::sending::{Begun, HELD};
use super::{Conversations, MessageId, sql};
use crate::channels::{ChannelKind, Messenger, SendErrorKind};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::workspaces::WorkspaceId;

/// The queue of the outbox that messages wait in, those of one conversation in order and one at a time.
pub const MESSAGES: &str = "crm.messages";

/// Who it is in the audit log.
const PRINCIPAL: &str = "sender";
/// How long a message whose sending had no answer waits for the channel to tell of it.
const UNKNOWN_WAIT: Duration = Duration::from_secs(10 * 60);

/// Sends messages; a cheap handle, and a [`Handler`] of the outbox.
///
/// Run it in one process or in many: each message is given to one of them.
#[derive(Debug, Clone)]
pub struct Sender {
    conversations: Conversations,
    messengers: Vec<Arc<dyn Messenger>>,
    unknown_wait: Duration,
}

impl Sender {
    pub(super) fn new(
        conversations: Conversations,
        messengers: impl IntoIterator<Item = Arc<dyn Messenger>>,
    ) -> Self {
        Self {
            conversations,
            messengers: messengers.into_iter().collect(),
            unknown_wait: UNKNOWN_WAIT,
        }
    }

    /// How long a message whose sending had no answer waits for the channel to tell of it before it is sent once more, 10 minutes
    /// unless told.
    #[must_use]
    pub const fn unknown_wait(mut self, wait: Duration) -> Self {
        self.unknown_wait = wait;
        self
    }

    /// Settings for a worker that sends messages. It tries again after 1 s and more, at last every two minutes: so soon after what
    /// was wrong has been seen to do messages go on.
    pub fn worker(&self) -> WorkerBuilder {
        let worker = self.conversations.store.outbox().worker(MESSAGES, self.clone());
        worker.schedule(schedule())
    }

    /// Sends messages until `stop` resolves, with the default settings of a worker.
    ///
    /// # Errors
    /// None with these settings.
    ///
    /// # Cancel safety
    /// Dropping the future drops what is being sent: such a message is `unknown` until the channel tells of it.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        self.worker().build()?.run(stop).await;
        Ok(())
    }

    fn messenger(&self, kind: ChannelKind) -> Option<&Arc<dyn Messenger>> {
        self.messengers.iter().find(|messenger| messenger.kind() == kind)
    }
}

/// What a letter of the queue asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) workspace: WorkspaceId,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// To send a message.
    Send(MessageId),
    /// To look whether the channel has told of a message whose sending had no answer.
    Wait(MessageId),
    /// To send it once more.
    Again(MessageId),
    /// To tell the contact that its message was read.
    Read(MessageId),
}

#[async_trait]
impl Handler for Sender {
    async fn handle(&self, letter: &Delivery) -> Result<(), Failed> {
        let job: Job = letter
            .json()
            .map_err(|_| Failed::rejected("the letter is not one of a message"))?;
        let context = Context::new(job.workspace, PRINCIPAL);
        let store = &self.conversations.store;
        let outcome = match job.what {
            What::Send(id) | What::Again(id) => self.attempt(&context, letter, job, id).await,
            What::Wait(id) => sql::sending::waited(store, &context, letter, id)
                .await
                .map(|()| None),
            What::Read(id) => self.mark(&context, id).await,
        };
        match outcome {
            Ok(None) => Ok(()),
            Ok(Some(failed)) => Err(failed),
            // Our own database failed: nothing is lost.
            Err(error) => Err(Failed::again(FailureClass::Transient, error.to_string())),
        }
    }
}

impl Sender {
    async fn attempt(
        &self,
        context: &Context,
        letter: &Delivery,
        job: Job,
        id: MessageId,
    ) -> Result<Option<Failed>, Error> {
        let store = &self.conversations.store;
        let can_send = |kind| self.messenger(kind).is_some();
        let begun =
            sql::sending::begin(store, context, letter, (job, id), self.unknown_wait, can_send).await?;
        let (outgoing, kind) = match begun {
            Begun::Go(outgoing, kind) => (outgoing, kind),
            Begun::Over => {
                self.conversations.bell.ring(context.workspace);
                return Ok(None);
            }
            Begun::Held(why) => return Ok(Some(held(why))),
        };
        let Some(messenger) = self.messenger(kind) else {
            return Err(Error::new(ErrorKind::Internal));
        };
        let outcome = messenger.send(context, &outgoing).await;
        let again = sql::sending::settle(store, context, id, outcome, self.unknown_wait).await?;
        self.conversations.bell.ring(context.workspace);
        Ok(again)
    }

    async fn mark(&self, context: &Context, id: MessageId) -> Result<Option<Failed>, Error> {
        let Some((kind, channel, provider_id)) =
            sql::sending::read_mark(&self.conversations.store, context, id).await?
        else {
            return Ok(None);
        };
        let Some(messenger) = self.messenger(kind) else {
            return Ok(None);
        };
        let told = messenger.mark_read(context, channel, &provider_id, false).await;
        Ok(match told {
            Err(error) if matches!(error.kind, SendErrorKind::Retry(_) | SendErrorKind::Throttled(_)) => {
                Some(Failed::again(FailureClass::Transient, error.to_string()))
            }
            _ => None,
        })
    }
}

/// Never longer than [`HELD`], however often a letter was tried, and for so long that the time of the message ends before its
/// attempts: a letter that has died would leave its message queued for good.
pub(super) fn schedule() -> Schedule {
    let waits = [1, 2, 4, 8, 16, 32, 64].map(Duration::from_secs);
    let held = std::iter::repeat_n(HELD, ATTEMPTS.into());
    Schedule::listed(waits.into_iter().chain(held).collect::<Vec<_>>())
}

fn held(why: &'static str) -> Failed {
    Failed::again(FailureClass::Credential, why).after(HELD)
}
