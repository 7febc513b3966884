//! What happens when two do something about the same message at the same moment.

use std::time::Duration;

#[cfg(feature = "postgres")]
use super::super::sql;
use super::super::{DeadReason, Failed, State};
use super::{LEASE, SECOND, message, open};
#[cfg(feature = "postgres")]
use crate::store::Engine;
use crate::testing::each_database;
#[cfg(feature = "postgres")]
use crate::time::Clock as _;

#[cfg(feature = "postgres")]
#[tokio::test]
async fn what_is_requeued_while_it_would_be_purged_is_kept() {
    each_database(|db| async move {
        let Engine::Postgres(pool) = db.database.engine() else {
            return;
        };
        let (outbox, clock) = open(&db).await;
        let id = outbox.enqueue(&message("a")).await.unwrap().id();
        let dead = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
        let rejected = Failed::rejected("410");
        outbox.dead(&dead, DeadReason::Rejected, rejected).await.unwrap();
        clock.advance(SECOND);
        let mut other = pool.begin().await.unwrap();
        let requeue = sqlx::query(sql::REQUEUE).bind(dead.seq).bind(clock.now());
        requeue.execute(&mut *other).await.unwrap();
        let mut purge = std::pin::pin!(outbox.purge(State::Dead, Duration::ZERO, 9));
        // It waits for the other, or passes it over.
        let early = tokio::time::timeout(Duration::from_millis(300), &mut purge).await;
        other.commit().await.unwrap();
        let purged = match early {
            Ok(purged) => purged,
            Err(_) => purge.await,
        };
        assert_eq!(purged.unwrap(), 0);
        assert_eq!(outbox.get(id).await.unwrap().state, State::Ready);
    })
    .await;
}

#[tokio::test]
async fn two_that_purge_or_bury_at_once_do_not_get_in_each_others_way() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let many: Vec<_> = (0..200)
            .map(|n| message(&n.to_string()).lifetime(SECOND * (1 + n % 2)))
            .collect();
        for _ in 0..4 {
            outbox.enqueue_all(&many).await.unwrap();
            clock.advance(SECOND * 3);
            // each buries up to 100
            let claims = futures::future::join_all((0..6).map(|_| outbox.claim("q", 9, LEASE))).await;
            assert!(claims.into_iter().all(|claim| claim.unwrap().is_empty()));
            while !outbox
                .counts()
                .await
                .unwrap()
                .iter()
                .all(|count| count.state == State::Dead)
            {
                assert!(outbox.claim("q", 9, LEASE).await.unwrap().is_empty());
            }
            let all =
                || futures::future::join_all((0..4).map(|_| outbox.purge(State::Dead, Duration::ZERO, 70)));
            clock.advance(SECOND);
            let mut purged = 0;
            while purged < 200 {
                purged += all().await.into_iter().map(Result::unwrap).sum::<u64>();
            }
            assert_eq!(purged, 200);
        }
    })
    .await;
}
