//! Faults on the way to a real server: F13 to F17. What is asserted is how many callers waited, not for how long.

use std::sync::atomic::Ordering;

use futures::future::join_all;

use super::*;
use crate::testing;
use crate::testing::proxy::{Proxy, Weather};

/// Through a line that can fail, with limits short enough to be reached and long enough for a busy machine.
async fn through_a_proxy() -> Option<(Redis, Proxy, Redis)> {
    let direct = testing::redis().await?;
    let proxy = Proxy::before(&testing::provided("redis", "AURORA_TEST_REDIS_URL")?).await;
    let redis = Redis::builder(&Secret::new(proxy.url.as_str()))
        .prefix(direct.prefix())
        .command_timeout(Duration::from_millis(400))
        .connect_timeout(Duration::from_secs(2))
        .connect()
        .await
        .unwrap();
    recovers(&redis).await;
    Some((redis, proxy, direct))
}

/// How many of `calls`, one after the other, waited for an answer that did not come.
async fn stalls(redis: &Redis, calls: usize) -> usize {
    let mut waited = 0;
    for _ in 0..calls {
        match in_time(redis.command("GET", &["a"], &[])).await {
            Err(error) if error.kind() == ErrorKind::Timeout => waited += 1,
            Err(error) => assert!(!error.outcome_is_unknown(), "{error:?}"),
            Ok(_) => panic!("nothing can have come back"),
        }
    }
    waited
}

#[tokio::test]
async fn a_black_hole_stalls_one_caller_per_window_and_is_left_by_itself() {
    let Some((redis, proxy, _)) = through_a_proxy().await else {
        return;
    };
    proxy.set(Weather::BlackHole);
    // Without a circuit each of them would wait.
    assert_eq!(stalls(&redis, 1).await, 1);
    assert_eq!(redis.circuit(), BreakerState::Open);
    assert!(stalls(&redis, 1_000).await <= 2);
    proxy.set(Weather::Clear);
    recovers(&redis).await;
}

#[tokio::test]
async fn when_the_line_falls_silent_those_under_way_wait_once_and_all_others_not_at_all() {
    let Some((redis, proxy, _)) = through_a_proxy().await else {
        return;
    };
    proxy.set(Weather::BlackHole);
    let first = join_all((0..50).map(|_| redis.command("GET", &["a"], &[]))).await;
    assert!(first.iter().all(Result::is_err));
    let second = join_all((0..1_000).map(|_| redis.command("GET", &["a"], &[]))).await;
    let waited = second.into_iter().filter_map(Result::err);
    let waited = waited.filter(|error| error.kind() == ErrorKind::Timeout).count();
    assert!(
        waited <= 1,
        "{waited} callers waited although the circuit is open"
    );
}

#[tokio::test]
async fn a_slow_server_opens_the_circuit_although_it_answers() {
    let Some((redis, proxy, _)) = through_a_proxy().await else {
        return;
    };
    // Above half the limit and within it: no call fails, and yet.
    proxy.set(Weather::Slow(Duration::from_millis(250)));
    let mut answers = 0;
    in_time(async {
        while redis.circuit() != BreakerState::Open {
            let calls = join_all((0..10).map(|_| redis.command("GET", &["a"], &[]))).await;
            answers += calls.iter().filter(|answer| answer.is_ok()).count();
        }
    })
    .await;
    assert!(answers <= 40, "{answers} slow answers before it opened");
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Unavailable));
    proxy.set(Weather::Clear);
    recovers(&redis).await;
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_in_use_again_without_a_rush() {
    let Some((redis, proxy, _)) = through_a_proxy().await else {
        return;
    };
    for _ in 0..3 {
        proxy.set(Weather::Down);
        in_time(async {
            while redis.is_connected() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let before = proxy.accepted.load(Ordering::SeqCst);
        assert_eq!(
            stalls(&redis, 1_000).await,
            0,
            "nobody waits for what is known to be gone"
        );
        SystemClock.sleep(Duration::from_millis(500)).await;
        // However many ask, one task tries: after 25, 50, 100, 200 ms at the earliest.
        let attempts = proxy.accepted.load(Ordering::SeqCst) - before;
        assert!(attempts <= 8, "{attempts} attempts to connect in half a second");
        proxy.set(Weather::Clear);
        recovers(&redis).await;
    }
}

#[tokio::test]
async fn a_script_whose_connection_breaks_is_counted_at_most_once() {
    let Some((redis, proxy, direct)) = through_a_proxy().await else {
        return;
    };
    let count = Script::new("return redis.call('INCR', KEYS[1])");
    redis.run(&count, &["loaded"], &[]).await.unwrap();
    for round in 1..=5 {
        proxy.set(Weather::ResetAtAnswer);
        let error = in_time(redis.run(&count, &["count"], &[])).await.unwrap_err();
        assert!(error.outcome_is_unknown(), "{error:?}");
        proxy.set(Weather::Clear);
        recovers(&redis).await;
        // It reached the server, and nothing sent it a second time on the new connection.
        let counted = direct.command("GET", &["count"], &[]).await.unwrap();
        assert_eq!(counted.as_integer(), Some(round));
    }
}

#[tokio::test]
async fn a_caller_with_less_patience_than_the_limit_still_tells_the_circuit() {
    let Some((redis, proxy, _)) = through_a_proxy().await else {
        return;
    };
    proxy.set(Weather::BlackHole);
    let impatient = tokio::time::timeout(Duration::from_millis(250), redis.command("GET", &["a"], &[]));
    assert!(impatient.await.is_err());
    assert_eq!(redis.circuit(), BreakerState::Open);
}

#[tokio::test]
async fn a_subscription_that_lost_its_line_says_so_and_hears_again() {
    let Some((redis, proxy, direct)) = through_a_proxy().await else {
        return;
    };
    let mut news = redis.subscribe("news");
    assert_eq!(in_time(news.next()).await, Event::Gap);
    for (n, weather) in [Weather::Down, Weather::BlackHole].into_iter().enumerate() {
        proxy.set(weather);
        in_time(async {
            while news.is_live() {
                // Something must be said for a silent line to be found out early; nobody hears it.
                direct.publish("news", "missed".into()).await.unwrap();
                SystemClock.sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        proxy.set(Weather::Clear);
        in_time(async { while news.next().await != Event::Gap {} }).await;
        let message = Bytes::from(format!("back {n}"));
        // The server may count a connection that it does not know to be dead yet.
        assert!(direct.publish("news", message.clone()).await.unwrap() >= 1);
        assert_eq!(in_time(news.next()).await, Event::Message(message));
    }
}
