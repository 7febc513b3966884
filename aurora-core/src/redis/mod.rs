//! The one way to Redis or Valkey: connection, limits, circuit, scripts and messages.
//!
//! A [`Redis`] is a handle that costs nothing to clone. Everything that goes there goes through it, so that a server
//! that is gone, silent or slow is found out once for all of them: cache, rate limiter, leases, invalidation.
//!
//! ```text
//! Redis         commands, scripts, messages; every key under one prefix
//!   circuit     a silent or slow server costs one caller its time limit per window, everybody else nothing
//!   connection  comes back by itself, with jitter; thrown away when it no longer answers
//! Script        Lua by its SHA-1; sent in full only when the server says that it does not know it
//! Subscription  messages of one channel, and a mark wherever some may have been missed
//! ```
//!
//! Nothing that was sent is ever sent again: when its connection breaks, or no answer comes in time, the error says
//! that the [outcome is unknown](Error::outcome_is_unknown), and the caller decides.
//!
//! # Examples
//! ```no_run
//! # async fn example() -> Result<(), aurora_core::redis::Error> {
//! use aurora_core::{redis::{Redis, Script}, secret::Secret};
//!
//! let redis = Redis::builder(&Secret::new("redis://127.0.0.1")).connect().await?;
//! let count = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
//! let total = redis.run(&count, &["visits"], &[2_i64.into()]).await?;
//! assert!(total.as_integer().is_some());
//! # Ok(())
//! # }
//! ```

mod answer;
mod builder;
mod connection;
mod error;
mod link;
mod script;
mod settings;
mod subscription;
mod telemetry;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use fred::util::redis_keyslot;

pub use self::answer::{Answer, Arg};
pub use self::builder::RedisBuilder;
use self::connection::{Connection, Question};
pub use self::error::{Error, ErrorKind};
pub use self::script::Script;
pub use self::subscription::{Event, Subscription};
pub use self::telemetry::{CIRCUITS_OPENED, COMMANDS, describe};
use crate::resilience::BreakerState;
use crate::secret::Secret;

/// A handle to a Redis or Valkey server, a group of them behind sentinels, or a cluster; clones share one connection.
///
/// While there is no connection, or the circuit is open, everything is answered with [`ErrorKind::Unavailable`] at
/// once. The connection comes back by itself; the last clone closes it.
#[derive(Clone)]
pub struct Redis {
    connection: Arc<Connection>,
}

impl Redis {
    /// Starts a handle to the servers at `url`.
    ///
    /// | form | what it names |
    /// | --- | --- |
    /// | `redis://[user:password@]host[:port][/database]` | one server |
    /// | `redis-sentinel://[user:password@]host[:port][/database]?sentinelServiceName=name[&node=host:port…]` | the master that sentinels name; `sentinelUsername` and `sentinelPassword` log in to the sentinels themselves |
    /// | `redis-cluster://[user:password@]host[:port][?node=host:port…]` | a cluster, found through any of its nodes |
    /// | `redis+unix:///path` | one server on a Unix socket |
    ///
    /// `rediss` in place of `redis` means TLS with the certificates of the system; `valkey` and `valkeys` mean the same.
    pub fn builder(url: &Secret) -> RedisBuilder {
        RedisBuilder::new(url)
    }

    /// Whether there is a connection right now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connection.is_connected()
    }

    /// Where the circuit stands.
    #[must_use]
    pub fn circuit(&self) -> BreakerState {
        self.connection.breaker.state()
    }

    /// What all keys and channels of this handle begin with, a colon after it.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.connection.settings.prefix
    }

    /// Sends the command `name` with `keys` and then `args`; the prefix is put before each key.
    ///
    /// The keys of one command must live on one node of a cluster: they share a hash tag, the part in the first
    /// `{…}`. That is checked also where there is no cluster. Commands that block or that change the connection
    /// (`BLPOP`, `SUBSCRIBE`, `SELECT`, `MULTI`) must not be sent, because everybody shares the connection.
    ///
    /// # Errors
    /// See [`ErrorKind`]; [`Error::outcome_is_unknown`] tells whether the command may have been carried out.
    ///
    /// # Cancel safety
    /// When the future is dropped, the command may have been carried out or not.
    pub async fn command(&self, name: &'static str, keys: &[&str], args: &[Arg]) -> Result<Answer, Error> {
        let (slot, mut values) = self.keys(keys)?;
        values.extend(args.iter().map(Arg::value));
        self.connection
            .ask(
                Question {
                    name,
                    slot,
                    args: values,
                },
                None,
            )
            .await
    }

    /// Runs `script` with `keys`, of which there must be one, and `args`; the prefix is put before each key.
    ///
    /// Sent by its SHA-1; a server that does not know it is sent the source, within the same time limit. Keys as in
    /// [`command`](Self::command).
    ///
    /// # Errors
    /// See [`ErrorKind`]; [`Error::outcome_is_unknown`] tells whether the script may have been carried out.
    ///
    /// # Cancel safety
    /// When the future is dropped, the script may have been carried out or not.
    pub async fn run(&self, script: &Script, keys: &[&str], args: &[Arg]) -> Result<Answer, Error> {
        if keys.is_empty() {
            return Err(Error::new(ErrorKind::InvalidCommand));
        }
        let (slot, keys) = self.keys(keys)?;
        let number = keys.len().to_string();
        let args = |first: Bytes| {
            let mut values = vec![first.into(), number.as_str().into()];
            values.extend(keys.iter().cloned());
            values.extend(args.iter().map(Arg::value));
            values
        };
        let by_sha = Question {
            name: "EVALSHA",
            slot,
            args: args(script.sha()),
        };
        let in_full = || Question {
            name: "EVAL",
            slot,
            args: args(script.source()),
        };
        self.connection.ask(by_sha, Some(&in_full)).await
    }

    /// Publishes `message` to whoever is subscribed to `channel` now, and says to how many the node that was asked
    /// delivered it; in a cluster there may be more on other nodes.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    ///
    /// # Cancel safety
    /// When the future is dropped, the message may have been published or not.
    pub async fn publish(&self, channel: &str, message: Bytes) -> Result<u64, Error> {
        let args = vec![self.name(channel).into(), message.into()];
        let question = Question {
            name: "PUBLISH",
            slot: None,
            args,
        };
        let answer = self.connection.ask(question, None).await?;
        let receivers = answer.as_integer().and_then(|number| u64::try_from(number).ok());
        receivers.ok_or_else(|| Error::new(ErrorKind::Protocol))
    }

    /// Subscribes to `channel`, on a connection of its own that comes back by itself.
    ///
    /// Must be called within a Tokio runtime, which carries the connection until the [`Subscription`] is dropped.
    #[must_use]
    pub fn subscribe(&self, channel: &str) -> Subscription {
        Subscription::start(&self.connection.settings, self.name(channel))
    }

    /// A key or channel as the server knows it.
    pub(crate) fn name(&self, text: &str) -> String {
        format!("{}:{text}", self.prefix())
    }

    /// The keys as they are stored, and the slot of a cluster that they share.
    fn keys(&self, keys: &[&str]) -> Result<(Option<u16>, Vec<fred::types::Value>), Error> {
        let mut slot = None;
        let mut values = Vec::with_capacity(keys.len() + 4);
        for key in keys {
            let name = self.name(key);
            let of_this = redis_keyslot(name.as_bytes());
            if slot.is_some_and(|slot| slot != of_this) {
                return Err(Error::new(ErrorKind::InvalidCommand));
            }
            slot = Some(of_this);
            values.push(name.into());
        }
        Ok((slot, values))
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix())
            .field("connected", &self.is_connected())
            .field("circuit", &self.circuit())
            .finish_non_exhaustive()
    }
}
