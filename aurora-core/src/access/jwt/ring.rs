//! The keys of one issuer: one that signs, and those that verify.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde_json::json;

use super::super::Error;
use super::jwks;
use super::key::{SigningKey, VerifyingKey};
use crate::time::Timestamp;

/// One key that signs and those that verify, found by name; clones share them, also when they change.
///
/// No two keys have the same name, so a token's `kid` names one key and one algorithm. It is only ever compared: never
/// part of a path, a statement or an address.
#[derive(Debug, Clone)]
pub struct KeyRing {
    keys: Arc<RwLock<Arc<Keys>>>,
}

#[derive(Debug, Default)]
struct Keys {
    signer: Option<SigningKey>,
    verifiers: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: VerifyingKey,
    /// The first instant at which it does not verify any more.
    not_after: Option<Timestamp>,
}

/// What a name led to.
pub(super) enum Found {
    Key(VerifyingKey),
    Retired,
    Unknown,
}

impl KeyRing {
    /// A ring that signs with `signer` and verifies what it signed.
    #[must_use]
    pub fn new(signer: SigningKey) -> Self {
        let own = Entry {
            key: signer.verifying(),
            not_after: None,
        };
        Self::of(Keys {
            signer: Some(signer),
            verifiers: vec![own],
        })
    }

    /// A ring that verifies and never signs.
    ///
    /// # Errors
    /// When two keys have the same name.
    pub fn of_verifying(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, Error> {
        let ring = Self::of(Keys::default());
        keys.into_iter().try_for_each(|key| ring.accept(key, None))?;
        Ok(ring)
    }

    /// A ring that verifies with the key set of another issuer, as JSON (RFC 7517).
    ///
    /// Keys of other kinds or for other purposes are passed over; a key without a name gets its thumbprint.
    ///
    /// # Errors
    /// When it is not a key set of at most 64 KiB and 100 keys, a key is damaged, two have the same name, or one is
    /// private.
    pub fn from_jwks(text: &str) -> Result<Self, Error> {
        jwks::read(text).and_then(Self::of_verifying)
    }

    /// Also accepts what `key` signed, until `not_after`: a key that signed before, or one that will sign soon and is
    /// published ahead.
    ///
    /// # Errors
    /// When the ring has a key of that name already.
    pub fn accept(&self, key: VerifyingKey, not_after: Option<Timestamp>) -> Result<(), Error> {
        self.change(|keys| {
            if keys.verifiers.iter().any(|entry| entry.key.kid() == key.kid()) {
                return Err(Error::invalid("the ring has a key of that name already"));
            }
            keys.verifiers.push(Entry { key, not_after });
            Ok(())
        })
    }

    /// Signs with `signer` from now on. The key before it verifies for `overlap`, which has to be longer than tokens
    /// live; keys whose time is over go.
    ///
    /// A `signer` whose verifying key was accepted ahead, under its name, takes that place.
    ///
    /// # Errors
    /// When another key of the ring has its name.
    pub fn rotate(&self, signer: SigningKey, now: Timestamp, overlap: Duration) -> Result<(), Error> {
        self.change(|keys| {
            let new = signer.verifying();
            let is_new = |entry: &Entry| entry.key.kid() == new.kid();
            if keys
                .verifiers
                .iter()
                .any(|entry| is_new(entry) && !entry.key.is_same_key(&new))
            {
                return Err(Error::invalid("the ring has another key of that name"));
            }
            let former = keys.signer.replace(signer);
            for entry in &mut keys.verifiers {
                if former
                    .as_ref()
                    .is_some_and(|former| former.kid() == entry.key.kid())
                {
                    entry.not_after = Some(now + overlap);
                }
            }
            let lives = |entry: &Entry| entry.not_after.is_none_or(|end| now < end);
            keys.verifiers.retain(|entry| lives(entry) && !is_new(entry));
            keys.verifiers.push(Entry {
                key: new,
                not_after: None,
            });
            Ok(())
        })
    }

    /// Takes the keys of `other` instead of its own, as when a fetched key set has changed.
    pub fn replace(&self, other: &Self) {
        let keys = other.read();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Forgets a key at once, as when it was stolen: its tokens are refused from now on. The key that signs stays until
    /// another one does.
    pub fn forget(&self, kid: &str) {
        self.change(|keys| keys.verifiers.retain(|entry| entry.key.kid() != kid));
    }

    /// The key set to publish, as JSON: what still verifies at `now` and is not a shared secret, never a private part.
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> String {
        let keys = self.read();
        let public: Vec<_> = keys
            .verifiers
            .iter()
            .filter(|entry| entry.not_after.is_none_or(|end| now < end))
            .filter_map(|entry| jwks::to_jwk(&entry.key))
            .collect();
        json!({ "keys": public }).to_string()
    }

    pub(super) fn find(&self, kid: &str, now: Timestamp) -> Found {
        let keys = self.read();
        match keys.verifiers.iter().find(|entry| entry.key.kid() == kid) {
            None => Found::Unknown,
            Some(entry) if entry.not_after.is_some_and(|end| now >= end) => Found::Retired,
            Some(entry) => Found::Key(entry.key.clone()),
        }
    }

    pub(super) fn signer(&self) -> Option<SigningKey> {
        self.read().signer.clone()
    }

    fn of(keys: Keys) -> Self {
        Self {
            keys: Arc::new(RwLock::new(Arc::new(keys))),
        }
    }

    fn read(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes a copy, which then takes the place of the keys; who verifies meanwhile keeps the ones that he has.
    fn change<T>(&self, change: impl FnOnce(&mut Keys) -> T) -> T {
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let mut keys = Keys {
            signer: current.signer.clone(),
            verifiers: current.verifiers.clone(),
        };
        let result = change(&mut keys);
        *current = Arc::new(keys);
        result
    }
}
