use std::sync::{Arc, Mutex};

use aurora_core::store::on_reader;

use super::corpus::{documents, queries};
use super::{World, titles};
use crate::error::ErrorKind;
use crate::knowledge::{DocumentFilter, Language, Query, SourceKind};
use crate::testing::each_database;

#[tokio::test]
async fn both_databases_rank_alike() {
    let rankings: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    each_database(|db| {
        let rankings = Arc::clone(&rankings);
        async move {
            let world = World::new(&db).await;
            super::corpus::ingest(&world).await;
            let mut all = Vec::new();
            for judged in queries() {
                let hits = world.search(Query::new(judged.text.as_str()).most(10)).await;
                all.extend(
                    hits.iter()
                        .map(|hit| format!("{} {}", hit.chunk.id, hit.score.total)),
                );
            }
            rankings.lock().unwrap().push(all);
        }
    })
    .await;
    let rankings = rankings.lock().unwrap();
    assert!(
        rankings
            .iter()
            .all(|ranking| ranking.len() > 300 && *ranking == rankings[0])
    );
    assert!(documents().len() >= 60);
}

#[tokio::test]
async fn words_are_found_without_accents_in_other_forms_and_with_slips() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        world
            .add("Clareamento", "O clareamento dentário leva três sessões.")
            .await;
        world
            .add("Convênios", "Aceitamos os convênios Unimed e Amil.")
            .await;
        world
            .add("Parking", "Parking is free for visitors in building B.")
            .await;
        for (typed, expected) in [
            ("clareamentos dentarios", "Clareamento"),
            ("CLAREAMNETO", "Clareamento"),
            ("aceita convenio?", "Convênios"),
            ("conveino", "Convênios"),
            ("is there visitor parking", "Parking"),
        ] {
            assert_eq!(world.titles(typed).await[0], expected, "{typed}");
        }
        assert_eq!(world.titles("xilofone").await, [""; 0]);
        assert_eq!(world.titles("?!").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_and_what_was_added_a_moment_ago_is_found() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let one = world.add("um", "horário de atendimento").await;
        let two = world.add("two", "The opening hours of the clinic: horário").await;
        let filtered = |filter: DocumentFilter| Query::new("horário").filter(filter);
        for (filter, expected) in [
            (DocumentFilter::default().document(one.id), vec!["um"]),
            (DocumentFilter::default().language(Language::English), vec!["two"]),
            (
                DocumentFilter::default()
                    .language(Language::English)
                    .document(one.id),
                vec![],
            ),
            (
                DocumentFilter::default()
                    .document(one.id)
                    .document(two.id)
                    .source(SourceKind::Manual),
                vec!["um", "two"],
            ),
            (DocumentFilter::default().source(SourceKind::Url), vec![]),
        ] {
            let found = world.search(filtered(filter.clone())).await;
            assert_eq!(titles(&found), expected, "{filter:?}");
        }
        let error = world
            .knowledge
            .search(&world.context, &Query::new(" ").most(0))
            .await
            .unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!((error.kind(), fields), (ErrorKind::Invalid, vec!["text", "most"]));
    })
    .await;
}

#[tokio::test]
async fn passages_that_say_the_same_make_room_for_others() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        world
            .add("a", "A limpeza dental custa 250 reais na clínica.")
            .await;
        world
            .add("b", "A limpeza dental custa 250 reais na clínica hoje.")
            .await;
        world
            .add(
                "c",
                "Depois da limpeza evite café, vinho e cigarro por dois dias.",
            )
            .await;
        let query = Query::new("limpeza dental custa").most(2);
        let plain = titles(&world.search(query.clone()).await);
        assert!(!plain.contains(&"c".to_owned()));
        let diverse = titles(&world.search(query.diverse(0.5)).await);
        assert_eq!(diverse[0], plain[0]);
        assert_eq!(diverse[1], "c");
    })
    .await;
}

#[tokio::test]
async fn postings_and_vectors_are_read_by_an_index() {
    each_database(|db| async move {
        if db.owner.engine_name() != "sqlite" {
            return;
        }
        use crate::knowledge::sql::{ranking, vectors};
        for sql in [
            ranking::POSTINGS,
            ranking::DF,
            ranking::NEAR,
            vectors::PAGE,
            vectors::MISSING,
        ] {
            let plan = format!("explain query plan {sql}");
            let plan = sqlx::AssertSqlSafe(plan.as_str());
            let steps: Vec<(i64, i64, i64, String)> =
                on_reader!(db.owner, |pool| sqlx::query_as(plan).fetch_all(pool)).unwrap();
            let steps: Vec<&str> = steps.iter().map(|step| step.3.as_str()).collect();
            assert!(
                steps.iter().all(|step| !step.starts_with("SCAN")),
                "{sql}: {steps:?}"
            );
        }
    })
    .await;
}
