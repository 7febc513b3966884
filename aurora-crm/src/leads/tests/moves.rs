use std::collections::HashMap;

use aurora_core::rng::Random;
use proptest::prelude::*;

use super::{House, field, kind, wrong};
use crate::error::ErrorKind;
use crate::leads::lead::Step;
use crate::leads::{Lead, LeadId, LeadStatus, NewLead, NewLoss, Place, StageId, StageKind};
use crate::testing::each_database;

impl House {
    /// The leads of a stage as the board shows them.
    async fn column(&self, stage: StageId) -> Vec<LeadId> {
        let board = self
            .crm
            .leads()
            .board(&self.context, self.pipeline.id, 200)
            .await
            .unwrap();
        let column = board
            .columns
            .into_iter()
            .find(|column| column.stage.id == stage)
            .unwrap();
        assert_eq!(i64::try_from(column.leads.len()).unwrap(), column.count);
        column.leads.iter().map(|lead| lead.id).collect()
    }

    async fn moved(&self, lead: &Lead, stage: StageId, place: Place) -> Lead {
        let leads = self.crm.leads();
        leads
            .move_to(&self.context, lead.id, lead.version, stage, place)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_lead_is_dragged_between_two_others() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (a, b, c) = (
            house.lead("a").await,
            house.lead("b").await,
            house.lead("c").await,
        );
        let stage = house.stage(0);
        assert_eq!(house.column(stage).await, [c.id, b.id, a.id], "the newest on top");
        let a = house.moved(&a, stage, Place::After(c.id)).await;
        assert_eq!(house.column(stage).await, [c.id, a.id, b.id]);
        let c = house.moved(&c, stage, Place::Before(b.id)).await;
        assert_eq!(house.column(stage).await, [a.id, c.id, b.id]);
        house.moved(&a, stage, Place::Last).await;
        assert_eq!(house.column(stage).await, [c.id, b.id, a.id]);
        let leads = house.crm.leads();
        let own = leads
            .move_to(&house.context, c.id, c.version, stage, Place::After(c.id))
            .await;
        assert_eq!(wrong(own), [field("place", "invalid")]);
        let elsewhere = leads
            .move_to(
                &house.context,
                c.id,
                c.version,
                house.stage(1),
                Place::After(b.id),
            )
            .await;
        assert_eq!(kind(elsewhere), Some(ErrorKind::NotFound));
        let stale = leads
            .move_to(&house.context, a.id, 1, stage, Place::First)
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(3))
        );
    })
    .await;
}

/// So often into the same gap that there is no room left: the stage is numbered anew, and the order stays.
#[tokio::test]
async fn a_gap_never_runs_out() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let stage = house.stage(0);
        let bottom = house.lead("bottom").await;
        let mut pair = [house.lead("x").await, house.lead("y").await];
        let before = pair[1].position;
        house.lead("top").await;
        for turn in 0..60 {
            let index = turn % 2;
            let other = pair[1 - index].id;
            pair[index] = house.moved(&pair[index], stage, Place::After(other)).await;
            let column = house.column(stage).await;
            assert_eq!(column[1..], [other, pair[index].id, bottom.id], "turn {turn}");
        }
        let stored = house.crm.leads().get(&house.context, bottom.id).await.unwrap();
        assert_ne!(stored.position, bottom.position, "numbered anew at least once");
        assert_eq!(stored.version, 1, "which is no change of a lead");
        assert!(before < bottom.position);
    })
    .await;
}

#[tokio::test]
async fn of_two_moves_of_one_lead_one_wins_and_moves_at_once_lose_nothing() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let lead = house.lead("contested").await;
        let moves = (0..16).map(|n| leads.move_to(context, lead.id, 1, house.stage(n % 5), Place::First));
        let outcomes = futures::future::join_all(moves).await;
        let (won, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for error in refused.into_iter().filter_map(Result::err) {
            assert_eq!(
                (error.kind(), error.current_version()),
                (ErrorKind::Conflict, Some(2)),
                "{error}"
            );
        }
        let winner = won.into_iter().next().unwrap().unwrap();
        assert_eq!(leads.get(context, lead.id).await.unwrap(), winner);
        // all into the same gap at once: each is there, at a place of its own
        let (first, last) = (house.lead("first").await, house.lead("last").await);
        let stage = house.stage(4);
        house.moved(&first, stage, Place::First).await;
        house.moved(&last, stage, Place::Last).await;
        let mut crowd = Vec::new();
        for n in 0..12 {
            crowd.push(house.lead(&n.to_string()).await);
        }
        let moves = crowd
            .iter()
            .map(|lead| leads.move_to(context, lead.id, 1, stage, Place::After(first.id)));
        for outcome in futures::future::join_all(moves).await {
            outcome.unwrap();
        }
        let column = house.column(stage).await;
        let start = column.iter().position(|id| *id == first.id).unwrap();
        let mut between = column[start + 1..=12 + start].to_vec();
        between.sort_unstable();
        let mut wanted: Vec<LeadId> = crowd.iter().map(|lead| lead.id).collect();
        wanted.sort_unstable();
        assert_eq!(between, wanted);
        let mut positions = Vec::new();
        for id in &column {
            positions.push(leads.get(context, *id).await.unwrap().position);
        }
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
    })
    .await;
}

/// A naive board: lists of leads.
#[derive(Default)]
struct Model {
    columns: HashMap<StageId, Vec<LeadId>>,
    leads: Vec<Lead>,
}

impl Model {
    fn put(&mut self, lead: &Lead, place: Place) {
        for column in self.columns.values_mut() {
            column.retain(|id| *id != lead.id);
        }
        let column = self.columns.entry(lead.stage_id).or_default();
        let of = |column: &[LeadId], anchor| column.iter().position(|id| *id == anchor).unwrap();
        let index = match place {
            Place::First => 0,
            Place::Last => column.len(),
            Place::Before(anchor) => of(column, anchor),
            Place::After(anchor) => of(column, anchor) + 1,
        };
        column.insert(index, lead.id);
    }
}

#[tokio::test]
async fn any_walk_over_the_board_agrees_with_a_model_of_lists() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let random = Random::seeded(20_261_129);
        let below = |limit: usize| usize::try_from(random.below(u64::try_from(limit).unwrap())).unwrap();
        let mut model = Model::default();
        for turn in 0..150 {
            let choice = if model.leads.len() < 4 { 0 } else { below(10) };
            if choice == 0 {
                let lead = house.make(NewLead::new("n").stage(house.stage(below(3)))).await;
                model.put(&lead, Place::First);
                model.leads.push(lead);
                continue;
            }
            let index = below(model.leads.len());
            let lead = model.leads[index].clone();
            let (id, version) = (lead.id, lead.version);
            let is_open = lead.status == LeadStatus::Open;
            let (outcome, place, is_legal) = match choice {
                1 => (leads.win(context, id, version, None).await, Place::First, is_open),
                2 => (
                    leads.lose(context, id, version, NewLoss::other("x"), None).await,
                    Place::First,
                    is_open,
                ),
                3 | 4 => (
                    leads.reopen(context, id, version, None).await,
                    Place::First,
                    !is_open,
                ),
                5 => {
                    leads.delete(context, id, version).await.unwrap();
                    let back = leads.restore(context, id, version + 1).await.unwrap();
                    assert_eq!(back.position, lead.position);
                    model.leads[index] = back;
                    continue;
                }
                _ => {
                    let stage = house.stage(below(house.pipeline.stages.len()));
                    let others: Vec<LeadId> = model
                        .columns
                        .get(&stage)
                        .into_iter()
                        .flatten()
                        .copied()
                        .filter(|other| *other != id)
                        .collect();
                    let place = match (below(4), others.len()) {
                        (0, _) | (_, 0) => Place::First,
                        (1, _) => Place::Last,
                        (2, count) => Place::Before(others[below(count)]),
                        (_, count) => Place::After(others[below(count)]),
                    };
                    let is_legal = house.pipeline.stage(stage).unwrap().kind == lead.status;
                    (
                        leads.move_to(context, id, version, stage, place).await,
                        place,
                        is_legal,
                    )
                }
            };
            match outcome {
                Ok(after) => {
                    assert!(is_legal, "turn {turn}: {choice} from {:?}", lead.status);
                    assert_eq!(after.status, house.pipeline.stage(after.stage_id).unwrap().kind);
                    assert_eq!(after.closed_at.is_some(), after.status != LeadStatus::Open);
                    assert_eq!(after.loss.is_some(), after.status == LeadStatus::Lost);
                    model.put(&after, place);
                    model.leads[index] = after;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
                    assert!(!is_legal, "turn {turn}: {choice} from {:?}", lead.status);
                }
            }
            if turn % 10 == 0 || turn == 149 {
                for stage in &house.pipeline.stages {
                    let wanted = model.columns.get(&stage.id).cloned().unwrap_or_default();
                    assert_eq!(house.column(stage.id).await, wanted, "turn {turn}");
                }
            }
        }
    })
    .await;
}

proptest! {
    /// The status of a lead is always the kind of its stage, and the rest follows from it.
    #[test]
    fn the_state_machine_holds_for_any_steps(steps in proptest::collection::vec((0_u8..4, 0_u8..3, any::<bool>()), 1..40)) {
        let now = aurora_core::time::Timestamp::from_secs(1_800_000_000);
        let pipeline = crate::leads::pipelines::tests::checked(now);
        let stages: Vec<_> = StageKind::ALL.map(|kind| pipeline.first(kind).unwrap().clone()).into();
        let mut lead = NewLead::new("x").check(now, &crate::custom_fields::Rules::default()).unwrap().place(&pipeline, &stages[0], 0);
        for (step, to, converts) in steps {
            let step = [Step::Move, Step::Win, Step::Lose, Step::Reopen][usize::from(step)];
            let stage = &stages[usize::from(to)];
            let (from, was_converted) = (lead.status, lead.converted_at.is_some());
            let open = StageKind::Open;
            let is_legal = match step {
                Step::Move => stage.kind == from,
                Step::Win => from == open && stage.kind == StageKind::Won,
                Step::Lose => from == open && stage.kind == StageKind::Lost,
                Step::Reopen => from != open && stage.kind == open && !was_converted,
            };
            prop_assert_eq!(step.check(&lead, stage.kind).is_ok(), is_legal);
            if is_legal {
                let changes = lead.stage_changes;
                let is_other = lead.stage_id != stage.id;
                lead.enter(pipeline.id, stage, 0, None, now);
                prop_assert_eq!(lead.status, stage.kind);
                prop_assert_eq!(lead.closed_at.is_some(), stage.kind != open);
                prop_assert_eq!(lead.stage_changes, changes + i64::from(is_other));
                if converts && lead.status == StageKind::Won {
                    lead.converted_at = Some(now);
                }
            }
            prop_assert!(lead.converted_at.is_none() || lead.status == StageKind::Won);
        }
    }
}
