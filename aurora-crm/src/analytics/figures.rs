use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Period;
use crate::appointments::AppointmentStatus;
use crate::leads::{OwnerId, StageId};

/// The figures that a page begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Overview {
    /// Clients.
    pub clients: ClientFigures,
    /// Leads.
    pub leads: LeadFigures,
    /// Tasks.
    pub tasks: TaskFigures,
    /// Files.
    pub files: FileFigures,
    /// Webhooks.
    pub webhooks: WebhookFigures,
}

/// Clients of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ClientFigures {
    /// How many were created in the period.
    pub created: i64,
    /// How many there are at its end.
    pub total: i64,
    /// Those there are at its end, by kind.
    pub by_kind: BTreeMap<String, i64>,
    /// Those that were created, by source; those without one under the empty text.
    pub by_source: BTreeMap<String, i64>,
}

/// Leads of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct LeadFigures {
    /// How many were created in the period.
    pub created: i64,
    /// How many were won in it and still are.
    pub won: i64,
    /// How many were lost in it and still are.
    pub lost: i64,
}

impl LeadFigures {
    /// How many of those that ended were won, within 0 to 1; `None` when none has ended.
    #[must_use]
    pub fn conversion_rate(&self) -> Option<f64> {
        rate(self.won, self.won.saturating_add(self.lost))
    }
}

/// A part of a whole, within 0 to 1 where the part is one; `None` of nothing. Counts above 2³² are not told apart.
#[must_use]
pub fn rate(part: i64, whole: i64) -> Option<f64> {
    let float = |count: i64| f64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX));
    (whole > 0).then(|| float(part) / float(whole))
}

/// Tasks of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct TaskFigures {
    /// How many were done in the period.
    pub done: i64,
    /// How many of these were done later than they were due.
    pub done_late: i64,
    /// How many are open that were due before the end of the period and before now.
    pub overdue: i64,
}

/// Files of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct FileFigures {
    /// How many were uploaded in the period and are still there.
    pub count: i64,
    /// Their bytes, equal contents counted each time.
    pub bytes: i64,
}

/// Deliveries of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct WebhookFigures {
    /// How many arrived in the period.
    pub delivered: i64,
    /// How many were given up in it.
    pub failed: i64,
}

/// A piece of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Point {
    /// Which.
    pub period: Period,
    /// Clients that were created in it.
    pub clients_created: i64,
    /// What happened to leads in it.
    pub leads: LeadFigures,
}

/// A stage of a funnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StageFigures {
    /// Which.
    pub stage: StageId,
    /// Its name.
    pub name: String,
    /// How often a lead came into it in the period, being created in it included.
    pub entered: i64,
    /// How many leads came into it.
    pub leads: i64,
    /// How many of these came, after that and still in the period, into a later stage that is open, or were won.
    pub advanced: i64,
    /// How often a lead left it in the period.
    pub left: i64,
    /// The time in it of those that left, the median by nearest rank; `None` when none left.
    pub median: Option<Duration>,
    /// The time in it that nine of ten stayed within, by nearest rank.
    pub p90: Option<Duration>,
}

impl StageFigures {
    /// How many of the leads that came into it went on, within 0 to 1.
    #[must_use]
    pub fn conversion_rate(&self) -> Option<f64> {
        rate(self.advanced, self.leads)
    }
}

/// What the open leads of a stage are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StageValue {
    /// Which.
    pub stage: StageId,
    /// The currency's code.
    pub currency: String,
    /// How many leads.
    pub leads: i64,
    /// What they are worth together, in the smallest unit of the currency.
    pub cents: i64,
    /// The same times the probability of the stage, rounded half up.
    pub weighted_cents: i64,
}

/// What came from a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceFigures {
    /// Which.
    pub source: String,
    /// What happened to its leads.
    pub leads: LeadFigures,
}

/// What an owner has won and lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OwnerFigures {
    /// Who; `None` of leads that belong to nobody.
    pub owner: Option<OwnerId>,
    /// In which currency.
    pub currency: String,
    /// How many leads were won.
    pub won: i64,
    /// What these are worth, in the smallest unit of the currency.
    pub won_cents: i64,
    /// How many leads were lost.
    pub lost: i64,
}

/// Appointments of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct AppointmentFigures {
    /// How many begin in the period, whatever became of them.
    pub total: i64,
    /// How many of these are where, by the name of the status; one that none has is left out.
    pub by_status: BTreeMap<String, i64>,
}

impl AppointmentFigures {
    /// How many are in this status.
    #[must_use]
    pub fn in_status(&self, status: AppointmentStatus) -> i64 {
        self.by_status.get(status.as_str()).copied().unwrap_or(0)
    }

    /// How many clients did not come of those that were expected and whose appointment is over, within 0 to 1; `None` when
    /// there was none.
    #[must_use]
    pub fn no_show_rate(&self) -> Option<f64> {
        let missed = self.in_status(AppointmentStatus::NoShow);
        let came = self.in_status(AppointmentStatus::Completed);
        rate(missed, missed.saturating_add(came))
    }
}

/// How long leads waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ResponseTimes {
    /// How many have had an activity since.
    pub answered: i64,
    /// The median of their waiting, by nearest rank.
    pub median: Option<Duration>,
    /// What nine of ten waited at most, by nearest rank.
    pub p90: Option<Duration>,
}
