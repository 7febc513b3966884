use std::time::Duration;

use aurora_core::store::leases::Leases;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sql::retention as sql;
use super::{Anonymisation, Privacy};
use crate::clients::{ClientId, ClientKind, Clients};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::leads::LeadId;
use crate::workspaces::Workspaces;

/// The longest that a rule can keep: a hundred years.
const MOST_DAYS: u32 = 36_500;
const BATCH: u32 = 100;
#[cfg(feature = "access")]
const ACCOUNTS_BATCH: u32 = 1_000;
const SAMPLE: u32 = 20;
const LEASE: &str = "crm.retention";
const LEASE_TIME: Duration = Duration::from_secs(60);

/// Records that can have a limit to how long they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetentionClass {
    /// Deleted clients, counted from their deletion: people are made anonymous, companies that nothing refers to are purged.
    DeletedClients,
    /// Lost leads, counted from when they were lost: their contacts are made anonymous.
    LostLeads,
    /// Domain events, which are removed.
    Events,
    /// Deliveries of webhooks with their attempts, counted from when they were delivered or given up, which are removed.
    WebhookDeliveries,
}

impl RetentionClass {
    const ALL: [Self; 4] = [
        Self::DeletedClients,
        Self::LostLeads,
        Self::Events,
        Self::WebhookDeliveries,
    ];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeletedClients => "deleted_clients",
            Self::LostLeads => "lost_leads",
            Self::Events => "events",
            Self::WebhookDeliveries => "webhook_deliveries",
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// How long a workspace keeps records of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionRule {
    /// Which records.
    pub class: RetentionClass,
    /// How many days after they have ended.
    pub keep_days: u32,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl RetentionRule {
    fn before(&self, now: Timestamp) -> Timestamp {
        now - Duration::from_secs(u64::from(self.keep_days) * 86_400)
    }
}

/// What a rule finds, or has done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retained {
    /// By which rule.
    pub class: RetentionClass,
    /// How many records.
    pub count: u64,
    /// How many could not be done: in use, with files but without their handle, or changed meanwhile. Of a preview 0.
    pub left: u64,
    /// The ids of some of them; empty once it is done.
    pub sample: Vec<Uuid>,
}

pub(super) async fn set(
    privacy: &Privacy,
    context: &Context,
    (class, keep_days): (RetentionClass, Option<u32>),
    expected: Option<i64>,
) -> Result<i64, Error> {
    let mut fields = Fields::default();
    if keep_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        fields.refuse("keep_days", "invalid", "must be within 1 to 36,500 days");
    }
    fields.finish(())?;
    sql::set(&privacy.store, context, (class, keep_days), expected).await
}

pub(super) async fn preview(privacy: &Privacy, context: &Context) -> Result<Vec<Retained>, Error> {
    let store = &privacy.store;
    let mut found = Vec::new();
    for rule in sql::rules(store, context).await? {
        let before = rule.before(store.now());
        let count = sql::count(store, context, rule.class, before).await?;
        let sample = sql::some(store, context, rule.class, before, Uuid::nil(), SAMPLE).await?;
        found.push(Retained {
            class: rule.class,
            count: u64::try_from(count).unwrap_or(0),
            left: 0,
            sample: sample.into_iter().map(|(id, _)| id).collect(),
        });
    }
    Ok(found)
}

pub(super) async fn apply(privacy: &Privacy, context: &Context) -> Result<Vec<Retained>, Error> {
    let store = &privacy.store;
    let mut done = Vec::new();
    for rule in sql::rules(store, context).await? {
        let before = rule.before(store.now());
        let (count, left) = match rule.class {
            class @ (RetentionClass::Events | RetentionClass::WebhookDeliveries) => {
                (purge(privacy, context, class, before).await?, 0)
            }
            class => forget(privacy, context, class, before).await?,
        };
        if count > 0 || left > 0 {
            sql::done(store, context, rule.class, count, left).await?;
        }
        done.push(Retained {
            class: rule.class,
            count,
            left,
            sample: Vec::new(),
        });
    }
    Ok(done)
}

async fn purge(
    privacy: &Privacy,
    context: &Context,
    class: RetentionClass,
    before: Timestamp,
) -> Result<u64, Error> {
    let mut count = 0;
    loop {
        let removed = sql::purge(&privacy.store, context, class, before, BATCH).await?;
        count += removed;
        if removed < u64::from(BATCH) {
            return Ok(count);
        }
    }
}

/// Makes anonymous, or purges, and tells how many, and how many had to be left.
async fn forget(
    privacy: &Privacy,
    context: &Context,
    class: RetentionClass,
    before: Timestamp,
) -> Result<(u64, u64), Error> {
    let (mut count, mut left, mut after) = (0, 0, Uuid::nil());
    loop {
        let batch = sql::some(&privacy.store, context, class, before, after, BATCH).await?;
        let Some((last, _)) = batch.last() else {
            return Ok((count, left));
        };
        after = *last;
        for (id, kind) in batch {
            let outcome = forget_one(privacy, context, class, id, &kind).await;
            match outcome.as_ref().map_err(Error::kind) {
                Ok(()) => count += 1,
                Err(ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict) => left += 1,
                Err(_) => outcome?,
            }
        }
    }
}

async fn forget_one(
    privacy: &Privacy,
    context: &Context,
    class: RetentionClass,
    id: Uuid,
    kind: &str,
) -> Result<(), Error> {
    let how = Anonymisation::new();
    let client = ClientId::from_uuid(id);
    match class {
        RetentionClass::DeletedClients if kind == ClientKind::Company.as_str() => {
            Clients::new(privacy.store.clone()).purge(context, client).await
        }
        RetentionClass::DeletedClients => privacy.anonymise(context, client, &how).await.map(drop),
        RetentionClass::LostLeads => privacy
            .anonymise(context, LeadId::from_uuid(id), &how)
            .await
            .map(drop),
        RetentionClass::Events | RetentionClass::WebhookDeliveries => Ok(()),
    }
}

/// What a visit to every workspace has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RetentionRun {
    /// How many records were removed or made anonymous, without those of workspaces that failed.
    pub count: u64,
    /// How many sessions, tokens, challenges, devices and failures of logins were deleted, which belong to no workspace; 0
    /// without the handle of accounts.
    pub accounts: u64,
    /// How many workspaces failed, each of which is in the log; they are visited again by the next run.
    pub failures: u64,
}

pub(super) async fn everywhere(privacy: &Privacy) -> Result<Option<RetentionRun>, Error> {
    let leases = Leases::open(privacy.store.database().clone()).await?;
    let Some(lease) = leases.acquire(LEASE, LEASE_TIME).await? else {
        return Ok(None);
    };
    let outcome = lease.keep(all(privacy)).await;
    lease.release().await?;
    outcome?.map(Some)
}

async fn all(privacy: &Privacy) -> Result<RetentionRun, Error> {
    let workspaces = Workspaces::new(privacy.store.clone());
    let (mut run, mut after) = (RetentionRun::default(), None);
    loop {
        let ids = workspaces.ids(after).await?;
        let Some(last) = ids.last() else {
            run.accounts = purge_accounts(privacy).await?;
            return Ok(run);
        };
        after = Some(*last);
        for id in ids {
            match apply(privacy, &Context::new(id, "retention")).await {
                Ok(done) => run.count += done.iter().map(|one| one.count).sum::<u64>(),
                Err(error) => {
                    tracing::error!(workspace = %id, %error, "the retention rules of a workspace were not applied");
                    run.failures += 1;
                }
            }
        }
    }
}

#[cfg(feature = "access")]
async fn purge_accounts(privacy: &Privacy) -> Result<u64, Error> {
    let Some(accounts) = &privacy.accounts else {
        return Ok(0);
    };
    let context = Context::installation("retention");
    let mut count = 0;
    loop {
        let removed = accounts.purge(&context, ACCOUNTS_BATCH).await?;
        count += removed;
        if removed < u64::from(ACCOUNTS_BATCH) {
            return Ok(count);
        }
    }
}

#[cfg(not(feature = "access"))]
fn purge_accounts(_: &Privacy) -> std::future::Ready<Result<u64, Error>> {
    std::future::ready(Ok(0))
}
