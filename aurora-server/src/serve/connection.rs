//! One connection from its first byte to its last.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use aurora_core::time::Clock;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::http::Peer;

use super::activity::{Activity, Verdict, Watched};
use super::answer::sending;
use super::{Answer, Limits};

/// What a connection needs.
pub(super) struct Connection {
    pub(super) server: Arc<auto::Builder<TokioExecutor>>,
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
}

impl Connection {
    /// Answers requests until either side has had enough.
    pub(super) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        let activity = Activity::new(Arc::clone(&self.clock));
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
        let (router, requests) = (self.router, Arc::clone(&activity));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            let running = requests.begin(request.version() == Version::HTTP_2);
            let router = router.clone();
            async move {
                let answer: Answer = router.oneshot(request.map(Body::new)).await;
                answer.map(|response| response.map(|body| sending(body, running)))
            }
        });
        let mut connection = pin!(self.server.serve_connection_with_upgrades(io, service));
        let mut limits = self.limits;
        // Whether it is to end, and whether the client was told so.
        let (mut stopping, mut told) = (false, false);
        loop {
            let is_time_to_tell = tokio::select! {
                biased; // what the connection has to write goes out before it is judged
                ended = connection.as_mut() => {
                    // Also when it is handed over to a handler that speaks WebSocket from here on.
                    if let Err(error) = ended {
                        // The client broke off or does not speak HTTP: of interest to nobody but a debugger.
                        tracing::debug!(%error, "a connection broke off");
                    }
                    return;
                }
                verdict = activity.judge(&limits) => {
                    if told || (verdict == Verdict::TooSlow && !stopping) {
                        tracing::debug!("a client did not do its part in time");
                        return;
                    }
                    true
                }
                () = self.stop.cancelled(), if !stopping => {
                    // What is asked on a connection that was taken a moment ago is answered: told now, it would end unread.
                    let has_begun = activity.has_begun();
                    stopping = true;
                    limits = limits.hurried();
                    activity.begin_anew();
                    has_begun
                }
                () = activity.begun(), if stopping && !told => true,
            };
            if is_time_to_tell && !told {
                (stopping, told) = (true, true);
                connection.as_mut().graceful_shutdown();
                // Time for the client to learn of it and to end the connection from its side.
                limits = limits.hurried();
                activity.begin_anew();
            }
        }
    }
}
