//! A process that is stopped with SIGSTOP for longer than its lease, and comes back.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::Leases;
use crate::store::{Database, Error, ErrorKind, execute, in_transaction, on_reader};
use crate::testing::each_database;
use crate::time::{Clock as _, SystemClock};

const TTL: Duration = Duration::from_millis(700);
const URL: &str = "AURORA_LEASES_PAUSE_URL";

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(name).arg(pid.to_string()).status();
    assert!(status.unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_holder_that_was_stopped_longer_than_its_lease_is_refused_when_it_comes_back() {
    each_database(|db| async move {
        let leases = Leases::open(db.database.clone()).await.unwrap();
        execute!(
            db.database,
            sqlx::query("create table written (fence bigint not null)")
        )
        .unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::leases::tests::paused::child_writes_under_its_lease",
                "--ignored",
                "--nocapture",
            ])
            .env(URL, db.url.expose())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        assert!(
            lines.any(|line| line == "wrote"),
            "the child wrote while it held the lease"
        );
        // between two writes or within one: a transaction that holds the lock must be let go on
        let taken = loop {
            signal(child.id(), "-STOP");
            SystemClock.sleep(TTL * 2).await;
            let taken = tokio::time::timeout(
                Duration::from_secs(2),
                leases.acquire("x", Duration::from_secs(600)),
            );
            match taken.await {
                Ok(Ok(Some(lease))) => break lease,
                _ => signal(child.id(), "-CONT"),
            }
            assert!(lines.any(|line| line == "wrote"));
        };
        signal(child.id(), "-CONT");
        assert!(
            lines.any(|line| line == "refused LeaseLost"),
            "the late write is refused"
        );
        assert!(child.wait().unwrap().success());
        let highest: i64 = on_reader!(db.database, |pool| sqlx::query_scalar(
            "select max(fence) from written"
        )
        .fetch_one(pool))
        .unwrap();
        assert!(highest < taken.fence());
        assert!(taken.is_valid());
    })
    .await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells the child what to do"
)]
fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Not a test of its own: the child process of the test above. It does not look whether its lease is still valid.
#[tokio::test]
#[ignore = "started by a_holder_that_was_stopped_longer_than_its_lease_is_refused_when_it_comes_back"]
async fn child_writes_under_its_lease() {
    let database = Database::open(&told(URL).into()).await.unwrap();
    let leases = Leases::open(database.clone()).await.unwrap();
    let mut lease = leases.acquire("x", TTL).await.unwrap().unwrap();
    println!();
    loop {
        let written: Result<(), Error> = in_transaction!(database, |tx| {
            lease.check_in(&mut (&mut *tx).into()).await?;
            sqlx::query("insert into written values ($1)")
                .bind(lease.fence())
                .execute(&mut *tx)
                .await?;
            Ok(())
        });
        let mut out = std::io::stdout().lock();
        match written {
            Ok(()) => writeln!(out, "wrote").unwrap(),
            Err(error) if error.kind() == ErrorKind::LeaseLost => {
                writeln!(out, "refused {:?}", error.kind()).unwrap();
                drop(out);
                match leases.acquire("x", TTL).await.unwrap() {
                    Some(again) => lease = again, // it was only slow
                    None => return,
                }
                continue;
            }
            Err(_) => {}
        }
        drop(out);
        SystemClock.sleep(Duration::from_millis(20)).await;
        drop(lease.renew().await);
    }
}
