//! Messages of one channel.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::{ClusterHash, CustomCommand, Message, Value};
use fred::util::redis_keyslot;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::link::{Line, Pause};
use super::settings::{MESSAGES, Settings};

/// How often a connection on which nothing is said is asked for a sign of life.
const QUIET: Duration = Duration::from_secs(1);

/// What a subscription yields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Messages are received from here on; whatever was published before may have been missed.
    ///
    /// The first event of every subscription, and one after every connection that broke or listener that was too slow.
    Gap,
    /// A message, in the order in which its publisher sent it.
    Message(Bytes),
}

/// The messages of one channel, on a connection of its own that comes back by itself; dropping it closes it.
///
/// Redis delivers a message at most once, and only to whoever is connected: [`Event::Gap`] marks where some may be
/// missing. A connection that has died silently is found out within three seconds.
pub struct Subscription {
    events: mpsc::Receiver<Event>,
    live: Arc<AtomicBool>,
    _task: JoinSet<()>,
}

impl Subscription {
    pub(super) fn start(settings: &Settings, channel: String) -> Self {
        let (sender, events) = mpsc::channel(MESSAGES);
        let live = Arc::new(AtomicBool::new(false));
        let listener = Listener {
            settings: settings.clone(),
            channel,
            live: Arc::clone(&live),
            events: sender,
        };
        let mut task = JoinSet::new();
        task.spawn(listener.listen());
        Self {
            events,
            live,
            _task: task,
        }
    }

    /// The next event; waits for as long as there is none.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            // The listener ends with the runtime alone.
            None => std::future::pending().await,
        }
    }

    /// Whether messages are received, for whoever asks while another waits for them.
    #[cfg(feature = "memory")]
    pub(crate) fn liveness(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.live)
    }

    /// Whether messages are received right now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("live", &self.is_live())
            .finish_non_exhaustive()
    }
}

struct Listener {
    settings: Settings,
    channel: String,
    live: Arc<AtomicBool>,
    events: mpsc::Sender<Event>,
}

impl Listener {
    async fn listen(self) {
        let mut pause = Pause::new();
        loop {
            if let Some((line, messages)) = self.connect().await {
                pause.reset();
                self.live.store(true, Ordering::Release);
                let ended = self.carry(line, messages).await;
                self.live.store(false, Ordering::Release);
                if ended == Ended::Unheard {
                    return;
                }
            }
            pause.wait().await;
        }
    }

    async fn connect(&self) -> Option<(Line, broadcast::Receiver<Message>)> {
        let limit = self.settings.attempt_limit();
        let line = Line::connect(&self.settings.for_messages(), limit).await.ok()?;
        let messages = line.client.message_rx();
        tokio::time::timeout(limit, line.client.subscribe(self.channel.as_str()))
            .await
            .ok()?
            .ok()?;
        // The library does not wait for the confirmation; what answers after it on the same connection does.
        is_alive(&line, limit).await.then_some((line, messages))
    }

    async fn carry(&self, mut line: Line, mut messages: broadcast::Receiver<Message>) -> Ended {
        if self.events.send(Event::Gap).await.is_err() {
            return Ended::Unheard;
        }
        loop {
            let next = tokio::select! {
                _ = &mut line.task => return Ended::Broken,
                next = tokio::time::timeout(QUIET, messages.recv()) => next,
            };
            let event = match next {
                Ok(Ok(message)) => Event::Message(bytes(message.value)),
                Ok(Err(RecvError::Lagged(_))) => Event::Gap,
                Ok(Err(RecvError::Closed)) => return Ended::Broken,
                Err(_) if is_alive(&line, self.settings.answer_timeout()).await => continue,
                Err(_) => return Ended::Broken,
            };
            if self.events.send(event).await.is_err() {
                return Ended::Unheard;
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Ended {
    Broken,
    Unheard,
}

/// Whether the connection that carries the subscription answers. In a cluster the library chooses it by the client's
/// id.
async fn is_alive(line: &Line, limit: Duration) -> bool {
    let slot = redis_keyslot(line.client.id().as_bytes());
    let ping = CustomCommand::new_static("PING", ClusterHash::Custom(slot), false);
    let answer = line.client.custom::<Value, Value>(ping, Vec::new());
    matches!(tokio::time::timeout(limit, answer).await, Ok(Ok(_)))
}

fn bytes(value: Value) -> Bytes {
    match value {
        Value::Bytes(bytes) => bytes,
        Value::String(text) => text.into_inner(),
        other => other.into_bytes().unwrap_or_default(),
    }
}
