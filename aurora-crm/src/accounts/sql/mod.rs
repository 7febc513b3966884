//! The tables of accounts; the only place of the folder that knows sqlx.

mod api_keys;
mod credentials;
mod factors;
mod provider_keys;
mod rewrap;
mod sessions;
mod throttles;
mod tokens;
mod users;

use std::hash::{DefaultHasher, Hasher as _};

use aurora_core::id::{Id, IdKind};
use aurora_core::page::{InvalidCursor, PageRequest};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

pub(crate) use self::api_keys::revoke_api_keys_of;
pub(super) use self::api_keys::*;
pub(super) use self::credentials::*;
pub(super) use self::factors::*;
pub(super) use self::provider_keys::*;
pub(super) use self::rewrap::*;
pub(super) use self::sessions::*;
pub(super) use self::throttles::*;
pub(super) use self::tokens::*;
pub(crate) use self::users::is_kept_out;
pub(super) use self::users::*;
use super::user::UserId;
use crate::clients::wrong_cursor;
use crate::error::Error;
use crate::journal::Record;
use crate::store::END_OF_TIME;

/// Every statement of accounts, for the test that prepares each.
#[cfg(test)]
pub(crate) const STATEMENTS: [&[(&str, &str)]; 9] = [
    api_keys::ALL,
    credentials::ALL,
    factors::ALL,
    provider_keys::ALL,
    rewrap::ALL,
    sessions::ALL,
    throttles::ALL,
    tokens::ALL,
    users::ALL,
];

/// What stands for the installation where a user is asked for.
pub(super) const NOBODY: UserId = UserId::from_uuid(Uuid::nil());

/// What stands for a user where there is none of this address: one of 65,536 places, so that guessing at addresses
/// fills no table. It needs no strong digest: two addresses in one place see no difference.
pub(super) fn place_of(folded: &str) -> UserId {
    let mut hasher = DefaultHasher::new();
    hasher.write(folded.as_bytes());
    let [a, b, ..] = hasher.finish().to_be_bytes();
    UserId::from_uuid(Uuid::from_u128(u128::from(u16::from_be_bytes([a, b])) + 1))
}

/// An entry of the installation's audit chain; listeners belong to workspaces and are told nothing.
fn noted<T: IdKind>(action: &'static str, kind: &'static str, id: Id<T>, now: Timestamp) -> Record {
    Record::new(action, kind, id, now).without_event()
}

/// Where a page of the newest begins. Anybody can forge a cursor: what a database could not take is refused here.
fn newest_key(request: &PageRequest, scope: &str) -> Result<(Timestamp, Uuid), Error> {
    let (micros, id) = match request.cursor() {
        Some(cursor) => cursor.key::<(i64, Uuid)>(scope).map_err(wrong_cursor)?,
        None => (END_OF_TIME.as_micros(), Uuid::max()),
    };
    if (0..=END_OF_TIME.as_micros()).contains(&micros) {
        Ok((Timestamp::from_micros(micros), id))
    } else {
        Err(wrong_cursor(InvalidCursor))
    }
}
