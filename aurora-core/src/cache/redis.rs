//! The cache in Redis or Valkey.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fred::clients::Client;
use fred::error::ErrorKind as FredKind;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::config::{Config, ReconnectPolicy, TlsConfig, TlsConnector, UnresponsiveConfig};
use fred::types::{Builder, ConnectHandle, Expiration, SetOptions, Value};

use super::error::{Error, ErrorKind};
use super::key::{Key, is_name};
use super::{CacheStore, check_entry};
use crate::secret::Secret;

/// How many commands may wait to be written.
const QUEUE: usize = 4_096;

/// After how many unanswered commands in a row a connection is given up.
const PATIENCE: u32 = 3;

/// A cache in Redis or Valkey, shared by all replicas; clones share their connection.
///
/// While there is no connection, every question is answered with [`ErrorKind::Unavailable`] at once. A server that
/// falls silent costs a few questions one [`command_timeout`](RedisCacheBuilder::command_timeout) each, then its
/// connection is given up. The connection comes back by itself; the last clone closes it.
#[derive(Clone)]
pub struct RedisCache {
    inner: Arc<Inner>,
}

struct Inner {
    prefix: String,
    builder: Builder,
    live: Mutex<Arc<Live>>,
}

/// A client of the library and the background task that carries it.
struct Live {
    client: Client,
    task: ConnectHandle,
    unanswered: AtomicU32,
}

impl RedisCache {
    /// Starts a cache at `url`: `redis://[user:password@]host[:port][/database]`, `rediss://` with TLS,
    /// `redis-cluster://`, `redis-sentinel://` or `redis+unix:///path`; `valkey` for `redis` means the same.
    #[must_use]
    pub fn builder(url: &Secret) -> RedisCacheBuilder {
        RedisCacheBuilder {
            url: url.clone(),
            prefix: "aurora".to_owned(),
            command_timeout: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(1),
        }
    }

    /// Whether there is a connection right now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.live().client.is_connected()
    }

    /// Puts one question, if there is a connection to put it to.
    async fn ask<T, F>(&self, question: impl FnOnce(Client) -> F + Send) -> Result<T, Error>
    where
        F: Future<Output = Result<T, fred::error::Error>> + Send,
    {
        let live = self.inner.live();
        if !live.client.is_connected() {
            if live.task.is_finished() {
                // The library gives up after some answers (a database number that does not exist); they may change.
                self.inner.renew(&live);
            }
            return Err(Error::new(ErrorKind::Unavailable));
        }
        let outcome = question(live.client.clone()).await.map_err(refused);
        match &outcome {
            Err(error) if error.kind() == ErrorKind::Timeout => {
                if live.unanswered.fetch_add(1, Ordering::Relaxed) + 1 == PATIENCE {
                    self.inner.renew(&live);
                }
            }
            _ => live.unanswered.store(0, Ordering::Relaxed),
        }
        outcome
    }

    fn key(&self, key: &Key) -> String {
        format!("{}:{}", self.inner.prefix, key.as_str())
    }

    async fn put(
        &self,
        key: &Key,
        value: Bytes,
        ttl: Duration,
        condition: Option<SetOptions>,
    ) -> Result<bool, Error> {
        check_entry(&value, ttl)?;
        let ttl = i64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
        let (key, value, ttl) = (self.key(key), Value::Bytes(value), Expiration::PX(ttl));
        let answer: Value = self
            .ask(|client| async move { client.set(key, value, Some(ttl), condition, false).await })
            .await?;
        match answer {
            Value::Null => Ok(false),
            answer if answer.is_ok() => Ok(true),
            _ => Err(Error::new(ErrorKind::Protocol)),
        }
    }
}

#[async_trait]
impl CacheStore for RedisCache {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let key = self.key(key);
        self.ask(|client| async move { client.get(key).await }).await
    }

    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error> {
        if self.put(key, value, ttl, None).await? {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Protocol))
        }
    }

    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        self.put(key, value, ttl, Some(SetOptions::NX)).await
    }

    async fn remove(&self, key: &Key) -> Result<bool, Error> {
        let key = self.key(key);
        let removed: u64 = self.ask(|client| async move { client.del(key).await }).await?;
        Ok(removed > 0)
    }
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("prefix", &self.inner.prefix)
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts anew in place of `old`, unless somebody has done so already.
    ///
    /// The library's own detection of a silent connection does not see one that is written to all the time, and its
    /// task can hang in a write, so that asking it to reconnect is not enough.
    fn renew(&self, old: &Arc<Live>) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&live, old) {
            old.task.abort();
            if let Ok(new) = Live::start(&self.builder) {
                *live = Arc::new(new);
            }
        }
    }
}

impl Live {
    fn start(builder: &Builder) -> Result<Self, Error> {
        let client = builder
            .build()
            .map_err(|_| Error::new(ErrorKind::InvalidSettings))?;
        Ok(Self {
            task: client.connect(),
            client,
            unanswered: AtomicU32::new(0),
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The task holds the client, and the client the channel that the task reads: it would never end.
        self.task.abort();
    }
}

/// Settings of a [`RedisCache`].
#[derive(Debug, Clone)]
pub struct RedisCacheBuilder {
    url: Secret,
    prefix: String,
    command_timeout: Duration,
    connect_timeout: Duration,
}

impl RedisCacheBuilder {
    /// What all keys begin with, 1 to 64 characters out of `a–z A–Z 0–9 . _ -`. `aurora` unless told otherwise.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The limit for one question, 10 ms to 60 s. 250 ms unless told otherwise.
    #[must_use]
    pub fn command_timeout(mut self, limit: Duration) -> Self {
        self.command_timeout = limit;
        self
    }

    /// The limit for one attempt to connect, TLS and login included, 10 ms to 60 s. 1 s unless told otherwise.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Connects, and goes on trying in the background when that does not succeed within the connect limit.
    ///
    /// Must be called within a Tokio runtime, which carries the connection.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`] when the URL, the prefix or a limit cannot be used. A server that is not there is
    /// not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future ends the attempt.
    pub async fn connect(self) -> Result<RedisCache, Error> {
        let limits = Duration::from_millis(10)..=Duration::from_secs(60);
        let is_valid = is_name(&self.prefix, 64)
            && limits.contains(&self.command_timeout)
            && limits.contains(&self.connect_timeout);
        if !is_valid {
            return Err(Error::new(ErrorKind::InvalidSettings));
        }
        let builder = self.library()?;
        let live = Arc::new(Live::start(&builder)?);
        let cache = RedisCache {
            inner: Arc::new(Inner {
                prefix: self.prefix,
                builder,
                live: Mutex::new(Arc::clone(&live)),
            }),
        };
        let first = tokio::time::timeout(self.connect_timeout, live.client.wait_for_connect());
        if !matches!(first.await, Ok(Ok(()))) {
            tracing::warn!("no connection to the redis cache yet; trying on");
        }
        Ok(cache)
    }

    fn library(&self) -> Result<Builder, Error> {
        let mut config = config(self.url.expose())?;
        // "fail fast" would end the background task when the first attempt fails.
        config.fail_fast = false;
        let mut builder = Builder::from_config(config);
        builder
            .with_performance_config(|performance| {
                performance.default_command_timeout = self.command_timeout;
            })
            .with_connection_config(|connection| {
                connection.connection_timeout = self.connect_timeout;
                connection.internal_command_timeout = self.connect_timeout;
                // A command whose connection broke may have been carried out: it is reported, never sent again.
                connection.max_command_attempts = 1;
                connection.max_command_buffer_len = QUEUE;
                connection.reconnect_on_auth_error = true;
                connection.unresponsive = UnresponsiveConfig {
                    max_timeout: Some(self.command_timeout * 4),
                    interval: self.command_timeout,
                };
                connection.tcp.nodelay = Some(true);
            })
            .set_policy(reconnect_policy());
        Ok(builder)
    }
}

/// 20 ms, 40 ms, … 1 s, each with up to 50 ms on top, without end.
fn reconnect_policy() -> ReconnectPolicy {
    let mut policy = ReconnectPolicy::new_exponential(0, 20, 1_000, 2);
    policy.set_jitter(50);
    policy
}

/// Reads the URL; the library's own errors are left out, because they may repeat parts of it.
fn config(url: &str) -> Result<Config, Error> {
    let invalid = || Error::new(ErrorKind::InvalidSettings);
    let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
    let (family, variant) = match scheme.find(['-', '+']) {
        Some(at) => scheme.split_at(at),
        None => (scheme, ""),
    };
    // TLS is set up here, because the library asks for a provider installed in the process, and panics without one
    // when two providers are compiled in.
    let (family, with_tls) = match family {
        "redis" | "valkey" => (family, false),
        "rediss" => ("redis", true),
        "valkeys" => ("valkey", true),
        _ => return Err(invalid()),
    };
    let mut config = Config::from_url(&format!("{family}{variant}://{rest}")).map_err(|_| invalid())?;
    if with_tls {
        config.tls = Some(tls().ok_or_else(invalid)?);
    }
    Ok(config)
}

fn tls() -> Option<TlsConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(TlsConnector::from(config).into())
}

fn refused(error: fred::error::Error) -> Error {
    let kind = match error.kind() {
        FredKind::Timeout => ErrorKind::Timeout,
        FredKind::Backpressure => ErrorKind::Busy,
        FredKind::IO
        | FredKind::Canceled
        | FredKind::Routing
        | FredKind::Cluster
        | FredKind::Sentinel
        | FredKind::Tls => ErrorKind::Unavailable,
        FredKind::Protocol | FredKind::Parse | FredKind::NotFound => ErrorKind::Protocol,
        _ => ErrorKind::Refused,
    };
    Error::with_source(kind, error)
}
