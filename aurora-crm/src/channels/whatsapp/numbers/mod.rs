//! Numbers of workspaces.

mod entity;
mod handle;
mod input;
mod sql;
mod tokens;

pub use self::entity::{NumberPause, WhatsAppNumber};
pub use self::handle::WhatsApp;
pub use self::input::{NewNumber, NumberChange};
#[cfg(test)]
pub(super) use self::sql::ALL as STATEMENTS;
pub(super) use self::sql::{Route, access, route};
pub(super) use self::tokens::Tokens;
