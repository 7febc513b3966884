use aurora_core::store::on_reader;
use sqlx::Row as _;

use super::{ANA, BIA, Desk};
use crate::channels::DeliveryState;
use crate::clients::NewClient;
use crate::conversations::Content;
use crate::privacy::Anonymisation;
use crate::testing::each_database;

const SECRETS: [&str; 4] = ["5511987654321", "dipirona", "wamid.secreto", "Zenaide"];

/// Everything of the tables of conversations, as text.
async fn everything(db: &aurora_core::store::Database) -> String {
    let mut all = String::new();
    for table in [
        "contacts",
        "contact_addresses",
        "conversations",
        "messages",
        "message_words",
        "contact_words",
    ] {
        let columns = match table {
            "contacts" => "coalesce(name, '') || cast(addresses as text)",
            "contact_addresses" => "key",
            "conversations" => "cast(tags as text)",
            "message_words" | "contact_words" => "word",
            _ => {
                "cast(content as text) || coalesce(provider_id, '') || coalesce(reply_to, '') || coalesce(cast(extra as text), '')"
            }
        };
        let sql = format!("select {columns} as line from {table}");
        let rows: Vec<String> = on_reader!(db, |pool| async {
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql.as_str()))
                .fetch_all(pool)
                .await?;
            Ok::<_, sqlx::Error>(rows.iter().map(|row| row.get::<String, _>("line")).collect())
        })
        .unwrap();
        all.push_str(&rows.join("\n"));
    }
    all
}

#[tokio::test]
async fn who_is_forgotten_is_in_no_conversation_and_others_stay() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let client = NewClient::person("Zenaide").phone("+5511987654321");
        let client = desk.crm.clients().create(&desk.context, client).await.unwrap();
        let mut inbound = desk.inbound(ANA, "wamid.secreto", "tomo dipirona");
        inbound.from.name = Some("Zenaide".to_owned());
        let heard = desk.talks().ingest(&desk.context, &inbound).await.unwrap();
        desk.talks()
            .tag(&desk.context, heard.conversation, "dipirona")
            .await
            .unwrap();
        let queued = desk.say(heard.conversation, "dipirona faz mal").await.unwrap();
        let bia = desk.hear(BIA, "wamid.bia", "tudo bem").await;
        let before = everything(&db.owner).await;
        assert!(SECRETS.iter().all(|secret| before.contains(secret)), "{before}");
        let copy = desk.crm.privacy().export(&desk.context, client.id).await.unwrap();
        let inside: std::collections::BTreeSet<String> = names(&copy.bytes);
        assert!(inside.iter().any(|name| name.contains("messages")), "{inside:?}");
        let how = Anonymisation::new();
        desk.crm
            .privacy()
            .anonymise(&desk.context, client.id, &how)
            .await
            .unwrap();
        let after = everything(&db.owner).await;
        for secret in SECRETS {
            assert!(!after.contains(secret), "{secret}");
        }
        assert!(after.contains("tudo bem") && after.contains("wamid.bia"));
        let erased = desk.message(&heard.message).await;
        assert!(matches!(erased.content, Content::Notice { kind, .. } if kind == "erased"));
        desk.send().await;
        assert_eq!(desk.messenger.sent(), []);
        assert_eq!(desk.message(&queued).await.delivery, Some(DeliveryState::Failed));
        assert_eq!(desk.message(&bia.message).await, bia.message);
        // Who writes again is somebody new.
        let again = desk.hear(ANA, "wamid.again", "Oi").await;
        assert_ne!(again.conversation, heard.conversation);
    })
    .await;
}

fn names(zip: &[u8]) -> std::collections::BTreeSet<String> {
    let archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect()
}
