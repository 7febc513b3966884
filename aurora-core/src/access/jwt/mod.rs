//! Access tokens: signed JSON web tokens, issued and verified strictly.
//!
//! A [`KeyRing`] holds one key that signs and those that still verify; each key has one name (`kid`) and one
//! algorithm, and a token's own word about its algorithm only ever counts against it. An [`Issuer`] makes tokens of a
//! few minutes, a [`Verifier`] takes nothing but them: `typ` is `at+jwt` (RFC 9068), every claim of [`Claims`] is there
//! and of its type, no member of any object stands twice, times are whole seconds of the [`Clock`](crate::time::Clock)
//! with 5 s of leeway, and a header that brings its own key or extension is refused. Whoever presents a token learns
//! only that it was not accepted; [`Refusal::reason`] is for the records.
//!
//! The signatures are aws-lc's; nothing process-wide has to be installed before the first token.
//!
//! # Examples
//! ```
//! use std::time::Duration;
//! use aurora_core::access::jwt::{Grant, Issuer, KeyRing, SigningKey, Verifier};
//! use aurora_core::access::policy::Assurance;
//! use aurora_core::time::Timestamp;
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! # let clock = aurora_core::time::ManualClock::at(now);
//! let ring = KeyRing::new(SigningKey::generate()?);
//! let issuer = Issuer::builder(ring.clone(), "https://clinic.example", "clinic-api").clock(clock.clone()).build()?;
//! let verifier = Verifier::builder(ring.clone(), "https://clinic.example", "clinic-api").clock(clock).build()?;
//!
//! let issued = issuer.issue(&Grant {
//!     subject: "usr_1".to_owned(),
//!     session: "ses_1".to_owned(),
//!     tenant: "wsp_1".to_owned(),
//!     assurance: Assurance::Aal1,
//!     methods: vec!["pwd".to_owned()],
//!     authenticated_at: now,
//!     rbac_version: 4,
//! })?;
//! assert_eq!(verifier.verify(issued.token.expose())?.sub, "usr_1");
//!
//! // A new key signs from now on; tokens of the old one are good for their quarter of an hour.
//! ring.rotate(SigningKey::generate()?, now, Duration::from_secs(16 * 60))?;
//! assert!(verifier.verify(issued.token.expose()).is_ok());
//! assert!(verifier.verify("eyJhbGciOiJub25lIn0.e30.").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assertion;
mod claims;
mod issue;
mod jwks;
mod key;
mod pem;
mod refusal;
mod ring;
mod statement;
mod verify;

pub use claims::Claims;
pub use issue::{Grant, Issued, Issuer, IssuerBuilder};
pub use key::{Algorithm, SigningKey, VerifyingKey};
pub use refusal::{Reason, Refusal};
pub use ring::KeyRing;
pub use verify::{Verifier, VerifierBuilder};

#[cfg(test)]
mod tests;
