//! Receiving: is it genuine and recent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::Mac as _;

use super::{ID, SIGNATURE, SigningKey, TIMESTAMP, TOLERANCE};
use crate::time::{Clock, SystemClock, Timestamp};

/// The longest id that is accepted, in bytes.
const LONGEST_ID: usize = 256;
/// How many signatures of one message are looked at; whoever changes secrets sends two.
const MOST_SIGNATURES: usize = 16;
/// The bytes of HMAC-SHA256.
const MAC_BYTES: usize = 32;

/// Checks messages that came in.
///
/// It says that a message comes from who has the secret and was signed a short time ago, not that it is the first time
/// that it comes: for that there is a [`ReplayGuard`](super::ReplayGuard).
#[derive(Debug, Clone)]
#[must_use = "a verifier does nothing until it is asked"]
pub struct Verifier {
    keys: Vec<SigningKey>,
    tolerance: Duration,
    clock: Arc<dyn Clock>,
}

/// A message that is genuine and recent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Its id, the same over all attempts: 1 to 256 printable ASCII characters without a full stop.
    pub id: String,
    /// When it was signed, in whole seconds.
    pub timestamp: Timestamp,
    /// The body as it came, to be parsed now.
    pub body: Bytes,
}

impl fmt::Debug for Verified {
    /// Without the body, which may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// Why a message is not accepted. It is told to nobody but the log: the answer to the sender is 401 for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A header is not there.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// A header is there twice, so that two readers could see two messages.
    #[error("the header {0} is there more than once")]
    Repeated(&'static str),
    /// A header cannot be read.
    #[error("the header {0} cannot be read")]
    Malformed(&'static str),
    /// It was signed too long ago, or the clock of one side is wrong.
    #[error("the message was signed too long ago")]
    TooOld,
    /// It was signed in the future, or the clock of one side is wrong.
    #[error("the message was signed too far in the future")]
    TooNew,
    /// No signature was made with one of the secrets over this id, time and body.
    #[error("no signature fits")]
    Forged,
}

impl Verifier {
    /// Accepts what is signed with this secret, five minutes before or after now.
    pub fn new(key: SigningKey) -> Self {
        Self {
            keys: vec![key],
            tolerance: TOLERANCE,
            clock: Arc::new(SystemClock),
        }
    }

    /// Accepts what is signed with this secret as well.
    pub fn also(mut self, key: SigningKey) -> Self {
        self.keys.push(key);
        self
    }

    /// How far the time of a message may be from now, before and after; [`TOLERANCE`] unless told. Ids must be kept
    /// for at least twice as long, see [`ReplayGuard`](super::ReplayGuard).
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks a message: its headers, in any case and order and among others (a `&HeaderMap` will do), and its body as it
    /// came over the wire, before anybody parses it. The caller limits how long the body may be.
    ///
    /// Every secret is tried with every signature, each comparison in constant time.
    ///
    /// # Errors
    /// [`Refusal`] with what is wrong.
    pub fn verify<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: impl Into<Bytes>,
    ) -> Result<Verified, Refusal>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let body = body.into();
        let [id, seconds, signatures] = pick(headers)?;
        let secs = read_seconds(&seconds).ok_or(Refusal::Malformed(TIMESTAMP))?;
        if id.is_empty() || id.len() > LONGEST_ID || id.contains('.') {
            return Err(Refusal::Malformed(ID));
        }
        let (timestamp, now) = (Timestamp::from_secs(secs), self.clock.now());
        if timestamp + self.tolerance < now {
            return Err(Refusal::TooOld);
        }
        if timestamp > now + self.tolerance {
            return Err(Refusal::TooNew);
        }
        if !self.is_genuine(&id, &seconds, &signatures, &body)? {
            return Err(Refusal::Forged);
        }
        Ok(Verified { id, timestamp, body })
    }

    fn is_genuine(&self, id: &str, seconds: &str, signatures: &str, body: &[u8]) -> Result<bool, Refusal> {
        let mut given = Vec::new();
        for (index, signature) in signatures.split_ascii_whitespace().enumerate() {
            if index == MOST_SIGNATURES {
                return Err(Refusal::Malformed(SIGNATURE));
            }
            // What is of another version, or no code at all, does not keep the next one from being right.
            if let Some(encoded) = signature.strip_prefix("v1,")
                && let Ok(mac) = STANDARD.decode(encoded)
                && mac.len() == MAC_BYTES
            {
                given.push(mac);
            }
        }
        if given.is_empty() {
            return Ok(false);
        }
        let mut genuine = false;
        for key in &self.keys {
            let mac = key.mac(id, seconds, body);
            for given in &given {
                genuine |= mac.clone().verify_slice(given).is_ok();
            }
        }
        Ok(genuine)
    }
}

/// Id, timestamp and signatures, each exactly once and printable.
fn pick<N: AsRef<str>, V: AsRef<[u8]>>(
    headers: impl IntoIterator<Item = (N, V)>,
) -> Result<[String; 3], Refusal> {
    const NAMES: [&str; 3] = [ID, TIMESTAMP, SIGNATURE];
    let mut found = [None, None, None];
    for (name, value) in headers {
        for (wanted, slot) in NAMES.into_iter().zip(&mut found) {
            if !name.as_ref().eq_ignore_ascii_case(wanted) {
                continue;
            }
            let text = std::str::from_utf8(value.as_ref())
                .ok()
                .filter(|text| text.bytes().all(|byte| (0x20..0x7f).contains(&byte)))
                .ok_or(Refusal::Malformed(wanted))?;
            if slot.replace(text.to_owned()).is_some() {
                return Err(Refusal::Repeated(wanted));
            }
        }
    }
    let [id, seconds, signatures] = found;
    Ok([
        id.ok_or(Refusal::Missing(ID))?,
        seconds.ok_or(Refusal::Missing(TIMESTAMP))?,
        signatures.ok_or(Refusal::Missing(SIGNATURE))?,
    ])
}

/// Whole seconds in their only form: no sign, no fraction, no leading zero, since the text is what is signed.
fn read_seconds(text: &str) -> Option<i64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}
