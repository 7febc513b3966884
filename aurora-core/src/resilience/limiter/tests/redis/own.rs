//! A Redis of the test's own, to stop, to empty, and to reach through a broken line.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener as Listener, TcpStream};
use tokio::task::JoinSet;

use crate::redis::Redis;
use crate::secret::Secret;
use crate::testing::provided;
use crate::time::{Clock as _, SystemClock};

/// A server that ends with its owner.
pub(super) struct Server {
    pub(super) port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Server {
    /// Nothing where there is no Redis for tests; the program is asked for only where there is.
    pub(super) async fn start() -> Option<Self> {
        provided("redis", "AURORA_TEST_REDIS_URL")?;
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self {
            port,
            folder,
            child: None,
        };
        server.run().await;
        Some(server)
    }

    pub(super) async fn run(&mut self) {
        let run = |program: &str| {
            Command::new(program)
                .args([
                    "--port",
                    &self.port.to_string(),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--dir",
                ])
                .arg(self.folder.path())
                .stdout(Stdio::null())
                .spawn()
        };
        let child = run("redis-server").or_else(|_| run("valkey-server"));
        self.child = Some(child.expect("redis-server or valkey-server must be installed"));
        let mut tries = 0;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            tries += 1;
            assert!(tries < 1_000, "the server does not start");
            SystemClock.sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// A handle that does not wait long for the first connection.
    pub(super) async fn connect(port: u16) -> Redis {
        Redis::builder(&Secret::new(format!("redis://127.0.0.1:{port}")))
            .command_timeout(Duration::from_secs(2))
            .connect()
            .await
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A line to a server that can be cut after a script has reached it and before its answer comes back.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub(super) cuts: Arc<AtomicBool>,
    /// How many scripts were sent over it while it was being cut.
    pub(super) scripts: Arc<AtomicU32>,
}

impl Line {
    /// The port of this line to `server`.
    pub(super) async fn lay(&self, server: u16) -> (u16, JoinSet<()>) {
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (line, mut tasks) = (self.clone(), JoinSet::new());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(line.clone().carry(near, server));
            }
        });
        (port, tasks)
    }

    async fn carry(self, mut near: TcpStream, server: u16) {
        let Ok(mut far) = TcpStream::connect(("127.0.0.1", server)).await else {
            return;
        };
        let (mut there, mut back) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            tokio::select! {
                read = near.read(&mut there) => {
                    let Ok(length @ 1..) = read else { return };
                    far.write_all(&there[..length]).await.unwrap();
                    let is_script = there[..length].windows(4).any(|bytes| bytes == b"EVAL");
                    if is_script && self.cuts.load(Ordering::SeqCst) {
                        self.scripts.fetch_add(1, Ordering::SeqCst);
                        // The answer shows that it was carried out, and stays here.
                        assert!(far.read(&mut back).await.unwrap() > 0);
                        return;
                    }
                }
                read = far.read(&mut back) => {
                    let Ok(length @ 1..) = read else { return };
                    if near.write_all(&back[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
