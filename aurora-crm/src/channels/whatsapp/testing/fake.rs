//! The fake itself.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::time::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::answers;
use super::http::{self, Answer, Request};

/// The most connections at once; further ones wait.
const CONNECTIONS: usize = 256;
/// The most requests that are remembered; older ones are forgotten first.
const REMEMBERED: usize = 10_000;
/// How long the address of a file is good for.
const ADDRESS: Duration = Duration::from_secs(5 * 60);

/// A Graph API on a free port of the local host. It serves until it is dropped.
///
/// # Examples
/// ```
/// use aurora_core::http::Egress;
/// use aurora_crm::channels::whatsapp::graph::{NumberAccess, WhatsAppClient};
/// use aurora_crm::channels::whatsapp::outgoing::{Outgoing, Recipient};
/// use aurora_crm::channels::whatsapp::testing::FakeGraph;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let graph = FakeGraph::start().await?;
/// graph.add_number("106540352242922", "token");
/// let client = WhatsAppClient::builder().base(graph.base()).egress(Egress::Any).build()?;
/// let access = NumberAccess { number_id: "106540352242922".to_owned(), token: "token".into() };
/// let sent = client.send(&access, &Outgoing::text(Recipient::number("5511987654321"), "Olá")).await?;
/// assert!(sent.id.starts_with("wamid."));
/// assert_eq!(graph.seen()[0].body["text"]["body"], "Olá");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct FakeGraph {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

pub(super) struct Shared {
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// The token of each number.
    pub(super) numbers: BTreeMap<String, String>,
    /// What WhatsApp knows an account as, where it is not what was asked for.
    pub(super) accounts: BTreeMap<String, String>,
    pub(super) files: BTreeMap<String, StoredFile>,
    pub(super) made: u64,
    seen: VecDeque<Seen>,
    faults: VecDeque<Fault>,
}

pub(super) struct StoredFile {
    pub(super) number: String,
    pub(super) mime_type: String,
    pub(super) bytes: Vec<u8>,
    /// The address by which it can be downloaded, and until when.
    pub(super) address: Option<(String, Timestamp)>,
}

/// A request that came.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Seen {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// The path with the version: `/v26.0/106540352242922/messages`.
    pub path: String,
    /// The token.
    pub token: Option<String>,
    /// The body, where it is JSON.
    pub body: Value,
    /// Whether it was carried out.
    pub is_done: bool,
}

/// What happens to the next request in place of the usual.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// It is carried out, and the connection ends without an answer.
    LoseAnswer,
    /// It is carried out, and no answer ever comes.
    Hang,
    /// It is not carried out: an error in Meta's form.
    Error {
        /// The status.
        status: u16,
        /// The code, such as 130429.
        code: i64,
        /// Whether it is marked as passing.
        is_transient: bool,
    },
    /// It is not carried out: a page of a gateway.
    Page(u16),
    /// It is carried out, and the answer 200 is cut off in its middle.
    BadJson,
}

impl Fault {
    /// An error with a code, as the API answers it.
    #[must_use]
    pub const fn code(code: i64) -> Self {
        let status = match code {
            0 | 190 => 401,
            4 | 80_007 | 130_429 | 131_048 | 131_056 => 429,
            131_000 | 131_016 => 500,
            _ => 400,
        };
        Self::Error {
            status,
            code,
            is_transient: false,
        }
    }
}

impl FakeGraph {
    /// Starts it on the system's clock.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(SystemClock).await
    }

    /// Starts it on a clock, by which addresses of files end.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn start_at(clock: impl Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            address,
            clock: Arc::new(clock),
            state: Mutex::default(),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            serving,
        })
    }

    /// Its address, for the client's `base`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A number that can send with a token.
    pub fn add_number(&self, number_id: impl Into<String>, token: impl Into<String>) {
        self.shared.state().numbers.insert(number_id.into(), token.into());
    }

    /// WhatsApp knows the account of a number under another name, such as without the ninth digit.
    pub fn know_as(&self, input: impl Into<String>, wa_id: impl Into<String>) {
        self.shared.state().accounts.insert(input.into(), wa_id.into());
    }

    /// A file that somebody has sent to a number; its id.
    pub fn put_file(
        &self,
        number_id: impl Into<String>,
        mime_type: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> String {
        let file = StoredFile {
            number: number_id.into(),
            mime_type: mime_type.into(),
            bytes: bytes.into(),
            address: None,
        };
        self.shared.state().store(file)
    }

    /// The bytes of a file.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<Vec<u8>> {
        self.shared.state().files.get(id).map(|file| file.bytes.clone())
    }

    /// Lets the next request fail; several are taken in order.
    pub fn fail_next(&self, fault: Fault) {
        self.shared.state().faults.push_back(fault);
    }

    /// The requests that came, oldest first, up to 10,000.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.state().seen.iter().cloned().collect()
    }

    /// The bodies of the messages that were taken, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        let is_message = |seen: &&Seen| {
            seen.is_done && seen.path.ends_with("/messages") && seen.body.get("status").is_none()
        };
        self.shared
            .state()
            .seen
            .iter()
            .filter(is_message)
            .map(|seen| seen.body.clone())
            .collect()
    }
}

impl Drop for FakeGraph {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    pub(super) fn store(&mut self, file: StoredFile) -> String {
        self.made += 1;
        let id = (4_490_709_327_000_000 + self.made).to_string();
        self.files.insert(id.clone(), file);
        id
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new address of a file, good for five minutes.
    pub(super) fn give_address(&self, id: &str) -> Option<String> {
        let until = self.clock.now() + ADDRESS;
        let mut state = self.state();
        state.made += 1;
        let path = format!("/whatsapp_business/attachments/{id}-{}", state.made);
        state.files.get_mut(id)?.address = Some((path.clone(), until));
        Some(format!("http://{}{path}", self.address))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn respond(&self, request: &Request) -> Reaction {
        let fault = self.state().faults.pop_front();
        let (is_done, reaction) = match fault {
            Some(Fault::Error {
                status,
                code,
                is_transient,
            }) => (
                false,
                Reaction::Answer(answers::error(status, code, is_transient)),
            ),
            Some(Fault::Page(status)) => (false, Reaction::Answer(page(status))),
            fault => {
                let mut answer = answers::to(self, request);
                let is_done = answer.status == 200;
                let reaction = match fault {
                    Some(Fault::LoseAnswer) => Reaction::Close,
                    Some(Fault::Hang) => Reaction::Hang,
                    Some(Fault::BadJson) => {
                        answer.body.truncate(answer.body.len() / 2);
                        Reaction::Answer(answer)
                    }
                    _ => Reaction::Answer(answer),
                };
                (is_done, reaction)
            }
        };
        let mut state = self.state();
        if state.seen.len() == REMEMBERED {
            state.seen.pop_front();
        }
        state.seen.push_back(Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            token: answers::token(request).map(str::to_owned),
            body: serde_json::from_slice(&request.body).unwrap_or(json!(null)),
            is_done,
        });
        reaction
    }
}

enum Reaction {
    Answer(Answer),
    Close,
    Hang,
}

fn page(status: u16) -> Answer {
    Answer {
        status,
        content_type: "text/html".to_owned(),
        body: b"<html><body>Sorry, something went wrong.</body></html>".to_vec(),
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        connections.spawn(converse(stream, Arc::clone(&shared)));
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = http::read(&mut stream).await? {
        match shared.respond(&request) {
            Reaction::Answer(answer) => http::write(&mut stream, &answer).await?,
            Reaction::Close => return Ok(()),
            Reaction::Hang => std::future::pending().await,
        }
    }
    Ok(())
}

impl fmt::Debug for FakeGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeGraph")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
