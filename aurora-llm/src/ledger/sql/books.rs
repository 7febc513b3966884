//! Accounts as they are opened in a transaction, and changed before they are put back.

use std::collections::BTreeMap;

use aurora_core::money::NanoUsd;
use serde_json::{Value, json};

use crate::ledger::{Account, Amount, Balance, Refusal, Reservation};

/// Tenant and name of an account.
pub(super) type Name = (String, String);

/// Tenant, account, spent, spent tokens, reserved, reserved tokens.
pub(super) type Row = (String, String, i64, i64, i64, i64);

/// Tenant, account, cost, tokens.
pub(super) type HoldRow = (String, String, i64, i64);

/// Accounts that a transaction has to itself.
#[derive(Debug)]
pub(super) struct Books(BTreeMap<Name, Balance>);

impl Books {
    pub(super) fn opened(rows: Vec<Row>) -> Self {
        Self(rows.into_iter().map(balance).collect())
    }

    /// Takes out what is held no more.
    pub(super) fn take_back(&mut self, rows: Vec<HoldRow>) {
        for (tenant, account, cost, tokens) in rows {
            if let Some(balance) = self.0.get_mut(&(tenant, account)) {
                balance.reserved = balance.reserved - amount(cost, tokens);
            }
        }
    }

    /// Whether all limits have room.
    ///
    /// # Errors
    /// The first that has none.
    pub(super) fn admit(&self, reservation: &Reservation) -> Result<(), Box<Refusal>> {
        for limit in &reservation.limits {
            limit.admit(self.balance(&name(&limit.account)), reservation.amount)?;
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, accounts: &[Account], amount: Amount) {
        for account in accounts {
            let balance = self.0.entry(name(account)).or_default();
            balance.reserved = balance.reserved + amount;
        }
    }

    pub(super) fn spend(&mut self, accounts: &[Account], amount: Amount) {
        for account in accounts {
            let balance = self.0.entry(name(account)).or_default();
            balance.spent = balance.spent + amount;
        }
    }

    pub(super) fn balance(&self, name: &Name) -> Balance {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// As the statement that puts them back reads them.
    pub(super) fn to_json(&self) -> Value {
        let row = |(at, ((tenant, account), balance)): (usize, (&Name, &Balance))| {
            let row = json!({
                "tenant": tenant,
                "account": account,
                "spent": balance.spent.cost.nanos(),
                "spent_tokens": stored(balance.spent.tokens),
                "reserved": balance.reserved.cost.nanos(),
                "reserved_tokens": stored(balance.reserved.tokens),
            });
            (at.to_string(), row)
        };
        Value::Object(self.0.iter().enumerate().map(row).collect())
    }
}

pub(super) fn name(account: &Account) -> Name {
    (account.tenant().to_owned(), account.name())
}

/// Accounts as the statements read them.
pub(super) fn to_json(accounts: &[Account]) -> Value {
    let row = |(at, account): (usize, &Account)| {
        let ends = account.ends_at().map(aurora_core::time::Timestamp::as_micros);
        let row = json!({"tenant": account.tenant(), "account": account.name(), "ends": ends});
        (at.to_string(), row)
    };
    Value::Object(accounts.iter().enumerate().map(row).collect())
}

/// The same with further accounts of which only the names are known; they exist already.
pub(super) fn with_names(accounts: &[Account], more: &[Name]) -> Value {
    let known: Vec<Name> = accounts.iter().map(name).collect();
    let mut value = to_json(accounts);
    if let Value::Object(map) = &mut value {
        for (at, name) in more.iter().filter(|name| !known.contains(name)).enumerate() {
            let row = json!({"tenant": name.0, "account": name.1, "ends": null});
            map.insert((known.len() + at).to_string(), row);
        }
    }
    value
}

pub(super) fn balance(row: Row) -> (Name, Balance) {
    let (tenant, account, spent, spent_tokens, reserved, reserved_tokens) = row;
    let balance = Balance {
        spent: amount(spent, spent_tokens),
        reserved: amount(reserved, reserved_tokens),
    };
    ((tenant, account), balance)
}

fn amount(cost: i64, tokens: i64) -> Amount {
    Amount::new(NanoUsd::from_nanos(cost), read(tokens))
}

/// A count as a database keeps it.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that a database kept.
pub(super) fn read(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
