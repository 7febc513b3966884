//! What users of other clients complain about most, each with a test that shows it cannot happen here.
//!
//! The list, and where each is tested further, is `docs/llm/complaints.md`.
#![cfg(all(
    feature = "simulated",
    feature = "memory",
    feature = "openai-compatible",
    feature = "anthropic",
    feature = "gemini"
))]

#[cfg(test)]
mod calls;
#[cfg(test)]
mod fallback;
#[cfg(test)]
mod money;
#[cfg(test)]
mod openness;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod streams;
