//! The listener against clients that do not do their part.

mod floods;
mod frames;

use std::sync::atomic::{AtomicBool, Ordering};

use aurora_core::time::ManualClock;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::*;
use crate::http::testing::{eventually, within};
use frames::{DATA, HEADERS, PREFACE, Spoken, ask, frame, settings};

const HEAD: Duration = Duration::from_secs(10);
/// As long as no test waits, and as short as a test can move its clock to.
const DRAIN: Duration = Duration::from_secs(100_000);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A listener whose time stands still until a test moves it.
struct Listening {
    address: SocketAddr,
    clock: ManualClock,
    open: Connections,
    stop: CancellationToken,
    running: JoinHandle<bool>,
}

impl Listening {
    async fn with(router: Router, limits: Limits) -> Self {
        let (listener, address) = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (clock, open, stop) = (
            ManualClock::default(),
            Connections::default(),
            CancellationToken::new(),
        );
        let running = tokio::spawn(run(
            listener,
            router,
            limits,
            Arc::new(clock.clone()),
            open.clone(),
            stop.clone(),
            std::future::pending(),
        ));
        Self {
            address,
            clock,
            open,
            stop,
            running,
        }
    }

    async fn start() -> Self {
        let router = Router::new()
            .route("/", get(async || "well"))
            .route("/", post(async |body: Bytes| body.len().to_string()));
        Self::with(router, Limits::new(HEAD, DRAIN)).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Whether a client that does its part is served.
    async fn serves(&self) -> bool {
        let mut stream = self.connect().await;
        stream.write_all(REQUEST).await.is_ok() && is_answered(&mut stream).await
    }
}

/// Whether an answer comes before the connection ends.
async fn is_answered(stream: &mut TcpStream) -> bool {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\nwell") {
        match within(stream.read_buf(&mut read)).await {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    true
}

/// A router whose answer never ends, and whether it has begun.
fn endless() -> (Router, Arc<AtomicBool>) {
    let begun = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&begun);
    let answer = get(move || {
        let told = Arc::clone(&told);
        let pieces = futures::stream::repeat(Bytes::from_static(&[b'x'; 65_536])).map(move |piece| {
            told.store(true, Ordering::Relaxed);
            Ok::<_, Infallible>(piece)
        });
        async move { Body::from_stream(pieces) }
    });
    (Router::new().route("/", answer), begun)
}

#[tokio::test]
async fn a_client_that_reads_nothing_of_an_answer_is_let_go() {
    let (router, begun) = endless();
    let listening = Listening::with(router, Limits::new(HEAD, DRAIN)).await;
    let mut stream = listening.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    eventually(|| begun.load(Ordering::Relaxed)).await;
    // From here on a request runs: nothing but the limit on takers ends the connection.
    eventually(|| {
        listening.clock.advance(IDLE);
        listening.open.open() == 0
    })
    .await;
    drop(stream);
}

#[tokio::test]
async fn a_client_that_leaves_no_room_for_its_answers_is_let_go_though_it_answers_pings() {
    let listening = Listening::start().await;
    let mut spoken = Spoken::to(listening.address).await;
    spoken
        .say(&[PREFACE, &settings(&[(4, 0)]), &ask(1, "/")].concat())
        .await;
    spoken.until(HEADERS).await;
    for _ in 0..10 {
        let ping = [3; 8];
        spoken.say(&frame(frames::PING, 0, 0, &ping)).await;
        spoken.until(frames::PING).await;
        listening.clock.advance(IDLE / 10);
    }
    assert!(!spoken.rest().await.contains(&DATA), "there was no room for it");
    assert!(listening.serves().await);
}

#[tokio::test]
async fn it_does_not_hold_the_end_up_for_longer_than_others() {
    let listening = Listening::start().await;
    let mut spoken = Spoken::to(listening.address).await;
    spoken
        .say(&[PREFACE, &settings(&[(4, 0)]), &ask(1, "/")].concat())
        .await;
    spoken.until(HEADERS).await;
    listening.stop.cancel();
    eventually(|| {
        listening.clock.advance(Duration::from_secs(1));
        listening.running.is_finished()
    })
    .await;
    assert!(
        listening.running.await.unwrap(),
        "it was cut by the limit of the drain"
    );
}

#[tokio::test]
async fn a_client_that_takes_its_answer_slowly_keeps_it() {
    let body = vec![b'x'; 100_000];
    let router = Router::new().route("/", get(async move || body));
    let listening = Listening::with(router, Limits::new(HEAD, DRAIN)).await;
    let mut spoken = Spoken::to(listening.address).await;
    spoken
        .say(&[PREFACE, &settings(&[(4, 0)]), &ask(1, "/")].concat())
        .await;
    spoken.until(HEADERS).await;
    let mut taken = 0;
    while taken < 100_000 {
        listening.clock.advance(IDLE / 4);
        // Room for a piece of 10,000 bytes, in the stream and in the connection.
        let room = 10_000_u32.to_be_bytes();
        spoken
            .say(&[frame(frames::ROOM, 0, 1, &room), frame(frames::ROOM, 0, 0, &room)].concat())
            .await;
        taken += spoken.until(DATA).await;
    }
    assert_eq!(taken, 100_000);
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_not_more() {
    let router = Router::new().route("/", get(async || "well"));
    let limits = Limits::new(HEAD, DRAIN).of_address(2);
    let listening = Listening::with(router, limits).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = listening.connect().await;
        stream.write_all(REQUEST).await.unwrap();
        assert!(is_answered(&mut stream).await);
        held.push(stream);
    }
    assert!(!listening.serves().await, "a third one is let go at once");
    held.clear();
    within(async {
        while !listening.serves().await {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn connections_that_wait_when_the_server_stops_are_answered() {
    let listening = Listening::start().await;
    // The system takes them while the listener, which runs in this thread, has no time to.
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            use std::io::Write as _;
            let mut stream = std::net::TcpStream::connect(listening.address).unwrap();
            stream.write_all(REQUEST).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        })
        .collect();
    listening.stop.cancel();
    for stream in waiting {
        let mut stream = TcpStream::from_std(stream).unwrap();
        assert!(is_answered(&mut stream).await, "it was cut off");
    }
    assert!(within(listening.running).await.unwrap());
    assert!(TcpStream::connect(listening.address).await.is_err());
}

#[tokio::test]
async fn a_new_connection_on_which_nothing_is_said_does_not_hold_the_end_up() {
    let listening = Listening::start().await;
    let silent = listening.connect().await;
    listening.stop.cancel();
    eventually(|| {
        listening.clock.advance(GRACE);
        listening.running.is_finished()
    })
    .await;
    drop(silent);
}
