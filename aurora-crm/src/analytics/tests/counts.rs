use aurora_core::id::Id;
use aurora_core::money::NanoUsd;
use aurora_core::store::execute;
use aurora_core::time::Clock as _;

use super::{HOUR, World};
use crate::analytics::{NewUsage, Period};
use crate::context::Context;
use crate::error::ErrorKind;
use crate::leads::OwnerId;
use crate::testing::each_database;

#[tokio::test]
async fn deliveries_of_webhooks_count_by_when_they_ended() {
    each_database(|db| async move {
        let world = World::random(&db, 4).await;
        let (context, now) = (&world.context, world.clock.now());
        let id = OwnerId::new(now);
        let endpoint = "insert into webhook_endpoints (workspace_id, id, url, event_types, header_names, secret,
                failed_deliveries, version, created_at, updated_at)
            values ($1, $2, 'https://example.com', '[]', '[]', 's', 0, 1, $3, $3)";
        execute!(db.owner, sqlx::query(endpoint).bind(context.workspace).bind(id).bind(now)).unwrap();
        let delivery = "insert into webhook_deliveries (workspace_id, id, endpoint_id, event_id, event_type, payload, state,
                run, run_attempts, attempts, created_at, finished_at)
            values ($1, $2, $3, $2, 'x', '{}', $4, 1, 1, 1, $5, $6)";
        for (state, ended) in [
            ("delivered", Some(now)),
            ("delivered", Some(now + HOUR)),
            ("failed", Some(now)),
            ("failed", Some(now - HOUR)),
            ("pending", None),
        ] {
            execute!(
                db.owner,
                sqlx::query(delivery)
                    .bind(context.workspace)
                    .bind(OwnerId::new(now))
                    .bind(id)
                    .bind(state)
                    .bind(now)
                    .bind(ended)
            )
            .unwrap();
        }
        let period = Period::new(now, now + HOUR).unwrap();
        let found = world.crm.analytics().overview(context, period).await.unwrap().webhooks;
        assert_eq!((found.delivered, found.failed), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn usage_counts_once_per_key_and_is_summed_per_metric_and_label() {
    each_database(|db| async move {
        let world = World::random(&db, 3).await;
        let (analytics, context) = (world.crm.analytics(), &world.context);
        let now = world.clock.now();
        for n in 0..3 {
            let new = NewUsage::new(format!("req-{n}"), "input_tokens", 100)
                .label("gpt")
                .cost(NanoUsd::from_nanos(7));
            assert!(analytics.record_usage(context, new.clone()).await.unwrap());
            assert!(!analytics.record_usage(context, new).await.unwrap());
        }
        analytics
            .record_usage(context, NewUsage::new("other", "images", 1))
            .await
            .unwrap();
        let sums = analytics
            .usage(context, Period::new(now, now + HOUR).unwrap())
            .await
            .unwrap();
        let sums: Vec<_> = sums
            .iter()
            .map(|sum| {
                (
                    sum.metric.as_str(),
                    sum.label.as_str(),
                    sum.records,
                    sum.quantity,
                    sum.cost_nanos,
                )
            })
            .collect();
        assert_eq!(
            sums,
            [("images", "", 1, 1, 0), ("input_tokens", "gpt", 3, 300, 21)]
        );
        assert_eq!(
            analytics
                .usage(context, Period::new(now - HOUR, now).unwrap())
                .await
                .unwrap(),
            []
        );
        let absent = Context::new(Id::new(now), "test");
        let error = analytics
            .record_usage(&absent, NewUsage::new("k", "m", 1))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = analytics
            .record_usage(context, NewUsage::new("", "", -1))
            .await
            .unwrap_err();
        assert_eq!(error.fields().len(), 3);
    })
    .await;
}
