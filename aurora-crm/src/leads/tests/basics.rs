use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::execute;
use aurora_core::time::{Clock as _, Timestamp};

use super::{House, field, kind, wrong};
use crate::error::ErrorKind;
use crate::leads::{
    Currency, LeadChange, LeadId, LeadSource, LeadStatus, Loss, LostReasonId, Money, NewLead, NewLoss,
    OwnerId, PipelineChange, StageId, StageKind,
};
use crate::testing::each_database;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn what_is_stored_comes_back_and_changes_carry_version_and_time() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let owner = OwnerId::new(house.clock.now());
        let close = house.clock.now() + DAY;
        let new = NewLead::new("  Reforma da fachada ")
            .contact_name("Ana Souza")
            .contact_email("ana@example.com")
            .contact_phone("(11) 98765-4321")
            .company_name("Padaria Pão Quente Ltda")
            .cnpj("12.ABC.345/01DE-35")
            .value(Money::new(1_250_000, Currency::EUR))
            .source(LeadSource::Referral)
            .source_detail("Bruno")
            .owner(owner)
            .expected_close(close)
            .tag("obra")
            .tag("obra")
            .tag("urgente")
            .custom("metragem", 120.5);
        let made = leads.create(context, new).await.unwrap();
        assert_eq!(leads.get(context, made.id).await.unwrap(), made);
        assert_eq!(made.title, "Reforma da fachada");
        assert_eq!(made.stage_id, house.stage(0));
        assert_eq!(
            (made.status, made.version, made.stage_changes),
            (LeadStatus::Open, 1, 1)
        );
        assert_eq!(made.tags, ["obra", "urgente"]);
        house.clock.advance(DAY);
        let change = LeadChange::new()
            .title("Reforma")
            .clear_owner()
            .clear_cnpj()
            .value(Money::brl(5))
            .tags(["x"]);
        let changed = leads.update(context, made.id, 1, change).await.unwrap();
        assert_eq!(leads.get(context, made.id).await.unwrap(), changed);
        assert_eq!((changed.version, changed.updated_at), (2, house.clock.now()));
        assert_eq!(
            (changed.owner_id, &changed.cnpj, changed.value),
            (None, &None, Money::brl(5))
        );
        assert_eq!(changed.contact_email, made.contact_email);
        let stale = leads
            .update(context, made.id, 1, LeadChange::new())
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        leads.delete(context, made.id, 2).await.unwrap();
        assert_eq!(kind(leads.get(context, made.id).await), Some(ErrorKind::NotFound));
        assert_eq!(
            kind(leads.delete(context, made.id, 3).await),
            Some(ErrorKind::NotFound)
        );
        assert_eq!(
            kind(leads.restore(context, made.id, 2).await),
            Some(ErrorKind::Conflict)
        );
        let back = leads.restore(context, made.id, 3).await.unwrap();
        assert_eq!(leads.get(context, made.id).await.unwrap(), back);
        assert_eq!((back.version, back.tags), (4, changed.tags));
        assert_eq!(
            kind(leads.restore(context, made.id, 4).await),
            Some(ErrorKind::NotFound)
        );
    })
    .await;
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once_and_nothing_personal_is_shown() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let bad = NewLead::new(" ")
            .contact_name("two\nlines")
            .contact_email("nobody")
            .contact_phone("123")
            .cnpj("12ABC34501DE36")
            .value(Money::brl(-1))
            .expected_close(Timestamp::from_micros(i64::MAX))
            .tag("t".repeat(51))
            .custom("", 1);
        let error = leads.create(context, bad).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "title",
                "contact_name",
                "contact_email",
                "contact_phone",
                "cnpj",
                "expected_close",
                "value",
                "tags[0]",
                "custom"
            ]
        );
        let lead = house
            .make(
                NewLead::new("Segredo")
                    .contact_name("Ana")
                    .contact_email("ana@example.com"),
            )
            .await;
        let shown = format!(
            "{lead:?} {error} {error:?} {:?}",
            NewLead::new("Segredo").contact_name("Ana")
        );
        for secret in ["Segredo", "Ana", "ana@", "nobody", "12ABC"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        for (new, expected) in [
            (
                NewLead::new("A").stage(house.first(StageKind::Won)),
                field("stage", "not_allowed"),
            ),
            (
                NewLead::new("A").value(Money::brl(Money::MAX_CENTS + 1)),
                field("value", "invalid"),
            ),
        ] {
            assert_eq!(wrong(leads.create(context, new).await), [expected]);
        }
        let nowhere = StageId::new(house.clock.now());
        let outcome = leads.create(context, NewLead::new("A").stage(nowhere)).await;
        assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn won_lost_and_open_are_the_kinds_of_stages() {
    each_database(|db| async move {
        let house = House::open(db.database.clone()).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let lead = house.lead("A").await;
        house.clock.advance(DAY);
        assert_eq!(
            wrong(leads.lose(context, lead.id, 1, NewLoss::default(), None).await),
            [field("reason", "required")]
        );
        let price = leads.add_lost_reason(context, "Preço").await.unwrap();
        let twin = leads.add_lost_reason(context, " preço").await.unwrap_err();
        assert_eq!(twin.existing(), Some(price.id.to_string().as_str()));
        let unknown = NewLoss::reason(LostReasonId::new(house.clock.now()));
        let outcome = leads.lose(context, lead.id, 1, unknown, None).await;
        assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
        let lost = leads
            .lose(
                context,
                lead.id,
                1,
                NewLoss::reason(price.id).note("20% acima"),
                None,
            )
            .await
            .unwrap();
        let loss = Loss {
            reason: Some(price.id),
            note: Some("20% acima".to_owned()),
        };
        assert_eq!((lost.status, &lost.loss), (LeadStatus::Lost, &Some(loss)));
        assert_eq!(
            (lost.closed_at, lost.stage_id),
            (Some(house.clock.now()), house.first(StageKind::Lost))
        );
        assert_eq!(leads.get(context, lead.id).await.unwrap(), lost);
        // neither twice, nor won without being opened, nor moved into a stage of another kind
        assert_eq!(
            wrong(leads.lose(context, lead.id, 2, NewLoss::other("x"), None).await),
            [field("status", "not_allowed")]
        );
        assert_eq!(
            wrong(leads.win(context, lead.id, 2, None).await),
            [field("status", "not_allowed")]
        );
        let outcome = leads
            .move_to(context, lead.id, 2, house.stage(0), crate::leads::Place::First)
            .await;
        assert_eq!(wrong(outcome), [field("stage", "not_allowed")]);
        let open = leads
            .reopen(context, lead.id, 2, Some(house.stage(2)))
            .await
            .unwrap();
        assert_eq!(
            (open.status, &open.loss, open.closed_at),
            (LeadStatus::Open, &None, None)
        );
        assert_eq!(
            wrong(leads.reopen(context, lead.id, 3, None).await),
            [field("status", "not_allowed")]
        );
        let won = leads.win(context, lead.id, 3, None).await.unwrap();
        assert_eq!((won.status, won.version), (LeadStatus::Won, 4));
        // a reason that is archived stays with its leads and cannot be chosen
        leads.archive_lost_reason(context, price.id).await.unwrap();
        assert_eq!(leads.lost_reasons(context).await.unwrap(), []);
        let other = house.lead("B").await;
        let outcome = leads
            .lose(context, other.id, 1, NewLoss::reason(price.id), None)
            .await;
        assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
        leads.add_lost_reason(context, "Preço").await.unwrap();
        // the database itself refuses a status that is not the stage's
        let damage =
            "update leads set status = 'lost', lost_note = 'x', converted_at = null where status = 'won'";
        let error = execute!(db.owner, sqlx::query(damage)).unwrap_err();
        assert_eq!(error.kind(), aurora_core::store::ErrorKind::ForeignKey);
    })
    .await;
}

#[tokio::test]
async fn the_history_tells_from_where_to_where_by_whom_and_after_how_long() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let lead = house.lead("A").await;
        house.clock.advance(DAY);
        let place = crate::leads::Place::Last;
        let ana = crate::Context::new(context.workspace, "usr_ana");
        leads
            .move_to(&ana, lead.id, 1, house.stage(1), place)
            .await
            .unwrap();
        // within the stage: no change of stage
        leads
            .move_to(&ana, lead.id, 2, house.stage(1), place)
            .await
            .unwrap();
        house.clock.advance(DAY * 2);
        leads.win(context, lead.id, 3, None).await.unwrap();
        let won = house.first(StageKind::Won);
        let mut seen = Vec::new();
        let mut request = PageRequest::first(2);
        loop {
            let page = leads.history(context, lead.id, &request).await.unwrap();
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            request = PageRequest::first(2).after(next);
        }
        let told: Vec<_> = seen
            .iter()
            .map(|moved| {
                (
                    moved.seq,
                    moved.from,
                    moved.to,
                    moved.principal.as_str(),
                    moved.spent(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (3, Some(house.stage(1)), won, "test", Some(DAY * 2)),
                (2, Some(house.stage(0)), house.stage(1), "usr_ana", Some(DAY)),
                (1, None, house.stage(0), "test", None),
            ]
        );
        let outcome = leads
            .history(context, LeadId::new(house.clock.now()), &PageRequest::default())
            .await;
        assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn an_archived_pipeline_takes_no_new_leads() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let context = &house.context;
        let other = house
            .crm
            .pipelines()
            .create(context, super::super::pipelines::tests::small())
            .await
            .unwrap();
        let lead = house.make(NewLead::new("A").pipeline(other.id)).await;
        assert_eq!(lead.stage_id, other.stages[0].id);
        let archive = PipelineChange::new().archived(true);
        house
            .crm
            .pipelines()
            .update(context, other.id, 1, archive)
            .await
            .unwrap();
        let outcome = house
            .crm
            .leads()
            .create(context, NewLead::new("B").pipeline(other.id))
            .await;
        assert_eq!(wrong(outcome), [field("pipeline", "not_allowed")]);
        // a lead can go on in it, or into another pipeline
        let place = crate::leads::Place::First;
        let moved = house
            .crm
            .leads()
            .move_to(context, lead.id, 1, house.stage(1), place)
            .await
            .unwrap();
        assert_eq!(moved.pipeline_id, house.pipeline.id);
    })
    .await;
}

#[tokio::test]
async fn fields_of_the_workspaces_own_are_as_they_are_defined() {
    use crate::custom_fields::{CustomFieldKind, CustomFieldTarget, NewCustomField, UndefinedFields};

    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let old = house.make(NewLead::new("old")).await;
        let fields = house.crm.custom_fields();
        let size = NewCustomField::new(
            CustomFieldTarget::Lead,
            "size",
            "Tamanho",
            CustomFieldKind::Number,
        )
        .required();
        fields.define(context, size).await.unwrap();
        fields
            .set_undefined(context, UndefinedFields::Refuse)
            .await
            .unwrap();
        let outcome = leads.create(context, NewLead::new(" ")).await;
        assert_eq!(
            wrong(outcome),
            [field("title", "required"), field("custom.size", "required")]
        );
        let new = NewLead::new("a").custom("size", "big").custom("other", 1);
        let both = [
            field("custom.size", "invalid"),
            field("custom.other", "not_allowed"),
        ];
        assert_eq!(wrong(leads.create(context, new).await), both);
        let lead = house.make(NewLead::new("a").custom("size", 3)).await;
        let own = |value: serde_json::Value| value.as_object().unwrap().clone();
        let change = LeadChange::new().custom(own(serde_json::json!({"size": "big", "other": 1})));
        assert_eq!(wrong(leads.update(context, lead.id, 1, change).await), both);
        let change = LeadChange::new().custom(serde_json::Map::new());
        let outcome = leads.update(context, lead.id, 1, change).await;
        assert_eq!(wrong(outcome), [field("custom.size", "required")]);
        // what is not named is not asked for
        leads
            .update(context, old.id, 1, LeadChange::new().title("b"))
            .await
            .unwrap();
    })
    .await;
}
