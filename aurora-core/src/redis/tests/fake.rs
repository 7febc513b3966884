//! A server that fails when it is told to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use std::sync::Arc;
use std::time::Duration;

use crate::time::{Clock as _, SystemClock};

/// A server that speaks just enough of the protocol, and fails when it is told to.
#[derive(Clone, Default)]
pub(super) struct FakeRedis {
    pub(super) mute: Arc<AtomicBool>,
    pub(super) deaf: Arc<AtomicBool>,
    pub(super) hangs_up_on_set: Arc<AtomicBool>,
    pub(super) sets: Arc<AtomicUsize>,
    pub(super) connections: Arc<AtomicUsize>,
}

impl FakeRedis {
    pub(super) async fn on_tcp(&self) -> (String, JoinSet<()>) {
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

    pub(super) async fn serve(self, socket: impl AsyncRead + AsyncWrite + Unpin) {
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
