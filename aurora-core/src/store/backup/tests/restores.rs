//! Which backups and which targets are refused.

use std::io::{Seek as _, Write as _};

use super::super::{ErrorKind, Target};
use super::{backups, builder, count, files, fill, with_target};
use crate::store::tests::OLD;
use crate::store::{Database, execute};
use crate::testing::each_database;

#[tokio::test]
async fn a_flipped_byte_is_found_and_not_restored() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 1_000).await;
        let backups = backups(&db, folder.path());
        let made = backups.create(&db.database).await.unwrap();
        let path = folder.path().join("backups").join(made.file());
        let bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.seek(std::io::SeekFrom::Start(u64::try_from(at).unwrap()))
            .unwrap();
        file.write_all(&[bytes[at] ^ 1]).unwrap();
        with_target(&db, |target, _| {
            let (backups, name) = (&backups, &made.name);
            async move {
                let error = backups.restore(name, &target).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
                match target {
                    Target::NewFile(path) => {
                        assert!(!path.exists());
                        let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
                        let left = folder.filter(|entry| {
                            entry
                                .as_ref()
                                .unwrap()
                                .file_name()
                                .to_str()
                                .unwrap()
                                .contains("restor")
                        });
                        assert_eq!(left.count(), 0);
                    }
                    Target::EmptyDatabase { url, .. } => {
                        let target = Database::open(&url).await.unwrap();
                        fill(&target, 1).await; // it is still empty
                        target.close().await;
                    }
                    Target::ReplaceFile(_) => unreachable!(),
                }
            }
        })
        .await;
        let error = backups.verify(&made.name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        let found = backups.list().await.unwrap();
        assert!(found.backups.is_empty());
        assert_eq!(
            found.bad,
            [format!("{}.bad", made.file()), format!("{}.json.bad", made.name)]
        );
        // They are kept when the next backup sweeps.
        backups.create(&db.database).await.unwrap();
        assert_eq!(files(folder.path()).len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_manifest_that_is_damaged_short_of_data_or_of_tomorrow_is_no_backup() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        let backups = backups(&db, folder.path());
        let made = backups.create(&db.database).await.unwrap();
        let at = |name: &str| folder.path().join("backups").join(name);
        let name = format!("{}.json", made.name);
        let json = std::fs::read_to_string(at(&name)).unwrap();
        for (wrong, kind) in [
            (json.chars().take(json.len() / 2).collect(), ErrorKind::Corrupt),
            (json.replace("\"format\": 1", "\"format\": 2"), ErrorKind::Newer),
            (json.replace(&made.name, "another"), ErrorKind::Corrupt),
        ] {
            std::fs::write(at(&name), wrong).unwrap();
            let found = backups.list().await.unwrap();
            assert_eq!((found.backups.len(), found.bad), (0, vec![name.clone()]));
            let error = backups.verify(&made.name).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
        std::fs::write(at(&name), json).unwrap();
        assert_eq!(backups.list().await.unwrap().backups.len(), 1);
        std::fs::write(at(&made.file()), "x").unwrap();
        assert_eq!(backups.list().await.unwrap().bad, [name]);
        for (name, kind) in [
            ("nothing-such", ErrorKind::NotFound),
            ("../x", ErrorKind::Invalid),
            ("", ErrorKind::Invalid),
        ] {
            assert_eq!(backups.verify(name).await.unwrap_err().kind(), kind);
        }
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        db.database.migrate(&OLD).await.unwrap();
        execute!(
            db.database,
            sqlx::query(
                "insert into _notes_migrations (version, description, success, checksum, execution_time)
                    select 7, description, success, checksum, execution_time from _notes_migrations"
            )
        )
        .unwrap();
        let backups = builder(&db, folder.path()).migrations([OLD]).build().unwrap();
        let made = backups.create(&db.database).await.unwrap();
        assert_eq!(made.schema["_notes_migrations"], 7);
        with_target(&db, |target, _| {
            let (backups, name) = (&backups, &made.name);
            async move {
                let error = backups.restore(name, &target).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Newer, "{error}");
                assert!(error.to_string().contains("knows up to 1"), "{error}");
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_is_there_is_not_overwritten_unless_told() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        let backups = backups(&db, folder.path());
        let made = backups.create(&db.database).await.unwrap();
        with_target(&db, |target, empty| {
            let (backups, name) = (&backups, &made.name);
            async move {
                backups.restore(name, &target).await.unwrap();
                let restored = empty.open().await;
                execute!(restored, sqlx::query("delete from items")).unwrap();
                let error = backups.restore(name, &target).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
                assert_eq!(count(&restored).await, 0);
                let Target::NewFile(path) = target else {
                    return restored.close().await;
                };
                let replace = Target::ReplaceFile(path.clone());
                let error = backups.restore(name, &replace).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
                assert_eq!(count(&restored).await, 0);
                restored.close().await;
                backups.restore(name, &replace).await.unwrap();
                let restored = empty.open().await;
                assert_eq!(count(&restored).await, 10);
                restored.close().await;
                // A journal without its database would be taken for a part of the new one.
                std::fs::remove_file(&path).unwrap();
                std::fs::write(path.with_file_name("restored.db-wal"), "old").unwrap();
                let target = Target::NewFile(path.clone());
                let error = backups.restore(name, &target).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
                // A ruin is what one restores over.
                std::fs::write(&path, "not a database at all, but long enough to be looked at").unwrap();
                backups.restore(name, &replace).await.unwrap();
                let restored = empty.open().await;
                assert_eq!(count(&restored).await, 10);
                restored.close().await;
            }
        })
        .await;
        let wrong = if db.database.engine_name() == "sqlite" {
            Target::EmptyDatabase {
                url: "postgres:///x".into(),
                owner: None,
            }
        } else {
            Target::NewFile(folder.path().join("x.db"))
        };
        assert_eq!(
            backups.restore(&made.name, &wrong).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
    })
    .await;
}
