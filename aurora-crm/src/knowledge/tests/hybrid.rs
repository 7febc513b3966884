use std::sync::atomic::Ordering;

use aurora_core::store::outbox::Handler as _;

use super::{NgramDouble, World, titles};
use crate::knowledge::{DocumentStatus, Fusion, QUEUE, Query};
use crate::testing::each_database;

#[tokio::test]
async fn vectors_come_in_the_background_and_words_do_meanwhile() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 128);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        let document = world.add("Clareamento", "Clareamento dentário a laser.").await;
        assert_eq!(document.status, DocumentStatus::Embedding);
        assert_eq!(world.titles("clareamento").await, ["Clareamento"]);
        let hit = &world.search(Query::new("clareamento")).await[0];
        assert!(hit.score.words.is_some() && hit.score.vector.is_none());

        assert_eq!(world.index(&world.knowledge).await, 1);
        let document = world.knowledge.get(&world.context, document.id).await.unwrap();
        assert_eq!(document.status, DocumentStatus::Ready);
        let hit = &world.search(Query::new("clareamento")).await[0];
        let (place, cosine) = hit.score.vector.unwrap();
        assert!(place == 1 && cosine > 0.3, "{cosine}");
        let expected = 2.0 / 61.0 + 1.0 / 61.0;
        assert!((hit.score.total - expected).abs() < 1e-12);
        // No word of it, but letters.
        let found = world.search(Query::new("laserterapia")).await;
        assert_eq!(titles(&found), ["Clareamento"]);
        assert_eq!(found[0].score.words, None);
        assert!(
            world
                .search(Query::new("laserterapia").words_only())
                .await
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_new_version_embeds_what_is_new_and_deleting_forgets_at_once() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 64);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        world.add("doc", "# A\n\nlimpeza\n\n# B\n\ncanal").await;
        world.index(&world.knowledge).await;
        assert_eq!(double.texts.load(Ordering::Relaxed), 2);
        let document = world.add("doc", "# A\n\nlimpeza\n\n# B\n\nimplante").await;
        world.index(&world.knowledge).await;
        assert_eq!(
            double.texts.load(Ordering::Relaxed),
            3,
            "one passage stayed as it was"
        );
        assert_eq!(world.search(Query::new("implante")).await.len(), 2);
        let version = world
            .knowledge
            .get(&world.context, document.id)
            .await
            .unwrap()
            .version;
        let deleted = world.knowledge.delete(&world.context, document.id, version);
        deleted.await.unwrap();
        assert!(world.search(Query::new("implante")).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn another_model_has_everything_embedded_anew_and_two_models_never_meet() {
    each_database(|db| {
        Box::pin(async move {
            let old = NgramDouble::new("ngrams-1", 64);
            let world = World::with(&db, |builder| builder.embedder(old.clone())).await;
            world.add("doc", "limpeza dental").await;
            world.index(&world.knowledge).await;
            // The same length, so that only the name keeps them apart.
            let new = NgramDouble::new("ngrams-2", 64);
            let changed = world.crm.knowledge().embedder(new.clone()).build().unwrap();
            let query = Query::new("limpeza");
            let search = || changed.search(&world.context, &query);
            let hits = search().await.unwrap();
            assert!(
                hits[0].score.vector.is_none(),
                "the vectors are not of this model"
            );
            let document = changed.find(&world.context, "doc").await.unwrap().unwrap();
            assert_eq!(document.status, DocumentStatus::Embedding);
            let indexer = changed.indexer().unwrap();
            assert_eq!(indexer.refresh(&world.context).await.unwrap(), 1);
            assert_eq!(
                indexer.refresh(&world.context).await.unwrap(),
                1,
                "asked again, done once"
            );
            assert_eq!(world.index(&changed).await, 1);
            assert!(search().await.unwrap()[0].score.vector.is_some());
            assert_eq!(indexer.refresh(&world.context).await.unwrap(), 0);
            let hit = &world.search(Query::new("limpeza")).await[0];
            assert!(
                hit.score.vector.is_none(),
                "who still uses the old model compares nothing"
            );
        })
    })
    .await;
}

#[tokio::test]
async fn going_back_to_an_earlier_model_embeds_anew_and_what_died_is_tried_again() {
    each_database(|db| {
        Box::pin(async move {
            let (one, two) = (NgramDouble::new("ngrams-1", 64), NgramDouble::new("ngrams-2", 64));
            let world = World::with(&db, |builder| builder.embedder(one.clone())).await;
            let document = world.add("doc", "limpeza dental").await.id;
            let other = world.crm.knowledge().embedder(two.clone()).build().unwrap();
            world.index(&world.knowledge).await;
            for knowledge in [&other, &world.knowledge, &other, &world.knowledge] {
                let indexer = knowledge.indexer().unwrap();
                assert_eq!(indexer.refresh(&world.context).await.unwrap(), 1);
                assert_eq!(world.index(knowledge).await, 1);
                let status = knowledge.get(&world.context, document).await.unwrap().status;
                assert_eq!(status, DocumentStatus::Ready);
            }
            let outbox = world.crm.store().outbox();
            let indexer = other.indexer().unwrap();
            indexer.refresh(&world.context).await.unwrap();
            let lease = std::time::Duration::from_secs(60);
            let delivery = outbox.claim(QUEUE, 1, lease).await.unwrap().remove(0);
            let failed = aurora_core::store::outbox::Failed::rejected("a key is wrong");
            let reason = aurora_core::store::outbox::DeadReason::Rejected;
            outbox.dead(&delivery, reason, failed).await.unwrap();
            assert_eq!(world.index(&other).await, 0);
            indexer.refresh(&world.context).await.unwrap();
            assert_eq!(world.index(&other).await, 1);
        })
    })
    .await;
}

#[tokio::test]
async fn an_embedder_that_fails_costs_the_vectors_alone_and_is_tried_again() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 64);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        world.add("doc", "limpeza dental").await;
        double.failing.store(1, Ordering::Relaxed);
        assert_eq!(world.titles("limpeza").await, ["doc"]);
        let outbox = world.crm.store().outbox();
        let lease = std::time::Duration::from_secs(60);
        let delivery = outbox.claim(QUEUE, 1, lease).await.unwrap().remove(0);
        let failed = world
            .knowledge
            .indexer()
            .unwrap()
            .handle(&delivery)
            .await
            .unwrap_err();
        assert!(failed.class().is_retryable());
        double.failing.store(0, Ordering::Relaxed);
        world
            .knowledge
            .indexer()
            .unwrap()
            .handle(&delivery)
            .await
            .unwrap();
        assert!(
            world.search(Query::new("limpeza")).await[0]
                .score
                .vector
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn a_long_document_is_embedded_in_parts() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 32);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        let sections: String = (0..300).map(|n| format!("# S{n}\n\nfrase {n}\n\n")).collect();
        let document = world.add("long", &sections).await;
        assert_eq!(document.chunks, 300);
        assert_eq!(world.index(&world.knowledge).await, 2, "256 a message");
        let document = world.knowledge.get(&world.context, document.id).await.unwrap();
        assert_eq!(
            (document.status, double.texts.load(Ordering::Relaxed)),
            (DocumentStatus::Ready, 300)
        );
    })
    .await;
}

#[tokio::test]
async fn weights_decide_who_is_heard() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 256);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        world.add("palavra", "preço preço preço").await;
        world.add("letras", "laserterapia").await;
        world.index(&world.knowledge).await;
        let first = async |words: f64, vectors: f64| {
            let fusion = Fusion::default().weights(words, vectors);
            let knowledge = world
                .crm
                .knowledge()
                .embedder(double.clone())
                .fusion(fusion)
                .build()
                .unwrap();
            let hits = knowledge
                .search(&world.context, &Query::new("preço laser laserterapeuta"))
                .await
                .unwrap();
            titles(&hits)[0].clone()
        };
        assert_eq!(first(1.0, 0.0).await, "palavra");
        assert_eq!(first(0.0, 1.0).await, "letras");
        let builder = || world.crm.knowledge();
        for wrong in [
            Fusion::default().weights(0.0, 0.0),
            Fusion::default().feedback(0.6),
            Fusion::default().weights(f64::NAN, 1.0),
        ] {
            assert!(builder().fusion(wrong).build().is_err(), "{wrong:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_worker_runs_until_it_is_told_to_stop() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 32);
        let crm = crate::crm::Crm::builder(db.database.clone())
            .build()
            .await
            .unwrap();
        let context = super::house(&crm).await;
        let plain = crm.knowledge().build().unwrap();
        let new = crate::knowledge::NewDocument::new("d", crate::knowledge::Content::Text("limpeza".into()));
        let id = plain.ingest(&context, new).await.unwrap().document().id;
        assert!(plain.indexer().is_none());
        let knowledge = crm.knowledge().embedder(double).build().unwrap();
        let indexer = knowledge.indexer().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let run = tokio::spawn(async move { indexer.run(async { drop(stopped.await) }).await });
        let ready = async {
            while knowledge.get(&context, id).await.unwrap().status != DocumentStatus::Ready {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), ready)
            .await
            .unwrap();
        stop.send(()).unwrap();
        run.await.unwrap().unwrap();
        assert_eq!(
            knowledge.get(&context, id).await.unwrap().status,
            DocumentStatus::Ready
        );
    })
    .await;
}
