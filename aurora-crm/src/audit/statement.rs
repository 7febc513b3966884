//! Checkpoints as texts that their key has signed.

use std::fmt;

use aurora_core::access::jwt::{KeyRing, Refusal};
use aurora_core::time::Timestamp;

use super::verify::Checkpoint;

/// The `typ` of a checkpoint.
const TYPE: &str = "audit-checkpoint+jwt";
/// Letters of an Ed25519 signature in base64url.
const SIGNATURE: usize = 86;

/// A [`Checkpoint`] with a signature: a compact JWS (RFC 7515) of type `audit-checkpoint+jwt`, whose payload is the
/// checkpoint as JSON. Anybody can read it, and only the key can make it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedCheckpoint(String);

impl SignedCheckpoint {
    /// Signs a checkpoint with the key of `ring`, which should be Ed25519.
    ///
    /// # Errors
    /// When the ring has no key that signs.
    pub fn sign(checkpoint: &Checkpoint, ring: &KeyRing) -> Result<Self, aurora_core::access::Error> {
        let payload = serde_json::to_value(checkpoint)
            .map_err(|_| aurora_core::access::Error::invalid("a checkpoint is a JSON object"))?;
        ring.sign_statement(TYPE, &payload).map(Self)
    }

    /// Takes a text of [`Display`](fmt::Display) as it was kept; whether it is genuine, [`SignedCheckpoint::open`]
    /// tells. `None` when it is not whole, such as a line whose writing was cut off.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let (signed, signature) = text.trim_ascii().rsplit_once('.')?;
        let is_whole = signature.len() >= SIGNATURE && signed.contains('.');
        is_whole.then(|| Self(text.trim_ascii().to_owned()))
    }

    /// What was signed.
    ///
    /// # Errors
    /// When no key that `ring` accepts at `now` has signed it.
    pub fn open(&self, ring: &KeyRing, now: Timestamp) -> Result<Checkpoint, Refusal> {
        let payload = ring.open_statement(TYPE, &self.0, now)?;
        serde_json::from_slice(&payload).map_err(|_| aurora_core::access::jwt::Reason::Malformed.into())
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedCheckpoint({})", self.0)
    }
}
