//! What goes in and what comes out.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::{Id, IdKind};
use crate::time::Timestamp;

use super::super::{Error, ErrorKind};

/// Marks the id of a message.
#[derive(Debug)]
pub struct MessageKind;

impl IdKind for MessageKind {
    const PREFIX: &'static str = "msg";
}

/// The id of a message, `msg_…`.
pub type MessageId = Id<MessageKind>;

/// Who is served first; within one priority the message that has been due for longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// When nothing else is due.
    Low,
    /// The rule.
    #[default]
    Normal,
    /// Before what is normal.
    High,
    /// Before everything else.
    Urgent,
}

impl Priority {
    pub(super) const fn level(self) -> i32 {
        match self {
            Self::Low => 0,
            Self::Normal => 1,
            Self::High => 2,
            Self::Urgent => 3,
        }
    }

    pub(super) fn from_level(level: i32) -> Result<Self, Error> {
        [Self::Low, Self::Normal, Self::High, Self::Urgent]
            .into_iter()
            .find(|priority| priority.level() == level)
            .ok_or_else(|| Error::corrupt("an unknown priority"))
    }
}

/// What a message that has died does to the later ones with its ordering key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnDead {
    /// They go on without it.
    #[default]
    Skip,
    /// They wait until it is requeued and done, or discarded. A message that expires blocks nobody.
    Block,
}

impl OnDead {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Block => "block",
        }
    }
}

/// Work to be done later, at least once.
#[derive(Clone)]
#[must_use = "a message does nothing until it is enqueued"]
pub struct Message {
    pub(super) queue: String,
    pub(super) payload: Bytes,
    pub(super) tenant: Option<String>,
    pub(super) ordering_key: Option<String>,
    pub(super) idempotency_key: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) priority: Priority,
    pub(super) on_dead: OnDead,
    pub(super) delay: Duration,
    pub(super) lifetime: Option<Duration>,
    pub(super) max_attempts: u32,
}

impl Message {
    /// A message for `queue`, 1 to 64 characters out of `a–z A–Z 0–9 . _ -`.
    pub fn new(queue: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            queue: queue.into(),
            payload: payload.into(),
            tenant: None,
            ordering_key: None,
            idempotency_key: None,
            headers: Vec::new(),
            priority: Priority::default(),
            on_dead: OnDead::default(),
            delay: Duration::ZERO,
            lifetime: None,
            max_attempts: 10,
        }
    }

    /// A message whose payload is `value` as JSON.
    ///
    /// # Errors
    /// `Invalid` when the value cannot be written as JSON.
    pub fn json(queue: impl Into<String>, value: &impl Serialize) -> Result<Self, Error> {
        let payload = serde_json::to_vec(value)
            .map_err(|_| Error::new(ErrorKind::Invalid, "the payload cannot be written as JSON"))?;
        Ok(Self::new(queue, payload))
    }

    /// The tenant that it belongs to, 1 to 128 bytes; nobody's unless told. Keys of two tenants never meet.
    pub fn tenant(mut self, tenant: impl fmt::Display) -> Self {
        self.tenant = Some(tenant.to_string());
        self
    }

    /// Messages of one queue and tenant with the same key, 1 to 256 bytes, are worked on one at a time, in the order
    /// in which they were enqueued.
    pub fn ordering_key(mut self, key: impl fmt::Display) -> Self {
        self.ordering_key = Some(key.to_string());
        self
    }

    /// What makes a second message of the same queue and tenant a duplicate of the first, 1 to 256 bytes; the
    /// message's own id unless told. It is handed to the worker, and the same at each attempt.
    pub fn idempotency_key(mut self, key: impl fmt::Display) -> Self {
        self.idempotency_key = Some(key.to_string());
        self
    }

    /// Text that travels along, such as `traceparent`; up to 16, of 4 KiB together.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// [`Priority::Normal`] unless told. It does not change the order within one ordering key.
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What happens to later messages with the same ordering key when this one dies; [`OnDead::Skip`] unless told.
    pub const fn on_dead(mut self, on_dead: OnDead) -> Self {
        self.on_dead = on_dead;
        self
    }

    /// Not before this long from now, up to 366 days; at once unless told. It holds up later messages of its key.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Dead when it has not been begun this long from now, up to 366 days; never unless told.
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// How often it is tried at most, the first time included, 1 to 1,000; 10 unless told.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    pub(super) fn check(&self, max_payload: usize) -> Result<(), Error> {
        let mut wrong = Vec::new();
        if !is_name(&self.queue) {
            wrong.push("queue must be 1 to 64 characters out of a-z A-Z 0-9 . _ -".to_owned());
        }
        for (name, text, longest) in [
            ("tenant", &self.tenant, 128),
            ("ordering_key", &self.ordering_key, 256),
            ("idempotency_key", &self.idempotency_key, 256),
        ] {
            let fits =
                |text: &String| (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control);
            if !text.as_ref().is_none_or(fits) {
                wrong.push(format!(
                    "{name} must be 1 to {longest} bytes without control characters"
                ));
            }
        }
        if self.payload.len() > max_payload {
            wrong.push(format!("payload must be at most {max_payload} bytes"));
        }
        let bytes: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let control = |text: &String| text.chars().any(char::is_control);
        if self.headers.len() > 16
            || bytes > 4_096
            || self.headers.iter().any(|(n, v)| control(n) || control(v))
        {
            wrong.push("headers must be at most 16, of 4096 bytes, without control characters".to_owned());
        }
        if self.delay > LONGEST
            || self
                .lifetime
                .is_some_and(|lifetime| lifetime > LONGEST || lifetime.is_zero())
        {
            wrong.push("delay and lifetime must be at most 366 days, a lifetime above zero".to_owned());
        }
        if !(1..=1_000).contains(&self.max_attempts) {
            wrong.push("max_attempts must be within 1 to 1000".to_owned());
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Invalid, wrong.join("; ")))
        }
    }
}

/// The longest that a message can be put off.
pub(super) const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);

pub(super) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

impl fmt::Debug for Message {
    /// Without payload and headers, which may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("queue", &self.queue)
            .field("priority", &self.priority)
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// What became of enqueuing a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the outbox under this id.
    New(MessageId),
    /// A message with its idempotency key was there already, under this id; nothing was changed.
    Duplicate(MessageId),
}

impl Enqueued {
    /// The id under which the message is stored.
    #[must_use]
    pub const fn id(self) -> MessageId {
        match self {
            Self::New(id) | Self::Duplicate(id) => id,
        }
    }

    /// Whether it is there through this call.
    #[must_use]
    pub const fn is_new(self) -> bool {
        matches!(self, Self::New(_))
    }
}

/// A message that is leased to a worker for one attempt.
#[derive(Clone)]
pub struct Delivery {
    pub(super) seq: i64,
    /// Its id.
    pub id: MessageId,
    /// The queue that it came through.
    pub queue: String,
    /// The tenant that it belongs to.
    pub tenant: Option<String>,
    /// The key under which it is ordered.
    pub ordering_key: Option<String>,
    /// The same at each attempt: hand it to the receiver, who can tell by it that an attempt is a repetition.
    pub idempotency_key: String,
    /// What was enqueued.
    pub payload: Bytes,
    /// What travels along.
    pub headers: Vec<(String, String)>,
    /// Its priority.
    pub priority: Priority,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many attempts there are.
    pub max_attempts: u32,
    /// The fencing token of this lease, higher than that of every earlier lease of this message.
    pub fence: i64,
    /// Since when it was due.
    pub due_at: Timestamp,
    /// When it was enqueued.
    pub enqueued_at: Timestamp,
}

impl Delivery {
    /// Reads the payload as JSON.
    ///
    /// # Errors
    /// `Corrupt` when it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.payload)
            .map_err(|_| Error::new(ErrorKind::Corrupt, "the payload is not the expected JSON"))
    }
}

impl fmt::Debug for Delivery {
    /// Without payload and headers, which may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("queue", &self.queue)
            .field("attempt", &self.attempt)
            .field("fence", &self.fence)
            .finish_non_exhaustive()
    }
}
