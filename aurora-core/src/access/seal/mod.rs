//! Secrets at rest: encrypted for one place, with keys that can be changed.
//!
//! Each record has a key of its own (DEK), with which AES-256-GCM encrypts it, and that key is stored beside it,
//! wrapped by a key of the system (KEK) that a [`KeyProvider`] keeps: [`LocalKeys`] from the settings or a file, or a
//! key management service. A change of the system's key wraps the record's key anew and leaves the record as it is.
//!
//! Both layers are bound to their [`Place`]: table, tenant, row and field. What is copied to another row or tenant does
//! not open there. The wrapping is also bound to the name of the system's key.
//!
//! ```text
//! "aurs1." base64url( 1 ‖ length ‖ KEK name ‖ length[2] ‖ wrapped DEK ‖ nonce[12] ‖ ciphertext ‖ tag[16] )
//! ```
//!
//! # Examples
//! ```
//! use aurora_core::access::seal::{LocalKeys, Place, Sealed, Sealer};
//! use aurora_core::secret::Secret;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let old = LocalKeys::generate("2026a")?;
//! let place = Place::new("second_factor", "wsp_1", "usr_1", "secret");
//! let stored = Sealer::new(old.clone()).seal(&place, b"hunter2").await?.to_string();
//!
//! // A new key seals from now on; the old one still opens, until everything is wrapped anew.
//! let sealer = Sealer::new(LocalKeys::generate("2026b")?.also(&old)?);
//! let sealed: Sealed = stored.parse()?;
//! assert_eq!(sealer.open(&place, &sealed).await?.as_slice(), b"hunter2");
//! assert!(sealer.needs_rotation(&sealed));
//! let rewrapped = sealer.rewrap(&place, &sealed).await?;
//! assert!(!sealer.needs_rotation(&rewrapped));
//!
//! let elsewhere = Place::new("second_factor", "wsp_1", "usr_2", "secret");
//! assert!(sealer.open(&elsewhere, &rewrapped).await.is_err());
//! # Ok(()) }
//! ```

pub(super) mod cipher;
mod envelope;
mod keys;
mod sealer;

pub use envelope::Sealed;
pub use keys::{DataKey, KeyProvider, LocalKeys};
pub use sealer::{Place, Sealer};

#[cfg(test)]
mod tests;
