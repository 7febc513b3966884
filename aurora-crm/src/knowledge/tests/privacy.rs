use std::path::Path;

use aurora_core::store::on_reader;

use super::{NgramDouble, World};
use crate::clients::NewClient;
use crate::knowledge::{Content, Correction, NewDocument, NewRating, Query, RatingKind, Turn};
use crate::privacy::Anonymisation;
use crate::testing::{TestDatabase, each_database};

/// Words that are said of one person alone, as they are written and as they are stemmed.
const SECRETS: &[&str] = &["zulmirinha", "dipironax", "kryptofobia", "xerostomia"];

/// Which of the words are still in a file of the database or in a row.
async fn left(db: &TestDatabase) -> Vec<String> {
    let mut found = Vec::new();
    if db.owner.engine_name() == "sqlite" {
        let path = db
            .url
            .expose()
            .trim_start_matches("sqlite:")
            .trim_start_matches("//");
        let path = path.split('?').next().unwrap();
        for file in [path.to_owned(), format!("{path}-wal")] {
            let bytes = std::fs::read(Path::new(&file))
                .unwrap_or_default()
                .to_ascii_lowercase();
            for secret in SECRETS {
                if bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
                {
                    found.push(format!("{secret} in a file"));
                }
            }
        }
        assert!(Path::new(path).exists(), "{path}");
        return found;
    }
    for secret in SECRETS {
        for (table, column) in [
            ("knowledge_documents", "title"),
            ("knowledge_versions", "text"),
            ("knowledge_chunks", "text"),
            ("knowledge_postings", "term"),
            ("knowledge_terms", "term"),
            ("knowledge_feedback", "terms::text"),
            ("knowledge_pins", "terms::text"),
            ("knowledge_pins", "title"),
        ] {
            let sql = format!("select count(*) from {table} where {column} ilike '%{secret}%'");
            let sql = sqlx::AssertSqlSafe(sql.as_str());
            let rows: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(sql).fetch_one(pool)).unwrap();
            if rows > 0 {
                found.push(format!("{secret} in {table}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn nothing_is_left_of_what_was_said_of_a_person_who_is_forgotten() {
    each_database(|db| async move {
        let double = NgramDouble::new("ngrams", 64);
        let world = World::with(&db, |builder| builder.embedder(double.clone())).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let clients = world.crm.clients();
        let person = clients
            .create(context, NewClient::person("Ana").email("ana@x.example"))
            .await
            .unwrap();
        world.add("Alergias", "Avise sobre qualquer alergia.").await;
        let turns = vec![Turn::new("Zulmirinha", "tenho xerostomia e alergia a dipironax")];
        let talk = NewDocument::new("Conversa", Content::Conversation(turns))
            .external_id("talk")
            .about(person.id);
        let talk = knowledge.ingest(context, talk).await.unwrap().document().id;
        let fear = Correction::new("A Zulmirinha tem kryptofobia?", "Sim, kryptofobia.").about(person.id);
        knowledge.correct(context, fear).await.unwrap();
        world.index(knowledge).await;
        let chunk = knowledge.chunks(context, talk).await.unwrap()[0].id;
        let rating = NewRating::new(chunk, "xerostomia da zulmirinha", RatingKind::Up);
        knowledge.rate(context, rating).await.unwrap();
        assert!(
            left(&db).await.len() >= SECRETS.len(),
            "they are looked for in vain"
        );

        let copy = world.crm.privacy().export(context, person.id).await.unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(copy.bytes)).unwrap();
        let texts = std::io::read_to_string(archive.by_name("knowledge_texts.json").unwrap()).unwrap();
        assert!(
            texts.contains("dipironax") && texts.contains("kryptofobia"),
            "the person gets what is known"
        );

        let report = world
            .crm
            .privacy()
            .anonymise(context, person.id, &Anonymisation::new())
            .await
            .unwrap();
        assert_eq!(left(&db).await, [""; 0]);
        assert!(
            report.rows.contains_key("knowledge_documents"),
            "{:?}",
            report.rows
        );
        for table in ["knowledge_vectors", "knowledge_postings", "knowledge_chunks"] {
            let sql = format!("select count(*) from {table} where scope_id = $1");
            let sql = sqlx::AssertSqlSafe(sql.as_str());
            let rows: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(sql)
                .bind(person.id.uuid())
                .fetch_one(pool))
            .unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        super::documents::check_counts(&db).await;
        let query = Query::new("alergia dipironax").about(person.id);
        assert_eq!(super::titles(&world.search(query).await), ["Alergias"]);
    })
    .await;
}

#[tokio::test]
async fn debug_shows_no_text() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let document = world.add("Kryptofobia", "A Zulmirinha tem kryptofobia.").await;
        let hits = world.search(Query::new("kryptofobia")).await;
        let versions = world
            .knowledge
            .versions(&world.context, document.id)
            .await
            .unwrap();
        let new = NewDocument::new("Kryptofobia", Content::Text("kryptofobia".into()));
        let rating = NewRating::new(hits[0].chunk.id, "kryptofobia", RatingKind::Up);
        let context = crate::knowledge::AnswerContext::new(&hits);
        let shown = format!(
            "{document:?} {hits:?} {versions:?} {new:?} {rating:?} {:?} {context:?} {:?} {:?}",
            Query::new("kryptofobia"),
            Correction::new("kryptofobia", "kryptofobia"),
            Turn::new("Zulmirinha", "kryptofobia"),
        );
        let shown = shown.to_lowercase();
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
    })
    .await;
}
