use aurora_core::access::policy::Assurance;

use super::*;

#[tokio::test]
async fn what_is_ended_is_over_on_every_replica_within_a_second() {
    each_desk(|desk| async move {
        desk.ana().await;
        let session = desk.signed_in().await.session;
        let (other, database) = desk.replica().await;
        let (context, id) = (&desk.context, session.id);
        let alive = desk.accounts.check(context, id).await.unwrap();
        assert_eq!((alive.user, alive.assurance), (session.user, Assurance::Aal1));
        assert_eq!(other.check(context, id).await.unwrap(), alive);
        desk.accounts.revoke(context, session.user, id).await.unwrap();
        assert!(
            is_refused(desk.accounts.check(context, id).await),
            "at once where it was ended"
        );
        desk.clock.advance(Duration::from_millis(999));
        assert_eq!(
            other.check(context, id).await.unwrap(),
            alive,
            "kept for a moment elsewhere"
        );
        desk.clock.advance(Duration::from_millis(1));
        assert!(is_refused(other.check(context, id).await));
        // nor does a wall clock that was set back keep it
        let session = desk.signed_in().await.session;
        other.check(context, session.id).await.unwrap();
        desk.accounts
            .revoke_all(context, session.user, None)
            .await
            .unwrap();
        let now = desk.clock.now();
        desk.clock.advance(Duration::from_millis(1_001));
        desk.clock.set_wall(now);
        assert!(is_refused(other.check(context, session.id).await));
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn nobody_is_let_in_while_the_database_does_not_answer() {
    each_desk(|desk| async move {
        desk.ana().await;
        let session = desk.signed_in().await.session;
        let (other, database) = desk.replica().await;
        other.check(&desk.context, session.id).await.unwrap();
        database.close().await;
        desk.clock.advance(Duration::from_secs(1));
        let error = other.check(&desk.context, session.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    })
    .await;
}
