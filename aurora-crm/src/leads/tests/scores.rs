use std::time::Duration;

use async_trait::async_trait;
use aurora_core::time::{Clock as _, Timestamp};
use serde_json::json;

use super::{House, field, wrong};
use crate::activities::{ActivityKind, NewActivity, Subject};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::leads::{
    Condition, Lead, LeadChange, LeadField, LeadFilter, LeadOrder, LeadScorer, LeadSource, Money, NewLead,
    Place, RuleScorer, RuleSet, Score, ScoreReason, ScoreRule,
};
use crate::testing::each_database;

const DAY: Duration = Duration::from_secs(86_400);

fn rules() -> Vec<ScoreRule> {
    vec![
        ScoreRule::new(
            "referral",
            LeadField::Source,
            Condition::Equals(json!("referral")),
            30,
        ),
        ScoreRule::new("large", LeadField::ValueCents, Condition::Greater(99_999.0), 20),
        ScoreRule::new("hot", LeadField::Tags, Condition::Equals(json!("hot")), 10),
        ScoreRule::new(
            "big house",
            LeadField::Custom("employees".to_owned()),
            Condition::Greater(50.0),
            5,
        ),
        ScoreRule::new("no phone", LeadField::ContactPhone, Condition::Absent, -10),
        ScoreRule::new("idle", LeadField::IdleDays, Condition::Greater(6.0), -15),
    ]
}

fn total(lead: &Lead) -> (i64, Vec<&str>) {
    let score = lead.score.as_ref().unwrap();
    (
        score.total,
        score.reasons.iter().map(|reason| reason.rule.as_str()).collect(),
    )
}

#[tokio::test]
async fn each_change_gives_a_score_with_its_reasons() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let before = house.lead("before there were rules").await;
        assert_eq!(before.score, None);
        assert_eq!(leads.score_rules(context).await.unwrap(), None);
        let set = leads.set_score_rules(context, 0, rules()).await.unwrap();
        assert_eq!(leads.score_rules(context).await.unwrap(), Some(set.clone()));
        let stale = leads.set_score_rules(context, 0, vec![]).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(1))
        );
        let new = NewLead::new("A")
            .source(LeadSource::Referral)
            .value(Money::brl(100_000))
            .custom("employees", 51);
        let lead = house.make(new).await;
        assert_eq!(
            total(&lead),
            (45, vec!["referral", "large", "big house", "no phone"])
        );
        assert_eq!(leads.get(context, lead.id).await.unwrap(), lead);
        let score = lead.score.as_ref().unwrap();
        assert_eq!((score.rules_version, score.at), (Some(1), house.clock.now()));
        let change = LeadChange::new().contact_phone("11 98765-4321").tags(["Hot"]);
        let lead = leads.update(context, lead.id, 1, change).await.unwrap();
        assert_eq!(total(&lead), (65, vec!["referral", "large", "hot", "big house"]));
        // an activity, and then none for a week
        let call = NewActivity::new(ActivityKind::Call, Subject::Lead(lead.id), "x");
        let call = house.crm.activities().create(context, call).await.unwrap();
        let stored = leads.get(context, lead.id).await.unwrap();
        assert_eq!((stored.last_activity_at, stored.version), (Some(call.at), 2));
        house.clock.advance(DAY * 7);
        let moved = leads
            .move_to(context, lead.id, 2, house.stage(1), Place::First)
            .await
            .unwrap();
        assert_eq!(total(&moved).0, 50);
        house.crm.activities().delete(context, call.id, 1).await.unwrap();
        let stored = leads.get(context, lead.id).await.unwrap();
        assert_eq!((stored.last_activity_at, total(&stored).0), (None, 65));
        // by score: the promising first
        leads.set_score_rules(context, 1, vec![]).await.unwrap();
        let order = LeadFilter::all().order(LeadOrder::Score);
        let page = leads.list(context, &order, &Default::default()).await.unwrap();
        assert_eq!(page.items[0].id, lead.id);
    })
    .await;
}

#[tokio::test]
async fn a_whole_pipeline_is_scored_in_batches_and_changes_meanwhile_win() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context, id) = (house.crm.leads(), &house.context, house.pipeline.id);
        let mut made = Vec::new();
        for n in 0..120 {
            made.push(house.make(NewLead::new(n.to_string())).await);
        }
        // Batches go by id, and ids of one instant are random.
        made.sort_by_key(|lead| lead.id);
        leads.set_score_rules(context, 0, rules()).await.unwrap();
        let first = leads.rescore(context, id, &RuleScorer, None).await.unwrap();
        assert_eq!((first.seen, first.stored), (100, 100));
        let second = leads.rescore(context, id, &RuleScorer, first.next).await.unwrap();
        assert_eq!((second.seen, second.stored, second.next), (20, 20, None));
        let again = leads.rescore(context, id, &RuleScorer, None).await.unwrap();
        assert_eq!(
            (again.seen, again.stored),
            (100, 0),
            "the same score is not stored again"
        );
        let lead = leads.get(context, made[119].id).await.unwrap();
        assert_eq!((total(&lead), lead.version), ((-10, vec!["no phone"]), 1));
        // a model's score in the place of the rules', while somebody changes the first lead
        let model = Model {
            leads: leads.clone(),
            changes: made[0].clone(),
        };
        let scored = leads.rescore(context, id, &model, None).await.unwrap();
        assert_eq!((scored.seen, scored.stored), (100, 99));
        let lead = leads.get(context, made[1].id).await.unwrap();
        assert_eq!(total(&lead), (77, vec!["the model"]));
        assert_eq!(lead.score.unwrap().rules_version, None);
        assert_eq!(total(&leads.get(context, made[0].id).await.unwrap()).0, -10);
    })
    .await;
}

#[derive(Debug)]
struct Model {
    leads: crate::leads::Leads,
    changes: Lead,
}

#[async_trait]
impl LeadScorer for Model {
    async fn score(
        &self,
        context: &Context,
        lead: &Lead,
        _: Option<&RuleSet>,
        now: Timestamp,
    ) -> Result<Option<Score>, Error> {
        if lead.id == self.changes.id {
            self.leads
                .update(context, lead.id, 1, LeadChange::new().title("changed"))
                .await?;
        }
        Ok(Some(Score::new(vec![ScoreReason::new("the model", 77)], now)))
    }
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let bad = vec![
            ScoreRule::new(" ", LeadField::Title, Condition::Present, 1_001),
            ScoreRule::new("x", LeadField::Title, Condition::Contains(String::new()), 1),
        ];
        let outcome = house.crm.leads().set_score_rules(&house.context, 0, bad).await;
        assert_eq!(
            wrong(outcome),
            [
                field("rules[0].name", "required"),
                field("rules[0].points", "invalid"),
                field("rules[1].condition", "invalid"),
            ]
        );
        let many = vec![ScoreRule::new("x", LeadField::Title, Condition::Present, 1); 101];
        let outcome = house.crm.leads().set_score_rules(&house.context, 0, many).await;
        assert_eq!(wrong(outcome), [field("rules", "too_many")]);
    })
    .await;
}
