//! A webhook receiver that takes, refuses, dawdles, or hangs up, as it is told.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::{Clock as _, SystemClock};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::ledger::Ledger;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is written down and answered.
    Take,
    /// It is written down, and answered after so long.
    TakeLate(Duration),
    /// It is written down, and the connection closed without an answer.
    TakeAndHangUp,
    /// It is refused with this status.
    Refuse(u16),
}

type Judge = dyn Fn() -> Verdict + Send + Sync;

/// A server on a free port of the local host that asks a closure about every request; serves until it is dropped.
#[derive(Debug)]
pub(crate) struct Receiver {
    port: u16,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// The closure is called when a request has arrived as a whole.
    pub(crate) async fn start(ledger: Ledger, judge: impl Fn() -> Verdict + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let judge: Arc<Judge> = Arc::new(judge);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (ledger, judge) = (ledger.clone(), Arc::clone(&judge));
                // A connection ends with its process.
                tokio::spawn(async move { drop(converse(stream, &ledger, &*judge).await) });
            }
        });
        Self { port, serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn converse(stream: TcpStream, ledger: &Ledger, judge: &Judge) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let path = first.split(' ').nth(1).unwrap().to_owned();
        let (mut length, mut id) = (0, String::new());
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "webhook-id" => value.clone_into(&mut id),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let verdict = judge();
        let status = match verdict {
            Verdict::Refuse(status) => status,
            _ => 204,
        };
        if status == 204 {
            ledger.take(&path, &id, &body);
        } else {
            ledger.refuse();
        }
        match verdict {
            Verdict::TakeAndHangUp => return Ok(()),
            Verdict::TakeLate(wait) => SystemClock.sleep(wait).await,
            Verdict::Take | Verdict::Refuse(_) => {}
        }
        let length = if status == 204 {
            ""
        } else {
            "content-length: 0\r\n"
        };
        let answer = format!("HTTP/1.1 {status} Told\r\n{length}\r\n");
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
    }
}
