//! What PostgreSQL's roles and programs must be able to do, and what is said when they are not.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::super::{BackupCheck, Backups, ErrorKind, Target};
use super::{backups, builder, fill, with_target};
use crate::health::HealthCheck as _;
use crate::secret::Secret;
use crate::testing::{TestDatabase, each_database};

/// Runs `work` with the URL of a role of its own that may do no more than `attributes` say.
async fn as_role<F>(db: &TestDatabase, attributes: &str, work: impl FnOnce(Secret) -> F)
where
    F: Future<Output = ()>,
{
    let role = format!("aurora_test_{}", uuid::Uuid::now_v7().simple());
    let mut admin = PgConnection::connect(db.url.expose()).await.unwrap();
    let create =
        format!("create role {role} login password 'hunter2' {attributes}; grant pg_read_all_data to {role}");
    admin.execute(AssertSqlSafe(create)).await.unwrap();
    let mut url = url::Url::parse(db.url.expose()).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("hunter2")).unwrap();
    work(Secret::new(url.to_string())).await;
    admin
        .execute(AssertSqlSafe(format!("drop role {role}")))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_role_that_may_not_create_leaves_the_backup_unverified_and_says_so() {
    each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let db = &db;
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        as_role(db, "bypassrls", |url| async move {
            let narrow = Backups::builder(folder.path())
                .postgres_url(url.clone())
                .build()
                .unwrap();
            let error = narrow.create(&db.database).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unverified);
            assert!(error.to_string().contains("createdb"), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"));
            let found = narrow.list().await.unwrap().backups;
            assert_eq!(found.len(), 1);
            assert!(!found[0].is_verified());
            assert!(found[0].unverified.as_deref().unwrap().contains("createdb"));
            let check = BackupCheck::new(narrow.clone(), std::time::Duration::MAX);
            assert!(check.check().await.is_err());
            // Another role, or another server, can make the test.
            let tested = Backups::builder(folder.path())
                .postgres_url(url)
                .scratch_url(db.url.clone())
                .build()
                .unwrap();
            assert!(tested.verify(&found[0].name).await.unwrap().is_verified());
            check.check().await.unwrap();
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn row_level_security_needs_a_role_above_it() {
    each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let db = &db;
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        let mut admin = PgConnection::connect(db.url.expose()).await.unwrap();
        let force = "alter table items enable row level security; alter table items force row level security;
            create policy items_of_nobody on items using (false)";
        admin.execute(force).await.unwrap();
        let path = folder.path();
        as_role(db, "createdb nobypassrls", |url| async move {
            let blind = Backups::builder(path).postgres_url(url).build().unwrap();
            let error = blind.create(&db.database).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied);
            assert!(error.to_string().contains("bypassrls"), "{error}");
            assert!(blind.list().await.unwrap().backups.is_empty());
        })
        .await;
        as_role(db, "createdb bypassrls", |url| async move {
            let seeing = Backups::builder(path).postgres_url(url).build().unwrap();
            let made = seeing.create(&db.database).await.unwrap();
            assert!(made.is_verified() && made.row_security);
            assert_eq!(made.tables["items"], 10);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_is_restored_belongs_to_the_owner_and_keeps_its_row_level_security() {
    each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        let mut source = PgConnection::connect(db.url.expose()).await.unwrap();
        let force = "alter table items enable row level security; alter table items force row level security;
            create policy items_of_nobody on items using (false)";
        source.execute(force).await.unwrap();
        let backups = backups(&db, folder.path());
        let made = backups.create(&db.database).await.unwrap();
        with_target(&db, |target, _| {
            let (backups, name) = (&backups, &made.name);
            async move {
                let Target::EmptyDatabase { url, .. } = target else {
                    panic!("not PostgreSQL")
                };
                let mut admin = PgConnection::connect(url.expose()).await.unwrap();
                let owner = format!("aurora_test_{}", uuid::Uuid::now_v7().simple());
                let (_, database) = url.expose().rsplit_once('/').unwrap();
                let create = format!("create role {owner}; alter database {database} owner to {owner}");
                admin.execute(AssertSqlSafe(create)).await.unwrap();
                let target = Target::EmptyDatabase {
                    url: url.clone(),
                    owner: Some(owner.clone()),
                };
                backups.restore(name, &target).await.unwrap();
                let found: (String, bool, i64) = sqlx::query_as(
                    "select tableowner::text, relforcerowsecurity, (select count(*) from items)
                        from pg_tables join pg_class on relname = tablename where tablename = 'items'",
                )
                .fetch_one(&mut admin)
                .await
                .unwrap();
                assert_eq!(found, (owner.clone(), true, 10));
                let undo = format!("reassign owned by {owner} to current_user; drop role {owner}");
                admin.execute(AssertSqlSafe(undo)).await.unwrap();
                let error = backups.restore(name, &target).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Exists);
                admin.close().await.unwrap();
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_url_of_another_database_or_none_is_refused() {
    each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (server, _) = db.url.expose().rsplit_once('/').unwrap();
        let elsewhere = Backups::builder(folder.path())
            .postgres_url(format!("{server}/postgres"))
            .build()
            .unwrap();
        let error = elsewhere.create(&db.database).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains("another database"), "{error}");
        let none = Backups::builder(folder.path()).build().unwrap();
        assert_eq!(
            none.create(&db.database).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
    })
    .await;
}

#[cfg(unix)]
fn program(folder: &Path, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn programs_that_are_missing_or_old_are_named_and_told_no_password_aloud() {
    each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        fill(&db.database, 10).await;
        // A password that is right, so that this says the same of servers that ask for it and of ones that do not.
        as_role(&db, "bypassrls", |url| programs_are_told_apart(&db, url)).await;
    })
    .await;
}

#[cfg(unix)]
async fn programs_are_told_apart(db: &TestDatabase, url: Secret) {
    let folder = tempfile::tempdir().unwrap();
    let tools = folder.path().join("tools");
    std::fs::create_dir(&tools).unwrap();
    assert!(url.expose().contains("hunter2"));
    let backups = builder(db, folder.path())
        .postgres_url(url)
        .tools(&tools)
        .build()
        .unwrap();
    let error = backups.create(&db.database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tools);
    assert!(error.to_string().contains("pg_dump was not found"), "{error}");
    assert!(error.to_string().contains("PostgreSQL 1"), "{error}");

    program(&tools, "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'");
    let error = backups.create(&db.database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tools);
    assert!(
        error
            .to_string()
            .contains("is of version 9 and the server of version"),
        "{error}"
    );

    let (said, seen) = (folder.path().join("arguments"), folder.path().join("environment"));
    let script = format!(
        "if [ \"$1\" = --version ]; then echo 'pg_dump (PostgreSQL) 99.1'; exit; fi
            printf '%s\\n' \"$@\" > {}; env > {}
            echo 'pg_dump: error: hunter2 and the number of Ana' >&2; exit 1",
        said.display(),
        seen.display()
    );
    program(&tools, "pg_dump", &script);
    let error = backups.create(&db.database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(!format!("{error} {error:?} {backups:?}").contains("hunter2"));
    assert!(!format!("{error} {error:?}").contains("Ana"));
    let said = std::fs::read_to_string(said).unwrap();
    assert!(
        said.contains("--snapshot=") && !said.contains("hunter2"),
        "{said}"
    );
    assert!(
        std::fs::read_to_string(seen)
            .unwrap()
            .contains("PGPASSWORD=hunter2")
    );
    assert!(super::files(folder.path()).is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_dump_that_cannot_be_restored_is_set_aside() {
    each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        // One that loses rows, and says that all went well.
        let script =
            "for word in \"$@\"; do case \"$word\" in --file=*) file=\"${word#--file=}\";; esac; done
            if [ \"$1\" = --version ]; then exec pg_dump --version; fi
            exec pg_dump --format=custom --schema-only --file=\"$file\"";
        let tools = folder.path().join("tools");
        std::fs::create_dir(&tools).unwrap();
        program(&tools, "pg_dump", script);
        program(&tools, "pg_restore", "exec pg_restore \"$@\"");
        let losing = builder(&db, folder.path()).tools(&tools).build().unwrap();
        let error = losing.create(&db.database).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(
            error
                .to_string()
                .contains("items has 0 rows after the restore and had 10"),
            "{error}"
        );
        let found = losing.list().await.unwrap();
        assert_eq!((found.backups.len(), found.bad.len()), (0, 2));
        assert!(found.bad.iter().all(|name| name.ends_with(".bad")));
        assert!(
            backups(&db, folder.path())
                .create(&db.database)
                .await
                .unwrap()
                .is_verified()
        );
    })
    .await;
}
