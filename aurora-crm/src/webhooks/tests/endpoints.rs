use futures::future::join_all;

use super::*;
use crate::error::{Error, ErrorKind};
use crate::fields::Change;
use crate::testing::each_database;
use crate::webhooks::{DisabledReason, EndpointChange, EndpointId, EventTypes};
use crate::workspaces::WorkspaceId;

#[tokio::test]
async fn endpoints_are_made_changed_and_deleted_with_their_version() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let (webhooks, context) = (&house.webhooks, &house.context);
        let new = NewEndpoint::new(" https://hooks.example.com/T1?k=v ")
            .description("orders")
            .header("Authorization", "Bearer t");
        let made = webhooks.create(context, new).await.unwrap().endpoint;
        assert_eq!(made.url, "https://hooks.example.com/T1?k=v");
        assert_eq!(made.header_names, ["authorization"]);
        assert_eq!((made.event_types.clone(), made.version), (EventTypes::all(), 1));
        house.clock.advance(MINUTE);
        let change = EndpointChange::new()
            .url("https://hooks.example.com/T2")
            .description(Change::Clear);
        let changed = webhooks.update(context, made.id, 1, change).await.unwrap();
        assert_eq!(
            (
                changed.url.as_str(),
                changed.description.as_deref(),
                changed.version
            ),
            ("https://hooks.example.com/T2", None, 2)
        );
        assert_eq!(changed.header_names, made.header_names, "what is not named stays");
        assert_eq!(
            (changed.created_at, changed.updated_at),
            (made.created_at, house.clock.now())
        );
        let headers = EndpointChange::new().headers(vec![("x-a".to_owned(), "1".into())]);
        let changed = webhooks.update(context, made.id, 2, headers).await.unwrap();
        assert_eq!(changed.header_names, ["x-a"]);
        for stale in [
            webhooks
                .update(context, made.id, 1, EndpointChange::new())
                .await
                .err(),
            webhooks.disable(context, made.id, 1).await.err(),
            webhooks.rotate_secret(context, made.id, 1).await.err(),
            webhooks.delete(context, made.id, 1).await.err(),
        ] {
            let stale = stale.unwrap();
            assert_eq!(
                (stale.kind(), stale.current_version()),
                (ErrorKind::Conflict, Some(3))
            );
        }
        let disabled = webhooks.disable(context, made.id, 3).await.unwrap();
        assert_eq!(disabled.disabled.unwrap().reason, DisabledReason::Manual);
        assert_eq!(webhooks.enable(context, made.id, 4).await.unwrap().disabled, None);
        webhooks.delete(context, made.id, 5).await.unwrap();
        let gone = webhooks.get(context, made.id).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        house.event().await;
        assert_eq!(house.work().await, 0);
    })
    .await;
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once_without_its_value() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let mut new = NewEndpoint::new("canary://x").description("two\nlines");
        for (name, value) in [
            ("webhook-id", "canary"),
            ("Host", "canary"),
            ("bad name", "canary"),
            ("x-a", "two\nlines"),
            ("x-b", "1"),
            ("X-B", "2"),
        ] {
            new = new.header(name, value);
        }
        let error = house.webhooks.create(&house.context, new).await.unwrap_err();
        let wrong: Vec<_> = error
            .fields()
            .iter()
            .map(|field| (field.field.as_str(), field.code))
            .collect();
        assert_eq!(
            wrong,
            [
                ("url", "invalid"),
                ("description", "invalid"),
                ("headers[0]", "not_allowed"),
                ("headers[1]", "not_allowed"),
                ("headers[2]", "invalid"),
                ("headers[3]", "invalid"),
                ("headers[5]", "invalid"),
            ]
        );
        assert!(!format!("{error} {error:?}").contains("canary"));
        let absent = Context::new(WorkspaceId::new(house.clock.now()), "test");
        let new = || NewEndpoint::new("https://hooks.example.com/");
        let error = house.webhooks.create(&absent, new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        for _ in 0..49 {
            house.webhooks.create(&house.context, new()).await.unwrap();
        }
        // The last place is taken by one, also when many ask for it at once.
        let made = join_all((0..8).map(|_| house.webhooks.create(&house.context, new()))).await;
        let refused: Vec<_> = made.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 7);
        for error in refused {
            assert_eq!(error.fields()[0].code, "too_many", "{error}");
        }
        let mut seen = Vec::new();
        let mut request = PageRequest::first(20);
        loop {
            let page = house.webhooks.list(&house.context, &request).await.unwrap();
            seen.extend(page.items.into_iter().map(|endpoint| endpoint.id));
            let Some(next) = page.next else { break };
            request = PageRequest::first(20).after(next);
        }
        assert_eq!(seen.len(), 50);
        assert!(seen.is_sorted());
    })
    .await;
}

#[tokio::test]
async fn settings_out_of_range_are_told_at_once() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let built = house
            .crm
            .webhooks(house.sealer.clone())
            .timeout(Duration::ZERO)
            .concurrency(0)
            .concurrency_per_endpoint(257)
            .disable_after(0, DAY)
            .secret_overlap(31 * DAY)
            .user_agent("two\nlines")
            .build();
        assert_eq!(built.unwrap_err().fields().len(), 6);
        assert!(house.webhooks.worker().is_ok());
    })
    .await;
}

#[tokio::test]
async fn another_workspace_sees_and_touches_nothing() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(500)).await;
        let made = house.endpoint(&server).await.endpoint;
        house.event().await;
        house.work().await;
        let [delivery] = house.deliveries().await.try_into().unwrap();
        let before = (
            house.webhooks.get(&house.context, made.id).await.unwrap(),
            delivery.clone(),
        );

        let (webhooks, other) = (&house.webhooks, workspace(&house.crm).await);
        let (id, page) = (made.id, PageRequest::default());
        let refused: Vec<Option<Error>> = vec![
            webhooks.get(&other, id).await.err(),
            webhooks.update(&other, id, 1, EndpointChange::new()).await.err(),
            webhooks.disable(&other, id, 1).await.err(),
            webhooks.enable(&other, id, 1).await.err(),
            webhooks.rotate_secret(&other, id, 1).await.err(),
            webhooks.delete(&other, id, 1).await.err(),
            webhooks.send_test(&other, id).await.err(),
            webhooks
                .replay_failed(&other, id, delivery.created_at)
                .await
                .err(),
            webhooks.delivery(&other, delivery.id).await.err(),
            webhooks.attempts(&other, delivery.id, &page).await.err(),
            webhooks.replay(&other, delivery.id).await.err(),
        ];
        for (index, error) in refused.into_iter().enumerate() {
            assert_eq!(error.unwrap().kind(), ErrorKind::NotFound, "call {index}");
        }
        assert!(webhooks.list(&other, &page).await.unwrap().items.is_empty());
        for filter in [
            DeliveryFilter::all(),
            DeliveryFilter::all().endpoint(id),
            DeliveryFilter::all().state(delivery.state),
            DeliveryFilter::all().endpoint(id).state(delivery.state),
        ] {
            let found = webhooks.deliveries(&other, &filter, &page).await.unwrap();
            assert!(found.items.is_empty());
            let own = webhooks.deliveries(&house.context, &filter, &page).await.unwrap();
            assert_eq!(own.items, std::slice::from_ref(&delivery));
        }
        house.clock.advance(DAY);
        assert_eq!(webhooks.purge(&other, Duration::ZERO, 100).await.unwrap(), 0);
        let after = (
            house.webhooks.get(&house.context, made.id).await.unwrap(),
            house
                .webhooks
                .delivery(&house.context, delivery.id)
                .await
                .unwrap(),
        );
        assert_eq!(before, after);

        // What happens in the other workspace is told to none of the first.
        house
            .crm
            .clients()
            .create(&other, NewClient::person("Bia"))
            .await
            .unwrap();
        assert_eq!(house.deliveries().await.len(), 1);
        // A message that names a delivery of another workspace moves nothing.
        let forged = crate::webhooks::fan_out::Job {
            workspace: other.workspace,
            delivery: delivery.id,
            run: 1,
        };
        house.work().await;
        let count = requests(&server).await.len();
        house.outbox().enqueue(&forged.message().unwrap()).await.unwrap();
        house.work().await;
        assert_eq!(requests(&server).await.len(), count);
        let absent = EndpointId::new(house.clock.now());
        let error = webhooks.get(&house.context, absent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    })
    .await;
}
