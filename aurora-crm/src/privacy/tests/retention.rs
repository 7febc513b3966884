use aurora_core::store::leases::Leases;
use aurora_core::store::{execute, on_reader};
use aurora_core::time::Clock as _;
use std::time::Duration;

use super::{DAY, World, verified_chain};
use crate::clients::NewClient;
use crate::error::ErrorKind;
use crate::privacy::{NewLegalHold, RecordClass, Retained, RetentionClass};
use crate::testing::each_database;

fn of(found: &[Retained], class: RetentionClass) -> &Retained {
    found.iter().find(|one| one.class == class).unwrap()
}

#[tokio::test]
async fn a_run_does_what_its_preview_has_told_and_leaves_what_is_held() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let clients = world.crm.clients();
        let company = clients
            .create(context, NewClient::company("Padaria Ltda"))
            .await
            .unwrap();
        let held = clients
            .create(context, NewClient::person("Bruno Held"))
            .await
            .unwrap();
        let young = clients
            .create(context, NewClient::person("Carla Young"))
            .await
            .unwrap();
        privacy
            .hold(
                context,
                NewLegalHold::new(held.id, RecordClass::Client, "processo"),
            )
            .await
            .unwrap();
        for (id, version) in [(world.person, 2), (company.id, 1), (held.id, 1)] {
            clients.delete(context, id, version).await.unwrap();
        }
        world.clock.advance(31 * DAY);
        clients.delete(context, young.id, 1).await.unwrap();
        assert_eq!(
            privacy.preview_retention(context).await.unwrap(),
            [],
            "nothing without a rule"
        );
        for class in [
            RetentionClass::DeletedClients,
            RetentionClass::LostLeads,
            RetentionClass::Events,
        ] {
            privacy.set_retention(context, class, Some(30)).await.unwrap();
        }
        let error = privacy
            .set_retention(context, RetentionClass::Events, Some(0))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let (rules, version) = privacy.stored_retention(context).await.unwrap();
        assert_eq!((rules.len(), version), (3, 3));
        for stale in [0, 2, 4] {
            let late = privacy
                .set_retention_at(context, stale, RetentionClass::Events, None)
                .await;
            assert_eq!(late.unwrap_err().current_version(), Some(3), "{stale}");
        }
        let again = privacy
            .set_retention_at(context, 3, RetentionClass::Events, Some(30))
            .await;
        assert_eq!(again.unwrap(), 4);

        let told = privacy.preview_retention(context).await.unwrap();
        let mut sample = of(&told, RetentionClass::DeletedClients).sample.clone();
        sample.sort();
        let mut expected = [world.person.uuid(), company.id.uuid()];
        expected.sort();
        assert_eq!(sample, expected);
        assert_eq!(of(&told, RetentionClass::LostLeads).sample, [world.lost.uuid()]);
        assert!(of(&told, RetentionClass::Events).count > 60);
        let entries = verified_chain(&db.owner, context).await.len();

        let done = privacy.apply_retention(context).await.unwrap();
        for class in [
            RetentionClass::DeletedClients,
            RetentionClass::LostLeads,
            RetentionClass::Events,
        ] {
            assert_eq!(
                (of(&done, class).count, of(&done, class).left),
                (of(&told, class).count, 0),
                "{class:?}"
            );
        }
        let chain = verified_chain(&db.owner, context).await;
        assert!(chain.len() > entries, "audit entries stay");
        assert_eq!(
            chain
                .iter()
                .filter(|(action, _)| action == "retention.applied")
                .count(),
            3
        );
        let names: Vec<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select legal_name from clients where deleted_at is not null order by legal_name"
        )
        .fetch_all(pool))
        .unwrap();
        assert_eq!(names, ["Anonimizado", "Bruno Held", "Carla Young"]);
        let again = privacy.apply_retention(context).await.unwrap();
        assert_eq!(of(&again, RetentionClass::DeletedClients).count, 0);
        assert_eq!(of(&again, RetentionClass::LostLeads).count, 0);
        privacy
            .set_retention(context, RetentionClass::Events, None)
            .await
            .unwrap();
        assert_eq!(privacy.retention(context).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn one_process_at_a_time_visits_every_workspace() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let privacy = world.crm.privacy();
        privacy
            .set_retention(&world.context, RetentionClass::LostLeads, Some(1))
            .await
            .unwrap();
        world.clock.advance(2 * DAY);
        let leases = Leases::open(db.database.clone()).await.unwrap();
        let lease = leases
            .acquire("crm.retention", Duration::from_secs(60))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(privacy.apply_retention_everywhere().await.unwrap(), None);
        lease.release().await.unwrap();
        let run = privacy.apply_retention_everywhere().await.unwrap().unwrap();
        assert_eq!((run.count, run.failures), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_workspace_that_fails_keeps_no_other_one_from_its_rules() {
    each_database(|db| async move {
        let (broken, sound) = (World::new(&db).await, World::new(&db).await);
        let privacy = sound.crm.privacy();
        for world in [&broken, &sound] {
            privacy
                .set_retention(&world.context, RetentionClass::LostLeads, Some(1))
                .await
                .unwrap();
            world.clock.advance(2 * DAY);
        }
        let unknown = "update retention_rules set record_class = 'unknown' where workspace_id = $1";
        execute!(db.owner, sqlx::query(unknown).bind(broken.context.workspace)).unwrap();
        let run = privacy.apply_retention_everywhere().await.unwrap().unwrap();
        assert_eq!((run.count, run.failures), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn what_was_told_to_webhooks_is_forgotten_after_its_time() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let ended = world.clock.now();
        for statement in [
            "insert into webhook_endpoints (workspace_id, id, url, event_types, header_names, secret, failed_deliveries,
                version, created_at, updated_at) values ($1, $2, 'https://a.example', '[]', '[]', 'x', 0, 1, $3, $3)",
            "insert into webhook_deliveries (workspace_id, id, endpoint_id, event_id, event_type, payload, state, run,
                run_attempts, attempts, created_at, finished_at)
                values ($1, $2, $2, $2, 'client.created', '{}', 'failed', 1, 1, 1, $3, $3)",
            "insert into webhook_attempts (workspace_id, delivery_id, number, began_at, duration_ms, body)
                values ($1, $2, 1, $3, 7, 'answer')",
        ] {
            execute!(
                db.owner,
                sqlx::query(statement)
                    .bind(context.workspace)
                    .bind(world.person)
                    .bind(ended)
            )
            .unwrap();
        }
        let class = RetentionClass::WebhookDeliveries;
        privacy.set_retention(context, class, Some(30)).await.unwrap();
        world.clock.advance(30 * DAY);
        assert_eq!(of(&privacy.apply_retention(context).await.unwrap(), class).count, 0);
        world.clock.advance(DAY);
        let told = privacy.preview_retention(context).await.unwrap();
        assert_eq!(of(&told, class).sample, [world.person.uuid()]);
        assert_eq!(of(&privacy.apply_retention(context).await.unwrap(), class).count, 1);
        let left = "select (select count(*) from webhook_deliveries) + (select count(*) from webhook_attempts)";
        let left: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(left).fetch_one(pool)).unwrap();
        assert_eq!(left, 0);
        assert_eq!(privacy.retention(context).await.unwrap()[0].class, class);
    })
    .await;
}
