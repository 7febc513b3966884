//! A small HTTP/1.1 server that stands in for somebody else's service.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::message::{FakeRequest, FakeResponse};

/// The most bytes of a request line and its headers.
const HEAD: u64 = 64 * 1024;
/// The most bytes of a request body.
const BODY: u64 = 4 * 1024 * 1024;
/// The most connections that are served at once; further ones wait.
const CONNECTIONS: usize = 256;
/// The most requests that are remembered; older ones are forgotten first.
const REMEMBERED: usize = 10_000;
/// The most answers that can be planned ahead.
const PLANNED: usize = 1_000;

/// A server on a free port of the local host, whose answers a closure decides; every request is remembered.
///
/// It serves until it is dropped. Requests have a `content-length` or no body; anything else gets 411. The last 10,000
/// requests are kept.
///
/// # Examples
/// ```
/// use aurora_alerts::testing::fakes::{FakeResponse, FakeServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = FakeServer::start(|request| match request.path.as_str() {
///     "/hook" => FakeResponse::new(204),
///     _ => FakeResponse::new(404),
/// })
/// .await?;
/// assert!(server.url("/hook").starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
pub struct FakeServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    answer: Box<dyn Fn(&FakeRequest) -> FakeResponse + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: VecDeque<FakeRequest>,
    planned: VecDeque<Planned>,
}

/// What happens to a coming request instead of the usual.
enum Planned {
    /// The closure is not asked.
    Answer(FakeResponse),
    /// The closure is asked, but its answer is lost on the way.
    Lost,
}

impl FakeServer {
    /// Starts a server; the closure is called once for each request.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn start(
        answer: impl Fn(&FakeRequest) -> FakeResponse + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            state: Mutex::default(),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            serving,
        })
    }

    /// The URL of a path, which begins with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that came, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<FakeRequest> {
        self.shared.state().requests.iter().cloned().collect()
    }

    /// Answers one coming request like this, without asking the closure; several are given in order.
    pub fn answer_next(&self, response: FakeResponse) {
        self.shared.plan(Planned::Answer(response));
    }

    /// Lets the closure decide about one coming request, but closes the connection in place of its answer: the sender
    /// cannot know what became of it.
    pub fn lose_next_answer(&self) {
        self.shared.plan(Planned::Lost);
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl fmt::Debug for FakeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self, planned: Planned) {
        let mut state = self.state();
        assert!(
            state.planned.len() < PLANNED,
            "at most {PLANNED} answers can be planned ahead"
        );
        state.planned.push_back(planned);
    }

    /// The answer; none when it is lost.
    fn respond(&self, request: FakeRequest) -> Option<FakeResponse> {
        let planned = {
            let mut state = self.state();
            if state.requests.len() == REMEMBERED {
                state.requests.pop_front();
            }
            state.requests.push_back(request.clone());
            state.planned.pop_front()
        };
        match planned {
            Some(Planned::Answer(response)) => Some(response),
            Some(Planned::Lost) => {
                drop((self.answer)(&request));
                None
            }
            None => Some((self.answer)(&request)),
        }
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

/// One connection, until either side closes it or says what is no HTTP.
async fn converse(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_head(&mut stream).await? {
        let Some(mut request) = FakeRequest::parse_head(&head) else {
            return write(&mut stream, &FakeResponse::new(400)).await;
        };
        match body_length(&request) {
            Some(length) => {
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await?;
                request.body = body;
            }
            None => return write(&mut stream, &FakeResponse::new(411)).await,
        }
        let Some(response) = shared.respond(request) else {
            return Ok(());
        };
        write(&mut stream, &response).await?;
    }
    Ok(())
}

/// The lines up to the empty one; none when the other side is done.
async fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut head = String::new();
    let mut limited = stream.take(HEAD);
    loop {
        let before = head.len();
        if limited.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
        if head.get(before..).is_some_and(|line| line.trim().is_empty()) {
            return Ok(Some(head));
        }
    }
}

/// How many bytes the body has; none where that is not said or is too much.
fn body_length(request: &FakeRequest) -> Option<usize> {
    if request.header("transfer-encoding").is_some() {
        return None;
    }
    let length: u64 = request.header("content-length").unwrap_or("0").parse().ok()?;
    usize::try_from(length).ok().filter(|_| length <= BODY)
}

async fn write(stream: &mut BufReader<TcpStream>, response: &FakeResponse) -> io::Result<()> {
    stream.write_all(&response.to_bytes()).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn exchange(server: &FakeServer, sent: &str) -> String {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn echo() -> FakeServer {
        FakeServer::start(|request| FakeResponse::new(200).text(request.text()))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn several_requests_of_one_connection_are_answered_and_remembered() {
        let server = echo().await;
        let sent = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Odd: 1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
        let answer = exchange(&server, sent).await;
        assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 2, "{answer}");
        let requests = server.requests();
        let first = &requests[0];
        assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/a"));
        assert_eq!((first.query.as_str(), first.text()), ("b=c", "abc".to_owned()));
        assert_eq!(
            (first.header("x-odd"), first.header("X-ODD")),
            (Some("1"), Some("1"))
        );
    }

    #[tokio::test]
    async fn what_is_no_http_is_refused() {
        let server = echo().await;
        assert!(
            exchange(&server, "nonsense\r\n\r\n")
                .await
                .starts_with("HTTP/1.1 400 ")
        );
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(exchange(&server, chunked).await.starts_with("HTTP/1.1 411 "));
        let huge = "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n";
        assert!(exchange(&server, huge).await.starts_with("HTTP/1.1 411 "));
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn planned_answers_go_first_and_answers_can_be_lost() {
        let server = echo().await;
        server.answer_next(FakeResponse::new(503).header("retry-after", "7"));
        server.lose_next_answer();
        let get = "GET / HTTP/1.1\r\n\r\n";
        let answer = exchange(&server, get).await;
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 7\r\n"),
            "{answer}"
        );
        assert_eq!(exchange(&server, get).await, "");
        assert!(exchange(&server, get).await.starts_with("HTTP/1.1 200 "));
        assert_eq!(server.requests().len(), 3);
    }
}
