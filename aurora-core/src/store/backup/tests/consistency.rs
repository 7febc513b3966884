//! Backups while others write.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::Backups;
use super::{backups, with_target};
use crate::rng::Random;
use crate::store::{Database, Error, execute, in_transaction, on_reader};
use crate::testing::each_database;

const ACCOUNTS: i64 = 50;

async fn open_accounts(db: &Database) {
    execute!(
        db,
        sqlx::query("create table accounts (n bigint primary key, cents bigint not null)")
    )
    .unwrap();
    execute!(
        db,
        sqlx::query(
            "create table transfers (n bigint primary key, source bigint not null references accounts (n))"
        )
    )
    .unwrap();
    for n in 0..ACCOUNTS {
        execute!(
            db,
            sqlx::query("insert into accounts (n, cents) values ($1, 100)").bind(n)
        )
        .unwrap();
    }
}

/// Moves money until told to stop; every transfer takes it from one and gives it to another, and is recorded.
async fn transfer(db: &Database, writer: i64, stop: &AtomicBool, done: &AtomicU64) {
    let random = Random::seeded(u64::try_from(writer).unwrap());
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let pick = || i64::try_from(random.below(50)).unwrap();
        let (mut from, mut to, key) = (pick(), pick(), writer * 1_000_000 + n);
        let mut cents = 7_i64;
        if from > to {
            (from, to, cents) = (to, from, -cents); // one order of locking
        }
        let moved: Result<(), Error> = in_transaction!(db, |tx| {
            let change = "update accounts set cents = cents + $2 where n = $1";
            sqlx::query(change)
                .bind(from)
                .bind(-cents)
                .execute(&mut *tx)
                .await?;
            tokio::task::yield_now().await;
            sqlx::query(change).bind(to).bind(cents).execute(&mut *tx).await?;
            sqlx::query("insert into transfers (n, source) values ($1, $2)")
                .bind(key)
                .bind(from)
                .execute(&mut *tx)
                .await?;
            Ok::<_, Error>(())
        });
        moved.unwrap();
        done.fetch_add(1, Ordering::Relaxed);
    }
}

async fn look(db: &Database) -> (i64, i64) {
    on_reader!(db, |pool| sqlx::query_as(
        "select cast((select sum(cents) from accounts) as bigint), (select count(*) from transfers)"
    )
    .fetch_one(pool))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_writers_is_one_moment_and_holds_nobody_up() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        open_accounts(&db.database).await;
        let backups = backups(&db, folder.path());
        let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let writers = futures::future::join_all((1..=3).map(|n| transfer(&db.database, n, &stop, &done)));
        let backing_up = async {
            let mut made = Vec::new();
            for _ in 0..3 {
                let before = done.load(Ordering::Relaxed);
                made.push(backups.create(&db.database).await.unwrap());
                assert!(done.load(Ordering::Relaxed) > before, "writers were held up");
            }
            stop.store(true, Ordering::Relaxed);
            made
        };
        let (_, made) = tokio::join!(writers, backing_up);
        for backup in &made {
            with_target(&db, |target, empty| {
                let backups: &Backups = &backups;
                async move {
                    backups.restore(&backup.name, &target).await.unwrap();
                    let restored = empty.open().await;
                    let (sum, transfers) = look(&restored).await;
                    assert_eq!(sum, ACCOUNTS * 100, "money appeared or was lost");
                    assert_eq!(u64::try_from(transfers).unwrap(), backup.tables["transfers"]);
                    restored.close().await;
                }
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_transaction_under_way_neither_waits_nor_is_in_it() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        open_accounts(&db.database).await;
        let backups = backups(&db, folder.path());
        let made: Result<_, Error> = in_transaction!(db.database, |tx| {
            sqlx::query("insert into accounts (n, cents) values (999, 1)")
                .execute(&mut *tx)
                .await?;
            Ok::<_, Error>(backups.create(&db.database).await.unwrap())
        });
        assert_eq!(made.unwrap().tables["accounts"], u64::try_from(ACCOUNTS).unwrap());
    })
    .await;
}
