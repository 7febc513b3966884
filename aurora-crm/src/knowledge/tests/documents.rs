#![expect(
    clippy::string_slice,
    reason = "offsets that are not on characters are what is looked for"
)]

use aurora_core::page::PageRequest;
use aurora_core::store::{execute, on_reader};

use super::{NgramDouble, World};
use crate::clients::NewClient;
use crate::error::ErrorKind;
use crate::knowledge::{
    Content, DocumentFilter, DocumentStatus, Ingested, Language, Limits, ListFilter, NewDocument, Query,
    Source, SourceKind,
};
use crate::testing::{TestDatabase, each_database};

fn prices(text: &str) -> NewDocument {
    NewDocument::new("Preços", Content::Markdown(text.to_owned()))
        .external_id("prices")
        .source(Source::url("https://clinica.example/precos"))
}

const OLD: &str = "# Limpeza\n\nA limpeza custa R$ 200.\n\n# Canal\n\nO canal custa R$ 900.";
const NEW: &str = "# Limpeza\n\nA limpeza custa R$ 250.\n\n# Canal\n\nO canal custa R$ 900.";

#[tokio::test]
async fn the_same_document_does_nothing_and_another_is_a_new_version() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let Ingested::Created(first) = knowledge.ingest(context, prices(OLD)).await.unwrap() else {
            panic!("it is new");
        };
        assert_eq!(
            (first.version, first.chunks, first.status),
            (1, 2, DocumentStatus::Words)
        );
        assert_eq!(
            (first.language, first.source.kind()),
            (Language::Portuguese, SourceKind::Url)
        );
        let again = knowledge.ingest(context, prices(OLD)).await.unwrap();
        assert_eq!(again, Ingested::Unchanged(first.clone()));

        let before = knowledge.chunks(context, first.id).await.unwrap();
        let Ingested::Updated(second) = knowledge.ingest(context, prices(NEW)).await.unwrap() else {
            panic!("it has changed");
        };
        assert_eq!((second.id, second.version, second.chunks), (first.id, 2, 2));
        let after = knowledge.chunks(context, first.id).await.unwrap();
        assert_ne!(before[0].id, after[0].id, "what it says is not the same");
        assert_eq!(before[1].id, after[1].id, "and this is");
        let found = world.search(Query::new("quanto custa a limpeza")).await;
        assert!(found[0].chunk.text.contains("250"), "{}", found[0].chunk.text);
        assert!(found.iter().all(|hit| !hit.chunk.text.contains("200")));

        let versions = knowledge.versions(context, first.id).await.unwrap();
        let numbers: Vec<i64> = versions.iter().map(|version| version.version).collect();
        assert_eq!(numbers, [2, 1]);
        assert!(versions[1].text.contains("200"));
        assert_eq!(knowledge.find(context, "prices").await.unwrap(), Some(second));
        assert_eq!(knowledge.find(context, "nothing").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn citations_quote_the_text_of_their_version_to_the_byte() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let text = "# Ação\n\nÀs terças, não há coração.\n\n## Exceção\n\nSó às quintas: `maçã`.";
        let document = world.add("doc", text).await;
        let versions = world
            .knowledge
            .versions(&world.context, document.id)
            .await
            .unwrap();
        let hits = world.search(Query::new("maçã coração exceção")).await;
        assert_eq!(hits.len(), 2);
        for hit in &hits {
            let citation = &hit.citation;
            assert_eq!(versions[0].text[citation.start..citation.end], citation.quote);
            assert_eq!((citation.document_id, citation.version), (document.id, 1));
            assert_eq!(
                (&citation.quote, citation.chunk_id),
                (&hit.chunk.text, hit.chunk.id)
            );
        }
        let inner = hits.iter().find(|hit| hit.chunk.text.contains("maçã")).unwrap();
        assert_eq!(inner.citation.headings, ["Ação", "Exceção"]);
    })
    .await;
}

/// What is counted is what there is: terms and chunks of each scope.
pub(super) async fn check_counts(db: &TestDatabase) {
    let terms = "select count(*) from (
            select t.scope_id, t.term, t.chunks from knowledge_terms t
            union all select p.scope_id, p.term, -count(*) from knowledge_postings p group by p.scope_id, p.term) x
        group by scope_id, term having sum(chunks) <> 0";
    let wrong: Vec<i64> = on_reader!(db.owner, |pool| sqlx::query_scalar(terms).fetch_all(pool)).unwrap();
    assert!(wrong.is_empty(), "{} terms are counted wrongly", wrong.len());
    let scopes = "select s.chunks - (select count(*) from knowledge_chunks c where c.scope_id = s.id
                and c.workspace_id = s.workspace_id),
            cast(s.words - (select coalesce(sum(p.frequency), 0) from knowledge_postings p where p.scope_id = s.id
                and p.workspace_id = s.workspace_id) as bigint)
        from knowledge_scopes s";
    let differences: Vec<(i64, i64)> =
        on_reader!(db.owner, |pool| sqlx::query_as(scopes).fetch_all(pool)).unwrap();
    assert!(differences.iter().all(|both| *both == (0, 0)), "{differences:?}");
}

#[tokio::test]
async fn deleting_and_reading_anew_leave_the_counts_right() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let prices = knowledge
            .ingest(context, prices(OLD))
            .await
            .unwrap()
            .document()
            .id;
        world.add("hours", "Abrimos às 8h. A limpeza é de manhã.").await;
        knowledge.ingest(context, self::prices(NEW)).await.unwrap();
        check_counts(&db).await;
        let before = knowledge.chunks(context, prices).await.unwrap();
        let document = knowledge.reindex(context, prices).await.unwrap();
        assert_eq!((document.version, document.chunks), (2, 2));
        assert_eq!(knowledge.chunks(context, prices).await.unwrap(), before);
        check_counts(&db).await;
        assert_eq!(world.titles("canal").await, ["Preços"]);
        let stale = knowledge.delete(context, prices, 1).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        knowledge.delete(context, prices, 2).await.unwrap();
        check_counts(&db).await;
        assert_eq!(world.titles("canal").await, [""; 0]);
        assert_eq!(world.titles("limpeza").await, ["hours"]);
        for error in [
            knowledge.delete(context, prices, 2).await.unwrap_err(),
            knowledge.reindex(context, prices).await.unwrap_err(),
            knowledge.get(context, prices).await.unwrap_err(),
            knowledge.chunks(context, prices).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        for table in ["knowledge_versions", "knowledge_chunks", "knowledge_documents"] {
            let sql = format!("select count(*) from {table}");
            let sql = sqlx::AssertSqlSafe(sql.as_str());
            let rows: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(sql).fetch_one(pool)).unwrap();
            assert_eq!(rows, 1, "{table}: what is left is of the other");
        }
    })
    .await;
}

#[tokio::test]
async fn lists_hold_everything_once_and_filters_hold() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        for n in 0..25 {
            world.clock.advance(std::time::Duration::from_secs(1));
            let language = if n % 5 == 0 {
                Language::English
            } else {
                Language::Portuguese
            };
            let new = NewDocument::new(format!("d{n:02}"), Content::Text("texto".into())).language(language);
            knowledge.ingest(context, new).await.unwrap();
        }
        for (filter, expected) in [
            (DocumentFilter::default(), 25),
            (DocumentFilter::default().language(Language::English), 5),
            (DocumentFilter::default().source(SourceKind::File), 0),
        ] {
            let mut names = Vec::new();
            let mut request = PageRequest::first(4);
            loop {
                let page = knowledge.list(context, &filter, &request).await.unwrap();
                names.extend(page.items.into_iter().map(|document| document.title));
                let Some(next) = page.next else { break };
                request = PageRequest::first(4).after(next);
            }
            let mut sorted = names.clone();
            sorted.sort_unstable_by(|one, other| other.cmp(one));
            sorted.dedup();
            assert_eq!(
                (names.len(), names),
                (expected, sorted),
                "newest first, each once"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn lists_are_narrowed_by_title_and_state_page_by_page() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        for n in 0..12 {
            world.clock.advance(std::time::Duration::from_secs(1));
            let title = if n % 3 == 0 {
                format!("Tabela de PREÇOS {n:02}")
            } else {
                format!("Horários {n:02}")
            };
            let new = NewDocument::new(title, Content::Text(format!("texto {n}")));
            knowledge.ingest(context, new).await.unwrap();
        }
        let all = async |filter: &ListFilter| {
            let mut names = Vec::new();
            let mut request = PageRequest::first(3);
            loop {
                let page = knowledge.list_by(context, filter, &request).await.unwrap();
                assert!(page.items.len() <= 3);
                names.extend(page.items.into_iter().map(|document| document.title));
                let Some(next) = page.next else { return names };
                request = PageRequest::first(3).after(next);
            }
        };
        let titled = |words: &str| ListFilter::default().title(words);
        let prices = ["09", "06", "03", "00"].map(|n| format!("Tabela de PREÇOS {n}"));
        assert_eq!(all(&titled("preco tabela")).await, prices);
        assert_eq!(all(&titled("06")).await, ["Tabela de PREÇOS 06"]);
        assert_eq!(
            all(&titled("reços")).await,
            [""; 0],
            "words are known by how they begin"
        );
        assert_eq!(all(&titled(" ")).await.len(), 12);
        let words = titled("preço").status(DocumentStatus::Words);
        assert_eq!(all(&words).await.len(), 4);
        assert_eq!(
            all(&ListFilter::default().status(DocumentStatus::Ready)).await,
            [""; 0]
        );
        let none = ListFilter::from(DocumentFilter::default().source(SourceKind::File)).title("preço");
        assert_eq!(all(&none).await, [""; 0]);

        let first = PageRequest::first(1);
        let page = knowledge
            .list_by(context, &titled("preço"), &first)
            .await
            .unwrap();
        let other = PageRequest::first(1).after(page.next.unwrap());
        let error = knowledge
            .list_by(context, &titled("hor"), &other)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "a cursor of another list");
    })
    .await;
}

/// Newer than everything else, and without vectors.
fn ten_thousand_more(engine: &str) -> String {
    let id = match engine {
        "postgres" => "cast('ffffffff-ffff-7fff-bfff-' || lpad(to_hex(n.i), 12, '0') as uuid)",
        _ => "unhex(printf('ffffffffffff7fffbfff%012x', n.i))",
    };
    format!(
        "insert into knowledge_documents (workspace_id, id, scope_id, external_id, title, source_kind, language, content_hash, chunks,
            version, created_at, updated_at)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 10100)
        select d.workspace_id, {id}, d.scope_id, 'more-' || cast(n.i as text), 'Horários', d.source_kind, d.language, d.content_hash, 0,
            1, d.created_at, d.updated_at
        from n cross join knowledge_documents d where d.id = $1"
    )
}

#[tokio::test]
async fn a_page_looks_at_so_many_titles_and_the_database_at_states() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams-1", 16);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let other = world.add("Tabela antiga", "texto de antes").await;
        let prices = world.add("Tabela de preços", "texto").await;
        world.index(knowledge).await;
        let sql = "update knowledge_documents set embedded_model = 'ngrams-0' where id = $1";
        execute!(db.owner, sqlx::query(sql).bind(other.id)).unwrap();
        let more = ten_thousand_more(db.owner.engine_name());
        execute!(
            db.owner,
            sqlx::query(sqlx::AssertSqlSafe(more.as_str())).bind(prices.id)
        )
        .unwrap();

        let list = async |filter: &ListFilter, page: &PageRequest| {
            let page = knowledge.list_by(context, filter, page).await.unwrap();
            let ids: Vec<_> = page.items.iter().map(|document| document.id).collect();
            (ids, page.next)
        };
        let first = PageRequest::first(10);
        let titled = ListFilter::default().title("preço");
        let (found, next) = list(&titled, &first).await;
        assert_eq!(found, [], "it is beyond what one page looks at");
        let (found, next) = list(&titled, &first.clone().after(next.unwrap())).await;
        assert_eq!((found, next), (vec![prices.id], None));

        let of = |status| ListFilter::default().status(status);
        assert_eq!(
            list(&of(DocumentStatus::Ready), &first).await,
            (vec![prices.id], None)
        );
        assert_eq!(list(&of(DocumentStatus::Words), &first).await, (vec![], None));
        let (found, next) = list(&of(DocumentStatus::Embedding), &first).await;
        assert!(found.len() == 10 && next.is_some());
        let (found, _) = list(&of(DocumentStatus::Embedding).title("antiga"), &first).await;
        assert_eq!(found, []);
        let (mut request, mut seen) = (PageRequest::first(200), 0);
        let last = loop {
            let (found, next) = list(&of(DocumentStatus::Embedding), &request).await;
            seen += found.len();
            let Some(next) = next else {
                break found.last().copied();
            };
            request = PageRequest::first(200).after(next);
        };
        assert_eq!(
            (seen, last),
            (10_101, Some(other.id)),
            "that of another model, too"
        );
        // Without a model all of them are found by their words.
        let plain = world.crm.knowledge().build().unwrap();
        for (status, count) in [
            (DocumentStatus::Words, 10),
            (DocumentStatus::Ready, 0),
            (DocumentStatus::Embedding, 0),
        ] {
            let page = plain.list_by(context, &of(status), &first).await.unwrap();
            assert_eq!(page.items.len(), count, "{status:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_or_too_large_is_told() {
    each_database(|db| async move {
        let limits = Limits::default().bytes(1_000).chunks(2);
        let world = World::with(&db, |builder| builder.limits(limits)).await;
        let text = |text: String| Content::Text(text);
        let sections = Content::Markdown("# a\n\nb\n\n# c\n\nd\n\n# e\n\nf".into());
        for (new, field, code) in [
            (NewDocument::new(" ", text("a".into())), "title", "required"),
            (NewDocument::new("t", text(String::new())), "content", "required"),
            (
                NewDocument::new("t", text("a".repeat(1_001))),
                "content",
                "too_large",
            ),
            (
                NewDocument::new("t", text(" \u{200b} ".into())),
                "content",
                "required",
            ),
            (NewDocument::new("t", sections), "content", "too_many"),
            (
                NewDocument::new("t", text("a".into())).source(Source::Correction),
                "source",
                "not_allowed",
            ),
            (
                NewDocument::new("t", text("a".into())).external_id("x".repeat(201)),
                "external_id",
                "too_long",
            ),
        ] {
            let error = world.knowledge.ingest(&world.context, new).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert_eq!(
                (error.fields()[0].field.as_str(), error.fields()[0].code),
                (field, code)
            );
        }
        let client = NewClient::person("Ana").email("ana@x.example");
        let client = world.crm.clients().create(&world.context, client).await.unwrap();
        world.add("doc", "de todos").await;
        let new = NewDocument::new("doc", text("da Ana".into()))
            .external_id("doc")
            .about(client.id);
        let error = world.knowledge.ingest(&world.context, new).await.unwrap_err();
        assert_eq!(
            error.fields()[0].field,
            "about",
            "it does not become private, or public, unseen"
        );
    })
    .await;
}

#[tokio::test]
async fn two_who_bring_the_same_document_at_once_make_it_once() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let bring = |text: &'static str| world.knowledge.ingest(&world.context, prices(text));
        let all = futures::future::join_all((0..8).map(|n| bring(if n % 2 == 0 { OLD } else { NEW }))).await;
        let mut created = 0;
        for one in all {
            created += usize::from(matches!(one.unwrap(), Ingested::Created(_)));
        }
        assert_eq!(created, 1);
        let document = world
            .knowledge
            .find(&world.context, "prices")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(document.chunks, 2);
        check_counts(&db).await;
    })
    .await;
}
