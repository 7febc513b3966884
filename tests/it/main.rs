//! The house's own rules, and journeys through the whole of it, a file each.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at what it did not expect, in its helpers too"
)]

#[cfg(all(
    feature = "whatsapp",
    feature = "google-calendar",
    feature = "assistant",
    feature = "testing"
))]
mod clinic;
mod house;
mod outage;
mod published;
