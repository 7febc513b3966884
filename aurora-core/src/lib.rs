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
//! | [`resilience`] | retry with a budget, circuit breaker, deadlines | |
//! | [`fallback`] | several targets for one operation, tried in order of their health | |
//! | [`monitor`] | success, latency and rate per target in constant memory | |
//! | [`health`] | liveness and readiness from named checks | |
//! | [`cache`] | bytes with a time to live, in process or in Redis | `memory`, `redis` |
//! | `http` | the one outbound HTTP client | `http` |
//! | `store` | SQLite or PostgreSQL behind one type, with migrations | `sqlite`, `postgres` |
//! | `config` | layered settings that know where they came from | `config` |
//! | `testing` | contract suites and throwaway databases and caches | `testing` |

pub mod cache;
#[cfg(feature = "config")]
pub mod config;
pub mod failure;
pub mod fallback;
pub mod health;
#[cfg(feature = "http")]
pub mod http;
pub mod id;
pub mod money;
pub mod monitor;
pub mod page;
pub mod resilience;
pub mod rng;
pub mod secret;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod time;
