//! Every test runs on SQLite and, where one is provided, on PostgreSQL.

mod basics;
mod consistency;
mod kill;
mod restores;
mod retention;
#[cfg(feature = "postgres")]
mod roles;
mod schedules;

use std::path::Path;

use super::{Backups, BackupsBuilder, Target};
use crate::store::{Database, execute, on_reader};
use crate::testing::{TestDatabase, each_database};

pub(super) fn builder(db: &TestDatabase, folder: &Path) -> BackupsBuilder {
    let builder = Backups::builder(folder.join("backups"));
    if db.database.engine_name() == "postgres" {
        builder.postgres_url(db.url.clone())
    } else {
        builder
    }
}

pub(super) fn backups(db: &TestDatabase, folder: &Path) -> Backups {
    builder(db, folder).build().unwrap()
}

/// The names of all files in the folder of the backups, without that of the lock.
pub(super) fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder.join("backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

/// Runs `work` with an empty place of the same engine.
pub(super) async fn with_target<F>(db: &TestDatabase, work: impl Fn(Target, Empty) -> F + Send + Sync)
where
    F: Future<Output = ()> + Send,
{
    let engine = db.database.engine_name();
    each_database(|empty| {
        let work = &work;
        async move {
            if empty.database.engine_name() != engine {
                return;
            }
            let path = empty.url.expose().trim_start_matches("sqlite://").to_owned();
            let path = std::path::PathBuf::from(path).with_file_name("restored.db");
            let (target, url) = if engine == "sqlite" {
                let url = format!("sqlite://{}?mode=rw", path.display());
                (Target::NewFile(path), url.into())
            } else {
                let target = Target::EmptyDatabase {
                    url: empty.url.clone(),
                    owner: None,
                };
                (target, empty.url.clone())
            };
            work(target, Empty(url)).await;
        }
    })
    .await;
}

/// Where to find what was restored.
pub(super) struct Empty(crate::secret::Secret);

impl Empty {
    pub(super) async fn open(&self) -> Database {
        Database::open(&self.0).await.unwrap()
    }
}

/// A table with `rows` rows of some size.
pub(super) async fn fill(db: &Database, rows: i64) {
    execute!(
        db,
        sqlx::query("create table if not exists items (n bigint primary key, body text not null)")
    )
    .unwrap();
    execute!(
        db,
        sqlx::query(
            "insert into items (n, body) with recursive counting (n) as
                (select cast(1 as bigint) union all select n + 1 from counting where n < $1)
                select n, 'the words of item ' || cast(n as text) || ' and some more of them' from counting"
        )
        .bind(rows)
    )
    .unwrap();
}

pub(super) async fn count(db: &Database) -> i64 {
    on_reader!(db, |pool| sqlx::query_scalar("select count(*) from items")
        .fetch_one(pool))
    .unwrap()
}
