use std::sync::atomic::{AtomicBool, AtomicUsize};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use super::*;
use crate::cache::Scope;
use crate::time::{Clock, SystemClock};

/// Far above what a test needs; a test that reaches it hangs.
const LIMIT: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);

/// A server that speaks just enough of the protocol, and fails when it is told to.
#[derive(Clone, Default)]
struct FakeRedis {
    mute: Arc<AtomicBool>,
    deaf: Arc<AtomicBool>,
    hangs_up_on_set: Arc<AtomicBool>,
    sets: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl FakeRedis {
    async fn on_tcp(&self) -> (String, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (fake, mut tasks) = (self.clone(), JoinSet::new());
        tasks.spawn(async move {
            let mut clients = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                clients.spawn(fake.clone().serve(socket));
            }
        });
        (url, tasks)
    }

    async fn serve(self, socket: impl AsyncRead + AsyncWrite + Unpin) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let mut socket = BufReader::new(socket);
        loop {
            while self.deaf.load(Ordering::SeqCst) {
                SystemClock.sleep(Duration::from_millis(5)).await;
            }
            let Some(command) = command(&mut socket).await else {
                break;
            };
            let name = command[0].to_uppercase();
            if name == "SET" {
                self.sets.fetch_add(1, Ordering::SeqCst);
                if self.hangs_up_on_set.load(Ordering::SeqCst) {
                    break;
                }
            }
            if self.mute.load(Ordering::SeqCst) {
                continue;
            }
            let answer: &[u8] = match name.as_str() {
                "GET" if command[1].ends_with(":oom") => b"-OOM command not allowed\r\n",
                "GET" if command[1].ends_with(":list") => b"*2\r\n$1\r\nx\r\n$1\r\ny\r\n",
                "GET" => b"$-1\r\n",
                "DEL" => b":0\r\n",
                _ => b"+OK\r\n",
            };
            if socket.write_all(answer).await.is_err() {
                break;
            }
        }
        self.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn command(socket: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for _ in 0..number(socket, b'*').await? {
        let mut word = vec![0; number(socket, b'$').await? + 2];
        socket.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        words.push(String::from_utf8_lossy(&word).into_owned());
    }
    Some(words)
}

async fn number(socket: &mut (impl AsyncBufReadExt + Unpin), mark: u8) -> Option<usize> {
    let mut line = Vec::new();
    socket.read_until(b'\n', &mut line).await.ok()?;
    let line = line.strip_prefix(&[mark])?.strip_suffix(b"\r\n")?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

fn builder(url: &str) -> RedisCacheBuilder {
    RedisCache::builder(&Secret::new(url))
        .command_timeout(Duration::from_millis(100))
        .connect_timeout(Duration::from_millis(300))
}

fn key(text: &str) -> Key {
    Key::new(&Scope::Global, "test", 1, text).unwrap()
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("it hangs")
}

async fn error_of_get(cache: &RedisCache, text: &str) -> Option<ErrorKind> {
    in_time(cache.get(&key(text)))
        .await
        .err()
        .map(|error| error.kind())
}

/// Asks until there is an answer.
async fn recovers(cache: &RedisCache) {
    in_time(async {
        while cache.get(&key("a")).await.is_err() {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_until_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.sock");
    let cache = in_time(builder(&format!("redis+unix://{}", path.display())).connect())
        .await
        .unwrap();
    assert_eq!(error_of_get(&cache, "a").await, Some(ErrorKind::Unavailable));
    let refused = in_time(cache.set(&key("a"), "x".into(), MINUTE))
        .await
        .unwrap_err();
    assert!(refused.is_retryable());
    assert!(in_time(cache.remove(&key("a"))).await.is_err());

    let listener = UnixListener::bind(&path).unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        FakeRedis::default().serve(socket).await;
    });
    recovers(&cache).await;
    assert!(cache.is_connected());
}

#[tokio::test]
async fn a_stopped_listener_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    drop(listener);
    let cache = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&cache, "a").await, Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_is_unavailable() {
    let fake = FakeRedis::default();
    fake.mute.store(true, Ordering::SeqCst);
    let (url, _server) = fake.on_tcp().await;
    let cache = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&cache, "a").await, Some(ErrorKind::Unavailable));
    fake.mute.store(false, Ordering::SeqCst);
    recovers(&cache).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_times_out_and_is_found_again() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let cache = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&cache, "a").await, None);
    fake.mute.store(true, Ordering::SeqCst);
    assert_eq!(error_of_get(&cache, "a").await, Some(ErrorKind::Timeout));
    // The connection is given up, so that later questions do not each wait for the limit.
    in_time(async { while error_of_get(&cache, "a").await != Some(ErrorKind::Unavailable) {} }).await;
    fake.mute.store(false, Ordering::SeqCst);
    recovers(&cache).await;
}

#[tokio::test]
async fn a_server_that_stops_reading_does_not_block_the_cache_for_good() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let cache = in_time(builder(&url).connect()).await.unwrap();
    fake.deaf.store(true, Ordering::SeqCst);
    // Answered with one more question, which the fake had begun to wait for.
    assert_eq!(error_of_get(&cache, "a").await, None);
    let large = Bytes::from(vec![0; crate::cache::MAX_VALUE]);
    let error = in_time(cache.set(&key("large"), large, MINUTE))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    in_time(async { while error_of_get(&cache, "a").await != Some(ErrorKind::Unavailable) {} }).await;
    fake.deaf.store(false, Ordering::SeqCst);
    recovers(&cache).await;
}

#[tokio::test]
async fn a_command_whose_connection_broke_is_not_sent_again() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let cache = in_time(builder(&url).connect()).await.unwrap();
    fake.hangs_up_on_set.store(true, Ordering::SeqCst);
    let error = in_time(cache.set_if_absent(&key("a"), "x".into(), MINUTE))
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout),
        "{error:?}"
    );
    fake.hangs_up_on_set.store(false, Ordering::SeqCst);
    recovers(&cache).await;
    assert_eq!(fake.sets.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_the_server_refuses_and_what_makes_no_sense_are_told_apart() {
    let (url, _server) = FakeRedis::default().on_tcp().await;
    let cache = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&cache, "oom").await, Some(ErrorKind::Refused));
    assert_eq!(error_of_get(&cache, "list").await, Some(ErrorKind::Protocol));
    assert_eq!(error_of_get(&cache, "a").await, None);
}

#[tokio::test]
async fn the_last_clone_closes_the_connection() {
    let fake = FakeRedis::default();
    let (url, _server) = fake.on_tcp().await;
    let cache = in_time(builder(&url).connect()).await.unwrap();
    let clone = cache.clone();
    drop(cache);
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
    let cache = in_time(builder(&url).connect()).await.unwrap();
    assert_eq!(error_of_get(&cache, "a").await, Some(ErrorKind::Unavailable));
}
