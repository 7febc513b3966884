//! An app that listens: serving, and stopping in order.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::error::{Error, ErrorKind};
use crate::http::{self, Exposure};
use crate::state::AppState;
use crate::{jobs, serve};

/// Longest time that the notifications that wait get when the app stops. What is left is kept for the next start.
const ALERTS_LIMIT: Duration = Duration::from_secs(1);
/// Longest time that what calls used gets to be booked when the app stops.
const LEDGER_LIMIT: Duration = Duration::from_secs(2);

/// An app that listens.
#[derive(Debug)]
#[must_use = "nothing is answered before `run`"]
pub struct Bound {
    pub(crate) app: App,
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Bound {
    /// The address that it listens on, with the port that it got.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then stops in order, see [`Bound::run_until`].
    ///
    /// # Errors
    /// As [`Bound::run_until`].
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        self.run_until(stop, pending()).await
    }

    /// Serves until `stop` is ready; then readiness fails, and after the drain delay of the settings it accepts nothing
    /// more, ends streams at once and lets running requests end within the drain limit of the settings, also idempotent ones
    /// whose clients left. Then what they booked, wrote to people and caused of notifications gets seconds. Once `hurry` is
    /// ready the delay is over, requests get a second, and letters that are not sent are given up.
    ///
    /// An app runs once: after that its streams and jobs are over for good.
    ///
    /// # Errors
    /// `Restart` when an administrator asked for it, in which case the app stops as if `stop` were ready; `Internal` when
    /// requests had to be cut off.
    ///
    /// # Cancel safety
    /// Dropping the future cuts everything off at once.
    pub async fn run_until(
        self,
        stop: impl Future<Output = ()> + Send,
        hurry: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        // Every job of the server is in it.
        Box::pin(self.serve_until(stop, hurry)).await
    }

    async fn serve_until(
        self,
        stop: impl Future<Output = ()> + Send,
        hurry: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        let state = self.app.state().clone();
        let exposure = if state.doors.are_open() {
            Exposure::Loopback
        } else {
            Exposure::Network
        };
        let router = http::router(&state, exposure);
        let limits = &state.settings.limits;
        let delay = limits.drain_delay;
        let hurry = hurry.shared();
        let of_address = match (
            limits.connections_per_address,
            state.settings.server.trusted_proxies,
        ) {
            (0, _) | (_, 1..) => usize::MAX,
            (most, 0) => usize::try_from(most).unwrap_or(usize::MAX),
        };
        let limits =
            serve::Limits::new(limits.header_read_timeout, limits.drain_timeout).of_address(of_address);
        let serving = serve::run(
            self.listener,
            router,
            limits,
            Arc::clone(&state.clock),
            state.connections.clone(),
            state.stop.clone(),
            hurry.clone(),
        );
        let told = OnceLock::new();
        let restart = state.restart.clone();
        let stop = async {
            tokio::select! {
                () = stop => {}
                () = restart.cancelled() => tracing::warn!("stopping, because an administrator asked for a restart"),
            }
        };
        let stopping = async {
            stop.await;
            state.health.drain();
            // A balancer has to notice before connections are refused.
            if let Some(delay) = delay {
                tokio::select! {
                    biased;
                    () = hurry.clone() => {}
                    () = state.clock.sleep(delay) => {}
                }
            }
            told.get_or_init(|| state.clock.elapsed());
            state.stop.cancel();
        };
        // Streams end with the app also when this future is dropped.
        let _end = state.stop.clone().drop_guard();
        // Letters and alerts outlast the requests: what the last of them cause is told too.
        let serving = async {
            let finished = serving.await;
            let finished = calls(&state, &told, hurry.clone()).await && finished;
            state.sockets.closed().await;
            state.gateway.flush(LEDGER_LIMIT).await;
            state.mail.close();
            state.alerts.shutdown(ALERTS_LIMIT).await;
            finished
        };
        let (finished, (), ()) = tokio::join!(serving, stopping, jobs::run(&state, hurry.clone()));
        if state.restart.is_cancelled() {
            return Err(Error::new(
                ErrorKind::Restart,
                "an administrator asked for a restart",
            ));
        }
        if finished {
            Ok(())
        } else {
            Err(Error::new(
                ErrorKind::Internal,
                "running requests had to be cut off because their time was over",
            ))
        }
    }
}

/// Lets the idempotent calls whose clients left end within what is left of the drain limit. Tells whether they did.
async fn calls(state: &AppState, told: &OnceLock<Duration>, hurry: impl Future<Output = ()> + Send) -> bool {
    let now = state.clock.elapsed();
    let spent = now.saturating_sub(*told.get().unwrap_or(&now));
    let left = state.settings.limits.drain_timeout.saturating_sub(spent);
    let hurried = async {
        hurry.await;
        state.clock.sleep(serve::HURRY).await;
    };
    state.calls.close();
    tokio::select! {
        biased;
        () = state.calls.wait() => true,
        () = state.clock.sleep(left) => false,
        () = hurried => false,
    }
}
