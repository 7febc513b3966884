//! Contract suites, and throwaway databases and caches, for the tests of whoever implements or uses a trait.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod databases;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::databases::{TestDatabase, each_database};
