//! What the ledger does in one transaction each.

use std::sync::Arc;

use aurora_core::store::{self, in_transaction, on_reader};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::books::{self, Books, HoldRow, Name, Row, stored};
use super::statements as sql;
use super::{SqlLedger, rows};
use crate::ledger::{Account, Entry, Refusal, Reservation, Standing, period};

/// Why a transaction is rolled back.
pub(super) enum Undo {
    Store(store::Error),
    Refused(Box<Refusal>),
}

impl From<store::Error> for Undo {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Has the accounts in `$accounts` (JSON) to itself until the transaction ends.
macro_rules! open {
    ($self:ident, $tx:ident, $accounts:expr) => {{
        let rows: Vec<Row> = sqlx::query_as($self.open_statement())
            .bind(Json($accounts))
            .fetch_all(&mut *$tx)
            .await
            .map_err(store::Error::from)?;
        Books::opened(rows)
    }};
}

/// Takes out of `$books` what is held under an id.
macro_rules! unhold {
    ($tx:ident, $books:ident, $accounts:expr, $tenant:expr, $id:expr) => {{
        let rows: Vec<HoldRow> = sqlx::query_as(sql::UNHOLD)
            .bind(Json($accounts))
            .bind($tenant)
            .bind($id)
            .fetch_all(&mut *$tx)
            .await
            .map_err(store::Error::from)?;
        $books.take_back(rows);
    }};
}

/// Takes out of `$books` what nobody holds any more.
macro_rules! reclaim {
    ($tx:ident, $books:ident, $accounts:expr, $now:expr) => {{
        let rows: Vec<HoldRow> = sqlx::query_as(sql::RECLAIM)
            .bind(Json($accounts))
            .bind($now)
            .fetch_all(&mut *$tx)
            .await
            .map_err(store::Error::from)?;
        let count = rows.len();
        $books.take_back(rows);
        count
    }};
}

/// Holds a reservation; gives the number of accounts in which it was not held yet.
macro_rules! hold {
    ($tx:ident, $accounts:expr, $reservation:expr, $now:expr) => {
        sqlx::query(sql::HOLD)
            .bind(Json($accounts))
            .bind($reservation.id)
            .bind($reservation.amount.cost.nanos())
            .bind(stored($reservation.amount.tokens))
            .bind($now + $reservation.lease)
            .execute(&mut *$tx)
            .await
            .map_err(store::Error::from)?
            .rows_affected()
    };
}

/// Puts the accounts back as they are now.
macro_rules! put {
    ($tx:ident, $books:expr) => {
        sqlx::query(sql::PUT)
            .bind(Json($books.to_json()))
            .execute(&mut *$tx)
            .await
            .map_err(store::Error::from)?
    };
}

impl SqlLedger {
    pub(super) async fn try_reserve(&self, reservation: &Reservation) -> Result<(), Undo> {
        let now = self.now().await?;
        let accounts = reservation.accounts();
        let names = &books::to_json(&accounts);
        in_transaction!(self.database, |tx| {
            let mut books = open!(self, tx, names);
            reclaim!(tx, books, names, now);
            if hold!(tx, names, reservation, now) == 0 {
                return Ok(()); // it is held already
            }
            books.admit(reservation).map_err(Undo::Refused)?;
            books.hold(&accounts, reservation.amount);
            put!(tx, books);
            Ok(())
        })
    }

    pub(super) async fn try_settle(
        &self,
        entry: &Entry,
        accounts: &[Account],
    ) -> Result<Vec<Standing>, store::Error> {
        let text = |part: &Option<Arc<str>>| part.as_deref().unwrap_or_default().to_owned();
        let (user, key) = (text(&entry.caller.user), text(&entry.caller.key));
        let tokens = entry.tokens;
        let cost = entry.cost.amount();
        in_transaction!(self.database, |tx| {
            let booked = sqlx::query(sql::BOOK)
                .bind(entry.tenant())
                .bind(entry.id)
                .bind(entry.at)
                .bind(&user)
                .bind(&key)
                .bind(rows::task_name(entry.task))
                .bind(&*entry.provider)
                .bind(&*entry.model)
                .bind(stored(tokens.input))
                .bind(stored(tokens.cached))
                .bind(stored(tokens.output))
                .bind(stored(tokens.reasoning))
                .bind(cost.map(aurora_core::money::NanoUsd::nanos))
                .bind(entry.estimated)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if booked == 0 {
                return Ok(Vec::new());
            }
            let held: Vec<Name> = sqlx::query_as(sql::HELD)
                .bind(entry.tenant())
                .bind(entry.id)
                .fetch_all(&mut *tx)
                .await?;
            let mut books = Books::opened(Vec::new());
            // Most calls have no budget: nothing to open then, and nothing to put back.
            if !(accounts.is_empty() && held.is_empty()) {
                let names = &books::with_names(accounts, &held);
                books = open!(self, tx, names);
                unhold!(tx, books, names, entry.tenant(), entry.id);
                books.spend(accounts, entry.amount());
                put!(tx, books);
            }
            sqlx::query(sql::COUNT)
                .bind(entry.tenant())
                .bind(period::name_of(entry.day()))
                .bind(&user)
                .bind(&key)
                .bind(rows::task_name(entry.task))
                .bind(&*entry.provider)
                .bind(&*entry.model)
                .bind(stored(tokens.input))
                .bind(stored(tokens.cached))
                .bind(stored(tokens.output))
                .bind(stored(tokens.reasoning))
                .bind(cost.unwrap_or_default().nanos())
                .bind(i64::from(cost.is_none()))
                .bind(i64::from(entry.estimated))
                .execute(&mut *tx)
                .await?;
            let standing = |account: &Account| {
                let balance = books.balance(&books::name(account));
                Standing::new(account.clone(), balance.spent, balance.reserved)
            };
            Ok(accounts.iter().map(standing).collect())
        })
    }

    pub(super) async fn try_release(&self, reservation: &Reservation) -> Result<(), store::Error> {
        let names = &books::to_json(&reservation.accounts());
        in_transaction!(self.database, |tx| {
            let mut books = open!(self, tx, names);
            unhold!(tx, books, names, &*reservation.tenant, reservation.id);
            put!(tx, books);
            Ok(())
        })
    }

    pub(super) async fn try_renew(&self, reservation: &Reservation) -> Result<(), store::Error> {
        let now = self.now().await?;
        let accounts = reservation.accounts();
        let names = &books::to_json(&accounts);
        in_transaction!(self.database, |tx| {
            let mut books = open!(self, tx, names);
            let booked: Option<i32> = sqlx::query_scalar(sql::BOOKED)
                .bind(&*reservation.tenant)
                .bind(reservation.id)
                .fetch_optional(&mut *tx)
                .await?;
            if booked.is_some() {
                return Ok(());
            }
            unhold!(tx, books, names, &*reservation.tenant, reservation.id);
            hold!(tx, names, reservation, now);
            books.hold(&accounts, reservation.amount);
            put!(tx, books);
            Ok(())
        })
    }

    /// Gives back what nobody holds any more, a hundred accounts at a time.
    pub(super) async fn reclaim_some(&self, now: Timestamp) -> Result<Option<u64>, store::Error> {
        let expired: Vec<Name> = on_reader!(self.database, |pool| sqlx::query_as(sql::EXPIRED)
            .bind(now)
            .fetch_all(pool))?;
        if expired.is_empty() {
            return Ok(None);
        }
        let names = &books::with_names(&[], &expired);
        in_transaction!(self.database, |tx| {
            let mut books = open!(self, tx, names);
            let count = reclaim!(tx, books, names, now);
            put!(tx, books);
            Ok(Some(u64::try_from(count).unwrap_or(u64::MAX)))
        })
    }
}
