//! Settings of the connection.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::Redis;
use super::connection::Connection;
use super::error::Error;
use super::settings::{Settings, config};
use crate::secret::Secret;
use crate::time::{Clock, SystemClock};

/// Settings of a [`Redis`].
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisBuilder {
    url: Secret,
    prefix: String,
    command_timeout: Duration,
    connect_timeout: Duration,
    queue: usize,
    clock: Arc<dyn Clock>,
}

impl RedisBuilder {
    pub(super) fn new(url: &Secret) -> Self {
        Self {
            url: url.clone(),
            prefix: "aurora".to_owned(),
            command_timeout: Duration::from_millis(50),
            connect_timeout: Duration::from_secs(1),
            queue: 4_096,
            clock: Arc::new(SystemClock),
        }
    }

    /// What all keys and channels begin with, 1 to 64 characters out of `a–z A–Z 0–9 . _ -`. `aurora` unless told
    /// otherwise.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The limit for one command or script, 10 ms to 60 s. 50 ms unless told otherwise: a server in the same
    /// data centre answers within one or two, and whoever asks has something else to do without it. Give a server far
    /// away several times its round trip. Answers that take half the limit count as slow.
    pub fn command_timeout(mut self, limit: Duration) -> Self {
        self.command_timeout = limit;
        self
    }

    /// The limit for one attempt to connect, TLS and login included, 10 ms to 60 s. 1 s unless told otherwise.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How many commands may wait to be written, 1 to 65,536. 4,096 unless told otherwise.
    pub fn queue(mut self, commands: usize) -> Self {
        self.queue = commands;
        self
    }

    /// The clock that the circuit runs on. Limits of commands are the runtime's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Connects, and goes on trying in the background when that does not succeed within the connect limit.
    ///
    /// Must be called within a Tokio runtime, which carries the connection.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`](super::ErrorKind::InvalidSettings) when the URL, the prefix or a limit cannot be
    /// used; the source names all of them. A server that is not there is not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect(self) -> Result<Redis, Error> {
        let connection = Connection::start(self.settings()?);
        if !connection.is_up_in_time().await {
            tracing::warn!("no connection to redis yet; trying on");
        }
        Ok(Redis {
            connection: Arc::new(connection),
        })
    }

    fn settings(self) -> Result<Settings, Error> {
        let mut problems: Vec<Cow<'static, str>> = Vec::new();
        let config = config(self.url.expose());
        if config.is_none() {
            problems.push(
                "the URL must be redis://, rediss://, redis-sentinel://, redis-cluster:// or redis+unix:// with a \
                 host or a path, and no more than one database number"
                    .into(),
            );
        }
        if !crate::cache::is_name(&self.prefix, 64) {
            problems.push("the prefix must have 1 to 64 characters out of a-z A-Z 0-9 . _ -".into());
        }
        let limits = Duration::from_millis(10)..=Duration::from_secs(60);
        for (name, limit) in [
            ("command_timeout", self.command_timeout),
            ("connect_timeout", self.connect_timeout),
        ] {
            if !limits.contains(&limit) {
                problems.push(format!("{name} must be 10 ms to 60 s").into());
            }
        }
        if !(1..=65_536).contains(&self.queue) {
            problems.push("queue must be 1 to 65536 commands".into());
        }
        let Some(config) = config.filter(|_| problems.is_empty()) else {
            return Err(Error::settings(&problems));
        };
        Ok(Settings {
            config,
            prefix: self.prefix,
            command_timeout: self.command_timeout,
            connect_timeout: self.connect_timeout,
            queue: self.queue,
            clock: self.clock,
        })
    }
}
