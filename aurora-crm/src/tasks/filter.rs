use std::ops::Range;

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::TaskStatus;
use crate::activities::Subject;
use crate::leads::OwnerId;

/// Which tasks to list, in the order in which they are due. What is set must all be true.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_crm::leads::OwnerId;
/// use aurora_crm::tasks::TaskFilter;
///
/// let (me, now) = (OwnerId::new(Timestamp::UNIX_EPOCH), Timestamp::from_secs(1_800_000_000));
/// let overdue = TaskFilter::open().due_before(now).assignee(me);
/// let midnight = Timestamp::parse("2027-01-15T00:00:00-03:00").unwrap();
/// let tomorrow = Timestamp::parse("2027-01-16T00:00:00-03:00").unwrap();
/// let my_day = TaskFilter::open().due(midnight..tomorrow).assignee(me);
/// # drop((overdue, my_day));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TaskFilter {
    /// Open unless told.
    pub status: TaskStatus,
    /// To be done by this user.
    pub assignee: Option<OwnerId>,
    /// About this lead or client.
    pub subject: Option<Subject>,
    /// Due at this time or later.
    pub due_from: Option<Timestamp>,
    /// Due before this time.
    pub due_to: Option<Timestamp>,
}

impl TaskFilter {
    /// Tasks that are to be done.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Tasks of this status.
    #[must_use]
    pub fn status(status: TaskStatus) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// To be done by this user.
    #[must_use]
    pub const fn assignee(mut self, id: OwnerId) -> Self {
        self.assignee = Some(id);
        self
    }

    /// About this lead or client.
    #[must_use]
    pub const fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Due from the first time on and before the second, such as a day where the user lives.
    #[must_use]
    pub const fn due(mut self, range: Range<Timestamp>) -> Self {
        self.due_from = Some(range.start);
        self.due_to = Some(range.end);
        self
    }

    /// Due before this time: overdue, when it is now and they are open.
    #[must_use]
    pub const fn due_before(mut self, time: Timestamp) -> Self {
        self.due_to = Some(time);
        self
    }
}
