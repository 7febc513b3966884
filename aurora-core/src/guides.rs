//! The pages of `docs/core/`, whose examples are compiled and run with the documentation tests.

#[cfg(feature = "access")]
#[doc = include_str!("../../docs/core/access.md")]
mod access {}

#[cfg(feature = "config")]
#[doc = include_str!("../../docs/core/config.md")]
mod config {}

#[doc = include_str!("../../docs/core/health.md")]
mod health {}

#[cfg(feature = "telemetry")]
#[doc = include_str!("../../docs/core/logs.md")]
mod logs {}

#[doc = include_str!("../../docs/core/resilience.md")]
mod resilience {}

#[doc = include_str!("../../docs/core/telemetry.md")]
mod telemetry {}

#[doc = include_str!("../../docs/core/webhook.md")]
mod webhook {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/core/leases.md")]
mod leases {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/core/backup.md")]
mod backup {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/core/outbox.md")]
mod outbox {}

#[doc = include_str!("../../docs/core/limits.md")]
mod limits {}

#[doc = include_str!("../../docs/core/fallback.md")]
mod fallback {}

#[doc = include_str!("../../docs/core/monitor.md")]
mod monitor {}

#[cfg(feature = "memory")]
#[doc = include_str!("../../docs/core/cache.md")]
mod cache {}
#[cfg(feature = "redis")]
#[doc = include_str!("../../docs/core/redis.md")]
mod redis {}

#[cfg(feature = "http")]
#[doc = include_str!("../../docs/core/http.md")]
mod http {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/core/store.md")]
mod store {}

#[doc = include_str!("../../docs/core/values.md")]
mod values {}

#[cfg(all(feature = "testing", feature = "memory", feature = "sqlite"))]
#[doc = include_str!("../../docs/core/testing.md")]
mod testing {}
