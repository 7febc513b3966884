//! A process that is killed with SIGKILL in the middle of a backup: what is listed afterwards is whole, and what it left
//! is swept.
//!
//! The test runs itself as a child that makes backups and prints where it is; the parent kills it there, or a moment
//! later.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::super::{Backups, Stage};
use super::{backups, files, fill};
use crate::rng::Random;
use crate::store::{Database, Engine};
use crate::testing::each_database;
use crate::time::{Clock as _, SystemClock};

const URL: &str = "AURORA_BACKUP_KILL_URL";
const FOLDER: &str = "AURORA_BACKUP_KILL_FOLDER";
const KILLS: u64 = 6;

#[tokio::test]
async fn sigkill_in_the_middle_leaves_nothing_that_lists_as_a_backup() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 30_000).await;
        let backups = backups(&db, folder.path());
        let random = Random::seeded(20_261_129);
        let (mut whole, mut left) = (0, 0);
        for n in 0..KILLS {
            let mut child = spawn(db.url.expose(), folder.path());
            let stage = if n % 2 == 0 { "at Copying" } else { "at Testing" };
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(
                lines.any(|line| line.unwrap() == stage),
                "the child ended by itself"
            );
            SystemClock.sleep(Duration::from_millis(random.below(60))).await;
            child.kill().unwrap();
            assert!(!child.wait().unwrap().success());
            let found = backups.list().await.unwrap();
            assert_eq!(found.bad, [""; 0]);
            left += files(folder.path()).len() - 2 * found.backups.len();
            for backup in &found.backups {
                assert!(backup.is_verified());
                backups.verify(&backup.name).await.unwrap();
            }
            whole = found.backups.len();
        }
        assert!(left > 0, "no kill was in the middle");
        backups.create(&db.database).await.unwrap();
        assert_eq!(backups.list().await.unwrap().backups.len(), whole + 1);
        assert_eq!(
            files(folder.path()).len(),
            2 * (whole + 1),
            "what was left is swept"
        );
        match db.database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => {
                let scratches: i64 = sqlx::query_scalar(
                    "select count(*) from pg_database where datname like 'aurora_restore_test_' ||
                        (select oid from pg_database where datname = current_database()) || '%'",
                )
                .fetch_one(pool)
                .await
                .unwrap();
                assert_eq!(scratches, 0);
            }
        }
    })
    .await;
}

fn spawn(url: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::backup::tests::kill::child_makes_backups_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(URL, url)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells the child what to do"
)]
fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Not a test of its own: the child process of the test above.
#[tokio::test]
#[ignore = "started by sigkill_in_the_middle_leaves_nothing_that_lists_as_a_backup"]
async fn child_makes_backups_until_it_is_killed() {
    let url = told(URL);
    println!(); // the test harness has begun a line of its own
    let mut builder = Backups::builder(Path::new(&told(FOLDER)).join("backups")).on_progress(|progress| {
        let mut out = std::io::stdout().lock();
        if progress.stage != Stage::Done {
            writeln!(out, "at {:?}", progress.stage).unwrap();
            out.flush().unwrap();
        }
    });
    if url.starts_with("postgres") {
        builder = builder.postgres_url(url.clone());
    }
    let backups = builder.build().unwrap();
    let database = Database::open(&url.into()).await.unwrap();
    loop {
        backups.create(&database).await.unwrap();
    }
}
