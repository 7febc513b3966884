use std::time::Duration;

use aurora_core::store::on_reader;
use aurora_core::time::{Clock as _, ManualClock};

use super::{crm, kind, wrong};
use crate::activities::{ActivityKind, NewActivity, Subject};
use crate::clients::{MergeChoices, NewClient};
use crate::error::ErrorKind;
use crate::leads::{Locale, NewLead};
use crate::privacy::{NewLegalHold, RecordClass};
use crate::tasks::NewTask;
use crate::testing::each_database;

#[tokio::test]
async fn what_the_law_holds_is_neither_purged_nor_are_its_notes_changed() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let (clients, privacy) = (crm.clients(), crm.privacy());
        let client = clients.create(&context, NewClient::person("Ana")).await.unwrap();
        let note = clients.add_note(&context, client.id, "alergia").await.unwrap();
        let held = |class| NewLegalHold::new(client.id, class, "prontuário");
        let of_tasks = privacy.hold(&context, held(RecordClass::Tasks)).await.unwrap();
        let spare = clients.add_note(&context, client.id, "x").await.unwrap();
        clients.delete_note(&context, spare.id, 1).await.unwrap();
        privacy.release_hold(&context, of_tasks.id).await.unwrap();
        let hold = privacy.hold(&context, held(RecordClass::Notes)).await.unwrap();
        let refused = [("id".to_owned(), "legal_hold")];
        assert_eq!(wrong(clients.delete_note(&context, note.id, 1).await), refused);
        let changed = clients.change_note(&context, note.id, 1, "nada").await;
        assert_eq!(wrong(changed), refused, "what it said would be gone");
        let version = clients.get(&context, client.id).await.unwrap().version;
        clients.delete(&context, client.id, version).await.unwrap();
        assert_eq!(wrong(clients.purge(&context, client.id).await), refused);
        privacy.release_hold(&context, hold.id).await.unwrap();
        clients.delete_note(&context, note.id, 1).await.unwrap();
        clients.purge(&context, client.id).await.unwrap();
    })
    .await;
}

#[cfg(feature = "files")]
#[tokio::test]
async fn a_client_with_files_is_not_purged() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let kept = clients.create(&context, NewClient::person("Ana")).await.unwrap();
        let lost = clients.create(&context, NewClient::person("Bia")).await.unwrap();
        let files = crm.files(crate::files::ObjectBlobs::memory());
        let body = || futures::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"laudo"))]);
        let mut uploaded = Vec::new();
        for subject in [kept.id, lost.id] {
            let new = crate::files::NewFile::new("laudo.txt").subject(subject);
            uploaded.push(files.upload(&context, new, body()).await.unwrap());
        }
        let choices = MergeChoices::new();
        let merged = clients
            .merge(&context, (kept.id, 1), (lost.id, 1), &choices)
            .await
            .unwrap();
        clients.delete(&context, kept.id, merged.version).await.unwrap();
        let held = NewLegalHold::new(kept.id, RecordClass::Files, "prontuário");
        let hold = crm.privacy().hold(&context, held).await.unwrap();
        let held = [("id".to_owned(), "legal_hold")];
        for file in &uploaded {
            assert_eq!(wrong(files.delete(&context, file.id).await), held);
        }
        assert_eq!(wrong(files.delete_of_subject(&context, kept.id).await), held);
        crm.privacy().release_hold(&context, hold.id).await.unwrap();
        for file in uploaded {
            let refused = wrong(clients.purge(&context, kept.id).await);
            assert_eq!(refused, [("id".to_owned(), "in_use")]);
            files.delete(&context, file.id).await.map(drop).unwrap();
        }
        clients.purge(&context, kept.id).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_client_is_either_purged_or_restored_and_then_whole() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        for _ in 0..16 {
            let kept = clients.create(&context, NewClient::person("Ana")).await.unwrap();
            let lost = clients.create(&context, NewClient::person("Bia")).await.unwrap();
            let merged = clients
                .merge(&context, (kept.id, 1), (lost.id, 1), &MergeChoices::new())
                .await
                .unwrap();
            clients.delete(&context, kept.id, merged.version).await.unwrap();
            let (restored, purged) = tokio::join!(
                clients.restore(&context, kept.id, merged.version + 1),
                clients.purge(&context, kept.id)
            );
            let failed = match (restored, purged) {
                (Ok(_), Err(error)) => {
                    // What was merged into it still leads to it.
                    assert_eq!(clients.get(&context, lost.id).await.unwrap().id, kept.id);
                    error
                }
                (Err(error), Ok(())) => error,
                both => panic!("one of two: {both:?}"),
            };
            assert_eq!(failed.kind(), ErrorKind::NotFound);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_deleted_goes_with_its_client_and_what_lives_keeps_it() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        crm.pipelines()
            .ensure_default(&context, Locale::English)
            .await
            .unwrap();
        let clients = crm.clients();
        let client = clients.create(&context, NewClient::person("Ana")).await.unwrap();
        let lead = NewLead::new("Implante").client(client.id).tag("vip");
        let lead = crm.leads().create(&context, lead).await.unwrap();
        let call = NewActivity::new(ActivityKind::Call, Subject::Lead(lead.id), "Call");
        let call = crm.activities().create(&context, call).await.unwrap();
        let task = NewTask::new("Call", clock.now() + Duration::from_secs(9)).subject(Subject::Lead(lead.id));
        let task = crm.tasks().create(&context, task).await.unwrap();
        clients.delete(&context, client.id, 1).await.unwrap();
        let in_use = [("id".to_owned(), "in_use")];
        assert_eq!(wrong(clients.purge(&context, client.id).await), in_use);
        crm.tasks().delete(&context, task.id, task.version).await.unwrap();
        assert_eq!(wrong(clients.purge(&context, client.id).await), in_use);
        crm.activities()
            .delete(&context, call.id, call.version)
            .await
            .unwrap();
        assert_eq!(wrong(clients.purge(&context, client.id).await), in_use);
        let version = crm.leads().get(&context, lead.id).await.unwrap().version;
        crm.leads().delete(&context, lead.id, version).await.unwrap();
        clients.purge(&context, client.id).await.unwrap();
        assert_eq!(
            kind(clients.purge(&context, client.id).await),
            Some(ErrorKind::NotFound)
        );
        let left: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select (select count(*) from leads) + (select count(*) from lead_tags)
                + (select count(*) from lead_stage_changes) + (select count(*) from activities)
                + (select count(*) from tasks) + (select count(*) from clients)"
        )
        .fetch_one(pool))
        .unwrap();
        assert_eq!(left, 0);
    })
    .await;
}
