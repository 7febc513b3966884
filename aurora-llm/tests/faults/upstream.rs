//! An HTTP/1.1 server on loopback that follows a script and keeps what it was sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::reaction::{Reaction, Step};

/// Far above what a test needs; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A scripted upstream; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    name: String,
    script: Mutex<VecDeque<Reaction>>,
    afterwards: Mutex<Option<Reaction>>,
    received: Mutex<Vec<Received>>,
    counts: watch::Sender<Counts>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    connections: usize,
    requests: usize,
    abandoned: usize,
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Upstream {
    /// Does these things, one for each request, and afterwards answers that it is `name`.
    pub(crate) async fn start(name: &str, script: impl IntoIterator<Item = Reaction>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            name: name.to_owned(),
            script: Mutex::new(script.into_iter().collect()),
            afterwards: Mutex::default(),
            received: Mutex::default(),
            counts: watch::Sender::default(),
        });
        let accepting = tokio::task::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    /// Does the same with every request.
    pub(crate) async fn always(name: &str, reaction: Reaction) -> Self {
        let upstream = Self::start(name, []).await;
        upstream.then_always(Some(reaction));
        upstream
    }

    /// What to do once the script is over; `None` answers.
    pub(crate) fn then_always(&self, reaction: Option<Reaction>) {
        *self.state.afterwards.lock().unwrap() = reaction;
    }

    pub(crate) fn name(&self) -> &str {
        &self.state.name
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came in.
    pub(crate) fn count(&self) -> usize {
        self.state.counts.borrow().requests
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.counts.borrow().connections
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until this many requests have come in.
    pub(crate) async fn arrived(&self, requests: usize) {
        self.reaches(|counts| counts.requests >= requests).await;
    }

    /// Waits until the other side has ended this many connections before their answers were complete.
    pub(crate) async fn abandoned(&self, connections: usize) {
        self.reaches(|counts| counts.abandoned >= connections).await;
    }

    async fn reaches(&self, enough: impl FnMut(&Counts) -> bool) {
        let mut counts = self.state.counts.subscribe();
        let waited = timeout(PATIENCE, counts.wait_for(enough)).await;
        waited
            .unwrap_or_else(|_| panic!("{}: {:?}", self.state.name, *self.state.counts.borrow()))
            .unwrap();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        state.counts.send_modify(|counts| counts.connections += 1);
        connections.spawn(serve(socket, Arc::clone(&state)));
    }
}

enum Ending {
    Complete,
    Broken,
    Abandoned,
}

async fn serve(socket: TcpStream, state: Arc<State>) {
    let (reader, mut writer) = socket.into_split();
    let mut reader = BufReader::new(reader);
    while let Some(received) = receive(&mut reader).await {
        let streams = received.body.windows(13).any(|bytes| bytes == b"\"stream\":true");
        state.received.lock().unwrap().push(received);
        state.counts.send_modify(|counts| counts.requests += 1);
        let scripted = state.script.lock().unwrap().pop_front();
        let reaction = scripted
            .or_else(|| state.afterwards.lock().unwrap().clone())
            .unwrap_or_else(|| match streams {
                true => Reaction::stream().opens().says(&state.name).stops().done(),
                false => Reaction::chat(&state.name),
            });
        let ending = tokio::select! {
            biased;
            ending = react(&mut writer, reaction) => ending,
            // Nothing may come in before the answer is complete, so this is the end.
            _ = reader.read_u8() => Ending::Abandoned,
        };
        match ending {
            Ending::Complete => {}
            Ending::Broken => return,
            Ending::Abandoned => {
                state.counts.send_modify(|counts| counts.abandoned += 1);
                return;
            }
        }
    }
}

async fn react(writer: &mut OwnedWriteHalf, reaction: Reaction) -> Ending {
    for step in reaction.steps {
        let written = match step {
            Step::Write(bytes) => writer.write_all(&bytes).await,
            Step::Flood(bytes) => loop {
                if let Err(error) = writer.write_all(&bytes).await {
                    break Err(error);
                }
            },
            Step::Wait(gate) => {
                gate.pass().await;
                Ok(())
            }
            Step::Reset => {
                writer.as_ref().set_zero_linger().unwrap();
                return Ending::Broken;
            }
            Step::Close => return Ending::Broken,
            Step::Hang => std::future::pending().await,
        };
        if written.is_err() {
            return Ending::Abandoned;
        }
    }
    Ending::Complete
}

/// The next request of a connection; `None` when there is none.
async fn receive(reader: &mut BufReader<OwnedReadHalf>) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(reader.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).await.ok()?;
    Some(Received {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers,
        body,
    })
}
