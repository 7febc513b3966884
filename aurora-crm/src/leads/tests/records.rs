use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::store::on_reader;
use aurora_core::time::Clock as _;

use super::House;
use crate::activities::{ActivityChange, ActivityKind, NewActivity, Subject};
use crate::error::{Error, ErrorKind};
use crate::leads::{
    Condition, Conversion, LeadChange, LeadField, NewLead, NewLoss, PipelineChange, Place, RuleScorer,
    ScoreRule, StageKind,
};
use crate::tasks::{NewTask, TaskChange};
use crate::testing::each_database;

/// Each change leaves one entry in the audit log, and nothing that a person said, is called or can be reached at.
#[tokio::test]
async fn every_change_is_recorded_without_what_people_said() {
    each_database(|db| async move {
        let house = House::open(db.database.clone()).await;
        let (crm, context) = (&house.crm, &house.context);
        let (leads, pipeline) = (crm.leads(), house.pipeline.id);
        crm.pipelines()
            .update(context, pipeline, 1, PipelineChange::new().name("SECRET"))
            .await
            .unwrap();
        crm.pipelines()
            .remove_stage(context, pipeline, 2, house.stage(4), None)
            .await
            .unwrap();
        let reason = leads.add_lost_reason(context, "SECRET").await.unwrap();
        let rule = ScoreRule::new("SECRET", LeadField::Title, Condition::Present, 1);
        leads.set_score_rules(context, 0, vec![rule]).await.unwrap();
        let new = NewLead::new("SECRET")
            .contact_name("SECRET")
            .contact_email("secret@example.com");
        let lead = leads.create(context, new).await.unwrap();
        let id = lead.id;
        leads
            .update(context, id, 1, LeadChange::new().source_detail("SECRET"))
            .await
            .unwrap();
        leads
            .move_to(context, id, 2, house.stage(1), Place::First)
            .await
            .unwrap();
        let loss = NewLoss::reason(reason.id).note("SECRET");
        leads.lose(context, id, 3, loss, None).await.unwrap();
        leads.reopen(context, id, 4, None).await.unwrap();
        leads.win(context, id, 5, None).await.unwrap();
        leads.delete(context, id, 6).await.unwrap();
        leads.restore(context, id, 7).await.unwrap();
        house.clock.advance(Duration::from_secs(1));
        leads.rescore(context, pipeline, &RuleScorer, None).await.unwrap();
        let note = NewActivity::new(ActivityKind::Note, Subject::Lead(id), "SECRET").text("SECRET");
        let note = crm.activities().create(context, note).await.unwrap();
        crm.activities()
            .update(context, note.id, 1, ActivityChange::new().title("SECRET"))
            .await
            .unwrap();
        crm.activities().delete(context, note.id, 2).await.unwrap();
        let due = house.clock.now() + Duration::from_secs(60);
        let task = crm
            .tasks()
            .create(context, NewTask::new("SECRET", due))
            .await
            .unwrap();
        crm.tasks()
            .update(context, task.id, 1, TaskChange::new().title("SECRET"))
            .await
            .unwrap();
        crm.tasks().complete(context, task.id, 2).await.unwrap();
        crm.tasks().reopen(context, task.id, 3).await.unwrap();
        crm.tasks().cancel(context, task.id, 4).await.unwrap();
        crm.tasks().delete(context, task.id, 5).await.unwrap();
        leads.convert(context, id, Conversion::from_lead()).await.unwrap();
        leads.archive_lost_reason(context, reason.id).await.unwrap();
        let entries = "select action, detail from audit_entries where workspace_id = $1 order by seq";
        let entries: Vec<(String, String)> = on_reader!(db.owner, |pool| sqlx::query_as(entries)
            .bind(context.workspace)
            .fetch_all(pool))
        .unwrap();
        let actions: Vec<&str> = entries.iter().map(|(action, _)| action.as_str()).collect();
        assert_eq!(
            actions,
            [
                "workspace.created",
                "pipeline.created",
                "pipeline.updated",
                "pipeline.stage_removed",
                "lost_reason.created",
                "score_rules.replaced",
                "lead.created",
                "lead.updated",
                "lead.moved",
                "lead.lost",
                "lead.reopened",
                "lead.won",
                "lead.deleted",
                "lead.restored",
                "activity.created",
                "activity.updated",
                "activity.deleted",
                "task.created",
                "task.updated",
                "task.completed",
                "task.reopened",
                "task.cancelled",
                "task.deleted",
                "client.created",
                "lead.converted",
                "lost_reason.archived",
            ],
            "and no entry for scores that stayed the same"
        );
        let data = "select data from events where workspace_id = $1";
        let data: Vec<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(data)
            .bind(context.workspace)
            .fetch_all(pool))
        .unwrap();
        assert_eq!(data.len(), entries.len());
        for text in entries.iter().map(|(_, detail)| detail).chain(&data) {
            assert!(!text.to_lowercase().contains("secret"), "{text}");
        }
    })
    .await;
}

/// Everything at once on a few leads: locks are taken in one order, so that nobody waits in a circle.
#[tokio::test]
async fn changes_of_every_sort_at_once_never_deadlock() {
    each_database(|db| async move {
        let house = House::open(db.database.clone()).await;
        let (crm, context) = (&house.crm, &house.context);
        let leads = crm.leads();
        let rule = ScoreRule::new("x", LeadField::IdleDays, Condition::Absent, 1);
        leads.set_score_rules(context, 0, vec![rule]).await.unwrap();
        let mut ids = Vec::new();
        for n in 0..6 {
            let new = NewLead::new(n.to_string())
                .company_name("Padaria")
                .cnpj("11222333000181");
            ids.push(house.make(new).await.id);
        }
        let (ids, house) = (&ids, &house);
        let work = (0_u64..12).map(|seed| async move {
            let random = Random::seeded(seed);
            let below = |limit: usize| usize::try_from(random.below(u64::try_from(limit).unwrap())).unwrap();
            let mut refusals = Vec::new();
            for _ in 0..12 {
                let (id, other) = (ids[below(6)], ids[below(6)]);
                let Ok(lead) = leads.get(context, id).await else {
                    continue;
                };
                let version = lead.version;
                let outcome: Result<(), Error> = match below(7) {
                    0 => leads
                        .update(context, id, version, LeadChange::new().title("y"))
                        .await
                        .map(drop),
                    1 | 2 => leads
                        .move_to(context, id, version, house.stage(below(3)), Place::Before(other))
                        .await
                        .map(drop),
                    3 => leads
                        .lose(context, id, version, NewLoss::other("x"), None)
                        .await
                        .map(drop),
                    4 => leads.reopen(context, id, version, None).await.map(drop),
                    5 => {
                        let note = NewActivity::new(ActivityKind::Note, Subject::Lead(id), "x");
                        crm.activities().create(context, note).await.map(drop)
                    }
                    _ => {
                        let how = Conversion::from_lead().link_existing();
                        leads.convert(context, id, how).await.map(drop)
                    }
                };
                refusals.extend(outcome.err());
            }
            refusals
        });
        let removal = async {
            for stage in [2, 1] {
                let version = crm
                    .pipelines()
                    .get(context, house.pipeline.id)
                    .await
                    .unwrap()
                    .version;
                crm.pipelines()
                    .remove_stage(
                        context,
                        house.pipeline.id,
                        version,
                        house.stage(stage),
                        Some(house.stage(0)),
                    )
                    .await
                    .unwrap();
            }
        };
        let (refusals, ()) = futures::join!(futures::future::join_all(work), removal);
        for error in refusals.into_iter().flatten() {
            let is_answer = matches!(
                error.kind(),
                ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::NotFound
            );
            assert!(is_answer, "{error:?}");
        }
        // what was decided is what is there: the history of each lead ends in its stage, without a gap
        let check = "select count(*) from leads l where not exists (
                select 1 from lead_stage_changes c where c.workspace_id = l.workspace_id and c.lead_id = l.id
                    and c.seq = l.stage_changes and c.to_stage_id = l.stage_id)
            or l.stage_changes <> (
                select count(*) from lead_stage_changes c where c.workspace_id = l.workspace_id and c.lead_id = l.id)";
        let wrong: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(check).fetch_one(pool)).unwrap();
        assert_eq!(wrong, 0);
        let removed = "select count(*) from leads l join stages s on s.workspace_id = l.workspace_id
            and s.id = l.stage_id where s.removed_at is not null";
        let left: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(removed).fetch_one(pool)).unwrap();
        assert_eq!(left, 0);
        assert_eq!(house.pipeline.first(StageKind::Open).unwrap().id, house.stage(0));
    })
    .await;
}
