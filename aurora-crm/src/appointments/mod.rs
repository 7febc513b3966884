//! Appointments (`agendamentos`, `consultas`): who comes when to what, through states of which only the legal ones follow.
//!
//! | type | what it gives |
//! | --- | --- |
//! | [`Appointments`] | all calls |
//! | [`Booking`] | what is needed to book, or to hold a time |
//! | [`AppointmentStatus`], [`Actor`] | the states, and who may bring them about |
//! | [`AppointmentPolicy`] | notice for cancelling, holds, offers, quiet hours |
//! | [`ReminderRule`], [`due_at`] | when clients are reminded |
//! | [`AppointmentWorker`], [`AppointmentReminderSink`] | what sends reminders and offers |
//! | [`answer_of`], [`Answer`] | what clients answer |
//! | [`WaitingEntry`] | who comes when a time becomes free |
//!
//! Nobody is in two places: the database itself refuses two appointments that block the same professional or room at the same time,
//! by an exclusion constraint in PostgreSQL and by triggers in SQLite.

mod booking;
mod entity;
mod filter;
mod handle;
mod history;
mod policy;
mod reading;
mod reminders;
mod sql;
mod states;
#[cfg(test)]
mod tests;
mod waiting;

pub use self::booking::Booking;
pub use self::entity::{Actor, Appointment, AppointmentId, AppointmentStatus};
pub use self::filter::AppointmentFilter;
pub use self::handle::Appointments;
pub use self::history::AppointmentChange;
pub use self::policy::{AppointmentPolicy, QuietHours};
pub use self::reminders::{
    Answer, Answered, AppointmentNotice, AppointmentReminderSink, AppointmentWorker, ConversationNotices,
    Language, NewReminderRule, NoticeKind, QUEUE, ReminderRule, ReminderRuleId, Shift, answer_of, choice_id,
    due_at,
};
pub use self::waiting::{NewWaitingEntry, WaitingEntry, WaitingEntryId, WaitingStatus};

/// Every statement of the folder, by module.
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
