//! The listener: accepts connections within limits and lets go of them in order.
//!
//! `axum::serve` has no limit on the time that a client may take for the head of a request; the decision record
//! `0006-serving-over-hyper-util` tells more.

mod activity;
mod answer;
mod connection;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use aurora_core::time::Clock;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use connection::Connection;

use crate::http::{Places, network_of};

/// The most connections at a time; further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 1_024;
/// Longest wait for the next request on a connection.
const IDLE: Duration = Duration::from_secs(60);
const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 16 * 1_024;
const MAX_STREAMS: u32 = 100;
/// Streams that a client may reset before its connection is given up (CVE-2023-44487 and its like).
const MAX_RESETS: usize = 20;
/// What of an answer waits for a client of HTTP/2, at most; for each of its streams.
const MAX_WAITING: usize = 64 * 1_024;
/// Pause after the system refused to hand out a connection, most likely because it has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a connection on which nothing runs may last once it is told to end.
const GRACE: Duration = Duration::from_millis(500);
/// How long a client may take nothing of an answer once the server stops.
const STALLED_AT_STOP: Duration = Duration::from_secs(10);
/// What is left for running requests when somebody is in a hurry.
pub(crate) const HURRY: Duration = Duration::from_secs(1);

/// How a listener behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For the head of a request, from its first byte; for the first head from the beginning of the connection.
    head: Duration,
    /// For the next request.
    idle: Duration,
    /// For a client to take more of an answer.
    stalled: Duration,
    /// For requests that run when the server stops.
    drain: Duration,
    /// Connections of one address.
    of_address: usize,
}

impl Limits {
    pub(crate) const fn new(head: Duration, drain: Duration) -> Self {
        Self {
            head,
            idle: IDLE,
            stalled: IDLE,
            drain,
            of_address: usize::MAX,
        }
    }

    /// So many connections of one address at most.
    pub(crate) const fn of_address(mut self, most: usize) -> Self {
        self.of_address = most;
        self
    }

    /// For a connection that is about to end: requests are brought to their end, nothing else is waited for.
    fn hurried(self) -> Self {
        Self {
            head: self.head.min(GRACE),
            idle: self.idle.min(GRACE),
            stalled: self.stalled.min(STALLED_AT_STOP),
            ..self
        }
    }
}

/// Counts open connections; clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<()>);

impl Connections {
    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        Arc::weak_count(&self.0)
    }

    /// One more, for as long as what is returned lives.
    fn begin(&self) -> Weak<()> {
        Arc::downgrade(&self.0)
    }
}

/// Serves until `stop` is cancelled, then ends what runs: within the drain time, or within a second once `hurry` is
/// ready. Tells whether everything ended by itself.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    clock: Arc<dyn Clock>,
    open: Connections,
    stop: CancellationToken,
    hurry: impl Future<Output = ()> + Send,
) -> bool {
    let server = Arc::new(protocol(&limits));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let of_addresses = Places::new(usize::MAX, usize::MAX, limits.of_address);
    let mut connections = JoinSet::new();
    let begin = |(stream, peer): (TcpStream, SocketAddr), place: OwnedSemaphorePermit| {
        let Ok(of_address) = of_addresses.take(None, Some(&network_of(peer.ip()))) else {
            tracing::debug!(%peer, "an address has as many connections as it may");
            return None;
        };
        let connection = Connection {
            server: Arc::clone(&server),
            router: router.clone(),
            limits,
            clock: Arc::clone(&clock),
            stop: stop.clone(),
        };
        let counted = open.begin();
        Some(async move {
            connection.serve(stream, peer).await;
            drop((place, of_address, counted));
        })
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => {
                report(ended);
                continue;
            }
            accepted = accept(&listener, &places, &*clock) => accepted,
        };
        let Some((accepted, place)) = accepted else {
            break;
        };
        if let Some(task) = begin(accepted, place) {
            connections.spawn(task);
        }
    }
    // The system has taken these for us already: they were not refused, so they are answered. With it the listener goes, and
    // from then on new ones are refused rather than left waiting.
    for accepted in queued(listener) {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            break;
        };
        if let Some(task) = begin(accepted, place) {
            connections.spawn(task);
        }
    }
    drain(connections, limits.drain, &*clock, hurry).await
}

/// The connections that wait in the system's queue.
fn queued(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    // Past the runtime, which learns of connections a moment after the system does. It stays non-blocking.
    let listener = listener.into_std();
    std::iter::from_fn(move || {
        loop {
            let accepted = match listener.as_ref().ok()?.accept() {
                Ok((stream, peer)) => stream
                    .set_nonblocking(true)
                    .and_then(|()| TcpStream::from_std(stream))
                    .map(|stream| (stream, peer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) => Err(error),
            };
            match accepted {
                Ok((stream, peer)) => {
                    without_delay(&stream);
                    return Some((stream, peer));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "connections that wait cannot be accepted");
                    return None;
                }
            }
        }
    })
}

/// Waits for a place and for somebody to take it.
///
/// # Cancel safety
/// Dropping the future loses no connection.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    clock: &dyn Clock,
) -> Option<((TcpStream, SocketAddr), OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?; // the semaphore is never closed
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                without_delay(&stream);
                return Some(((stream, peer), place));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted at the moment");
                clock.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it began");
    }
}

/// Whether the failure says something about one client and nothing about the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

fn protocol(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        // hyper's own limit counts idle time too; the shorter limit on heads is held by `activity`.
        .header_read_timeout(limits.idle)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(true);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .max_send_buf_size(MAX_WAITING)
        .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    server
}

async fn drain(
    mut connections: JoinSet<()>,
    limit: Duration,
    clock: &dyn Clock,
    hurry: impl Future<Output = ()> + Send,
) -> bool {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    let hurried = async {
        hurry.await;
        clock.sleep(HURRY).await;
    };
    let finished = tokio::select! {
        biased;
        () = all => true,
        () = clock.sleep(limit) => false,
        () = hurried => false,
    };
    if !finished {
        tracing::warn!(
            connections = connections.len(),
            "connections were cut because their time was over"
        );
        connections.shutdown().await;
    }
    finished
}

/// A connection's task ends in order even when its client does not; anything else is a fault of ours.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("the task of a connection panicked");
    }
}

/// An address that the listener got.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The answer of the router, which cannot fail.
type Answer = Result<axum::response::Response, Infallible>;
