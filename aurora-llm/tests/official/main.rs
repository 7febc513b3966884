//! The vendors' own SDKs as judges of our codecs, through `tests/python/official_sdks.py`.
//!
//! What they send for a logical request is compared with what our codec writes for the same request, and what our codecs
//! write for the other side is read by them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod answers;
mod normal;
mod python;
mod requests;
