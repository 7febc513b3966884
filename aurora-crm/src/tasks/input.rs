use std::fmt;
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::{Reminder, Task, TaskId, TaskPriority, TaskStatus};
use crate::activities::{Subject, paragraphs};
use crate::error::Error;
use crate::fields::{Change, Fields};
use crate::leads::OwnerId;
use crate::store::TIMES;

const MAX_TITLE: usize = 200;
const MAX_NOTE: usize = 10_000;
const MAX_REMINDERS: usize = 10;
/// As long as the outbox keeps a message back.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);

/// What is needed to make a task: a title of up to 200 characters and when it is due; up to 10 reminders within a year.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    title: String,
    due_at: Timestamp,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    assignee: Option<OwnerId>,
    #[serde(default)]
    subject: Option<Subject>,
    #[serde(default)]
    priority: TaskPriority,
    #[serde(default)]
    remind_at: Vec<Timestamp>,
}

impl NewTask {
    /// A task that is due at a time.
    #[must_use]
    pub fn new(title: impl Into<String>, due_at: Timestamp) -> Self {
        Self {
            title: title.into(),
            due_at,
            note: None,
            assignee: None,
            subject: None,
            priority: TaskPriority::default(),
            remind_at: Vec::new(),
        }
    }

    /// More about it, up to 10,000 characters.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into());
        self
    }

    /// Who is to do it.
    #[must_use]
    pub const fn assignee(mut self, id: OwnerId) -> Self {
        self.assignee = Some(id);
        self
    }

    /// The lead or client that it is about.
    #[must_use]
    pub const fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// How important it is; normal unless told.
    #[must_use]
    pub const fn priority(mut self, priority: TaskPriority) -> Self {
        self.priority = priority;
        self
    }

    /// One more time at which somebody is to be reminded of it; in the future.
    #[must_use]
    pub fn remind_at(mut self, at: Timestamp) -> Self {
        self.remind_at.push(at);
        self
    }

    pub(super) fn check(self, now: Timestamp) -> Result<Task, Error> {
        let mut fields = Fields::default();
        let blank = Task {
            id: TaskId::new(now),
            title: String::new(),
            note: None,
            due_at: self.due_at,
            assignee_id: self.assignee,
            subject: self.subject,
            priority: self.priority,
            reminders: Vec::new(),
            status: TaskStatus::Open,
            ended_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let everything = TaskChange {
            title: Change::Set(self.title),
            note: self.note.map_or(Change::Keep, Change::Set),
            due_at: Change::Set(self.due_at),
            remind_at: Change::Set(self.remind_at),
            ..TaskChange::default()
        };
        let task = everything.read(blank, now, &mut fields);
        fields.finish(task)
    }
}

impl fmt::Debug for NewTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTask")
            .field("due_at", &self.due_at)
            .finish_non_exhaustive()
    }
}

/// What to change in an open task; a field that is not named stays.
///
/// When the task becomes due at another time and no reminders are named, those that were not sent yet move with it; one
/// whose time is then over is sent at once.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskChange {
    title: Change<String>,
    note: Change<String>,
    due_at: Change<Timestamp>,
    assignee: Change<OwnerId>,
    priority: Change<TaskPriority>,
    remind_at: Change<Vec<Timestamp>>,
}

impl TaskChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is to be done.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Change::Set(title.into());
        self
    }

    /// Sets or removes what more there is to say.
    #[must_use]
    pub fn note(mut self, note: Option<String>) -> Self {
        self.note = note.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets until when.
    #[must_use]
    pub fn due_at(mut self, at: Timestamp) -> Self {
        self.due_at = Change::Set(at);
        self
    }

    /// Sets or removes who is to do it.
    #[must_use]
    pub fn assignee(mut self, id: Option<OwnerId>) -> Self {
        self.assignee = id.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets how important it is.
    #[must_use]
    pub fn priority(mut self, priority: TaskPriority) -> Self {
        self.priority = Change::Set(priority);
        self
    }

    /// Puts these reminders in place of those that were not sent yet; one that is there already stays as it is.
    #[must_use]
    pub fn remind_at(mut self, times: impl IntoIterator<Item = Timestamp>) -> Self {
        self.remind_at = Change::Set(times.into_iter().collect());
        self
    }

    pub(super) fn apply(self, current: &Task, now: Timestamp) -> Result<Task, Error> {
        let mut fields = Fields::default();
        if current.status != TaskStatus::Open {
            fields.refuse("status", "not_allowed", "the task is not open: reopen it first");
        }
        let mut changed = self.read(current.clone(), now, &mut fields);
        changed.touch(now);
        fields.finish(changed)
    }

    fn read(self, mut task: Task, now: Timestamp, fields: &mut Fields) -> Task {
        match self.title {
            Change::Keep => {}
            Change::Clear => fields.refuse("title", "required", "must not be empty"),
            Change::Set(title) => task.title = fields.line("title", &title, MAX_TITLE),
        }
        match self.note {
            Change::Keep => {}
            Change::Clear => task.note = None,
            Change::Set(note) => task.note = paragraphs(fields, "note", &note, MAX_NOTE),
        }
        match self.assignee {
            Change::Keep => {}
            Change::Clear => task.assignee_id = None,
            Change::Set(assignee) => task.assignee_id = Some(assignee),
        }
        match self.priority {
            Change::Keep => {}
            Change::Clear => task.priority = TaskPriority::default(),
            Change::Set(priority) => task.priority = priority,
        }
        let due_before = task.due_at;
        match self.due_at {
            Change::Keep => {}
            Change::Set(at) if TIMES.contains(&at.as_micros()) => task.due_at = at,
            Change::Set(_) | Change::Clear => {
                fields.refuse("due_at", "invalid", "must be within the years 1 to 9999");
            }
        }
        match self.remind_at {
            Change::Keep => shift(&mut task, due_before, now, fields),
            Change::Clear => task.reminders.retain(|reminder| reminder.sent_at.is_some()),
            Change::Set(times) => replace(&mut task, times, now, fields),
        }
        task
    }
}

impl Task {
    pub(super) fn touch(&mut self, now: Timestamp) {
        self.version = self.version.saturating_add(1);
        self.updated_at = now.max(self.updated_at); // the machine's clock may have been set back
    }
}

/// Moves what was not sent yet by as much as the task has moved, each under a new id.
fn shift(task: &mut Task, due_before: Timestamp, now: Timestamp, fields: &mut Fields) {
    let by = task.due_at.as_micros().saturating_sub(due_before.as_micros());
    if by == 0 {
        return;
    }
    for reminder in task
        .reminders
        .iter_mut()
        .filter(|reminder| reminder.sent_at.is_none())
    {
        let at = Timestamp::from_micros(reminder.at.as_micros().saturating_add(by)).max(now);
        if at.since(now) > LONGEST {
            fields.refuse("due_at", "invalid", "a reminder would be more than 366 days away");
        }
        *reminder = Reminder::new(at, now);
    }
}

fn replace(task: &mut Task, times: Vec<Timestamp>, now: Timestamp, fields: &mut Fields) {
    if times.len() > MAX_REMINDERS {
        fields.refuse(
            "remind_at",
            "too_many",
            format_args!("must have at most {MAX_REMINDERS} entries"),
        );
        return;
    }
    let present = std::mem::take(&mut task.reminders);
    let (sent, waiting): (Vec<_>, Vec<_>) = present
        .into_iter()
        .partition(|reminder| reminder.sent_at.is_some());
    // Those sent last, so that a task that is put off every day does not grow without end.
    let first = sent.len().saturating_sub(MAX_REMINDERS);
    task.reminders.extend(sent.into_iter().skip(first));
    let mut wanted: Vec<Timestamp> = Vec::with_capacity(times.len());
    for (index, at) in times.into_iter().enumerate() {
        let is_waiting = waiting.iter().any(|reminder| reminder.at == at);
        if !is_waiting && (at <= now || at.since(now) > LONGEST) {
            fields.refuse(
                format!("remind_at[{index}]"),
                "invalid",
                "must be in the future and at most 366 days away",
            );
        } else if !wanted.contains(&at) {
            wanted.push(at);
        }
    }
    wanted.sort_unstable();
    for at in wanted {
        let known = waiting.iter().find(|reminder| reminder.at == at);
        task.reminders
            .push(known.cloned().unwrap_or_else(|| Reminder::new(at, now)));
    }
}

impl fmt::Debug for TaskChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskChange").finish_non_exhaustive()
    }
}
