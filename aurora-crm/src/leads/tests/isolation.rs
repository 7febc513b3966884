use aurora_core::page::PageRequest;

use super::{House, kind, workspace};
use crate::activities::{ActivityChange, ActivityKind, NewActivity, Subject};
use crate::clients::NewClient;
use crate::error::ErrorKind;
use crate::leads::{
    Conversion, LeadChange, LeadFilter, Locale, NewLead, NewLoss, NewStage, OwnerId, PipelineChange, Place,
    RuleScorer, StageChange, StageKind,
};
use crate::tasks::{NewTask, TaskChange, TaskFilter};
use crate::testing::each_database;

/// Sweeps every call with the ids of another workspace.
#[tokio::test]
async fn another_workspace_finds_nothing() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (crm, mine) = (&house.crm, &house.context);
        let theirs = &workspace(crm).await;
        let not_found = Some(ErrorKind::NotFound);
        let client = crm
            .clients()
            .create(mine, NewClient::person("Ana"))
            .await
            .unwrap();
        let lead = house.make(NewLead::new("A").client(client.id).tag("x")).await;
        let reason = crm.leads().add_lost_reason(mine, "Preço").await.unwrap();
        let subject = Subject::Lead(lead.id);
        let note = NewActivity::new(ActivityKind::Note, subject, "x");
        let activity = crm.activities().create(mine, note.clone()).await.unwrap();
        let due = activity.at + std::time::Duration::from_secs(60);
        let task = crm
            .tasks()
            .create(mine, NewTask::new("x", due).subject(subject))
            .await
            .unwrap();

        let (pipelines, id, stage) = (crm.pipelines(), house.pipeline.id, house.stage(0));
        assert_eq!(kind(pipelines.get(theirs, id).await), not_found);
        assert_eq!(pipelines.list(theirs).await.unwrap(), []);
        assert_eq!(
            kind(
                pipelines
                    .update(theirs, id, 1, PipelineChange::new().name("x"))
                    .await
            ),
            not_found
        );
        assert_eq!(kind(pipelines.make_default(theirs, id, 1).await), not_found);
        let new = NewStage::new(StageKind::Open, "x");
        assert_eq!(
            kind(pipelines.add_stage(theirs, id, 1, new, None).await),
            not_found
        );
        assert_eq!(
            kind(
                pipelines
                    .update_stage(theirs, id, 1, stage, StageChange::new())
                    .await
            ),
            not_found
        );
        assert_eq!(kind(pipelines.reorder(theirs, id, 1, &[stage]).await), not_found);
        assert_eq!(
            kind(pipelines.remove_stage(theirs, id, 1, stage, None).await),
            not_found
        );

        let leads = crm.leads();
        let (led, page) = (lead.id, PageRequest::default());
        assert_eq!(
            kind(leads.create(theirs, NewLead::new("x")).await),
            not_found,
            "no default pipeline"
        );
        let own = pipelines.ensure_default(theirs, Locale::English).await.unwrap();
        assert_eq!(
            kind(leads.create(theirs, NewLead::new("x").stage(stage)).await),
            not_found
        );
        assert_eq!(
            kind(leads.create(theirs, NewLead::new("x").pipeline(id)).await),
            not_found
        );
        assert_eq!(
            kind(leads.create(theirs, NewLead::new("x").client(client.id)).await),
            not_found
        );
        assert_eq!(kind(leads.get(theirs, led).await), not_found);
        assert_eq!(
            kind(leads.update(theirs, led, 1, LeadChange::new().title("x")).await),
            not_found
        );
        for to in [stage, own.stages[0].id] {
            assert_eq!(
                kind(leads.move_to(theirs, led, 1, to, Place::First).await),
                not_found
            );
            assert_eq!(kind(leads.win(theirs, led, 1, Some(to)).await), not_found);
        }
        assert_eq!(kind(leads.win(theirs, led, 1, None).await), not_found);
        assert_eq!(
            kind(leads.lose(theirs, led, 1, NewLoss::other("x"), None).await),
            not_found
        );
        assert_eq!(kind(leads.reopen(theirs, led, 1, None).await), not_found);
        assert_eq!(kind(leads.delete(theirs, led, 1).await), not_found);
        assert_eq!(
            kind(leads.convert(theirs, led, Conversion::from_lead()).await),
            not_found
        );
        assert_eq!(kind(leads.history(theirs, led, &page).await), not_found);
        assert_eq!(kind(leads.board(theirs, id, 9).await), not_found);
        let owner = OwnerId::new(crm.store().now());
        assert_eq!(kind(leads.board_of(theirs, id, owner, 9).await), not_found);
        for filter in [
            LeadFilter::all(),
            LeadFilter::all().pipeline(id),
            LeadFilter::all().tag("x"),
        ] {
            assert_eq!(leads.list(theirs, &filter, &page).await.unwrap().items, []);
        }
        assert_eq!(leads.lost_reasons(theirs).await.unwrap(), []);
        assert_eq!(
            kind(leads.archive_lost_reason(theirs, reason.id).await),
            not_found
        );
        leads.set_score_rules(mine, 0, vec![]).await.unwrap();
        assert_eq!(leads.score_rules(theirs).await.unwrap(), None);
        assert_eq!(
            leads.rescore(theirs, id, &RuleScorer, None).await.unwrap().seen,
            0
        );
        let ours = leads.create(theirs, NewLead::new("theirs")).await.unwrap();
        let lose = leads
            .lose(theirs, ours.id, 1, NewLoss::reason(reason.id), None)
            .await;
        assert_eq!(kind(lose), not_found);
        let beside = leads
            .move_to(theirs, ours.id, 1, own.stages[0].id, Place::After(led))
            .await;
        assert_eq!(kind(beside), not_found);
        let convert = leads
            .convert(theirs, ours.id, Conversion::existing(client.id))
            .await;
        assert_eq!(kind(convert), not_found);

        let activities = crm.activities();
        assert_eq!(kind(activities.create(theirs, note).await), not_found);
        let on_client = NewActivity::new(ActivityKind::Note, Subject::Client(client.id), "x");
        assert_eq!(kind(activities.create(theirs, on_client).await), not_found);
        assert_eq!(kind(activities.get(theirs, activity.id).await), not_found);
        assert_eq!(
            kind(
                activities
                    .update(theirs, activity.id, 1, ActivityChange::new())
                    .await
            ),
            not_found
        );
        assert_eq!(kind(activities.delete(theirs, activity.id, 1).await), not_found);
        for subject in [subject, Subject::Client(client.id)] {
            assert_eq!(kind(activities.timeline(theirs, subject, &page).await), not_found);
        }

        let tasks = crm.tasks();
        for subject in [subject, Subject::Client(client.id)] {
            assert_eq!(
                kind(
                    tasks
                        .create(theirs, NewTask::new("x", due).subject(subject))
                        .await
                ),
                not_found
            );
            let filter = TaskFilter::open().subject(subject);
            assert_eq!(tasks.list(theirs, &filter, &page).await.unwrap().items, []);
        }
        assert_eq!(kind(tasks.get(theirs, task.id).await), not_found);
        assert_eq!(
            kind(tasks.update(theirs, task.id, 1, TaskChange::new()).await),
            not_found
        );
        assert_eq!(kind(tasks.complete(theirs, task.id, 1).await), not_found);
        assert_eq!(kind(tasks.cancel(theirs, task.id, 1).await), not_found);
        assert_eq!(kind(tasks.delete(theirs, task.id, 1).await), not_found);
        assert_eq!(
            tasks
                .list(theirs, &TaskFilter::open(), &page)
                .await
                .unwrap()
                .items,
            []
        );

        assert_eq!(leads.get(mine, led).await.unwrap().version, lead.version);
        assert_eq!(activities.get(mine, activity.id).await.unwrap(), activity);
        assert_eq!(tasks.get(mine, task.id).await.unwrap(), task);
    })
    .await;
}
