//! Settings that have been checked, and what the library makes of them.

use std::sync::Arc;
use std::time::Duration;

use fred::types::Builder;
use fred::types::config::{Config, TlsConfig, TlsConnector, UnresponsiveConfig};

use crate::resilience::{Breaker, BreakerBuilder};
use crate::time::Clock;

/// What a connection is made of.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) prefix: String,
    pub(super) command_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) queue: usize,
    pub(super) clock: Arc<dyn Clock>,
}

/// How many messages may wait for whoever is subscribed.
pub(super) const MESSAGES: usize = 1_024;

impl Settings {
    /// For commands.
    pub(super) fn for_commands(&self) -> Builder {
        self.library(self.command_timeout)
    }

    /// For a subscription.
    pub(super) fn for_messages(&self) -> Builder {
        let mut builder = self.library(self.answer_timeout());
        builder.with_performance_config(|performance| performance.broadcast_channel_capacity = MESSAGES);
        builder
    }

    /// The limit for one attempt to connect to whoever it takes: sentinels and nodes are tried one after the other.
    pub(super) fn attempt_limit(&self) -> Duration {
        let hosts = u32::try_from(self.config.server.hosts().len()).unwrap_or(u32::MAX);
        self.connect_timeout.saturating_mul(hosts.saturating_add(2))
    }

    /// How long an answer to a sign of life may take: not shorter than what a busy machine needs.
    pub(super) fn answer_timeout(&self) -> Duration {
        self.command_timeout.max(Duration::from_secs(1))
    }

    /// From which time on an answer counts as slow.
    pub(super) fn slow_after(&self) -> Duration {
        self.command_timeout / 2
    }

    /// One unanswered or lost command opens the circuit for a moment; one probe closes it again.
    pub(super) fn breaker(&self) -> Breaker {
        BreakerBuilder::default()
            .clock(Arc::clone(&self.clock))
            .consecutive(1)
            .window(100)
            .minimum_calls(20)
            .slow(10, self.slow_after())
            .open_for(Duration::from_millis(100), Duration::from_millis(750))
            .probes(1, self.command_timeout.saturating_mul(2))
            .build()
    }

    fn library(&self, command_timeout: Duration) -> Builder {
        let mut builder = Builder::from_config(self.config.clone());
        let silence = self.command_timeout.saturating_mul(4).max(Duration::from_secs(1));
        builder
            .with_config(|config| {
                // Its own way to reconnect waits before the first attempt, has no jitter at its upper bound, and keeps
                // commands for later; ours is in `link.rs`. Without a policy it ends when its connection does.
                config.fail_fast = true;
            })
            .with_performance_config(|performance| {
                performance.default_command_timeout = command_timeout;
            })
            .with_connection_config(|connection| {
                connection.connection_timeout = self.connect_timeout;
                connection.internal_command_timeout = self.connect_timeout;
                // A command whose connection broke may have been carried out: it is reported, never sent again. For a
                // slot that has moved the library would need a second attempt; we ask again ourselves, because only
                // "too many redirections" says for certain that nothing was carried out.
                connection.max_command_attempts = 1;
                connection.max_redirections = 0;
                connection.max_command_buffer_len = self.queue;
                connection.reconnect_on_auth_error = true;
                connection.unresponsive = UnresponsiveConfig {
                    max_timeout: Some(silence),
                    interval: silence / 4,
                };
                connection.tcp.nodelay = Some(true);
            });
        builder
    }
}

/// Reads the URL; the library's own errors are left out, because they may repeat parts of it.
pub(super) fn config(url: &str) -> Option<Config> {
    let (scheme, rest) = url.split_once("://")?;
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
        _ => return None,
    };
    if !matches!(variant, "" | "-cluster" | "-sentinel" | "+unix") {
        return None;
    }
    let mut config = Config::from_url(&format!("{family}{variant}://{rest}")).ok()?;
    if with_tls {
        config.tls = Some(tls()?);
    }
    Some(config)
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
