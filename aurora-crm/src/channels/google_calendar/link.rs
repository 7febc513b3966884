//! The calendar of a professional.

use std::fmt;
use std::str::FromStr;

use aurora_core::access::seal::Place;
use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::scheduling::ProfessionalId;
use crate::workspaces::WorkspaceId;

/// Names a link: `clk_` and 32 hexadecimal digits.
pub type CalendarLinkId = Id<CalendarLink>;

/// The calendar of a professional at Google: what is known of it, without its credentials. `Debug` does not show which
/// calendar it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CalendarLink {
    /// Its name for programs.
    pub id: CalendarLinkId,
    /// Whose calendar it is.
    pub professional_id: ProfessionalId,
    /// How Google calls the calendar: `primary`, an e-mail address, or `…@group.calendar.google.com`.
    pub calendar_id: String,
    /// Which way changes go.
    pub direction: Direction,
    /// What stands as the title of an event.
    pub titles: Titles,
    /// Whether it works.
    pub state: LinkState,
    /// Why Google refuses, by its code (`invalid_grant`, `notFound`, `requiredAccessLevel`); of a refused link alone.
    pub problem: Option<String>,
    /// When the calendar was last read to its end.
    pub synced_at: Option<Timestamp>,
    /// How often a change in Google was put back, because what is booked here forbids it.
    pub conflicts: i64,
    /// When that happened last.
    pub conflict_at: Option<Timestamp>,
    /// Grows by one with each change by a person; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for CalendarLink {
    const PREFIX: &'static str = "clk";
}

impl fmt::Debug for CalendarLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarLink")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("state", &self.state)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }, $message:literal) => {
        impl $type {
            /// The name used in JSON and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl FromStr for $type {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($message),
                }
            }
        }
    };
}

/// Which way changes go between the CRM and a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// Appointments are written into the calendar; nothing is read from it.
    Out,
    /// What stands in the calendar takes time; nothing is written into it.
    In,
}

named!(Direction { Both = "both", Out = "out", In = "in" }, "a direction is both, out or in");

impl Direction {
    pub(super) const fn writes(self) -> bool {
        matches!(self, Self::Both | Self::Out)
    }

    pub(super) const fn reads(self) -> bool {
        matches!(self, Self::Both | Self::In)
    }
}

/// What stands as the title of an event that is written. Never a client: a calendar is shared, and sits with somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Titles {
    /// That the time is taken: `Agendamento`.
    #[default]
    Busy,
    /// The name of the service.
    Service,
}

named!(Titles { Busy = "busy", Service = "service" }, "titles are busy or service");

/// Whether a link works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It does.
    Active,
    /// Google refuses, and only a person can repair it: give new credentials with `relink`.
    Refused,
    /// It was unlinked.
    Ended,
}

named!(LinkState { Active = "active", Refused = "refused", Ended = "ended" }, "not a state of a link");

/// Marks the id of a channel.
#[derive(Debug)]
pub(super) struct ChannelKind;

impl IdKind for ChannelKind {
    const PREFIX: &'static str = "cch";
}

/// Names a channel that Google sends notifications through.
pub(super) type ChannelId = Id<ChannelKind>;

/// What the credentials of a link are sealed for; `accounts/rewrap.rs` says the same.
pub(super) fn place(workspace: WorkspaceId, link: CalendarLinkId) -> Place {
    Place::new("calendar_links", workspace, link, "credentials")
}
