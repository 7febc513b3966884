//! An upstream misbehaves in every way that we know of; what the client makes of it is counted at the upstream.
//!
//! The rows are those of the decision table in `aurora_llm::client::plan`. Waits run on a clock of the tests' own, so
//! that nothing here takes longer than its bytes take over loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the whole of this is a test"
)]

mod cancellation;
mod clock;
mod failures;
mod health;
mod reaction;
mod refusals;
mod setting;
mod streams;
mod streams_anthropic;
mod throttling;
mod upstream;
