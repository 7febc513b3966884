//! The ground that every Aurora crate stands on.
//!
//! It knows no provider, no channel and no domain table. An application can use it alone for its typed ids, its
//! time, its cache, and for calls that keep answering when what they call does not.
//!
//! | module | what it gives | feature |
//! | --- | --- | --- |
//! | [`id`], [`money`], [`time`], [`page`], [`secret`], [`rng`] | values: typed ids, nano-dollars, timestamps and clocks, keyset pages, secrets, seedable randomness | |
//! | [`text`](mod@text) | values that travel as text | |
//! | [`failure`] | what a failed outcome says about the thing that was called | |
//! | [`resilience`] | retry with a budget, circuit breaker, hedge, bulkhead, adaptive limits, throttle, deadlines, rate limits | |
//! | [`fallback`] | several targets for one operation, tried in order of their health | |
//! | [`monitor`] | success, latency and rate per target in constant memory | |
//! | [`health`] | liveness and readiness from named checks | |
//! | `redis` | the one way to Redis or Valkey: connection, limits, circuit | `redis` |
//! | [`cache`] | bytes with a time to live, in process, in Redis or in both; typed values loaded once | `memory`, `redis` |
//! | `http` | the one outbound HTTP client | `http` |
//! | `store` | SQLite or PostgreSQL behind one type, with migrations, a durable outbox and leases | `sqlite`, `postgres` |
//! | `config` | layered settings that know where they came from | `config` |
//! | `access` | passwords, tokens, second factors, API keys, roles, sealed secrets | `access` |
//! | [`webhook`] | signed webhooks after Standard Webhooks: sign, verify, recognise repetitions | |
//! | [`telemetry`] | trace context and bounded labels; logs of the process and its own measurements | partly `telemetry` |
//! | `testing` | contract suites and throwaway databases and caches | `testing` |

#[cfg(feature = "access")]
pub mod access;
pub mod cache;
#[cfg(feature = "config")]
pub mod config;
pub mod failure;
pub mod fallback;
#[cfg(doctest)]
mod guides;
pub mod health;
#[cfg(feature = "http")]
pub mod http;
pub mod id;
pub mod money;
pub mod monitor;
pub mod page;
#[cfg(feature = "redis")]
pub mod redis;
pub mod resilience;
pub mod rng;
pub mod secret;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod store;
mod sync;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod time;
pub mod webhook;
