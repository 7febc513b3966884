//! Reading and exporting the log.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, ManualClock};

use super::super::{AuditFilter, AuditFormat, AuditOutcome, AuditRange, Evidence, FaultKind, verify_lines};
use super::{add, crm, exported, house};
use crate::clients::NewClient;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::store::writing;
use crate::testing::each_database;

#[tokio::test]
async fn entries_are_found_by_what_who_when_and_how_and_only_in_their_workspace() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (mine, other) = (house(&crm, 1).await, house(&crm, 4).await);
        let start = clock.now();
        clock.advance(Duration::from_secs(60));
        let client = crm
            .clients()
            .create(&mine, NewClient::person("Ana"))
            .await
            .unwrap();
        let someone = Context::new(mine.workspace, "key_9");
        crm.clients().delete(&someone, client.id, 1).await.unwrap();
        let now = clock.now();
        let refused = Record::new("client.exported", "client", client.id, now).failed();
        let store = crm.store();
        let written: Result<(), Error> = writing!(store, &mine, |tx| {
            Ok(store
                .record(&mut (&mut *tx).into(), &mine, now, &[refused])
                .await?)
        });
        written.unwrap();

        let list = async |filter: AuditFilter| -> Vec<i64> {
            let page = crm
                .audit()
                .list(&mine, &filter, &PageRequest::default())
                .await
                .unwrap();
            page.items.iter().map(|entry| entry.seq).collect()
        };
        let all = AuditFilter::all;
        assert_eq!(list(all()).await, [4, 3, 2, 1]);
        assert_eq!(list(all().action("client.")).await, [4, 3, 2]);
        assert_eq!(list(all().action("client.deleted")).await, [3]);
        assert_eq!(list(all().action("%")).await, [0_i64; 0], "no pattern");
        assert_eq!(list(all().principal("key_9")).await, [3]);
        assert_eq!(list(all().outcome(AuditOutcome::Failure)).await, [4]);
        assert_eq!(list(all().subject(client.id.uuid())).await, [4, 3, 2]);
        assert_eq!(
            list(all().subject(client.id.uuid()).principal("usr_1")).await,
            [4, 2]
        );
        assert_eq!(list(all().until(now)).await, [1]);
        assert_eq!(list(all().from(start).until(now)).await, [1]);
        assert_eq!(list(all().from(now)).await, [4, 3, 2]);

        // Pages hold everything once, and a cursor serves its own list alone.
        let first = PageRequest::first(3);
        let page = crm.audit().list(&mine, &all(), &first).await.unwrap();
        let next = first.clone().after(page.next.unwrap());
        let rest = crm.audit().list(&mine, &all(), &next).await.unwrap();
        assert_eq!((rest.items.len(), rest.items[0].seq, rest.next), (1, 1, None));
        for (context, filter) in [(&other, all()), (&mine, all().action("client."))] {
            let error = crm.audit().list(context, &filter, &next).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        let elsewhere = crm
            .audit()
            .of_subject(&other, client.id.uuid(), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(elsewhere.items, []);
        let entry = &crm
            .audit()
            .of_subject(&mine, client.id.uuid(), &PageRequest::default())
            .await
            .unwrap()
            .items[2];
        assert_eq!(
            (
                &*entry.action,
                entry.origin.as_deref(),
                entry.request_id.as_deref(),
                entry.at
            ),
            ("client.created", Some("192.0.2.7"), Some("req-1"), now)
        );
    })
    .await;
}

#[tokio::test]
async fn an_export_is_verified_without_a_database_and_by_a_program_of_others() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm, 7).await.request_id("=cmd");
        add(&crm, &context, 600).await; // more than a batch
        let text = exported(&crm, &context, AuditRange::all(), AuditFormat::JsonLines).await;
        let verified = verify_lines(context.workspace, &Evidence::none(), text.lines());
        assert_eq!(
            (verified.entries, verified.fault),
            (608, None),
            "its own entry too"
        );
        if let Some(python) = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON") {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/audit_chain.py");
            let run = |lines: &str| {
                let mut child = Command::new(&python)
                    .arg(&script)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap();
                // It leaves in the middle when something is wrong.
                drop(child.stdin.take().unwrap().write_all(lines.as_bytes()));
                let output = child.wait_with_output().unwrap();
                (output.status.success(), String::from_utf8(output.stdout).unwrap())
            };
            let expected = format!("608 {}\n", verified.head);
            assert_eq!(run(&text), (true, expected));
            assert!(!run(&text.replacen("usr_1", "usr_2", 1)).0);
        }
        let part = AuditRange::all().first(600).last(603);
        let lines = exported(&crm, &context, part, AuditFormat::JsonLines).await;
        assert_eq!(lines.lines().count(), 4);
        let fault = verify_lines(context.workspace, &Evidence::none(), lines.lines())
            .fault
            .unwrap();
        assert_eq!((fault.seq, fault.kind), (1, FaultKind::Gap));
        let csv = exported(&crm, &context, part, AuditFormat::Csv).await;
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(rows.len(), 5);
        assert!(rows[0].starts_with("workspace,seq,at,action,outcome,principal,"));
        assert!(
            rows[1].contains(r#""600""#) && rows[1].contains(r#""'=cmd""#),
            "{}",
            rows[1]
        );
        for entry in text.lines().chain(rows) {
            assert!(!entry.contains("P 1"), "no name of a person");
        }
    })
    .await;
}

#[tokio::test]
async fn chains_that_grow_meanwhile_raise_no_alarm() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm, 1).await;
        let writing = add(&crm, &context, 40);
        let verifying = async {
            for _ in 0..20 {
                let verified = crm.audit().verify(&context).await.unwrap();
                assert_eq!(verified.fault, None);
            }
        };
        futures::join!(writing, verifying);
        assert_eq!(crm.audit().verify(&context).await.unwrap().entries, 41);
        let empty = crm.audit().verify(&Context::installation("test")).await.unwrap();
        assert_eq!((empty.entries, empty.last_seq, empty.fault), (0, 0, None));
    })
    .await;
}
