//! Reminders of appointments (`lembretes`): when, in which words, and what the client answers.

mod answer;
mod conversations;
mod handle;
mod notice;
mod plan;
mod rule;
mod text;
mod worker;

pub use self::answer::{Answer, Answered, answer_of, choice_id};
pub use self::conversations::ConversationNotices;
pub use self::notice::{AppointmentNotice, AppointmentReminderSink, NoticeKind};
pub(super) use self::plan::{Decision, at, at_hand, local, minutes, quiet_end};
pub use self::plan::{Shift, due_at};
pub(super) use self::rule::MAX_TEMPLATE;
pub use self::rule::{NewReminderRule, ReminderRule, ReminderRuleId};
pub use self::text::Language;
pub(super) use self::text::Words;
pub use self::worker::{AppointmentWorker, QUEUE};
pub(super) use self::worker::{Freed, Job, ReminderId, Ticket};
