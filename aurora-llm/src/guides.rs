//! The pages of `docs/llm/`, whose examples are compiled and run with the documentation tests.

#[cfg(all(feature = "simulated", feature = "memory"))]
#[doc = include_str!("../../docs/llm/cache.md")]
mod cache {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/budgets.md")]
mod budgets {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/limits.md")]
mod limits {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/pricing.md")]
mod pricing {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/resilience.md")]
mod resilience {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/routing.md")]
mod routing {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/streaming.md")]
mod streaming {}

#[doc = include_str!("../../docs/llm/tokens.md")]
mod tokens {}

#[doc = include_str!("../../docs/llm/codecs.md")]
mod codecs {}

#[doc = include_str!("../../docs/llm/complaints.md")]
mod complaints {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/conversation.md")]
mod conversation {}

#[cfg(feature = "simulated")]
#[doc = include_str!("../../docs/llm/tools.md")]
mod tools {}

#[cfg(feature = "testing")]
#[doc = include_str!("../../docs/llm/testing.md")]
mod testing {}
