use std::collections::BTreeSet;

use aurora_core::page::PageRequest;
use aurora_core::store::on_reader;
use aurora_core::time::Clock as _;

use super::{House, field, kind, wrong};
use crate::activities::{ActivityKind, NewActivity, Subject};
use crate::clients::{ClientFilter, ClientId, ClientKind, NewClient};
use crate::custom_fields::UndefinedFields;
use crate::error::ErrorKind;
use crate::leads::{Conversion, LeadChange, LeadStatus, NewLead, NewLoss, StageKind};
use crate::testing::each_database;

const CNPJ: &str = "12.ABC.345/01DE-35";

fn company(title: &str) -> NewLead {
    NewLead::new(title)
        .company_name("Padaria Pão Quente Ltda")
        .cnpj(CNPJ)
        .contact_name("Ana")
        .contact_email("ana@example.com")
        .contact_phone("11 98765-4321")
        .tag("obra")
}

#[tokio::test]
async fn a_lead_becomes_a_client_and_is_won() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, clients, context) = (house.crm.leads(), house.crm.clients(), &house.context);
        let lead = house.make(company("A")).await;
        let note = NewActivity::new(ActivityKind::Call, Subject::Lead(lead.id), "Ligação");
        house.crm.activities().create(context, note).await.unwrap();
        let done = leads
            .convert(context, lead.id, Conversion::from_lead())
            .await
            .unwrap();
        assert!(done.is_new);
        assert_eq!(
            (done.lead.status, done.lead.client_id),
            (LeadStatus::Won, Some(done.client))
        );
        assert_eq!(done.lead.stage_id, house.first(StageKind::Won));
        assert_eq!(leads.get(context, lead.id).await.unwrap(), done.lead);
        let client = clients.get(context, done.client).await.unwrap();
        assert_eq!(
            (client.kind, client.legal_name.as_str()),
            (ClientKind::Company, "Padaria Pão Quente Ltda")
        );
        assert_eq!(
            (client.phones.len(), client.tags.len(), client.version),
            (1, 1, 1)
        );
        // what was done about the lead is in the client's timeline
        let page = house
            .crm
            .activities()
            .timeline(context, Subject::Client(done.client), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1);
        // again, in whatever way, gives the same
        let again = leads
            .convert(context, lead.id, Conversion::new_client(NewClient::person("B")))
            .await
            .unwrap();
        assert_eq!(
            (again.client, again.is_new, again.lead),
            (done.client, false, done.lead.clone())
        );
        let version = done.lead.version;
        assert_eq!(
            wrong(leads.reopen(context, lead.id, version, None).await),
            [field("status", "not_allowed")]
        );
        let outcome = leads
            .update(context, lead.id, version, LeadChange::new().clear_client())
            .await;
        assert_eq!(wrong(outcome), [field("client", "not_allowed")]);
    })
    .await;
}

#[tokio::test]
async fn the_rules_of_clients_hold_and_nothing_is_done_by_halves() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, clients, context) = (house.crm.leads(), house.crm.clients(), &house.context);
        let known = clients
            .create(context, NewClient::company("Padaria").cnpj(CNPJ))
            .await
            .unwrap();
        let lead = house.make(company("A")).await;
        let refused = leads
            .convert(context, lead.id, Conversion::from_lead())
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(refused.existing(), Some(known.id.to_string().as_str()));
        assert_eq!(
            leads.get(context, lead.id).await.unwrap(),
            lead,
            "nothing was done"
        );
        let bad = Conversion::new_client(NewClient::person("A").cpf("1"));
        assert_eq!(
            wrong(leads.convert(context, lead.id, bad).await),
            [field("cpf", "invalid")]
        );
        let linked = Conversion::from_lead().link_existing();
        let done = leads.convert(context, lead.id, linked.clone()).await.unwrap();
        assert_eq!((done.client, done.is_new), (known.id, false));
        // a client that is deleted or that there is not
        let other = house.lead("B").await;
        clients.delete(context, known.id, 1).await.unwrap();
        for gone in [known.id, ClientId::new(house.clock.now())] {
            let outcome = leads.convert(context, other.id, Conversion::existing(gone)).await;
            assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
            let outcome = leads
                .update(context, other.id, 1, LeadChange::new().client(gone))
                .await;
            assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
            let outcome = leads.create(context, NewLead::new("C").client(gone)).await;
            assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
        }
        // the lead keeps the client that was deleted since
        assert_eq!(
            leads.get(context, lead.id).await.unwrap().client_id,
            Some(known.id)
        );
        // a lead without a name to give
        let outcome = leads.convert(context, other.id, Conversion::from_lead()).await;
        assert_eq!(wrong(outcome), [field("contact_name", "required")]);
        // one that is lost, and one that was won before
        leads
            .lose(context, other.id, 1, NewLoss::other("x"), None)
            .await
            .unwrap();
        let person = Conversion::new_client(NewClient::person("Bia"));
        let outcome = leads.convert(context, other.id, person.clone()).await;
        assert_eq!(wrong(outcome), [field("status", "not_allowed")]);
        leads.reopen(context, other.id, 2, None).await.unwrap();
        let won = leads.win(context, other.id, 3, None).await.unwrap();
        let done = leads.convert(context, other.id, person).await.unwrap();
        assert_eq!(
            (done.lead.stage_changes, done.lead.closed_at),
            (won.stage_changes, won.closed_at)
        );
    })
    .await;
}

#[tokio::test]
async fn of_many_conversions_at_once_one_makes_the_client() {
    each_database(|db| async move {
        let house = House::open(db.database.clone()).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        // one lead, sixteen times
        let lead = house.make(company("A")).await;
        let all = (0..16).map(|_| leads.convert(context, lead.id, Conversion::from_lead()));
        let outcomes = futures::future::join_all(all).await;
        let done: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|done| done.is_new).count(), 1);
        assert_eq!(
            done.iter().map(|done| done.client).collect::<BTreeSet<_>>().len(),
            1
        );
        // sixteen leads of one company, told to link
        let mut many = Vec::new();
        for n in 0..16 {
            let other = NewLead::new(n.to_string())
                .company_name("Outra")
                .cnpj("11222333000181");
            many.push(house.make(other).await);
        }
        let all = many
            .iter()
            .map(|lead| leads.convert(context, lead.id, Conversion::from_lead().link_existing()));
        let outcomes = futures::future::join_all(all).await;
        let done: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|done| done.is_new).count(), 1);
        assert_eq!(
            done.iter().map(|done| done.client).collect::<BTreeSet<_>>().len(),
            1
        );
        let stored = house
            .crm
            .clients()
            .list(context, &ClientFilter::all(), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(stored.items.len(), 2);
        let count = "select count(*) from events where type = $1";
        for (event, expected) in [("client.created", 2_i64), ("lead.converted", 17)] {
            let found: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(count)
                .bind(event)
                .fetch_one(pool))
            .unwrap();
            assert_eq!(found, expected, "{event}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_contact_is_told_where_the_workspace_takes_it() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        for (undefined, cnpj, told) in [
            (UndefinedFields::Allow, CNPJ, Some("Ana")),
            (UndefinedFields::Refuse, "11222333000181", None),
        ] {
            house
                .crm
                .custom_fields()
                .set_undefined(context, undefined)
                .await
                .unwrap();
            let lead = house.make(company("A").cnpj(cnpj)).await;
            let done = leads
                .convert(context, lead.id, Conversion::from_lead())
                .await
                .unwrap();
            let client = house.crm.clients().get(context, done.client).await.unwrap();
            let contact = client.custom.get("contact_name").and_then(|value| value.as_str());
            assert_eq!(contact, told);
        }
    })
    .await;
}

/// SQLite lets one write at a time. In PostgreSQL a conversion waits for whoever changes the client that it links.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_client_that_is_being_deleted_is_not_linked() {
    each_database(|db| async move {
        let aurora_core::store::Engine::Postgres(pool) = db.owner.engine() else {
            return;
        };
        let house = House::open(db.database.clone()).await;
        let (leads, clients, context) = (house.crm.leads(), house.crm.clients(), &house.context);
        let new = NewClient::company("Padaria").cnpj(CNPJ);
        let known = clients.create(context, new).await.unwrap();
        let lead = house.make(company("A")).await;
        let mut deleting = pool.begin().await.unwrap();
        sqlx::query("update clients set deleted_at = updated_at, version = 2 where id = $1")
            .bind(known.id)
            .execute(&mut *deleting)
            .await
            .unwrap();
        let waits = async {
            let count = "select count(*) from pg_stat_activity where datname = current_database()
                and wait_event_type = 'Lock'";
            while sqlx::query_scalar::<_, i64>(count).fetch_one(pool).await.unwrap() == 0 {}
        };
        let convert = leads.convert(context, lead.id, Conversion::from_lead().link_existing());
        let mut convert = std::pin::pin!(convert);
        tokio::select! {
            done = &mut convert => panic!("did not wait: {:?}", done.map(|done| done.client)),
            () = waits => {}
        }
        deleting.commit().await.unwrap();
        let done = convert.await.unwrap();
        assert!(done.is_new);
        assert_eq!(clients.get(context, done.client).await.unwrap().id, done.client);
    })
    .await;
}
