//! Signed webhooks, sent and received, after [Standard Webhooks](https://www.standardwebhooks.com).
//!
//! A message carries three headers: its id, which stays the same over all attempts; the time of the attempt in Unix
//! seconds; and signatures over `id.timestamp.body`, separated by spaces, so that a secret can be changed without a gap.
//! This is the symmetric scheme `v1`: HMAC-SHA256 with a secret that is written `whsec_` and base64. Signatures of other
//! schemes (`v1a`) are left aside.
//!
//! | call | for |
//! | --- | --- |
//! | [`SigningKey`], [`headers`] | who sends |
//! | [`Verifier`] | who receives: is it genuine and recent |
//! | [`ReplayGuard`] | who receives: is it the first time; [`RecentIds`] in process, [`SharedIds`] for replicas |
//!
//! # Examples
//! ```
//! use aurora_core::webhook::{self, RecentIds, ReplayGuard, SigningKey, Verifier};
//! use aurora_core::time::{Clock, ManualClock};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let key = SigningKey::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into())?;
//! let clock = ManualClock::default();
//! let body = br#"{"type":"lead.created"}"#;
//! let headers = webhook::headers(std::slice::from_ref(&key), "msg_1", clock.now(), body);
//!
//! let verifier = Verifier::new(key).clock(clock.clone());
//! let seen = RecentIds::new(10_000).clock(clock);
//! let verified = verifier.verify(headers.clone(), &body[..])?;
//! assert!(seen.first(&verified.id).await?);
//! // The same request again is genuine, but not new.
//! let again = verifier.verify(headers.clone(), &body[..])?;
//! assert!(!seen.first(&again.id).await?);
//! // A changed body is not genuine.
//! assert!(verifier.verify(headers, &b"{}"[..]).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

#[cfg(test)]
mod interop_tests;
mod key;
mod replay;
#[cfg(test)]
mod tests;
mod verify;

use std::time::Duration;

pub use self::key::{InvalidKey, SigningKey, headers};
pub use self::replay::{RecentIds, ReplayError, ReplayGuard, SharedIds};
pub use self::verify::{Refusal, Verified, Verifier};

/// The header with the id of the message.
pub const ID: &str = "webhook-id";

/// The header with the time of the attempt, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";

/// The header with the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the time of a message may be from the receiver's, before and after, as the official libraries have it.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);
