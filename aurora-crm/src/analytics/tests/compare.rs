use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::id::Id;
use aurora_core::time::{Clock as _, Timestamp};

use super::{Change, LeadFact, World};
use crate::analytics::{Bucket, Period};
use crate::leads::{LeadId, LeadStatus, StageId, StageKind};

/// Median and ninth decile by nearest rank.
fn ranks(mut times: Vec<Duration>) -> (i64, Option<Duration>, Option<Duration>) {
    times.sort();
    let n = times.len();
    let at = |rank: usize| rank.checked_sub(1).and_then(|index| times.get(index)).copied();
    (
        i64::try_from(n).unwrap(),
        at(n.div_ceil(2)),
        at((9 * n).div_ceil(10)),
    )
}

pub(super) async fn compare(world: &World, period: Period) {
    let within = |time: Timestamp| (period.from()..period.to()).contains(&time);
    let (analytics, context) = (world.crm.analytics(), &world.context);
    let overview = analytics.overview(context, period).await.unwrap();
    let living: Vec<_> = world.facts.clients.iter().filter(|client| !client.4).collect();
    let mut by_source: BTreeMap<String, i64> = BTreeMap::new();
    for client in living.iter().filter(|client| within(client.3)) {
        *by_source
            .entry(client.2.unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    let mut by_kind: BTreeMap<String, i64> = BTreeMap::new();
    for client in living.iter().filter(|client| client.3 < period.to()) {
        *by_kind.entry(client.1.to_owned()).or_default() += 1;
    }
    assert_eq!(overview.clients.created, by_source.values().sum::<i64>());
    assert_eq!(overview.clients.total, by_kind.values().sum::<i64>());
    assert_eq!(
        (overview.clients.by_source, overview.clients.by_kind),
        (by_source, by_kind)
    );
    assert_eq!(overview.leads, world.figures(period, |_| true));
    let tasks = &world.facts.tasks;
    let done: Vec<_> = tasks
        .iter()
        .filter(|(_, done)| done.is_some_and(within))
        .collect();
    assert_eq!(overview.tasks.done, i64::try_from(done.len()).unwrap());
    let late = done.iter().filter(|(due, done)| done.unwrap() > *due).count();
    assert_eq!(overview.tasks.done_late, i64::try_from(late).unwrap());
    let until = period.to().min(world.clock.now());
    let overdue = tasks
        .iter()
        .filter(|(due, done)| done.is_none() && *due < until)
        .count();
    assert_eq!(overview.tasks.overdue, i64::try_from(overdue).unwrap());

    let points = analytics.series(context, period, Bucket::Week).await.unwrap();
    for point in &points {
        assert_eq!(point.leads, world.figures(point.period, |_| true));
    }
    assert_eq!(
        points.iter().map(|point| point.clients_created).sum::<i64>(),
        overview.clients.created
    );
    for figures in analytics.sources(context, period).await.unwrap() {
        let expected = world.figures(period, |lead| lead.source.as_str() == figures.source);
        assert_eq!(figures.leads, expected, "{}", figures.source);
    }
    compare_owners(world, period).await;
    compare_funnel(world, period).await;
    let waited = world
        .facts
        .leads
        .iter()
        .filter(|lead| !lead.deleted && within(lead.created));
    let waited = waited.filter_map(|lead| Some(lead.first_activity?.since(lead.created)));
    let times = analytics.response_times(context, period).await.unwrap();
    assert_eq!((times.answered, times.median, times.p90), ranks(waited.collect()));
}

async fn compare_owners(world: &World, period: Period) {
    let found = world
        .crm
        .analytics()
        .owners(&world.context, period)
        .await
        .unwrap();
    assert!(found.is_sorted_by_key(|owner| std::cmp::Reverse(owner.won_cents)));
    let mut total = 0;
    for owner in &found {
        let is_of = |lead: &LeadFact| {
            lead.owner.map(Id::uuid) == owner.owner.map(Id::uuid)
                && lead.value.currency.to_string() == owner.currency
        };
        let expected = world.figures(period, is_of);
        assert_eq!((owner.won, owner.lost), (expected.won, expected.lost));
        let won = world.facts.leads.iter().filter(|lead| {
            !lead.deleted
                && is_of(lead)
                && world.kind(lead.stage) == LeadStatus::Won
                && lead
                    .closed
                    .is_some_and(|at| (period.from()..period.to()).contains(&at))
        });
        assert_eq!(owner.won_cents, won.map(|lead| lead.value.cents).sum::<i64>());
        total += owner.won + owner.lost;
    }
    let all = world.figures(period, |_| true);
    assert_eq!(total, all.won + all.lost);
}

async fn compare_funnel(world: &World, period: Period) {
    let within = |time: Timestamp| (period.from()..period.to()).contains(&time);
    let stages = world
        .crm
        .analytics()
        .funnel(&world.context, world.pipeline.id, period)
        .await
        .unwrap();
    let ids: Vec<StageId> = world.pipeline.stages.iter().map(|stage| stage.id).collect();
    assert_eq!(stages.iter().map(|stage| stage.stage).collect::<Vec<_>>(), ids);
    let leads = world.facts.leads.iter();
    let living: BTreeSet<LeadId> = leads.filter(|lead| !lead.deleted).map(|lead| lead.id).collect();
    let changes = world.facts.changes.iter();
    let changes: Vec<&Change> = changes.filter(|change| living.contains(&change.lead)).collect();
    assert!(changes.len() < world.facts.changes.len(), "some were deleted");
    for (index, stage) in stages.iter().enumerate() {
        let entered: Vec<(usize, &Change)> = changes
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, change)| change.to == index && within(change.at))
            .collect();
        let leads: BTreeSet<LeadId> = entered.iter().map(|(_, change)| change.lead).collect();
        let went_on = |(seq, change): &&(usize, &Change)| {
            changes.iter().skip(seq + 1).any(|later| {
                later.lead == change.lead
                    && later.at < period.to()
                    && match world.kind(later.to) {
                        StageKind::Won => true,
                        StageKind::Open => later.to > index,
                        _ => false,
                    }
            })
        };
        let advanced: BTreeSet<LeadId> = entered
            .iter()
            .filter(went_on)
            .map(|(_, change)| change.lead)
            .collect();
        let count = |n: usize| i64::try_from(n).unwrap();
        assert_eq!(
            (stage.entered, stage.leads, stage.advanced),
            (count(entered.len()), count(leads.len()), count(advanced.len())),
            "{}",
            stage.name
        );
        let left = changes
            .iter()
            .filter(|change| change.from == Some(index) && within(change.at));
        let times = left.map(|change| change.at.since(change.since)).collect();
        assert_eq!(
            (stage.left, stage.median, stage.p90),
            ranks(times),
            "{}",
            stage.name
        );
    }
}
