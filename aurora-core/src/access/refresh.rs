//! Refresh tokens: their format, and what a presented one means.
//!
//! A session keeps a key and a counter, and a token is the session, the counter that was current when it was given
//! out, and a signature of both under the session's key. Nothing else is stored, and a token that was given out once
//! can be made again, letter by letter: clients that refresh at the same moment all get the same answer.
//!
//! ```text
//! base64url( version ‖ session[16] ‖ uvarint(counter) ‖ HMAC-SHA256(key, all before)[..16] ‖ SHA-256(all before)[..4] )
//! ```
//!
//! The checksum at the end tells typing errors and other people's tokens from ours without a look into storage; only
//! the signature proves anything.
//!
//! Reading, deciding and storing belong in one transaction that locks the session's row (`FOR UPDATE`,
//! `BEGIN IMMEDIATE`), and the end of a session that [`Decision::Reused`] asks for is committed although the request
//! fails.
//!
//! # Examples
//! ```
//! use aurora_core::access::refresh::{self, Decision, Presented, RefreshKey, Reuse, SessionState};
//! use aurora_core::{id::{Id, IdKind}, time::Timestamp};
//!
//! struct Session;
//! impl IdKind for Session {
//!     const PREFIX: &'static str = "ses";
//! }
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let (session, key) = (Id::<Session>::new(now), RefreshKey::generate()?);
//! let token = refresh::encode(session, 7, &key);
//!
//! let presented = Presented::parse(token.expose()).ok_or("not one of ours")?;
//! assert_eq!(presented.session::<Session>(), session);
//! let genuine = presented.authenticate(&key).ok_or("forged")?;
//! let stored = SessionState { counter: 7, refreshed_at: now };
//! assert_eq!(refresh::decide(Reuse::default(), stored, genuine, now), Decision::Rotate { counter: 8 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::encoding::{from_base64url, to_base64url};
use super::{Error, entropy};
use crate::id::{Id, IdKind};
use crate::secret::Secret;
use crate::time::Timestamp;

const VERSION: u8 = 1;
const SIGNATURE: usize = 16;
const CHECKSUM: usize = 4;
/// Version, session, ten bytes of counter, signature and checksum, in base64url.
const LONGEST: usize = 63;

/// The key of one session's refresh tokens; stored sealed, and gone with the session.
#[derive(Clone)]
pub struct RefreshKey(Zeroizing<[u8; 32]>);

impl RefreshKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, Error> {
        entropy::random().map(Self::from_bytes)
    }

    /// A key as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes to seal and store.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    fn sign(&self, body: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*self.0), body)
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKey([redacted])")
    }
}

/// The token of a session at a counter; the same for the same arguments.
#[must_use]
pub fn encode<T: IdKind>(session: Id<T>, counter: u64, key: &RefreshKey) -> Secret {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(session.uuid().as_bytes());
    write_uvarint(&mut bytes, counter);
    let signature = key.sign(&bytes);
    bytes.extend(signature.as_ref().iter().take(SIGNATURE));
    let checksum = entropy::sha256(&[&bytes]);
    bytes.extend(checksum.iter().take(CHECKSUM));
    Secret::new(to_base64url(bytes))
}

/// A token whose form is right; whether it is genuine only the session's key can tell.
pub struct Presented {
    session: Uuid,
    counter: u64,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Presented {
    /// Reads a token; nothing when it is not one of ours, was cut, or mistyped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = from_base64url(text)?;
        let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
        let expected = entropy::sha256(&[body]);
        if !expected.starts_with(checksum) {
            return None;
        }
        let (signed, signature) = body.split_at_checked(body.len().checked_sub(SIGNATURE)?)?;
        let (version, rest) = signed.split_first()?;
        let (session, counter) = rest.split_at_checked(16)?;
        if *version != VERSION {
            return None;
        }
        Some(Self {
            session: Uuid::from_slice(session).ok()?,
            counter: read_uvarint(counter)?,
            signed: signed.to_vec(),
            signature: signature.to_vec(),
        })
    }

    /// The session that it claims to be of, to find the key.
    #[must_use]
    pub fn session<T: IdKind>(&self) -> Id<T> {
        Id::from_uuid(self.session)
    }

    /// The counter, if the session's key has signed it; else the token is forged.
    #[must_use]
    pub fn authenticate(&self, key: &RefreshKey) -> Option<Genuine> {
        let expected = key.sign(&self.signed);
        let expected = expected.as_ref().get(..SIGNATURE)?;
        entropy::same(expected, &self.signature).then_some(Genuine {
            counter: self.counter,
        })
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").finish_non_exhaustive()
    }
}

/// What a token says that was proven to be ours; only [`Presented::authenticate`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Genuine {
    counter: u64,
}

/// What the session's row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    /// The counter of the newest token.
    pub counter: u64,
    /// When that token was first given out.
    pub refreshed_at: Timestamp,
}

/// How a token that is not the newest is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// For how long after a refresh an older token still gets the newest one: several tabs, or an answer that was
    /// lost on its way. Default 30 s.
    pub interval: Duration,
    /// Whether the token just before the newest is met so at any time. Default false: with it, who holds a stolen
    /// token can follow its session unnoticed.
    pub lenient_previous: bool,
}

impl Default for Reuse {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(30),
            lenient_previous: false,
        }
    }
}

/// What to do with a genuine token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// The newest token: store `counter` and the time, and answer the token of it.
    Rotate {
        /// The session's next counter.
        counter: u64,
    },
    /// An older one within the reuse interval: answer the newest token again, change nothing.
    Repeat {
        /// The session's counter as it stands.
        counter: u64,
    },
    /// A spent token: somebody has a copy. End the session, commit that, record it, and refuse.
    Reused,
    /// A counter that the session never had: the signature says ours and the row says no, as after a restored backup.
    /// Refuse.
    Forged,
}

/// What a genuine token means for its session at `now`.
pub fn decide(reuse: Reuse, session: SessionState, token: Genuine, now: Timestamp) -> Decision {
    let Some(behind) = session.counter.checked_sub(token.counter) else {
        return Decision::Forged;
    };
    if behind == 0 {
        return match session.counter.checked_add(1) {
            Some(counter) => Decision::Rotate { counter },
            None => Decision::Reused,
        };
    }
    // In both directions: a clock that was set back must not leave the interval open until it caught up.
    let apart = now
        .since(session.refreshed_at)
        .max(session.refreshed_at.since(now));
    if apart <= reuse.interval || (behind == 1 && reuse.lenient_previous) {
        return Decision::Repeat {
            counter: session.counter,
        };
    }
    Decision::Reused
}

fn write_uvarint(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            to.push(low & 0x7F);
            return;
        }
        to.push(low | 0x80);
    }
}

/// The number that fills `bytes` exactly, in its shortest form.
fn read_uvarint(bytes: &[u8]) -> Option<u64> {
    let (last, before) = bytes.split_last()?;
    if before.len() > 9 || before.iter().any(|byte| byte & 0x80 == 0) || last & 0x80 != 0 {
        return None;
    }
    if (*last == 0 && !before.is_empty()) || (before.len() == 9 && *last > 1) {
        return None;
    }
    let low = |value: u64, byte: &u8| (value << 7) | u64::from(byte & 0x7F);
    Some(bytes.iter().rev().fold(0, low))
}

#[cfg(test)]
mod tests;
