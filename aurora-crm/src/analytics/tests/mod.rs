mod compare;
mod counts;

use std::time::Duration;

use aurora_core::time::{Clock as _, ManualClock, Timestamp};

use self::compare::compare;
use super::{LeadFigures, Period};
use crate::activities::{ActivityKind, NewActivity, Subject};
use crate::clients::{ClientId, NewClient};
use crate::context::Context;
use crate::crm::Crm;
use crate::leads::{
    Currency, LeadId, LeadSource, Locale, Money, NewLead, NewLoss, OwnerId, Pipeline, Place, StageKind,
};
use crate::tasks::NewTask;
use crate::testing::{TestDatabase, each_database};
use crate::workspaces::{NewWorkspace, WorkspaceKind};

/// Numbers that are the same in every run (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[derive(Clone)]
struct LeadFact {
    id: LeadId,
    created: Timestamp,
    source: LeadSource,
    owner: Option<OwnerId>,
    value: Money,
    stage: usize,
    since: Timestamp,
    closed: Option<Timestamp>,
    first_activity: Option<Timestamp>,
    deleted: bool,
}

struct Change {
    lead: LeadId,
    from: Option<usize>,
    to: usize,
    at: Timestamp,
    since: Timestamp,
}

/// What was done, as the test itself remembers it.
#[derive(Default)]
struct Facts {
    clients: Vec<(ClientId, &'static str, Option<&'static str>, Timestamp, bool)>,
    leads: Vec<LeadFact>,
    changes: Vec<Change>,
    /// Due, done.
    tasks: Vec<(Timestamp, Option<Timestamp>)>,
}

struct World {
    crm: Crm,
    clock: ManualClock,
    context: Context,
    pipeline: Pipeline,
    facts: Facts,
}

const HOUR: Duration = Duration::from_secs(3_600);

impl World {
    async fn random(db: &TestDatabase, seed: u64) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let mut contexts = Vec::new();
        for name in ["Mine", "Theirs"] {
            let house = crm
                .workspaces()
                .create(NewWorkspace::new(WorkspaceKind::Company, name))
                .await
                .unwrap();
            contexts.push(Context::new(house.id, "test"));
        }
        let (theirs, context) = (contexts.pop().unwrap(), contexts.pop().unwrap());
        crm.clients()
            .create(&theirs, NewClient::person("Not counted"))
            .await
            .unwrap();
        crm.pipelines()
            .ensure_default(&theirs, Locale::English)
            .await
            .unwrap();
        crm.leads()
            .create(&theirs, NewLead::new("Not counted"))
            .await
            .unwrap();
        let pipeline = crm
            .pipelines()
            .ensure_default(&context, Locale::English)
            .await
            .unwrap();
        let mut world = Self {
            crm,
            clock,
            context,
            pipeline,
            facts: Facts::default(),
        };
        let mut numbers = Numbers(seed);
        let owners: Vec<OwnerId> = (0..2).map(|_| OwnerId::new(world.clock.now())).collect();
        for _ in 0..120 {
            world.clock.advance(Duration::from_secs(numbers.below(40_000)));
            world.step(&mut numbers, &owners).await;
        }
        world
    }

    async fn step(&mut self, numbers: &mut Numbers, owners: &[OwnerId]) {
        let now = self.clock.now();
        let (crm, context) = (self.crm.clone(), self.context.clone());
        match numbers.below(10) {
            0 | 1 => {
                let source = [None, Some("site"), Some("feira")][usize::try_from(numbers.below(3)).unwrap()];
                let kind = if numbers.below(2) == 0 {
                    "person"
                } else {
                    "company"
                };
                let new = if kind == "person" {
                    NewClient::person("A")
                } else {
                    NewClient::company("A")
                };
                let new = match source {
                    Some(source) => new.source(source),
                    None => new,
                };
                let made = crm.clients().create(&context, new).await.unwrap();
                let deleted = numbers.below(5) == 0;
                if deleted {
                    crm.clients().delete(&context, made.id, 1).await.unwrap();
                }
                self.facts.clients.push((made.id, kind, source, now, deleted));
            }
            2..=4 => {
                let source =
                    [LeadSource::Website, LeadSource::Referral][usize::try_from(numbers.below(2)).unwrap()];
                let currency = if numbers.below(3) == 0 {
                    Currency::EUR
                } else {
                    Currency::BRL
                };
                let value = Money::new(i64::try_from(numbers.below(1_000_000)).unwrap(), currency);
                let owner = owners.get(usize::try_from(numbers.below(3)).unwrap()).copied();
                let new = NewLead::new("L").source(source).value(value);
                let new = match owner {
                    Some(owner) => new.owner(owner),
                    None => new,
                };
                let made = crm.leads().create(&context, new).await.unwrap();
                self.facts.leads.push(LeadFact {
                    id: made.id,
                    created: now,
                    source,
                    owner,
                    value,
                    stage: 0,
                    since: now,
                    closed: None,
                    first_activity: None,
                    deleted: false,
                });
                self.facts.changes.push(Change {
                    lead: made.id,
                    from: None,
                    to: 0,
                    at: now,
                    since: now,
                });
            }
            5 | 6 => self.change_lead(numbers).await,
            7 => {
                let Some(lead) = self.some_lead(numbers) else {
                    return;
                };
                let new = NewActivity::new(
                    ActivityKind::Call,
                    Subject::Lead(self.facts.leads[lead].id),
                    "Call",
                );
                crm.activities().create(&context, new).await.unwrap();
                self.facts.leads[lead].first_activity.get_or_insert(now);
            }
            8 => {
                let due = now + Duration::from_secs(numbers.below(200_000));
                let made = crm
                    .tasks()
                    .create(&context, NewTask::new("T", due))
                    .await
                    .unwrap();
                let wait = Duration::from_secs(numbers.below(200_000));
                let done = numbers.below(2) == 0;
                if done {
                    self.clock.advance(wait);
                    crm.tasks().complete(&context, made.id, 1).await.unwrap();
                }
                self.facts.tasks.push((due, done.then(|| self.clock.now())));
            }
            _ => {
                let Some(lead) = self.some_lead(numbers) else {
                    return;
                };
                if numbers.below(3) == 0 {
                    let id = self.facts.leads[lead].id;
                    let version = crm.leads().get(&context, id).await.unwrap().version;
                    crm.leads().delete(&context, id, version).await.unwrap();
                    self.facts.leads[lead].deleted = true;
                }
            }
        }
    }

    fn some_lead(&self, numbers: &mut Numbers) -> Option<usize> {
        let living: Vec<usize> = (0..self.facts.leads.len())
            .filter(|index| !self.facts.leads[*index].deleted && self.facts.leads[*index].closed.is_none())
            .collect();
        let count = u64::try_from(living.len()).unwrap();
        (count > 0).then(|| living[usize::try_from(numbers.below(count)).unwrap()])
    }

    async fn change_lead(&mut self, numbers: &mut Numbers) {
        let Some(index) = self.some_lead(numbers) else {
            return;
        };
        let now = self.clock.now();
        let lead = self.facts.leads[index].clone();
        let leads = self.crm.leads();
        let version = leads.get(&self.context, lead.id).await.unwrap().version;
        let stages: Vec<usize> = (0..self.pipeline.stages.len())
            .filter(|stage| *stage != lead.stage)
            .collect();
        let to = stages[usize::try_from(numbers.below(u64::try_from(stages.len()).unwrap())).unwrap()];
        let stage = self.pipeline.stages[to].id;
        let kind = self.pipeline.stages[to].kind;
        match kind {
            StageKind::Won => leads
                .win(&self.context, lead.id, version, Some(stage))
                .await
                .unwrap(),
            StageKind::Lost => {
                let loss = NewLoss::other("price");
                leads
                    .lose(&self.context, lead.id, version, loss, Some(stage))
                    .await
                    .unwrap()
            }
            _ => leads
                .move_to(&self.context, lead.id, version, stage, Place::First)
                .await
                .unwrap(),
        };
        self.facts.changes.push(Change {
            lead: lead.id,
            from: Some(lead.stage),
            to,
            at: now,
            since: lead.since,
        });
        let fact = &mut self.facts.leads[index];
        (fact.stage, fact.since) = (to, now);
        fact.closed = (kind != StageKind::Open).then_some(now);
    }

    fn kind(&self, stage: usize) -> StageKind {
        self.pipeline.stages[stage].kind
    }

    fn figures(&self, period: Period, is_of: impl Fn(&LeadFact) -> bool) -> LeadFigures {
        let within = |time: Timestamp| (period.from()..period.to()).contains(&time);
        let mut figures = LeadFigures::default();
        for lead in self
            .facts
            .leads
            .iter()
            .filter(|lead| !lead.deleted && is_of(lead))
        {
            figures.created += i64::from(within(lead.created));
            if lead.closed.is_some_and(within) {
                match self.kind(lead.stage) {
                    StageKind::Won => figures.won += 1,
                    _ => figures.lost += 1,
                }
            }
        }
        figures
    }
}

#[tokio::test]
async fn figures_are_what_counting_by_hand_gives() {
    each_database(|db| async move {
        for seed in [1, 2] {
            let world = World::random(&db, seed).await;
            let (start, end) = (ManualClock::default().now(), world.clock.now());
            let span = end.since(start);
            for (from, to) in [
                (start, end + HOUR),
                (start + span / 4, start + span / 2),
                (start + span / 2, end),
                (end + HOUR, end + 2 * HOUR),
            ] {
                compare(&world, Period::new(from, to).unwrap()).await;
            }
            // Periods that begin and end exactly when something happened.
            let times: Vec<Timestamp> = world.facts.changes.iter().map(|change| change.at).collect();
            compare(&world, Period::new(times[3], times[times.len() / 2]).unwrap()).await;
            let values = world
                .crm
                .analytics()
                .pipeline_value(&world.context, world.pipeline.id)
                .await
                .unwrap();
            let open = world
                .facts
                .leads
                .iter()
                .filter(|lead| !lead.deleted && lead.closed.is_none());
            assert_eq!(
                values.iter().map(|value| value.leads).sum::<i64>(),
                i64::try_from(open.count()).unwrap()
            );
            for value in values {
                let index = world
                    .pipeline
                    .stages
                    .iter()
                    .position(|stage| stage.id == value.stage)
                    .unwrap();
                let of_stage = world.facts.leads.iter().filter(|lead| {
                    !lead.deleted && lead.stage == index && lead.value.currency.to_string() == value.currency
                });
                let cents: i64 = of_stage.map(|lead| lead.value.cents).sum();
                let probability = i64::from(world.pipeline.stages[index].probability);
                assert_eq!(
                    (value.cents, value.weighted_cents),
                    (cents, (cents * probability + 50) / 100)
                );
            }
        }
    })
    .await;
}
