//! The pages of `docs/core/`, whose examples are compiled and run with the documentation tests.

#[cfg(feature = "config")]
#[doc = include_str!("../../docs/core/config.md")]
mod config {}
