//! Where allowances are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use aurora_core::time::Timestamp;
use aurora_core::time::{Clock as _, SystemClock};

use super::{Allowance, AllowanceKey, Granted};
use crate::client::Caller;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::ledger::SqlLedger;
use crate::ledger::{Budget, BudgetSource, Error, ErrorKind, is_id};

/// The most budgets of all models of a tenant together.
const MOST_MODEL_QUOTAS: usize = 8;

/// An allowance as it is stored.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(in crate::ledger) struct Row {
    pub(in crate::ledger) holder: String,
    pub(in crate::ledger) allowance: Allowance,
    pub(in crate::ledger) version: i64,
    pub(in crate::ledger) changed_at: Timestamp,
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl Row {
    fn granted(self) -> Option<Granted> {
        Some(Granted {
            holder: AllowanceKey::of_name(&self.holder)?,
            allowance: self.allowance,
            version: self.version,
            changed_at: Some(self.changed_at),
        })
    }
}

/// What each tenant, virtual key and model may use; a cheap handle. As a [`BudgetSource`] it gives a client the budgets of
/// whoever calls. Every call reads it anew, so that a change holds from the next call on, on every replica.
///
/// # Examples
/// ```
/// use aurora_llm::ledger::{Allowance, AllowanceKey, Allowances};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::ledger::Error> {
/// let allowances = Allowances::in_memory();
/// let few = Allowance { models: Some(vec!["gpt-5*".into()]), ..Allowance::default() };
/// allowances.put("wsp_17", &AllowanceKey::key("key_9"), few, 0).await?;
/// let of_key = allowances.get("wsp_17", &AllowanceKey::key("key_9")).await?;
/// assert!(of_key.allowance.allows("gpt-5-mini") && !of_key.allowance.allows("o3"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Allowances(Place);

#[derive(Clone)]
enum Place {
    Memory(Arc<Mutex<BTreeMap<(String, String), Granted>>>),
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    Sql(SqlLedger),
}

impl Allowances {
    /// In this process, gone with it.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Place::Memory(Arc::default()))
    }

    /// In the database of a ledger.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    #[must_use]
    pub const fn in_database(ledger: SqlLedger) -> Self {
        Self(Place::Sql(ledger))
    }

    /// What `holder` may use: anything, unless it was said.
    ///
    /// # Errors
    /// Whatever keeps the database from answering.
    pub async fn get(&self, tenant: &str, holder: &AllowanceKey) -> Result<Granted, Error> {
        let name = holder.name();
        let found = self.range(tenant, &name, &name, 1).await?;
        let nothing = || Granted::nothing(holder.clone());
        Ok(found.into_iter().next().unwrap_or_else(nothing))
    }

    /// The allowances of keys whose ids lie between these two, both included; at most `most`.
    ///
    /// # Errors
    /// Whatever keeps the database from answering.
    pub async fn keys_between(
        &self,
        tenant: &str,
        first: &str,
        last: &str,
        most: u32,
    ) -> Result<Vec<Granted>, Error> {
        let (first, last) = (AllowanceKey::key(first).name(), AllowanceKey::key(last).name());
        self.range(tenant, &first, &last, most).await
    }

    /// What counts for calls of `caller`: the tenant's own allowance, that of the key, and those of models.
    ///
    /// # Errors
    /// Whatever keeps the database from answering.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(clippy::unused_async, reason = "only a database is waited for")
    )]
    pub async fn of(&self, caller: &Caller) -> Result<Vec<Granted>, Error> {
        let tenant = caller.tenant.as_deref().unwrap_or_default();
        let key = caller.key.as_deref().map(|id| AllowanceKey::key(id).name());
        match &self.0 {
            Place::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let counts = |name: &str| {
                    name == "tenant" || Some(name) == key.as_deref() || name.starts_with("model/")
                };
                let mine = kept.iter().filter(|((of, name), _)| of == tenant && counts(name));
                Ok(mine.map(|(_, granted)| granted.clone()).collect())
            }
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Place::Sql(ledger) => {
                let rows = ledger.allowances_of(tenant, key.as_deref()).await?;
                Ok(rows.into_iter().filter_map(Row::granted).collect())
            }
        }
    }

    /// Says what `holder` may use from now on. `expected` is the version that was read; 0 for the first.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what [`Allowance::problems`] names, for a name that cannot be one, and for more than 8 budgets
    /// of models in one tenant; [`ErrorKind::Stale`] when somebody else was faster.
    pub async fn put(
        &self,
        tenant: &str,
        holder: &AllowanceKey,
        allowance: Allowance,
        expected: i64,
    ) -> Result<Granted, Error> {
        let name = match holder {
            AllowanceKey::Tenant => "tenant",
            AllowanceKey::Key(name) | AllowanceKey::Model(name) => name,
        };
        if !is_id(name) || !allowance.problems().is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "the allowance cannot be kept"));
        }
        if matches!(holder, AllowanceKey::Model(_)) {
            let others = self.of(&Caller::tenant(tenant)).await?;
            let is_other = |granted: &&Granted| {
                matches!(granted.holder, AllowanceKey::Model(_)) && granted.holder != *holder
            };
            let count: usize = others
                .iter()
                .filter(is_other)
                .map(|it| it.allowance.budgets.len())
                .sum();
            if count + allowance.budgets.len() > MOST_MODEL_QUOTAS {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    "a tenant has at most 8 budgets of models",
                ));
            }
        }
        let stale = || Error::new(ErrorKind::Stale, "the allowance was changed since it was read");
        let changed_at = match &self.0 {
            Place::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let place = (tenant.to_owned(), holder.name());
                if kept.get(&place).map_or(0, |granted| granted.version) != expected {
                    return Err(stale());
                }
                let now = SystemClock.now();
                let granted = Granted {
                    holder: holder.clone(),
                    allowance: allowance.clone(),
                    version: expected + 1,
                    changed_at: Some(now),
                };
                kept.insert(place, granted);
                now
            }
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Place::Sql(ledger) => ledger
                .put_allowance(tenant, &holder.name(), &allowance, expected)
                .await?
                .ok_or_else(stale)?,
        };
        Ok(Granted {
            holder: holder.clone(),
            allowance,
            version: expected + 1,
            changed_at: Some(changed_at),
        })
    }

    /// Forgets what was said of `holder`, such as a key that was revoked.
    ///
    /// # Errors
    /// Whatever keeps the database from it.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(clippy::unused_async, reason = "only a database is waited for")
    )]
    pub async fn remove(&self, tenant: &str, holder: &AllowanceKey) -> Result<(), Error> {
        match &self.0 {
            Place::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.remove(&(tenant.to_owned(), holder.name()));
                Ok(())
            }
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Place::Sql(ledger) => Ok(ledger.remove_allowance(tenant, &holder.name()).await?),
        }
    }

    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(clippy::unused_async, reason = "only a database is waited for")
    )]
    async fn range(&self, tenant: &str, first: &str, last: &str, most: u32) -> Result<Vec<Granted>, Error> {
        match &self.0 {
            Place::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let range = (tenant.to_owned(), first.to_owned())..=(tenant.to_owned(), last.to_owned());
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                let found = if first <= last {
                    Some(kept.range(range))
                } else {
                    None
                };
                Ok(found
                    .into_iter()
                    .flatten()
                    .take(most)
                    .map(|(_, granted)| granted.clone())
                    .collect())
            }
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Place::Sql(ledger) => {
                let rows = ledger.allowances(tenant, (first, last), most).await?;
                Ok(rows.into_iter().filter_map(Row::granted).collect())
            }
        }
    }
}

#[async_trait]
impl BudgetSource for Allowances {
    async fn budgets(&self, caller: &Caller) -> Result<Vec<Budget>, Error> {
        let granted = self.of(caller).await?;
        let (of_models, own): (Vec<&Granted>, Vec<&Granted>) = granted
            .iter()
            .partition(|granted| matches!(granted.holder, AllowanceKey::Model(_)));
        let own = own.into_iter().flat_map(Granted::budgets);
        // Two that were put at the same time may be more than a client takes.
        let of_models = of_models.into_iter().flat_map(Granted::budgets);
        Ok(own.chain(of_models.take(MOST_MODEL_QUOTAS)).collect())
    }
}

impl fmt::Debug for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Memory(_) => f.write_str("Allowances(memory)"),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            Place::Sql(ledger) => write!(f, "Allowances({ledger:?})"),
        }
    }
}
