//! What is promised when the server is gone, silent, slow or confused.

use std::sync::atomic::Ordering;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use super::*;
use crate::cache::{CacheStore as _, Key, MAX_VALUE, Scope};

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_until_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.sock");
    let redis = in_time(builder(&format!("redis+unix://{}", path.display())).connect())
        .await
        .unwrap();
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Unavailable));
    let refused = in_time(set(&redis, "a", Bytes::from("x"))).await.unwrap_err();
    assert!(refused.is_retryable() && !refused.outcome_is_unknown());
    assert!(in_time(redis.command("DEL", &["a"], &[])).await.is_err());

    let listener = UnixListener::bind(&path).unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        FakeRedis::default().serve(socket).await;
    });
    recovers(&redis).await;
    assert!(redis.is_connected());
}

#[tokio::test]
async fn a_stopped_listener_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    drop(listener);
    let redis = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_is_unavailable() {
    let fake = FakeRedis::default();
    fake.mute.store(true, Ordering::SeqCst);
    let (url, _server) = fake.on_tcp().await;
    let redis = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Unavailable));
    fake.mute.store(false, Ordering::SeqCst);
    recovers(&redis).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_times_out_and_is_found_again() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let redis = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&redis, "a").await, None);
    fake.mute.store(true, Ordering::SeqCst);
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Timeout));
    // The connection is given up, so that later questions do not each wait for the limit.
    in_time(async { while error_of_get(&redis, "a").await != Some(ErrorKind::Unavailable) {} }).await;
    fake.mute.store(false, Ordering::SeqCst);
    recovers(&redis).await;
}

#[tokio::test]
async fn a_server_that_stops_reading_does_not_block_the_cache_for_good() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let redis = in_time(builder(&url).connect()).await.unwrap();
    fake.deaf.store(true, Ordering::SeqCst);
    // Answered with one more question, which the fake had begun to wait for.
    assert_eq!(error_of_get(&redis, "a").await, None);
    let large = Bytes::from(vec![0; MAX_VALUE]);
    let error = in_time(set(&redis, "large", large)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    in_time(async { while error_of_get(&redis, "a").await != Some(ErrorKind::Unavailable) {} }).await;
    fake.deaf.store(false, Ordering::SeqCst);
    recovers(&redis).await;
}

#[tokio::test]
async fn a_command_whose_connection_broke_is_not_sent_again() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let redis = in_time(builder(&url).connect()).await.unwrap();
    fake.hangs_up_on_set.store(true, Ordering::SeqCst);
    let error = in_time(set(&redis, "a", Bytes::from("x"))).await.unwrap_err();
    assert!(error.outcome_is_unknown(), "{error:?}");
    fake.hangs_up_on_set.store(false, Ordering::SeqCst);
    recovers(&redis).await;
    assert_eq!(fake.sets.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_the_server_refuses_and_what_makes_no_sense_are_told_apart() {
    let (url, _server) = FakeRedis::default().on_tcp().await;
    let redis = in_time(builder(&url).connect()).await.unwrap();
    let refused = in_time(redis.command("GET", &["a:oom"], &[])).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Refused, Some("OOM"))
    );
    assert!(refused.is_retryable());
    let cache = crate::cache::RedisCache::new(&redis);
    let key = Key::new(&Scope::Global, "test", 1, "list").unwrap();
    let senseless = in_time(cache.get(&key)).await.unwrap_err();
    assert_eq!(senseless.kind(), crate::cache::ErrorKind::Protocol);
    assert_eq!(
        redis.circuit(),
        BreakerState::Closed,
        "whoever answers is not cut off"
    );
}

#[tokio::test]
async fn the_last_clone_closes_the_connection() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let redis = in_time(builder(&url).connect()).await.unwrap();
    let clone = redis.clone();
    drop(redis);
    assert_eq!(error_of_get(&clone, "a").await, None);
    drop(clone);
    in_time(async {
        while fake.connections.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn unusable_settings_are_refused_without_showing_the_url() {
    let usable = "redis://127.0.0.1:1";
    let broken = [
        builder("127.0.0.1:6379"),
        builder("http://user:T0K3N@127.0.0.1"),
        builder("redis://user:T0K3N@127.0.0.1:port"),
        builder("redis://user:T0K3N@127.0.0.1/first"),
        builder("redis://user:T0K3N@127.0.0.1/1/2"),
        builder(usable).prefix(""),
        builder(usable).prefix("a:b"),
        builder(usable).prefix("a".repeat(65)),
        builder(usable).command_timeout(Duration::ZERO),
        builder(usable).command_timeout(Duration::MAX),
        builder(usable).connect_timeout(Duration::ZERO),
        builder(usable).queue(0),
        builder("redis-cloud://user:T0K3N@127.0.0.1"),
    ];
    for builder in broken {
        let shown = format!("{builder:?}");
        let error = in_time(builder.connect()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSettings, "{shown}");
        let shown = format!("{shown} {error} {error:?}");
        assert!(
            !shown.contains("T0K3N") && !shown.contains("127.0.0.1"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn tls_needs_no_provider_installed_in_the_process() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://{}", listener.local_addr().unwrap());
    let redis = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Unavailable));
}
