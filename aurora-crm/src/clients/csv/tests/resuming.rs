use std::io;
use std::ops::ControlFlow;

use tokio::io::AsyncReadExt as _;

use super::*;
use crate::error::ErrorKind;
use crate::testing::each_database;

fn file() -> String {
    // no identity at all: only the position keeps a row from being stored twice
    let rows: String = (0..25)
        .map(|n| {
            if n == 12 {
                "\n;\n".to_owned()
            } else {
                format!("C{n};\n")
            }
        })
        .collect();
    format!("nome;cnpj\n{rows}")
}

#[tokio::test]
async fn an_import_that_was_broken_off_goes_on_and_a_finished_one_does_nothing() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let imports = crm.clients().imports();
        let options = ImportOptions::new().batch_rows(4).total_bytes(1_000);
        let (file, import) = (file(), id(&crm));
        let mut calls = Vec::new();
        let mut stop = |progress: Progress| {
            calls.push(progress);
            if calls.len() == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let watch = ImportWatch::new().progress(&mut stop);
        let first = imports
            .run(&context, import, file.as_bytes(), &options, watch)
            .await
            .unwrap();
        assert!(!first.is_finished);
        assert_eq!((first.counts.created, first.file), (8, None));
        assert_eq!((calls[1].rows, calls[1].total_bytes), (8, Some(1_000)));
        assert_eq!(
            imports.get(&context, import).await.unwrap().state,
            ImportState::Running
        );

        // another file, and a file that is cut off, are not taken for the rest
        for other in [file.replace("C3;", "X3;"), file.chars().take(20).collect()] {
            let error = imports
                .run(&context, import, other.as_bytes(), &options, ImportWatch::new())
                .await
                .unwrap_err();
            assert!(
                matches!(
                    error,
                    CsvError::File {
                        code: "other_file",
                        ..
                    }
                ),
                "{error}"
            );
        }
        let rest = imports
            .run(&context, import, file.as_bytes(), &options, ImportWatch::new())
            .await
            .unwrap();
        assert!(rest.is_finished);
        assert_eq!((rest.resumed_after, rest.counts.created), (8, 24));
        assert_eq!(all(&crm, &context).await.len(), 24);
        let before = audit_actions(&db, &context).await;
        let again = imports
            .run(&context, import, file.as_bytes(), &options, ImportWatch::new())
            .await
            .unwrap();
        assert_eq!((again.counts, again.file), (rest.counts, rest.file));
        assert_eq!(audit_actions(&db, &context).await, before, "nothing was done");
        let longer = format!("{file}C99;\n");
        let error = imports
            .run(&context, import, longer.as_bytes(), &options, ImportWatch::new())
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                CsvError::File {
                    code: "other_file",
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(imports.get(&context, import).await.unwrap().file, rest.file);
        let elsewhere = house(&crm).await;
        assert_eq!(
            imports.get(&elsewhere, import).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    })
    .await;
}

#[tokio::test]
async fn a_source_that_fails_leaves_an_import_that_can_be_resumed() {
    struct Broken;
    impl tokio::io::AsyncRead for Broken {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let imports = crm.clients().imports();
        let rows: String = (0..900).map(|n| format!("{n:080};\n")).collect();
        let file = format!("nome;cnpj\n{rows}");
        let options = ImportOptions::new().batch_rows(100);
        let import = id(&crm);
        let half = file.as_bytes()[..70_000].chain(Broken);
        let error = imports
            .run(&context, import, half, &options, ImportWatch::new())
            .await
            .unwrap_err();
        assert!(matches!(error, CsvError::Source(_)), "{error}");
        let stored = imports.get(&context, import).await.unwrap().rows;
        assert!(stored > 0 && stored < 900, "{stored}");
        imports
            .run(&context, import, file.as_bytes(), &options, ImportWatch::new())
            .await
            .unwrap();
        assert_eq!(all(&crm, &context).await.len(), 900);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_fails_leaves_an_import_that_can_be_resumed() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let imports = crm.clients().imports();
        let options = ImportOptions::new().batch_rows(5);
        let (file, import) = (file(), id(&crm));
        let (forbid, allow) = if db.owner.engine_name() == "postgres" {
            (
                "alter table clients add constraint no_c14 check (legal_name <> 'C14')",
                "alter table clients drop constraint no_c14",
            )
        } else {
            (
                "create trigger no_c14 before insert on clients when new.legal_name = 'C14'
                    begin select raise(abort, 'no'); end",
                "drop trigger no_c14",
            )
        };
        aurora_core::store::execute!(db.owner, sqlx::query(forbid)).unwrap();
        let go = || imports.run(&context, import, file.as_bytes(), &options, ImportWatch::new());
        assert!(matches!(go().await.unwrap_err(), CsvError::Crm(_)));
        let stored = imports.get(&context, import).await.unwrap();
        assert_eq!(
            (stored.rows, stored.counts.created, stored.state),
            (10, 10, ImportState::Running)
        );
        assert_eq!(
            all(&crm, &context).await.len(),
            10,
            "a batch is stored as a whole or not at all"
        );
        aurora_core::store::execute!(db.owner, sqlx::query(allow)).unwrap();
        let rest = go().await.unwrap();
        assert_eq!((rest.resumed_after, rest.counts.created), (10, 24));
        assert_eq!(all(&crm, &context).await.len(), 24);
    })
    .await;
}

#[tokio::test]
async fn a_deadline_that_passes_ends_it_between_batches() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let context = house(&crm).await;
        let imports = crm.clients().imports();
        let options = ImportOptions::new().batch_rows(5);
        let (file, import) = (file(), id(&crm));
        let minute = std::time::Duration::from_secs(60);
        let mut late = context.clone();
        late.deadline = aurora_core::resilience::Deadline::after(&clock, minute);
        let mut wait = |_: Progress| {
            clock.advance(minute);
            ControlFlow::Continue(())
        };
        let watch = ImportWatch::new().progress(&mut wait);
        let error = imports
            .run(&late, import, file.as_bytes(), &options, watch)
            .await
            .unwrap_err();
        assert!(matches!(error, CsvError::Crm(error) if error.kind() == ErrorKind::Timeout));
        assert_eq!(imports.get(&context, import).await.unwrap().rows, 5);
        imports
            .run(&context, import, file.as_bytes(), &options, ImportWatch::new())
            .await
            .unwrap();
        assert_eq!(all(&crm, &context).await.len(), 24);
    })
    .await;
}

#[tokio::test]
async fn one_import_run_twice_at_once_stores_no_row_twice() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let imports = crm.clients().imports();
        let options = ImportOptions::new().batch_rows(3);
        let (file, import) = (file(), id(&crm));
        let go = || imports.run(&context, import, file.as_bytes(), &options, ImportWatch::new());
        let (one, two) = tokio::join!(go(), go());
        assert!(one.is_ok() || two.is_ok());
        assert_eq!(all(&crm, &context).await.len(), 24);
    })
    .await;
}

#[tokio::test]
async fn the_same_file_gives_the_same_id() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let tried = dry(&crm, &context, &file(), &ImportOptions::new()).await;
        let import = tried.file.unwrap().import_id();
        let imports = crm.clients().imports();
        for _ in 0..2 {
            let text = file();
            let options = ImportOptions::new();
            imports
                .run(&context, import, text.as_bytes(), &options, ImportWatch::new())
                .await
                .unwrap();
        }
        assert_eq!(all(&crm, &context).await.len(), 24);
        assert_eq!(tried.file.unwrap().to_string(), {
            use sha2::Digest as _;
            let hash: [u8; 32] = sha2::Sha256::digest(file()).into();
            hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        });
    })
    .await;
}
