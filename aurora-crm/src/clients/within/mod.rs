//! Clients in the transaction of another aggregate, by their own rules.

mod sql;

use aurora_core::time::Timestamp;

pub(crate) use self::sql::{check_in, holder_in, rules_in};
pub(crate) use super::sql::{hold, insert_in, is_blocked_in};
use super::{Client, ClientId, NewClient};
use crate::custom_fields::Rules;
use crate::error::Error;

/// Checks every field of a new client.
pub(crate) fn check(new: NewClient, now: Timestamp, rules: &Rules) -> Result<Client, Error> {
    new.check(ClientId::new(now), now, rules)
}
