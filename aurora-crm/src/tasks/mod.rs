//! Tasks (`tarefas`): what is to be done until when, and reminders of it.

mod filter;
mod handle;
mod input;
mod reminders;
mod sql;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::activities::Subject;
use crate::leads::OwnerId;

pub use self::filter::TaskFilter;
pub use self::handle::Tasks;
pub use self::input::{NewTask, TaskChange};
pub use self::reminders::{DueReminder, QUEUE, ReminderSink, Reminders, SentReminder, SentReminders};
#[cfg(test)]
pub(crate) use self::sql::{ALL as STATEMENTS, sent::ALL as SENT_STATEMENTS};

/// Names a task: `tsk_` and 32 hexadecimal digits.
pub type TaskId = Id<Task>;

/// Names a reminder: `rmd_` and 32 hexadecimal digits.
pub type ReminderId = Id<Reminder>;

/// Something that is to be done.
///
/// `Debug` shows neither title nor note: they can be about people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// Its name for programs.
    pub id: TaskId,
    /// What is to be done.
    pub title: String,
    /// More about it.
    pub note: Option<String>,
    /// Until when.
    pub due_at: Timestamp,
    /// Who is to do it.
    pub assignee_id: Option<OwnerId>,
    /// The lead or client that it is about.
    pub subject: Option<Subject>,
    /// How important it is.
    pub priority: TaskPriority,
    /// When somebody is to be reminded of it, in order.
    pub reminders: Vec<Reminder>,
    /// Whether it is still to be done.
    pub status: TaskStatus,
    /// When it was done or cancelled; `None` while it is open.
    pub ended_at: Option<Timestamp>,
    /// Grows by one with each change; 1 when new. A reminder that is sent does not change it.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Task {
    const PREFIX: &'static str = "tsk";
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id)
            .field("due_at", &self.due_at)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A time at which somebody is to be reminded of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reminder {
    /// Its name for programs; another one when it is put off.
    pub id: ReminderId,
    /// When it is to be sent.
    pub at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

impl IdKind for Reminder {
    const PREFIX: &'static str = "rmd";
}

impl Reminder {
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self {
            id: ReminderId::new(now),
            at,
            sent_at: None,
        }
    }
}

macro_rules! named {
    ($(#[$attribute:meta])* $name:ident, $refusal:literal, $($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// The name used in JSON and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($refusal),
                }
            }
        }
    };
}

named! {
    /// How important a task is.
    TaskPriority, "a priority is low, normal, high or urgent",
    /// When there is nothing else.
    Low = "low",
    /// The rule.
    #[default]
    Normal = "normal",
    /// Before what is normal.
    High = "high",
    /// Before everything else.
    Urgent = "urgent",
}

named! {
    /// Whether a task is still to be done.
    TaskStatus, "a task is open, done or cancelled",
    /// To be done.
    #[default]
    Open = "open",
    /// Done.
    Done = "done",
    /// Not to be done any more.
    Cancelled = "cancelled",
}
