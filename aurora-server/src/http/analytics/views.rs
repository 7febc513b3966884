//! The JSON of figures.

use std::collections::BTreeMap;

use aurora_core::money::NanoUsd;
use aurora_crm::analytics::{
    AppointmentFigures, LeadFigures, Overview, OwnerFigures, Point, ResponseTimes, SourceFigures,
    StageFigures, StageValue, UsageSum,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What happened to leads.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadFigures)]
struct LeadsView {
    /// Created in the period.
    created: i64,
    /// Won in it, and still.
    won: i64,
    /// Lost in it, and still.
    lost: i64,
    /// How many of those that ended were won, 0 to 1; null when none has ended.
    conversion_rate: Option<f64>,
}

impl From<LeadFigures> for LeadsView {
    fn from(figures: LeadFigures) -> Self {
        Self {
            created: figures.created,
            won: figures.won,
            lost: figures.lost,
            conversion_rate: figures.conversion_rate(),
        }
    }
}

/// The figures that a page begins with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
pub(super) struct OverviewView {
    clients: ClientsView,
    leads: LeadsView,
    tasks: TasksView,
    files: FilesView,
    webhooks: WebhooksView,
}

/// Clients.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientFigures)]
struct ClientsView {
    /// Made in the period.
    created: i64,
    /// How many there are at its end.
    total: i64,
    /// Those there are at its end, by kind.
    by_kind: BTreeMap<String, i64>,
    /// Those that were made, by source; those without one under the empty text.
    by_source: BTreeMap<String, i64>,
}

/// Tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskFigures)]
struct TasksView {
    /// Done in the period.
    done: i64,
    /// Of these, later than they were due.
    done_late: i64,
    /// Open, and due before the end of the period and before now.
    overdue: i64,
}

/// Files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileFigures)]
struct FilesView {
    /// Uploaded in the period and still there.
    count: i64,
    /// Their bytes.
    bytes: i64,
}

/// Deliveries of webhooks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookFigures)]
struct WebhooksView {
    /// Arrived in the period.
    delivered: i64,
    /// Given up in it.
    failed: i64,
}

impl From<Overview> for OverviewView {
    fn from(found: Overview) -> Self {
        Self {
            clients: ClientsView {
                created: found.clients.created,
                total: found.clients.total,
                by_kind: found.clients.by_kind,
                by_source: found.clients.by_source,
            },
            leads: found.leads.into(),
            tasks: TasksView {
                done: found.tasks.done,
                done_late: found.tasks.done_late,
                overdue: found.tasks.overdue,
            },
            files: FilesView {
                count: found.files.count,
                bytes: found.files.bytes,
            },
            webhooks: WebhooksView {
                delivered: found.webhooks.delivered,
                failed: found.webhooks.failed,
            },
        }
    }
}

/// A piece of a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesPoint)]
pub(super) struct PointView {
    /// Where it begins: RFC 3339, UTC.
    #[schema(format = DateTime)]
    from: String,
    /// Where it ends.
    #[schema(format = DateTime)]
    to: String,
    /// Clients that were made in it.
    clients_created: i64,
    /// What happened to leads in it.
    leads: LeadsView,
}

impl From<Point> for PointView {
    fn from(point: Point) -> Self {
        Self {
            from: point.period.from().to_string(),
            to: point.period.to().to_string(),
            clients_created: point.clients_created,
            leads: point.leads.into(),
        }
    }
}

/// A stage of a funnel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageFigures)]
pub(super) struct StageView {
    /// `stg_…`
    stage: String,
    /// Its name.
    name: String,
    /// How often a lead came into it.
    entered: i64,
    /// How many leads came into it.
    leads: i64,
    /// How many of these went on to a later stage, or were won.
    advanced: i64,
    /// `advanced` of `leads`, 0 to 1; null when there is none.
    conversion_rate: Option<f64>,
    /// How often a lead left it.
    left: i64,
    /// Seconds in it, the median of those that left.
    median_secs: Option<u64>,
    /// Seconds that nine of ten stayed within.
    p90_secs: Option<u64>,
}

impl From<StageFigures> for StageView {
    fn from(figures: StageFigures) -> Self {
        Self {
            conversion_rate: figures.conversion_rate(),
            stage: figures.stage.to_string(),
            name: figures.name,
            entered: figures.entered,
            leads: figures.leads,
            advanced: figures.advanced,
            left: figures.left,
            median_secs: figures.median.map(|time| time.as_secs()),
            p90_secs: figures.p90.map(|time| time.as_secs()),
        }
    }
}

/// What the open leads of a stage are worth.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageValue)]
pub(super) struct StageValueView {
    /// `stg_…`
    stage: String,
    /// ISO 4217.
    currency: String,
    /// How many leads.
    leads: i64,
    /// What they are worth together, in the smallest unit of the currency.
    cents: i64,
    /// The same times the probability of the stage.
    weighted_cents: i64,
}

impl From<StageValue> for StageValueView {
    fn from(value: StageValue) -> Self {
        Self {
            stage: value.stage.to_string(),
            currency: value.currency,
            leads: value.leads,
            cents: value.cents,
            weighted_cents: value.weighted_cents,
        }
    }
}

/// What came from a source.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceFigures)]
pub(super) struct SourceView {
    /// Which.
    source: String,
    /// What happened to its leads.
    leads: LeadsView,
}

impl From<SourceFigures> for SourceView {
    fn from(figures: SourceFigures) -> Self {
        Self {
            source: figures.source,
            leads: figures.leads.into(),
        }
    }
}

/// What an owner has won and lost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnerFigures)]
pub(super) struct OwnerView {
    /// `usr_…`; null of leads that belong to nobody.
    owner: Option<String>,
    /// ISO 4217.
    currency: String,
    /// How many leads were won.
    won: i64,
    /// What these are worth, in the smallest unit of the currency.
    won_cents: i64,
    /// How many leads were lost.
    lost: i64,
}

impl From<OwnerFigures> for OwnerView {
    fn from(figures: OwnerFigures) -> Self {
        Self {
            owner: figures.owner.map(|id| id.to_string()),
            currency: figures.currency,
            won: figures.won,
            won_cents: figures.won_cents,
            lost: figures.lost,
        }
    }
}

/// How long leads waited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResponseTimes)]
pub(super) struct ResponseTimesView {
    /// How many have had an activity since.
    answered: i64,
    /// The median of their waiting, in seconds.
    median_secs: Option<u64>,
    /// What nine of ten waited at most.
    p90_secs: Option<u64>,
}

impl From<ResponseTimes> for ResponseTimesView {
    fn from(times: ResponseTimes) -> Self {
        Self {
            answered: times.answered,
            median_secs: times.median.map(|time| time.as_secs()),
            p90_secs: times.p90.map(|time| time.as_secs()),
        }
    }
}

/// Appointments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentFigures)]
pub(super) struct AppointmentsView {
    /// How many begin in the period, whatever became of them.
    total: i64,
    /// By status; one that none has is left out.
    by_status: BTreeMap<String, i64>,
    /// How many clients did not come of those whose appointment is over, 0 to 1; null when there was none.
    no_show_rate: Option<f64>,
}

impl From<AppointmentFigures> for AppointmentsView {
    fn from(figures: AppointmentFigures) -> Self {
        Self {
            no_show_rate: figures.no_show_rate(),
            total: figures.total,
            by_status: figures.by_status,
        }
    }
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageFigures)]
pub(super) struct UsageView {
    /// By metric and label.
    items: Vec<UsageSumView>,
    /// What all of `items` cost, in dollars.
    #[schema(example = "0.0125")]
    cost_usd: String,
    /// The same in nano-dollars.
    cost_nano_usd: i64,
}

/// What was used of one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageSum)]
struct UsageSumView {
    /// Of what, such as `input_tokens`.
    metric: String,
    /// Such as the model; empty without one.
    label: String,
    /// How often.
    records: i64,
    /// How much.
    quantity: i64,
    /// What it cost, in dollars.
    cost_usd: String,
    /// The same in nano-dollars.
    cost_nano_usd: i64,
}

impl From<Vec<UsageSum>> for UsageView {
    fn from(sums: Vec<UsageSum>) -> Self {
        let total = sums
            .iter()
            .fold(0_i64, |total, sum| total.saturating_add(sum.cost_nanos));
        let items = sums.into_iter().map(|sum| UsageSumView {
            metric: sum.metric,
            label: sum.label,
            records: sum.records,
            quantity: sum.quantity,
            cost_usd: NanoUsd::from_nanos(sum.cost_nanos).to_string(),
            cost_nano_usd: sum.cost_nanos,
        });
        Self {
            items: items.collect(),
            cost_usd: NanoUsd::from_nanos(total).to_string(),
            cost_nano_usd: total,
        }
    }
}
