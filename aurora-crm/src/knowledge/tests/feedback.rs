use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, ManualClock};

use super::corpus::{ingest, queries};
use super::{World, titles};
use crate::context::Context;
use crate::error::ErrorKind;
use crate::knowledge::evaluation::Judged;
use crate::knowledge::feedback::weight;
use crate::knowledge::sql::feedback::Weighed;
use crate::knowledge::{
    Correction, DocumentFilter, Fusion, Knowledge, NewRating, Query, RatingKind, SourceKind,
};
use crate::testing::each_database;

/// Whoever asked rates the first three passages as the judgements say: what helps up, what does not down.
async fn learn(world: &World) {
    for asked in queries().iter().filter(|asked| asked.half == 'a') {
        let hits = world.search(Query::new(asked.text.as_str()).most(3)).await;
        for hit in hits {
            let document = world
                .knowledge
                .get(&world.context, hit.citation.document_id)
                .await
                .unwrap();
            let grade = asked
                .grades
                .get(&document.external_id)
                .copied()
                .unwrap_or_default();
            let kind = match grade {
                0 => RatingKind::Down,
                1 => continue,
                _ => RatingKind::Up,
            };
            let rating = NewRating::new(hit.chunk.id, asked.text.as_str(), kind);
            world.knowledge.rate(&world.context, rating).await.unwrap();
        }
    }
}

#[tokio::test]
async fn feedback_to_some_questions_makes_the_answers_to_others_better() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        ingest(&world).await;
        let held_out: Vec<Judged> = queries()
            .iter()
            .filter(|asked| asked.half == 'b')
            .map(super::corpus::Asked::judged)
            .collect();
        let evaluate = async || world.knowledge.evaluate(&world.context, &held_out).await.unwrap();
        let before = evaluate().await;
        learn(&world).await;
        let after = evaluate().await;
        println!("{}: {before:?} -> {after:?}", db.owner.engine_name());
        assert!(
            after.ndcg_at_10 > before.ndcg_at_10 + 0.02,
            "{before:?} {after:?}"
        );
        assert!(after.recall_at_10 >= before.recall_at_10);

        // And back, and again: what is served is computed from the ratings in force.
        let state = world.knowledge.feedback(&world.context).await.unwrap();
        assert!(state.ratings > 20 && state.version == state.ratings);
        let reverted = world.knowledge.revert_feedback(&world.context, 0).await.unwrap();
        assert_eq!(evaluate().await, before);
        assert_eq!(
            world.knowledge.feedback(&world.context).await.unwrap().reverted,
            state.ratings
        );
        world
            .knowledge
            .restore_feedback(&world.context, reverted)
            .await
            .unwrap();
        assert_eq!(evaluate().await, after);
    })
    .await;
}

fn rated(kind: RatingKind, terms: &[&str], clock: &ManualClock) -> Weighed {
    Weighed {
        kind,
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
        at: clock.now(),
    }
}

#[test]
fn ratings_count_by_question_and_age_and_never_beyond_the_bound() {
    let clock = ManualClock::default();
    let fusion = Fusion::default();
    let question = ["limpez".to_owned(), "prec".to_owned()];
    let of = |ratings: &[Weighed]| weight(ratings, &question, clock.now(), &fusion);
    let same = |kind| rated(kind, &["limpez", "prec"], &clock);
    let other = |kind| rated(kind, &["sof"], &clock);
    assert!((of(&[]) - 1.0).abs() < 1e-12);
    // Worked by hand: p = (1 + 1.5) / (1 + 3) = 0.625, so 1 + 0.15 · 0.25.
    assert!((of(&[same(RatingKind::Up)]) - 1.0375).abs() < 1e-12);
    // p = (0.3 + 1.5) / (0.3 + 3)
    assert!((of(&[other(RatingKind::Up)]) - (1.0 + 0.15 * (2.0 * 1.8 / 3.3 - 1.0))).abs() < 1e-12);
    // p = 1.5 / (3 + 3), whatever was asked
    assert!((of(&[other(RatingKind::Wrong)]) - 0.925).abs() < 1e-12);
    assert!((of(&[same(RatingKind::Up), same(RatingKind::Down)]) - 1.0).abs() < 1e-12);
    let many = vec![same(RatingKind::Wrong); 5_000];
    assert!(of(&many) >= 0.85 && of(&many) < 0.851);
    let many = vec![same(RatingKind::Up); 5_000];
    assert!(of(&many) <= 1.15 && of(&many) > 1.149);
    let fresh = of(&[same(RatingKind::Up)]);
    let old = [same(RatingKind::Up)];
    clock.advance(fusion.half_life);
    let aged = weight(&old, &question, clock.now(), &fusion);
    assert!((aged - (1.0 + 0.15 * (2.0 * 2.0 / 3.5 - 1.0))).abs() < 1e-9 && aged < fresh);
    clock.advance(Duration::from_secs(3_600 * 24 * 3_650));
    assert!((weight(&old, &question, clock.now(), &fusion) - 1.0).abs() < 1e-3);
}

/// The right answer is first by words, far before others. However many say that it is wrong, and that others are right, it
/// keeps 85 % of its score, and whatever is more than ten places behind stays behind.
#[tokio::test]
async fn a_mob_moves_a_passage_no_further_than_the_bound() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        world
            .add(
                "certa",
                "Vacina da gripe: aplicamos a vacina da gripe de segunda a sexta.",
            )
            .await;
        for n in 0..20 {
            let filler = "Outros assuntos da clínica. ".repeat(4 + n);
            world
                .add(
                    &format!("fraca{n:02}"),
                    &format!("{filler} A vacina é citada aqui."),
                )
                .await;
        }
        let question = "vacina da gripe";
        let before = world.search(Query::new(question).most(21)).await;
        assert_eq!(before[0].citation.title, "certa");
        let (best, last) = (before[0].chunk.id, before[20].chunk.id);
        for mob in 0..60 {
            let one = Context::new(world.context.workspace, format!("mob{mob}"));
            for (chunk, kind) in [(best, RatingKind::Wrong), (last, RatingKind::Up)] {
                let rating = NewRating::new(chunk, question, kind);
                world.knowledge.rate(&one, rating).await.unwrap();
            }
        }
        let after = world.search(Query::new(question).most(21)).await;
        let place = |id| after.iter().position(|hit| hit.chunk.id == id).unwrap();
        let score = after[place(best)].score;
        assert!(score.feedback >= 0.85, "{score:?}");
        assert!(
            after
                .iter()
                .all(|hit| (0.85..=1.15).contains(&hit.score.feedback))
        );
        assert!(place(best) <= 11, "{}", place(best));
        assert!(place(last) > 5, "twenty places are not made good");
        // One who votes a hundred times is one.
        for _ in 0..100 {
            let rating = NewRating::new(last, question, RatingKind::Up);
            world.knowledge.rate(&world.context, rating).await.unwrap();
        }
        assert_eq!(
            world.knowledge.ratings(&world.context, last).await.unwrap().len(),
            61
        );
    })
    .await;
}

#[tokio::test]
async fn a_correction_comes_first_for_its_question_and_can_be_taken_back() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        world
            .add(
                "Horário",
                "A clínica abre às 9h, diz a página antiga. Horário: 9h. Abre às 9h.",
            )
            .await;
        let before = knowledge.feedback(context).await.unwrap().version;
        let correction = Correction::new("Que horas a clínica abre?", "Desde março abrimos às 7h30.");
        let made = knowledge.correct(context, correction).await.unwrap();
        assert_eq!(made.source.kind(), SourceKind::Correction);
        let first = async |text: &str| world.search(Query::new(text)).await.remove(0);
        let hit = first("que horas abre a clinica").await;
        assert!(hit.score.is_pinned && hit.chunk.text.contains("7h30"));
        assert_eq!(
            hit.citation.document_id, made.id,
            "it is cited like everything else"
        );
        assert!(!first("horário da página").await.score.is_pinned);

        let again = Correction::new("que horas a CLINICA abre", "Abrimos às 7h.");
        let changed = knowledge.correct(context, again).await.unwrap();
        assert_eq!(changed.id, made.id);
        assert!(first("que horas a clínica abre").await.chunk.text.contains("7h."));

        let plain = world
            .search(Query::new("que horas a clínica abre").without_feedback())
            .await;
        assert_eq!(titles(&plain), ["Horário"]);
        let version = knowledge.revert_feedback(context, before).await.unwrap();
        assert_eq!(world.titles("que horas a clínica abre").await, ["Horário"]);
        knowledge.restore_feedback(context, version).await.unwrap();
        assert!(first("que horas a clínica abre").await.score.is_pinned);
        let listed = DocumentFilter::default().source(SourceKind::Correction);
        let page = aurora_core::page::PageRequest::default();
        assert_eq!(
            knowledge.list(context, &listed, &page).await.unwrap().items.len(),
            1
        );
        knowledge.delete(context, made.id, changed.version).await.unwrap();
        assert_eq!(world.titles("que horas a clínica abre").await, ["Horário"]);
        let empty = knowledge
            .correct(context, Correction::new("?!", "sim"))
            .await
            .unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn ratings_stay_with_what_stays_and_go_with_what_goes() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context): (&Knowledge, &Context) = (&world.knowledge, &world.context);
        let document = world.add("doc", "# A\n\nlimpeza\n\n# B\n\ncanal").await;
        let chunks = knowledge.chunks(context, document.id).await.unwrap();
        for chunk in &chunks {
            let rating = NewRating::new(chunk.id, "limpeza canal", RatingKind::Up);
            knowledge.rate(context, rating).await.unwrap();
        }
        world.add("doc", "# A\n\nlimpeza\n\n# B\n\nimplante").await;
        knowledge.reindex(context, document.id).await.unwrap();
        assert_eq!(knowledge.ratings(context, chunks[0].id).await.unwrap().len(), 1);
        assert_eq!(knowledge.ratings(context, chunks[1].id).await.unwrap().len(), 0);
        let gone = NewRating::new(chunks[1].id, "canal", RatingKind::Up);
        let error = knowledge.rate(context, gone).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn going_back_brings_back_the_rating_that_was_changed() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let document = world.add("doc", "A limpeza custa R$ 250.").await;
        let chunk = knowledge.chunks(context, document.id).await.unwrap()[0].id;
        let rate = async |kind| {
            let rating = NewRating::new(chunk, "quanto custa a limpeza", kind);
            knowledge.rate(context, rating).await.unwrap().version
        };
        let weighs = async || {
            let hits = world.search(Query::new("quanto custa a limpeza")).await;
            hits[0].score.feedback
        };
        let told = async || {
            let ratings = knowledge.ratings(context, chunk).await.unwrap();
            let told = ratings.iter().map(|one| (one.kind, one.version, one.is_reverted));
            told.collect::<Vec<_>>()
        };
        let up = rate(RatingKind::Up).await;
        let helped = weighs().await;
        let down = rate(RatingKind::Down).await;
        let did_not = weighs().await;
        assert!(helped > 1.0 && did_not < 1.0);
        assert_eq!(told().await, [(RatingKind::Down, down, false)], "one rating each");

        let back = knowledge.revert_feedback(context, up).await.unwrap();
        assert!((weighs().await - helped).abs() < 1e-12);
        assert_eq!(
            told().await,
            [(RatingKind::Down, down, true), (RatingKind::Up, up, false)]
        );
        let forth = knowledge.restore_feedback(context, back).await.unwrap();
        assert!((weighs().await - did_not).abs() < 1e-12);
        let state = knowledge.feedback(context).await.unwrap();
        assert_eq!((state.version, state.ratings, state.reverted), (forth, 2, 1));

        // To nothing, and from there to every version that there was, also one that went back itself.
        knowledge.revert_feedback(context, 0).await.unwrap();
        assert!((weighs().await - 1.0).abs() < 1e-12);
        for (version, weight) in [(down, did_not), (back, helped), (up, helped), (forth, did_not)] {
            knowledge.revert_feedback(context, version).await.unwrap();
            assert!((weighs().await - weight).abs() < 1e-12, "{version}");
        }
        // Nothing is restored but what went back.
        knowledge.restore_feedback(context, up).await.unwrap();
        assert!((weighs().await - did_not).abs() < 1e-12);
        let wrong = rate(RatingKind::Wrong).await;
        assert!(told().await.contains(&(RatingKind::Wrong, wrong, false)));
        knowledge.restore_feedback(context, back).await.unwrap();
        let told = told().await;
        let in_force: Vec<_> = told.iter().filter(|(.., is_reverted)| !is_reverted).collect();
        assert_eq!(
            in_force,
            [&(RatingKind::Wrong, wrong, false)],
            "what came since stays"
        );
    })
    .await;
}

#[tokio::test]
async fn going_back_brings_back_the_answer_that_was_corrected() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let correct = async |question: &str, answer: &str| {
            let correction = Correction::new(question, answer);
            let made = knowledge.correct(context, correction).await.unwrap();
            (made, knowledge.feedback(context).await.unwrap().version)
        };
        let answers = async || {
            let hits = world.search(Query::new("que horas a clínica abre")).await;
            let texts = hits.into_iter().map(|hit| (hit.chunk.text, hit.citation.title));
            texts.collect::<Vec<_>>()
        };
        let eight = [(
            "Abrimos às 8h.".to_owned(),
            "Que horas a clínica abre?".to_owned(),
        )];
        let seven = [("Abrimos às 7h.".to_owned(), "que horas a CLINICA abre".to_owned())];
        let (first, one) = correct("Que horas a clínica abre?", "Abrimos às 8h.").await;
        assert_eq!(answers().await, eight);
        let (second, two) = correct("que horas a CLINICA abre", "Abrimos às 7h.").await;
        assert_eq!((second.id, second.version), (first.id, 2));
        assert_eq!(answers().await, seven);

        let back = knowledge.revert_feedback(context, one).await.unwrap();
        assert_eq!(answers().await, eight, "what it was, not nothing");
        super::documents::check_counts(&db).await;
        knowledge.restore_feedback(context, back).await.unwrap();
        assert_eq!(answers().await, seven);
        knowledge.revert_feedback(context, 0).await.unwrap();
        assert!(answers().await.is_empty());

        // The same once more, after it was taken back.
        let (again, version) = correct("que horas a CLINICA abre", "Abrimos às 7h.").await;
        assert_eq!(again.id, first.id);
        assert_eq!(answers().await, seven);
        let (_, same) = correct("que horas a CLINICA abre", "Abrimos às 7h.").await;
        assert_eq!(same, version, "what is so already changes nothing");

        // Answers stay to be gone back to however many come after.
        for hour in 10..25 {
            correct("Que horas a clínica abre?", &format!("Abrimos às {hour}h.")).await;
        }
        knowledge.revert_feedback(context, one).await.unwrap();
        assert_eq!(answers().await, eight);
        knowledge.revert_feedback(context, two).await.unwrap();
        assert_eq!(answers().await, seven);
        super::documents::check_counts(&db).await;
        let current = knowledge.get(context, first.id).await.unwrap();
        let versions = knowledge.versions(context, first.id).await.unwrap();
        assert_eq!(versions[0].version, current.version);
        assert_eq!(versions[0].text, "Abrimos às 7h.");
    })
    .await;
}

#[tokio::test]
async fn the_log_tells_each_version_that_one_can_go_back_to() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        ingest(&world).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let question = "quanto custa a limpeza?";
        let chunk = world.search(Query::new(question).most(1)).await[0].chunk.id;
        for kind in [RatingKind::Down, RatingKind::Up] {
            let rating = NewRating::new(chunk, question, kind);
            knowledge.rate(context, rating).await.unwrap();
        }
        let correction = Correction::new(question, "A limpeza custa R$ 250.");
        knowledge.correct(context, correction).await.unwrap();
        let told = async || {
            let page = knowledge.feedback_log(context, &PageRequest::default()).await;
            let items = page.unwrap().items.into_iter();
            let told = items.map(|entry| (entry.version, entry.rating, entry.is_in_force));
            told.collect::<Vec<_>>()
        };
        let (up, down) = (Some(RatingKind::Up), Some(RatingKind::Down));
        assert_eq!(
            told().await,
            [(3, None, true), (2, up, true), (1, down, false)],
            "what was replaced does not count"
        );
        knowledge.revert_feedback(context, 1).await.unwrap();
        assert_eq!(told().await, [(3, None, false), (2, up, false), (1, down, true)]);

        let first = knowledge
            .feedback_log(context, &PageRequest::first(2))
            .await
            .unwrap();
        assert_eq!(first.items.len(), 2);
        assert_eq!(first.items[0].title, question);
        assert_eq!(first.items[1].by.as_deref(), Some(context.principal.as_str()));
        assert_eq!(first.items[1].chunk_id, Some(chunk));
        let after = PageRequest::first(2).after(first.next.unwrap());
        let rest = knowledge.feedback_log(context, &after).await.unwrap();
        assert_eq!((rest.items[0].version, rest.next), (1, None));

        let theirs = super::house(&world.crm).await;
        let page = knowledge.feedback_log(&theirs, &PageRequest::default()).await;
        assert_eq!(page.unwrap().items, []);
    })
    .await;
}
