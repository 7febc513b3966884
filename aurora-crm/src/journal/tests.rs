use aurora_core::store::{Database, execute, on_reader};
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use sqlx::types::Uuid;

use super::Record;
use super::chain::{Entry, GENESIS, Hash};
use crate::clients::NewClient;
use crate::context::Context;
use crate::crm::Crm;
use crate::error::Error;
use crate::store::writing;
use crate::testing::each_database;
use crate::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

#[derive(Debug, sqlx::FromRow)]
struct Row {
    seq: i64,
    at: Timestamp,
    action: String,
    outcome: String,
    principal: String,
    subject_kind: String,
    subject_id: Uuid,
    origin: Option<String>,
    request_id: Option<String>,
    detail: String,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

async fn rows(owner: &Database, workspace: WorkspaceId) -> Vec<Row> {
    let sql =
        "select seq, at, action, outcome, principal, subject_kind, subject_id, origin, request_id, detail,
        previous_hash, hash from audit_entries where workspace_id = $1 order by seq";
    on_reader!(owner, |pool| sqlx::query_as(sql).bind(workspace).fetch_all(pool)).unwrap()
}

async fn house(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Company, "House");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "usr_1")
}

#[tokio::test]
async fn many_writers_leave_one_unbroken_chain() {
    each_database(|db| async move {
        let crm = Crm::builder(db.database.clone()).build().await.unwrap();
        let context = house(&crm)
            .await
            .origin("192.0.2.7".parse().unwrap())
            .request_id("req-1");
        let creations = (0..24).map(|n| {
            let crm = &crm;
            let context = &context;
            async move {
                crm.clients()
                    .create(context, NewClient::person(format!("P {n}")))
                    .await
            }
        });
        for made in futures::future::join_all(creations).await {
            made.unwrap();
        }
        let rows = rows(&db.owner, context.workspace).await;
        assert_eq!(rows.len(), 25);
        let mut previous: Hash = GENESIS;
        for (row, seq) in rows.iter().zip(1..) {
            assert_eq!(
                (row.seq, row.previous_hash.as_slice()),
                (seq, previous.as_slice())
            );
            let entry = Entry {
                workspace: context.workspace,
                seq: row.seq,
                at: row.at,
                action: &row.action,
                outcome: &row.outcome,
                principal: &row.principal,
                subject_kind: &row.subject_kind,
                subject: row.subject_id,
                origin: row.origin.as_deref(),
                request_id: row.request_id.as_deref(),
                detail: &row.detail,
            };
            previous = entry.hash(&previous);
            assert_eq!(row.hash, previous);
        }
        let last = rows.last().unwrap();
        assert_eq!(
            (
                last.action.as_str(),
                last.origin.as_deref(),
                last.request_id.as_deref()
            ),
            ("client.created", Some("192.0.2.7"), Some("req-1"))
        );
        assert_eq!(
            last.detail, r#"{"kind":"person"}"#,
            "ids and harmless values alone"
        );
    })
    .await;
}

#[tokio::test]
async fn entries_cannot_be_changed_or_removed_by_statements() {
    each_database(|db| async move {
        let crm = Crm::builder(db.database.clone()).build().await.unwrap();
        let context = house(&crm).await;
        for sql in [
            "update audit_entries set action = 'x'",
            "delete from audit_entries",
        ] {
            // The owner too; who switches the trigger off is found by the chain.
            for database in [&db.database, &db.owner] {
                assert!(execute!(database, sqlx::query(sql)).is_err(), "{sql}");
            }
        }
        assert_eq!(rows(&db.owner, context.workspace).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_rolled_back_leaves_neither_entry_nor_event() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let context = house(&crm).await;
        let now = clock.now();
        let record = Record::new("house.painted", "workspace", context.workspace, now).with("colour", "blue");
        let quiet = record.clone().without_event().detail("secret", true).failed();
        let store = crm.store();
        for commits in [false, true] {
            let records = [record.clone(), quiet.clone()];
            let outcome: Result<(), Error> = writing!(store, &context, |tx| {
                store
                    .record(&mut (&mut *tx).into(), &context, now, &records)
                    .await?;
                if commits {
                    Ok(())
                } else {
                    Err(Error::not_found("paint"))
                }
            });
            assert_eq!(outcome.is_ok(), commits);
        }
        let rows = rows(&db.owner, context.workspace).await;
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(rows[2].outcome, "failure");
        assert_eq!(rows[2].detail, r#"{"colour":"blue","secret":true}"#);
        let events: Vec<(String, String)> = on_reader!(db.owner, |pool| {
            sqlx::query_as("select type, data from events where type <> 'workspace.created'").fetch_all(pool)
        })
        .unwrap();
        let told = format!(r#"{{"colour":"blue","id":"{}"}}"#, context.workspace);
        assert_eq!(events, [("house.painted".to_owned(), told)]);
    })
    .await;
}
