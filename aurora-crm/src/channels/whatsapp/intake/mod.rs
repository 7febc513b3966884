//! What comes in: kept as it came in one transaction, then understood, in order per contact.

mod apps;
mod conversing;
mod keeping;
mod media;
mod problems;
mod receive;
mod sql;
mod understand;
mod upkeep;
mod worker;

pub(super) use self::understand::kind_of;

use std::time::Duration;

use aurora_core::id::{Id, IdKind};

pub use self::apps::MetaApp;
pub(super) use self::conversing::Conversing;
pub use self::problems::{Unplaced, UnplacedState};
pub use self::receive::{Intake, ReceiveError, Received};
#[cfg(test)]
pub(super) use self::sql::ALL as STATEMENTS;
pub(super) use self::sql::purge;

/// The queue of the outbox in which what came in waits to be understood.
pub const QUEUE: &str = "crm.whatsapp";

/// The queue of the outbox in which media of what came in wait to be fetched.
pub const MEDIA_QUEUE: &str = "crm.whatsapp.media";

/// The least time that is remembered what came in: Meta repeats for 7 days.
pub(super) const SHORTEST_KEPT: Duration = Duration::from_secs(8 * 24 * 3_600);

/// How long is kept what was placed, or could not be. Another thirty days at most pass before that is decided.
pub(super) const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// After how long something that waits is shown as one that does not get on.
const LATE: Duration = Duration::from_secs(3_600);

/// Names a thing that came in: `win_` and 32 hexadecimal digits.
pub type InboundId = Id<InboundKind>;

/// Marks the id of a thing that came in.
#[derive(Debug)]
pub struct InboundKind;

impl IdKind for InboundKind {
    const PREFIX: &'static str = "win";
}
