use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, Timestamp};

use super::{Locale, NewPipeline, NewStage, Pipeline, PipelineChange, StageChange, StageId, StageKind};
use crate::error::ErrorKind;
use crate::leads::tests::{House, field, kind, workspace, wrong};
use crate::leads::{LeadFilter, LeadOrder, Place};
use crate::testing::each_database;

pub(in crate::leads) fn small() -> NewPipeline {
    NewPipeline::new("Partners")
        .stage(
            NewStage::new(StageKind::Open, "Talking")
                .probability(30)
                .expected_days(14)
                .colour("#ABCDEF"),
        )
        .stage(NewStage::new(StageKind::Won, "Signed"))
        .stage(NewStage::new(StageKind::Lost, "Refused"))
}

pub(in crate::leads) fn checked(now: Timestamp) -> Pipeline {
    small().check(false, now).unwrap()
}

#[tokio::test]
async fn one_default_pipeline_is_made_on_demand_in_the_language_asked_for() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let pipelines = house.crm.pipelines();
        let context = workspace(&house.crm).await;
        let asked = (0..16).map(|n| {
            let locale = if n % 2 == 0 {
                Locale::Portuguese
            } else {
                Locale::English
            };
            pipelines.ensure_default(&context, locale)
        });
        let made: Vec<Pipeline> = futures::future::join_all(asked)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(pipelines.list(&context).await.unwrap(), [made[0].clone()]);
        assert!(made[0].is_default);
        assert!(["Vendas", "Sales"].contains(&made[0].name.as_str()));
        let third = workspace(&house.crm).await;
        let portuguese = pipelines
            .ensure_default(&third, Locale::Portuguese)
            .await
            .unwrap();
        let names: Vec<&str> = portuguese
            .stages
            .iter()
            .map(|stage| stage.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "Novo",
                "Contatado",
                "Qualificado",
                "Proposta",
                "Negociação",
                "Ganho",
                "Perdido"
            ]
        );
        assert_eq!(portuguese.stages[5].probability, 100);
        let absent = crate::Context::new(crate::workspaces::WorkspaceId::new(house.clock.now()), "test");
        let outcome = pipelines.ensure_default(&absent, Locale::English).await;
        assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn pipelines_are_made_renamed_reordered_and_archived() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (pipelines, context) = (house.crm.pipelines(), &house.context);
        let made = pipelines.create(context, small()).await.unwrap();
        assert_eq!(pipelines.get(context, made.id).await.unwrap(), made);
        assert_eq!(made.stages[0].colour.as_deref(), Some("#abcdef"));
        let renamed = pipelines
            .update(
                context,
                made.id,
                1,
                PipelineChange::new().name("Parceiros").archived(true),
            )
            .await
            .unwrap();
        assert_eq!(pipelines.get(context, made.id).await.unwrap(), renamed);
        assert_eq!(
            (renamed.version, renamed.archived_at),
            (2, Some(house.clock.now()))
        );
        let stale = pipelines
            .update(context, made.id, 1, PipelineChange::new())
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        assert_eq!(
            wrong(pipelines.make_default(context, made.id, 2).await),
            [field("archived", "not_allowed")]
        );
        let outcome = pipelines
            .update(
                context,
                house.pipeline.id,
                1,
                PipelineChange::new().archived(true),
            )
            .await;
        assert_eq!(wrong(outcome), [field("archived", "not_allowed")]);
        let back = PipelineChange::new().archived(false);
        pipelines.update(context, made.id, 2, back).await.unwrap();
        let now_default = pipelines.make_default(context, made.id, 3).await.unwrap();
        let all = pipelines.list(context).await.unwrap();
        assert_eq!(all.iter().filter(|pipeline| pipeline.is_default).count(), 1);
        assert!(all.contains(&now_default));
        // stages
        let added = pipelines
            .add_stage(
                context,
                made.id,
                4,
                NewStage::new(StageKind::Open, "Trial"),
                Some(1),
            )
            .await
            .unwrap();
        assert_eq!(pipelines.get(context, made.id).await.unwrap(), added);
        let names = |pipeline: &Pipeline| -> Vec<String> {
            pipeline.stages.iter().map(|stage| stage.name.clone()).collect()
        };
        assert_eq!(names(&added), ["Talking", "Trial", "Signed", "Refused"]);
        let mut order: Vec<StageId> = added.stages.iter().map(|stage| stage.id).collect();
        order.swap(0, 1);
        let reordered = pipelines.reorder(context, made.id, 5, &order).await.unwrap();
        assert_eq!(pipelines.get(context, made.id).await.unwrap(), reordered);
        assert_eq!(names(&reordered), ["Trial", "Talking", "Signed", "Refused"]);
        order[1] = order[0];
        assert_eq!(
            wrong(pipelines.reorder(context, made.id, 6, &order).await),
            [field("stages", "invalid")]
        );
        let change = StageChange::new()
            .name("Teste")
            .probability(70)
            .expected_days(None);
        let changed = pipelines
            .update_stage(context, made.id, 6, order[0], change)
            .await
            .unwrap();
        assert_eq!(pipelines.get(context, made.id).await.unwrap(), changed);
        assert_eq!(
            (changed.stages[0].name.as_str(), changed.stages[0].probability),
            ("Teste", 70)
        );
        let bad = StageChange::new().name("").probability(101).colour("red");
        assert_eq!(
            wrong(pipelines.update_stage(context, made.id, 7, order[0], bad).await),
            [
                field("name", "required"),
                field("probability", "invalid"),
                field("colour", "invalid")
            ]
        );
        assert_eq!(pipelines.get(context, made.id).await.unwrap().version, 7);
    })
    .await;
}

#[test]
fn a_pipeline_has_stages_of_each_kind() {
    let now = Timestamp::UNIX_EPOCH;
    let open_alone = NewPipeline::new("x").stage(NewStage::new(StageKind::Open, " "));
    assert_eq!(
        wrong(open_alone.check(false, now)),
        [
            field("stages[0].name", "required"),
            field("stages", "required"),
            field("stages", "required")
        ]
    );
    let many = (0..51).fold(small(), |new, n| {
        new.stage(NewStage::new(StageKind::Open, n.to_string()))
    });
    assert_eq!(wrong(many.check(false, now)), [field("stages", "too_many")]);
}

#[tokio::test]
async fn a_stage_with_leads_is_removed_only_by_naming_where_they_go() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (pipelines, leads, context) = (house.crm.pipelines(), house.crm.leads(), &house.context);
        let id = house.pipeline.id;
        let (from, to) = (house.stage(1), house.stage(2));
        let mut made = Vec::new();
        for n in 0..4 {
            let new = crate::leads::NewLead::new(n.to_string()).stage(from);
            made.push(house.make(new).await);
        }
        let there = house.make(crate::leads::NewLead::new("there").stage(to)).await;
        leads.delete(context, made[0].id, 1).await.unwrap();
        house.clock.advance(std::time::Duration::from_secs(60));
        let remove = |stage, to| pipelines.remove_stage(context, id, 1, stage, to);
        assert_eq!(wrong(remove(from, None).await), [field("to", "required")]);
        assert_eq!(
            wrong(remove(from, Some(from)).await),
            [field("to", "not_allowed")]
        );
        let won = house.first(StageKind::Won);
        assert_eq!(wrong(remove(from, Some(won)).await), [field("to", "not_allowed")]);
        assert_eq!(wrong(remove(won, None).await), [field("stage", "not_allowed")]);
        assert_eq!(
            kind(remove(StageId::new(house.clock.now()), None).await),
            Some(ErrorKind::NotFound)
        );
        // at the same time as moves into it: none is left behind
        let moves = made[1..3]
            .iter()
            .map(|lead| leads.move_to(context, lead.id, 1, from, Place::Last));
        let (removed, moved) = futures::join!(remove(from, Some(to)), futures::future::join_all(moves));
        let after = removed.unwrap();
        assert_eq!(after.stages.len(), 6);
        assert!(
            moved
                .into_iter()
                .filter_map(Result::err)
                .all(|error| { matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) })
        );
        let filter = LeadFilter::all().stage(to).order(LeadOrder::Position);
        let page = leads
            .list(context, &filter, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 4);
        assert_eq!(page.items[0].id, there.id, "those that were there stay on top");
        let back = leads.restore(context, made[0].id, 3).await.unwrap();
        assert_eq!(back.stage_id, to, "also what was deleted has moved");
        let history = leads
            .history(context, made[3].id, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!((history.items[0].from, history.items[0].to), (Some(from), to));
        assert_eq!(history.items[0].spent(), Some(std::time::Duration::from_secs(60)));
        assert_eq!(
            history.items[0].seq,
            page.items
                .iter()
                .find(|lead| lead.id == made[3].id)
                .unwrap()
                .stage_changes
        );
        // an empty stage goes without
        pipelines
            .remove_stage(context, id, 2, house.stage(3), None)
            .await
            .unwrap();
    })
    .await;
}
