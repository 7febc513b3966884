//! Contract suites, and throwaway databases and caches, for the tests of whoever implements or uses a trait.

#[cfg(any(feature = "memory", feature = "redis"))]
mod caches;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod databases;
mod provided;
#[cfg(test)]
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) mod proxy;
#[cfg(feature = "redis")]
mod redis;

#[cfg(any(feature = "memory", feature = "redis"))]
pub use self::caches::each_cache;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::databases::{TestDatabase, each_database};
pub use self::provided::provided;
#[cfg(feature = "redis")]
pub use self::redis::redis;
