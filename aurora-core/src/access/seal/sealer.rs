//! Sealing, opening, and changing the key.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use zeroize::Zeroizing;

use super::super::{Error, entropy};
use super::cipher;
use super::envelope::{LONGEST, LONGEST_WRAPPED, Sealed};
use super::keys::{DataKey, KeyProvider, is_name};
use crate::secret::Secret;
use crate::time::{Clock, SystemClock};

/// Where a sealed secret lives; it opens nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    table: String,
    tenant: String,
    row: String,
    field: String,
}

impl Place {
    /// A field of a row of a tenant in a table. `row` is what never changes about it: its id.
    #[must_use]
    pub fn new(
        table: impl Into<String>,
        tenant: impl fmt::Display,
        row: impl fmt::Display,
        field: impl Into<String>,
    ) -> Self {
        Self {
            table: table.into(),
            tenant: tenant.to_string(),
            row: row.to_string(),
            field: field.into(),
        }
    }

    /// What is authenticated with a layer: its name, the place, and for a wrapped key the name of what wraps it.
    fn context(&self, layer: &str, key: &str) -> Vec<u8> {
        let mut context = Vec::new();
        for part in [layer, &self.table, &self.tenant, &self.row, &self.field, key] {
            entropy::frame(&mut context, part.as_bytes());
        }
        context
    }

    fn of_record(&self) -> Vec<u8> {
        self.context("aurora.seal.1.record", "")
    }

    fn of_key(&self, key: &str) -> Vec<u8> {
        self.context("aurora.seal.1.key", key)
    }
}

/// Seals and opens; clones share the keys.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<dyn KeyProvider>,
    limit: Duration,
    clock: Arc<dyn Clock>,
}

impl Sealer {
    /// Seals with the keys of `keys`, each of whose answers may take 5 s.
    #[must_use]
    pub fn new(keys: impl KeyProvider) -> Self {
        Self {
            keys: Arc::new(keys),
            limit: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
        }
    }

    /// How long the keeper of the keys may take. Default 5 s.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The clock of that limit.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Seals up to 1 MiB for a place.
    ///
    /// # Errors
    /// `Invalid` when it is longer, `Unavailable` when the keys cannot be had within the limit.
    ///
    /// # Cancel safety
    /// Nothing is stored or changed; drop it at any time.
    pub async fn seal(&self, place: &Place, text: &[u8]) -> Result<Sealed, Error> {
        if text.len() > LONGEST {
            return Err(Error::invalid("a secret that is sealed has at most 1 MiB"));
        }
        let record_key: DataKey = Zeroizing::new(entropy::random()?);
        let (key, wrapped) = self.wrap(place, &record_key).await?;
        Ok(Sealed {
            key,
            wrapped,
            message: cipher::encrypt(&record_key, &place.of_record(), text)?,
        })
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// `Corrupt` when a bit of it has changed, it belongs to another place, or its key is not there; `Unavailable` when
    /// the keys cannot be had within the limit.
    ///
    /// # Cancel safety
    /// Drop it at any time.
    pub async fn open(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Error> {
        let record_key = self.unwrap(place, sealed).await?;
        cipher::decrypt(&record_key, &place.of_record(), &sealed.message)
            .ok_or_else(|| Error::corrupt("a sealed secret was changed, or belongs to another place"))
    }

    /// Seals a text.
    ///
    /// # Errors
    /// As with [`Sealer::seal`].
    pub async fn seal_text(&self, place: &Place, text: &Secret) -> Result<Sealed, Error> {
        self.seal(place, text.expose().as_bytes()).await
    }

    /// Opens a text.
    ///
    /// # Errors
    /// As with [`Sealer::open`]; also `Corrupt` when it is not UTF-8.
    pub async fn open_text(&self, place: &Place, sealed: &Sealed) -> Result<Secret, Error> {
        let bytes = self.open(place, sealed).await?;
        std::str::from_utf8(&bytes)
            .map(Secret::new)
            .map_err(|_| Error::corrupt("a sealed secret is not a text"))
    }

    /// Whether it is wrapped with another key than the current one.
    #[must_use]
    pub fn needs_rotation(&self, sealed: &Sealed) -> bool {
        sealed.key != self.keys.current()
    }

    /// Wraps the record's key with the current key; the encrypted record stays as it is, bit by bit.
    ///
    /// Store it where the old one still stands (`where sealed = :old`), so that a change that came in between is not
    /// undone.
    ///
    /// # Errors
    /// As with [`Sealer::open`]; also `Corrupt` when the record itself does not open, which would otherwise only show
    /// when the old key is gone.
    ///
    /// # Cancel safety
    /// Drop it at any time.
    pub async fn rewrap(&self, place: &Place, sealed: &Sealed) -> Result<Sealed, Error> {
        let record_key = self.unwrap(place, sealed).await?;
        if cipher::decrypt(&record_key, &place.of_record(), &sealed.message).is_none() {
            return Err(Error::corrupt(
                "a sealed secret was changed, or belongs to another place",
            ));
        }
        let (key, wrapped) = self.wrap(place, &record_key).await?;
        Ok(Sealed {
            key,
            wrapped,
            message: sealed.message.clone(),
        })
    }

    async fn wrap(&self, place: &Place, record_key: &DataKey) -> Result<(String, Vec<u8>), Error> {
        let name = self.keys.current().to_owned();
        if !is_name(&name) {
            return Err(Error::internal(
                "the keeper of the keys names a key as none can be named",
            ));
        }
        let context = place.of_key(&name);
        let wrapped = self
            .within_limit(self.keys.wrap(&name, record_key, &context))
            .await?;
        if wrapped.is_empty() || wrapped.len() > LONGEST_WRAPPED {
            return Err(Error::internal(
                "the keeper of the keys wraps a key in more than 4 KiB",
            ));
        }
        Ok((name, wrapped))
    }

    async fn unwrap(&self, place: &Place, sealed: &Sealed) -> Result<DataKey, Error> {
        let context = place.of_key(&sealed.key);
        self.within_limit(self.keys.unwrap(&sealed.key, &sealed.wrapped, &context))
            .await
    }

    async fn within_limit<T>(&self, call: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        let call = std::pin::pin!(call);
        match select(call, self.clock.sleep(self.limit)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(Error::unavailable(
                "the keeper of the keys did not answer within the limit",
            )),
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("keys", &self.keys)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
