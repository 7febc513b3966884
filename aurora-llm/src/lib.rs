//! One fault-tolerant client for every LLM provider.
pub mod chat;
pub mod client;
pub mod error;
pub mod pricing;
pub mod provider;
pub mod providers;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod usage;
pub mod wire;

pub use client::LlmClient;
pub use error::{Error, ErrorKind};
