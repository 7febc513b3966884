//! Redis that is gone, back, emptied, or reached through a line that breaks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::one;
use super::own::{Line, Server};
use crate::redis::Redis;
use crate::resilience::limiter::{Limiter, Outage, Policies, Policy, RedisLimiter, Subject, Verdict};
use crate::time::{Clock as _, SystemClock};

fn limiter(redis: &Redis, outage: Outage) -> Limiter {
    Limiter::builder(RedisLimiter::new(redis))
        .outage(outage)
        .build()
        .unwrap()
}

/// The first verdict that comes from the server.
async fn recovered(limiter: &Limiter, subject: &Subject, policies: &Policies) -> Verdict {
    let mut tries = 0;
    loop {
        let verdict = limiter.check(subject, policies, 1).await;
        if !verdict.is_degraded() {
            return verdict;
        }
        tries += 1;
        assert!(tries < 3_000, "it does not come back");
        SystemClock.sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_and_comes_back_is_never_a_pass_for_all() {
    let Some(mut server) = Server::start().await else {
        return;
    };
    server.kill();
    let redis = Server::connect(server.port).await;
    let shared = limiter(&redis, Outage::Local { replicas: 4 });
    let auth = limiter(&redis, Outage::Deny);
    let (subject, policies) = (Subject::new("s"), one(Policy::per_day("p", 40)));
    for round in 0..2 {
        let mut passed = 0;
        for _ in 0..100 {
            let verdict = shared.check(&subject, &policies, 1).await;
            assert!(verdict.is_degraded());
            passed += usize::from(verdict.is_allowed());
            let verdict = auth.check(&subject, &policies, 1).await;
            assert!(verdict.is_degraded() && !verdict.is_allowed());
        }
        assert_eq!(passed, if round == 0 { 10 } else { 0 }, "its share, once");
        server.run().await;
        // What the server had counted went with it: it keeps nothing on disk.
        let verdict = recovered(&shared, &subject, &policies).await;
        assert_eq!(verdict.remaining(), 39);
        assert!(recovered(&auth, &subject, &policies).await.is_allowed());
        server.kill();
        // Answers may still be under way.
        while !shared
            .check(&Subject::new("probe"), &policies, 1)
            .await
            .is_degraded()
        {
            SystemClock.sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_decides_as_before_and_one_that_forgot_all_begins_anew() {
    let Some(server) = Server::start().await else {
        return;
    };
    let redis = Server::connect(server.port).await;
    let limiter = limiter(&redis, Outage::Deny);
    let policies = Policies::new([Policy::per_day("log", 5), Policy::per_day("bucket", 500)]).unwrap();
    let subject = Subject::new("s");
    for left in [4, 3, 2, 1, 0] {
        redis.command("SCRIPT", &[], &["FLUSH".into()]).await.unwrap();
        let verdict = limiter.check(&subject, &policies, 1).await;
        assert!(verdict.is_allowed() && !verdict.is_degraded());
        assert_eq!(verdict.remaining(), left);
    }
    redis.command("SCRIPT", &[], &["FLUSH".into()]).await.unwrap();
    assert!(!limiter.check(&subject, &policies, 1).await.is_allowed());
    let reservation = limiter
        .try_reserve(&Subject::new("r"), &policies, 3)
        .await
        .unwrap();
    redis.command("FLUSHALL", &[], &[]).await.unwrap();
    assert_eq!(limiter.check(&subject, &policies, 1).await.remaining(), 4);
    // What was reserved before is not put back on top of what came after.
    assert!(limiter.check(&Subject::new("r"), &policies, 2).await.is_allowed());
    reservation.cancel().await;
    let left: Vec<_> = limiter
        .peek(&Subject::new("r"), &policies)
        .await
        .states()
        .map(|state| state.remaining)
        .collect();
    assert_eq!(left, [3, 498]);
}

#[tokio::test]
async fn a_server_that_refuses_to_write_is_not_a_pass() {
    let Some(server) = Server::start().await else {
        return;
    };
    let redis = Server::connect(server.port).await;
    let set = async |name: &str, value: &str| {
        let args = ["SET".into(), name.into(), value.into()];
        redis.command("CONFIG", &[], &args).await.unwrap();
    };
    let auth = limiter(&redis, Outage::Deny);
    let (subject, policies) = (
        Subject::new("s"),
        Policies::new([Policy::per_day("a", 5), Policy::per_day("b", 500)]).unwrap(),
    );
    assert!(auth.check(&subject, &policies, 1).await.is_allowed());
    set("maxmemory-policy", "noeviction").await;
    set("maxmemory", "1").await;
    let verdict = auth.check(&subject, &policies, 1).await;
    assert!(verdict.is_degraded() && !verdict.is_allowed());
    set("maxmemory", "0").await;
    let left: Vec<_> = auth
        .peek(&subject, &policies)
        .await
        .states()
        .map(|state| state.remaining)
        .collect();
    assert_eq!(left, [4, 499], "what was refused was counted by none");
}

#[tokio::test]
async fn a_script_whose_answer_is_lost_is_not_sent_again() {
    let Some(server) = Server::start().await else {
        return;
    };
    let line = Line::default();
    let (port, _tasks) = line.lay(server.port).await;
    let (direct, broken) = (Server::connect(server.port).await, Server::connect(port).await);
    let (subject, policies) = (
        Subject::new("s"),
        Policies::new([Policy::per_day("log", 5), Policy::per_day("bucket", 500)]).unwrap(),
    );
    let direct = limiter(&direct, Outage::Deny);
    for (outage, is_allowed) in [(Outage::Deny, false), (Outage::Local { replicas: 5 }, true)] {
        let through = limiter(&broken, outage);
        recovered(&through, &Subject::new("probe"), &policies).await;
        let before = direct.peek(&subject, &policies).await.remaining();
        line.cuts.store(true, Ordering::SeqCst);
        line.scripts.store(0, Ordering::SeqCst);
        let verdict = through.check(&subject, &policies, 1).await;
        line.cuts.store(false, Ordering::SeqCst);
        assert!(verdict.is_degraded());
        assert_eq!(verdict.is_allowed(), is_allowed);
        assert_eq!(line.scripts.load(Ordering::SeqCst), 1, "sent once");
        assert_eq!(
            direct.peek(&subject, &policies).await.remaining(),
            before - 1,
            "counted once"
        );
    }
}
