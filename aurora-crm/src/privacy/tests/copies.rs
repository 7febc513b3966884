use std::io::{Cursor, Read as _};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{World, verified_chain};
use crate::clients::NewClient;
use crate::error::ErrorKind;
use crate::privacy::NewConsent;
use crate::testing::each_database;

/// Reads an entry with a reader that is not ours.
fn entry(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut content = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut content).unwrap();
    content
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test]
async fn a_copy_holds_all_that_is_known_and_is_recorded() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let consent = NewConsent::given(world.person, "marketing", "form", "v1", "Aceito receber ofertas");
        privacy.record_consent(context, consent).await.unwrap();
        let copy = privacy.export(context, world.person).await.unwrap();
        assert!(!format!("{copy:?}").contains("Zenaide"));

        let manifest: Value = serde_json::from_slice(&entry(&copy.bytes, "manifest.json")).unwrap();
        assert_eq!(manifest, serde_json::to_value(&copy.manifest).unwrap());
        assert_eq!(manifest["schema_version"], 1);
        assert_eq!(manifest["subject"], world.person.to_string());
        let mut all = String::new();
        for document in &copy.manifest.documents {
            let json = entry(&copy.bytes, &format!("{}.json", document.name));
            let csv = entry(&copy.bytes, &format!("{}.csv", document.name));
            assert_eq!(hash(&json), document.json_sha256);
            assert_eq!(hash(&csv), document.csv_sha256);
            let read: Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(read["rows"].as_array().unwrap().len(), document.rows);
            assert_eq!(
                String::from_utf8(csv).unwrap().lines().count(),
                document.rows + 1,
                "{}",
                document.name
            );
            all.push_str(&String::from_utf8(json).unwrap());
        }
        let lower = all.to_lowercase();
        // The name before it was put right is not known any more, and the lost lead is another subject.
        let known = super::SECRETS
            .iter()
            .filter(|secret| !["zenaidina", "desistiu"].contains(*secret));
        let missing: Vec<&&str> = known.filter(|secret| !lower.contains(**secret)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(!all.contains("Outra Pessoa"), "nothing of others");
        let client = String::from_utf8(entry(&copy.bytes, "client.csv")).unwrap();
        assert!(client.starts_with("id,kind,status,legal_name,"));
        assert!(client.contains("1987-06-05"));
        let contacts = String::from_utf8(entry(&copy.bytes, "contacts.csv")).unwrap();
        assert!(
            contacts.contains(",'+5511987654321"),
            "a number is no formula: {contacts}"
        );

        let chain = verified_chain(&db.owner, context).await;
        let (action, detail) = chain.last().unwrap();
        assert_eq!(action, "subject.exported");
        assert!(detail.contains(&hash(&entry(&copy.bytes, "manifest.json"))));

        let of_lead = privacy.export(context, world.lost).await.unwrap();
        let leads = String::from_utf8(entry(&of_lead.bytes, "leads.json")).unwrap();
        assert!(leads.contains("z@segredo.example") && leads.contains("desistiu"));
    })
    .await;
}

#[tokio::test]
async fn companies_and_strangers_have_no_copy() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let privacy = world.crm.privacy();
        let company = NewClient::company("Padaria Pão Quente Ltda");
        let company = world.crm.clients().create(&world.context, company).await.unwrap();
        let error = privacy.export(&world.context, company.id).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.fields()[0].code),
            (ErrorKind::Invalid, "not_allowed")
        );
        let other = crate::workspaces::NewWorkspace::new(crate::workspaces::WorkspaceKind::Company, "Other");
        let other = world.crm.workspaces().create(other).await.unwrap();
        let theirs = crate::context::Context::new(other.id, "test");
        for error in [
            privacy.export(&theirs, world.person).await.unwrap_err(),
            privacy.export(&theirs, world.lead).await.unwrap_err(),
            privacy
                .anonymise(&theirs, world.person, &Default::default())
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    })
    .await;
}
