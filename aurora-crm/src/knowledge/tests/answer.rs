use super::World;
use crate::knowledge::{AnswerContext, Query};
use crate::testing::each_database;

#[tokio::test]
async fn passages_are_numbered_and_an_answer_leads_back_to_them() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        world
            .add(
                "Preços",
                "# Limpeza\n\nA limpeza custa R$ 250. Veja `[2]` e [nota].",
            )
            .await;
        world.add("Horário", "A limpeza é feita de manhã.").await;
        let hits = world.search(Query::new("quanto custa a limpeza")).await;
        assert_eq!(super::titles(&hits), ["Preços", "Horário"]);
        let passages = AnswerContext::new(&hits);
        let expected = "[1] Preços › Limpeza\nLimpeza\n\nA limpeza custa R$ 250. Veja (2) e [nota].\n\n\
            [2] Horário\nA limpeza é feita de manhã.\n\n";
        assert_eq!(
            passages.prompt(),
            expected,
            "a passage cannot pass for another one"
        );

        let answer =
            passages.read("R$ 250 [1], de manhã [2; 1] [nota], e grátis aos domingos [3][9, 1]. [1]");
        let numbers: Vec<u32> = answer.cited.iter().map(|(number, _)| *number).collect();
        assert_eq!((numbers, answer.unknown.as_slice()), (vec![1, 2], &[3, 9][..]));
        assert_eq!(answer.cited[0].1, hits[0].citation);
        assert!(!answer.is_grounded() && passages.read("R$ 250 [1]").is_grounded());
        for nothing in ["Não sei.", "", "[", "[]", "[a]", "]1[", "[99999999999]"] {
            let answer = passages.read(nothing);
            assert!(
                answer.cited.is_empty() && answer.unknown.is_empty() && !answer.is_grounded(),
                "{nothing}"
            );
        }
        assert_eq!(passages.read("[0]").unknown, [0]);

        let first = AnswerContext::within(&hits, 90);
        assert_eq!(first.citations().len(), 1, "the second does not fit");
        assert!(AnswerContext::within(&hits, 10).prompt().is_empty());
    })
    .await;
}
