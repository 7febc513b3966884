//! Servers of a test's own: killed, started again, demoted, behind sentinels, as a cluster.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::cache::{CacheStore as _, Key, RedisCache, Scope, TieredCache, contract};
use crate::resilience::limiter::{RedisLimiter, contract as limits};
use crate::testing;

/// A process that ends with its owner.
struct Server {
    port: u16,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that a test has killed is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether servers may be started: where the tests are given one, its program must be there too.
fn may_start() -> bool {
    testing::provided("redis", "AURORA_TEST_REDIS_URL").is_some()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

impl Server {
    async fn start(folder: &Path, options: &[String]) -> Self {
        Self::at(free_port(), folder, options).await
    }

    async fn at(port: u16, folder: &Path, options: &[String]) -> Self {
        let config = folder.join(format!("{port}.conf"));
        let mut lines = vec![
            format!("port {port}"),
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", folder.display()),
        ];
        lines.extend_from_slice(options);
        std::fs::write(&config, lines.join("\n")).unwrap();
        let sentinel = options.iter().any(|option| option.starts_with("sentinel "));
        let mut command = Command::new("redis-server");
        command.arg(&config);
        if sentinel {
            command.arg("--sentinel");
        } else {
            command.args(["--save", "", "--appendonly", "no"]);
        }
        let child = command.stdout(Stdio::null()).spawn().expect("redis-server");
        let server = Self { port, child };
        in_time(async {
            while !server.asks("PING").contains("PONG") {
                SystemClock.sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        server
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What the server says to an inline command; nothing when it is not there.
    fn asks(&self, command: &str) -> String {
        let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return String::new();
        };
        line.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        if line.write_all(format!("{command}\r\n").as_bytes()).is_err() {
            return String::new();
        }
        let (mut said, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        while let Ok(length @ 1..) = line.read(&mut buffer) {
            said.extend_from_slice(&buffer[..length]);
        }
        String::from_utf8_lossy(&said).into_owned()
    }
}

async fn until(mut condition: impl FnMut() -> bool) {
    in_time(async {
        while !condition() {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

async fn connected(url: &str) -> Redis {
    let redis = builder(url)
        .command_timeout(Duration::from_secs(2))
        .connect()
        .await
        .unwrap();
    recovers(&redis).await;
    redis
}

async fn writes(redis: &Redis, key: &str) {
    in_time(async {
        while set(redis, key, "x".into()).await.is_err() {
            SystemClock.sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_killed_and_started_again_is_used_again() {
    if !may_start() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let redis = connected(&server.url()).await;
    let script = Script::new("return redis.call('INCR', KEYS[1])");
    redis.run(&script, &["n"], &[]).await.unwrap();
    let port = server.port;
    drop(server);
    until(|| !redis.is_connected()).await;
    assert_eq!(error_of_get(&redis, "a").await, Some(ErrorKind::Unavailable));
    let server = Server::at(port, folder.path(), &[]).await;
    recovers(&redis).await;
    // It has forgotten everything, the script too.
    let total = redis.run(&script, &["n"], &[]).await.unwrap();
    assert_eq!(total.as_integer(), Some(1));
    assert!(server.asks("FLUSHALL").contains("OK") && server.asks("SCRIPT FLUSH").contains("OK"));
    assert!(redis.command("GET", &["n"], &[]).await.unwrap().is_nil());
    assert_eq!(
        redis.run(&script, &["n"], &[]).await.unwrap().as_integer(),
        Some(1)
    );
}

#[tokio::test]
async fn a_server_that_has_become_a_replica_refuses_and_the_master_is_looked_for() {
    if !may_start() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let redis = connected(&server.url()).await;
    assert!(server.asks("REPLICAOF 127.0.0.1 1").contains("OK"));
    let error = set(&redis, "a", "x".into()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refused, Some("READONLY"))
    );
    assert!(error.is_retryable() && !error.outcome_is_unknown());
    until(|| !redis.is_connected()).await;
    assert!(server.asks("REPLICAOF NO ONE").contains("OK"));
    writes(&redis, "a").await;
}

#[tokio::test]
async fn behind_sentinels_the_new_master_is_found_when_the_old_one_dies() {
    if !may_start() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let master = Server::start(folder.path(), &[]).await;
    let replica = Server::start(folder.path(), &[format!("replicaof 127.0.0.1 {}", master.port)]).await;
    until(|| replica.asks("INFO replication").contains("master_link_status:up")).await;
    let mut sentinels = Vec::new();
    for _ in 0..3 {
        let options = [
            format!("sentinel monitor main 127.0.0.1 {} 2", master.port),
            "sentinel down-after-milliseconds main 500".to_owned(),
            "sentinel failover-timeout main 3000".to_owned(),
        ];
        sentinels.push(Server::start(folder.path(), &options).await);
    }
    let know_each_other = |server: &Server| server.asks("INFO sentinel").contains("slaves=1,sentinels=3");
    until(|| sentinels.iter().all(know_each_other)).await;

    let nodes: Vec<String> = sentinels
        .iter()
        .map(|server| format!("127.0.0.1:{}", server.port))
        .collect();
    let url = format!(
        "redis-sentinel://{}?sentinelServiceName=main&node={}&node={}",
        nodes[0], nodes[1], nodes[2]
    );
    let redis = connected(&url).await;
    let mut news = redis.subscribe("news");
    assert_eq!(in_time(news.next()).await, Event::Gap);
    set(&redis, "before", "x".into()).await.unwrap();
    until(|| replica.asks("DBSIZE").contains(":1")).await;

    drop(master);
    writes(&redis, "after").await;
    assert!(
        replica.asks("ROLE").contains("master"),
        "the replica has taken over"
    );
    assert!(!redis.command("GET", &["before"], &[]).await.unwrap().is_nil());
    in_time(async { while news.next().await != Event::Gap {} }).await;
}

#[tokio::test]
async fn in_a_cluster_keys_live_on_all_nodes_and_a_slot_that_moves_is_followed() {
    if !may_start() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut nodes = Vec::new();
    for n in 0..3 {
        let options = [
            "cluster-enabled yes".to_owned(),
            format!("cluster-config-file nodes-{n}.conf"),
            format!("cluster-port {}", free_port()),
        ];
        let node = Server::start(folder.path(), &options).await;
        let bus = node.asks("CONFIG GET cluster-port");
        let bus = bus.split_whitespace().last().unwrap().to_owned();
        let (first, last) = (n * 5_461, if n == 2 { 16_383 } else { (n + 1) * 5_461 - 1 });
        assert!(
            node.asks(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"))
                .contains("OK")
        );
        assert!(
            node.asks(&format!("CLUSTER SET-CONFIG-EPOCH {}", n + 1))
                .contains("OK")
        );
        nodes.push((node, bus));
    }
    for (node, bus) in &nodes[1..] {
        let meet = format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port);
        assert!(nodes[0].0.asks(&meet).contains("OK"));
    }
    let is_ready = |(node, _): &(Server, String)| {
        let info = node.asks("CLUSTER INFO");
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
    };
    until(|| nodes.iter().all(is_ready)).await;

    let redis = connected(&format!("redis-cluster://127.0.0.1:{}", nodes[0].0.port)).await;
    contract::check(&RedisCache::new(&redis)).await;
    limits::check(RedisLimiter::new(&redis)).await;
    what_one_replica_sets_the_other_sees(&redis).await;
    for n in 0..60 {
        set(&redis, &format!("key-{n}"), "x".into()).await.unwrap();
    }
    assert!(
        nodes
            .iter()
            .all(|(node, _)| !node.asks("DBSIZE").starts_with(":0"))
    );

    let mut news = redis.subscribe("news");
    assert_eq!(in_time(news.next()).await, Event::Gap);
    for n in 0..5 {
        let message = Bytes::from(n.to_string());
        redis.publish("news", message.clone()).await.unwrap();
        assert_eq!(in_time(news.next()).await, Event::Message(message));
    }

    // A slot without keys goes to the node after its own, behind the client's back.
    let slot = nodes[0].0.asks("CLUSTER KEYSLOT aurora:moved");
    let slot: usize = slot.trim().trim_start_matches(':').parse().unwrap();
    let target = &nodes[((slot / 5_461).min(2) + 1) % 3].0;
    let id = target.asks("CLUSTER MYID");
    let id = id.split_whitespace().last().unwrap();
    for server in std::iter::once(target).chain(nodes.iter().map(|(node, _)| node)) {
        assert!(
            server
                .asks(&format!("CLUSTER SETSLOT {slot} NODE {id}"))
                .contains("OK")
        );
    }
    let count = Script::new("return redis.call('INCR', KEYS[1])");
    for expected in 1..=3 {
        let total = redis.run(&count, &["moved"], &[]).await.unwrap();
        assert_eq!(total.as_integer(), Some(expected));
    }
    assert!(!target.asks("GET aurora:moved").starts_with("-MOVED"));
    assert_eq!(redis.circuit(), BreakerState::Closed);
}

async fn what_one_replica_sets_the_other_sees(redis: &Redis) {
    let minute = Duration::from_secs(60);
    let replica = || TieredCache::builder(redis).near_ttl(minute).build().unwrap();
    let (here, there) = (replica(), replica());
    until(|| there.status().listening).await;
    for n in 0..9 {
        let key = Key::new(&Scope::tenant("wsp_1"), "price", 1, &n.to_string()).unwrap();
        for value in [&b"old"[..], b"new"] {
            here.set(&key, value.into(), minute).await.unwrap();
            in_time(async {
                while there.get(&key).await.unwrap().as_deref() != Some(value) {
                    SystemClock.sleep(Duration::from_millis(1)).await;
                }
            })
            .await;
        }
    }
}
