use aurora_core::page::PageRequest;

use super::{NgramDouble, World, house};
use crate::clients::{MergeChoices, NewClient};
use crate::context::Context;
use crate::error::ErrorKind;
use crate::knowledge::{Content, DocumentFilter, NewDocument, NewRating, Query, RatingKind, Source, Turn};
use crate::testing::each_database;

#[tokio::test]
async fn nothing_of_another_workspace_is_found_read_or_changed() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams", 64);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        let (knowledge, mine) = (&world.knowledge, &world.context);
        let theirs = house(&world.crm).await;
        let bring = async |context: &Context, text: &str| {
            let new = NewDocument::new("Preços", Content::Text(text.into())).external_id("prices");
            knowledge.ingest(context, new).await.unwrap().document().clone()
        };
        let one = bring(mine, "limpeza nossa").await;
        let other = bring(&theirs, "limpeza deles").await;
        world.index(knowledge).await;
        for (context, word) in [(mine, "nossa"), (&theirs, "deles")] {
            for query in ["limpeza", "limpeza deles", "limpeza nossa", "lmpza delees"] {
                let hits = knowledge
                    .search(context, &Query::new(query).most(50))
                    .await
                    .unwrap();
                assert!(hits.iter().all(|hit| hit.chunk.text.contains(word)), "{query}");
            }
        }
        let (id, page) = (other.id, PageRequest::default());
        let chunk = knowledge.chunks(&theirs, id).await.unwrap()[0].id;
        let filter = DocumentFilter::default().document(id);
        assert!(
            knowledge
                .search(mine, &Query::new("limpeza").filter(filter))
                .await
                .unwrap()
                .is_empty()
        );
        for error in [
            knowledge.get(mine, id).await.unwrap_err(),
            knowledge.chunks(mine, id).await.unwrap_err(),
            knowledge.versions(mine, id).await.unwrap_err(),
            knowledge.reindex(mine, id).await.unwrap_err(),
            knowledge.delete(mine, id, 1).await.unwrap_err(),
            knowledge
                .rate(mine, NewRating::new(chunk, "limpeza", RatingKind::Wrong))
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        assert!(knowledge.ratings(mine, chunk).await.unwrap().is_empty());
        let listed = knowledge
            .list(mine, &DocumentFilter::default(), &page)
            .await
            .unwrap()
            .items;
        assert_eq!(
            listed.iter().map(|document| document.id).collect::<Vec<_>>(),
            [one.id]
        );
        let rating = NewRating::new(chunk, "limpeza", RatingKind::Up);
        knowledge.rate(&theirs, rating).await.unwrap();
        knowledge.revert_feedback(mine, 0).await.unwrap();
        let state = knowledge.feedback(&theirs).await.unwrap();
        assert_eq!((state.ratings, state.reverted), (1, 0));
        assert_eq!(knowledge.get(&theirs, id).await.unwrap().version, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_about_one_client_is_found_for_that_client_alone() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams", 64);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let clients = world.crm.clients();
        let create = async |name: &str, email: &str| {
            clients
                .create(context, NewClient::person(name).email(email))
                .await
                .unwrap()
        };
        let (ana, bia) = (
            create("Ana", "ana@x.example").await,
            create("Bia", "bia@x.example").await,
        );
        let talk = |name: &str, text: &str| {
            NewDocument::new(name, Content::Conversation(vec![Turn::new("Paciente", text)]))
                .source(Source::Conversation(uuid::Uuid::from_u128(7)))
        };
        for new in [
            talk("Ana", "tenho alergia a látex").about(ana.id),
            talk("Bia", "minha alergia é a dipirona").about(bia.id),
            NewDocument::new("Alergias", Content::Text("Avise sobre qualquer alergia.".into())),
        ] {
            knowledge.ingest(context, new).await.unwrap();
        }
        world.index(knowledge).await;
        let found = async |query: Query| {
            let mut titles = super::titles(&knowledge.search(context, &query).await.unwrap());
            titles.sort_unstable();
            titles
        };
        let query = || Query::new("alergia látex dipirona");
        assert_eq!(found(query()).await, ["Alergias"]);
        assert_eq!(found(query().about(ana.id)).await, ["Alergias", "Ana"]);
        assert_eq!(found(query().about(bia.id)).await, ["Alergias", "Bia"]);

        // Two records of one person become one: what was said to either is found, by either name.
        clients
            .merge(context, (ana.id, 1), (bia.id, 1), &MergeChoices::default())
            .await
            .unwrap();
        for id in [ana.id, bia.id] {
            assert_eq!(found(query().about(id)).await, ["Alergias", "Ana", "Bia"]);
        }
        assert_eq!(found(query()).await, ["Alergias"]);
    })
    .await;
}
