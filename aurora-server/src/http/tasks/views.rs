//! The JSON of tasks and reminders.

use aurora_crm::tasks::{Reminder, Task, TaskPriority, TaskStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::activities::views::SubjectView;

/// Something that is to be done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(super) struct TaskView {
    /// `tsk_` and 32 hexadecimal digits.
    id: String,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// What is to be done.
    title: String,
    /// More about it.
    note: Option<String>,
    /// Until when: RFC 3339, UTC.
    #[schema(format = DateTime)]
    due_at: String,
    /// `usr_…`: who is to do it.
    assignee: Option<String>,
    /// The lead or client that it is about.
    subject: Option<SubjectView>,
    /// How important it is.
    #[schema(value_type = Priority)]
    priority: TaskPriority,
    /// When somebody is to be reminded of it, in order.
    reminders: Vec<ReminderView>,
    /// Whether it is still to be done.
    #[schema(value_type = Status)]
    status: TaskStatus,
    /// When it was done or cancelled; null while it is open.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        Self {
            id: task.id.to_string(),
            version: task.version,
            title: task.title,
            note: task.note,
            due_at: task.due_at.to_string(),
            assignee: task.assignee_id.map(|id| id.to_string()),
            subject: task.subject.map(Into::into),
            priority: task.priority,
            reminders: task.reminders.into_iter().map(Into::into).collect(),
            status: task.status,
            ended_at: task.ended_at.map(|at| at.to_string()),
            created_at: task.created_at.to_string(),
            updated_at: task.updated_at.to_string(),
        }
    }
}

/// A time at which somebody is to be reminded of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reminder)]
struct ReminderView {
    /// `rmd_…`; another one when it is put off.
    id: String,
    /// When: RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// When somebody was reminded; null before that.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
}

impl From<Reminder> for ReminderView {
    fn from(reminder: Reminder) -> Self {
        Self {
            id: reminder.id.to_string(),
            at: reminder.at.to_string(),
            sent_at: reminder.sent_at.map(|at| at.to_string()),
        }
    }
}

/// How important a task is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaskPriority)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
pub(super) enum Priority {
    /// When there is nothing else.
    Low,
    /// The rule.
    Normal,
    /// Before what is normal.
    High,
    /// Before everything else.
    Urgent,
}

/// Whether a task is still to be done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaskStatus)]
#[expect(dead_code, reason = "describes what the domain writes")]
enum Status {
    /// To be done.
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Cancelled,
}

/// What is needed to make a task.
#[derive(Debug, ToSchema)]
#[schema(as = NewTask, example = json!({"title": "Mandar proposta", "due_at": "2027-01-15T18:00:00-03:00",
    "remind_at": ["2027-01-15T17:00:00-03:00"]}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct NewTaskInput {
    /// Up to 200 characters.
    title: String,
    /// RFC 3339.
    #[schema(format = DateTime)]
    due_at: String,
    /// Up to 10,000 characters.
    note: Option<String>,
    /// `usr_…`: who is to do it.
    assignee: Option<String>,
    /// The lead or client that it is about; cannot be changed.
    subject: Option<SubjectView>,
    /// Normal unless told.
    #[schema(required = false)]
    priority: Priority,
    /// Up to 10 times in the future, within 366 days.
    #[schema(required = false)]
    remind_at: Vec<String>,
}

/// What to change in an open task: a missing field keeps, `null` clears, a value sets. Reminders that were not sent yet
/// move with `due_at` unless `remind_at` is named.
#[derive(Debug, ToSchema)]
#[schema(as = TaskChange, example = json!({"due_at": "2027-01-16T18:00:00-03:00", "note": null}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct TaskChangeInput {
    /// Cannot be cleared.
    #[schema(required = false)]
    title: String,
    note: Option<String>,
    /// Cannot be cleared.
    #[schema(required = false, format = DateTime)]
    due_at: String,
    assignee: Option<String>,
    priority: Option<Priority>,
    remind_at: Option<Vec<String>>,
}
