//! The application: its parts, its router, its listener.

use std::fmt;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::config::Settings;
use aurora_core::health::{Criticality, DatabaseCheck, HealthCheck, HealthRegistry, HealthRegistryBuilder};
use aurora_core::monitor::Monitor;
use aurora_core::rng::Random;
use aurora_core::telemetry::ProcessMetrics;
use aurora_core::time::{Clock, SystemClock};
use aurora_crm::Crm;
use aurora_llm::LlmClient;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};
use crate::http::{self, Exposure, Gateway, Occasion, Pulse};
use crate::jobs::observe::Judgement;
use crate::state::AppState;
use crate::{jobs, serve, wiring};

/// Longest time that the notifications that wait get when the app stops. What is left is kept for the next start.
const ALERTS_LIMIT: Duration = Duration::from_secs(1);

/// An Aurora server as a value: several live in one process without meeting.
///
/// Nothing runs before [`Bound::run`]. Clones are handles to the same app.
///
/// # Examples
/// ```
/// use aurora_core::config::Loader;
/// use aurora_server::App;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let loaded = Loader::new().environment([("DATABASE_URL", "sqlite::memory:")]).load()?;
/// let app = App::build(loaded.settings().clone()).await?;
/// let bound = app.listen("127.0.0.1:0".parse()?).await?;
/// println!("http://{}", bound.local_addr());
/// bound.run(async { /* until something happens */ }).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct App {
    state: AppState,
}

impl App {
    /// An app as the settings want it: opens the database, brings its schema up to date, makes the clients.
    ///
    /// # Errors
    /// `Storage` when the data folder or the database cannot be used, `Settings` when a setting makes no sense together
    /// with another.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn build(settings: Settings) -> Result<Self, Error> {
        wiring::builder(settings).await?.build().await
    }

    /// An app of parts that were made elsewhere, with the default settings.
    ///
    /// # Errors
    /// `Internal` when the built-in defaults cannot be read.
    pub fn builder(crm: Crm, alerts: AlertEngine) -> Result<AppBuilder, Error> {
        let defaults = aurora_core::config::Loader::new().load();
        let defaults = defaults.map_err(|error| {
            Error::new(ErrorKind::Internal, "the built-in defaults cannot be read").caused_by(error)
        })?;
        let database = DatabaseCheck::new(crm.database().clone());
        Ok(AppBuilder {
            crm,
            alerts,
            llm: None,
            monitor: None,
            health: HealthRegistry::builder().check(Criticality::Critical, database),
            settings: defaults.settings().clone(),
            metrics: None,
            clock: Arc::new(SystemClock),
            occasion: Occasion::Serve,
            judgement: Judgement::default(),
        })
    }

    /// The routes with all their layers, to be nested in or merged with an application's own.
    ///
    /// There is no authentication yet: whoever reaches this router may do everything. The protection against foreign
    /// web pages belongs to [`App::listen`], because only a listener on loopback knows its own names.
    pub fn router(&self) -> Router {
        http::router(&self.state, Exposure::Embedded)
    }

    /// Begins to listen; port 0 takes a free one. Nothing is answered before [`Bound::run`].
    ///
    /// # Errors
    /// `Address` when the address is in use or not ours, or is not a loopback address.
    pub async fn listen(&self, address: SocketAddr) -> Result<Bound, Error> {
        only_loopback(address)?;
        let (listener, address) = serve::bind(address).await.map_err(|error| {
            Error::new(ErrorKind::Address, format!("cannot listen on {address}")).caused_by(error)
        })?;
        Ok(Bound {
            app: self.clone(),
            listener,
            address,
        })
    }

    /// What every part of the app can reach.
    pub(crate) const fn state(&self) -> &AppState {
        &self.state
    }
}

/// Refuses an address that others than this machine reach.
pub(crate) fn only_loopback(address: SocketAddr) -> Result<(), Error> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Address,
        format!(
            "refusing to listen on {address}: there is no authentication yet, so whoever reaches the server may do \
             everything; listen on a loopback address such as 127.0.0.1:{}",
            address.port()
        ),
    ))
}

/// The parts of an [`App`] before it is one.
#[must_use = "call `build` to get an app"]
pub struct AppBuilder {
    crm: Crm,
    alerts: AlertEngine,
    llm: Option<LlmClient>,
    monitor: Option<Monitor>,
    health: HealthRegistryBuilder,
    settings: Settings,
    metrics: Option<PrometheusHandle>,
    clock: Arc<dyn Clock>,
    occasion: Occasion,
    judgement: Judgement,
}

impl AppBuilder {
    /// The model client; without one the model endpoints answer 503.
    pub fn llm(mut self, client: LlmClient) -> Self {
        self.llm = Some(client);
        self
    }

    /// The monitor that the model client records to.
    pub fn monitor(mut self, monitor: Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// One more component of `/ready`; the database is there already.
    pub fn check(mut self, criticality: Criticality, check: impl HealthCheck) -> Self {
        self.health = self.health.check(criticality, check);
        self
    }

    /// Limits and environment; parts that were handed in are not changed by them.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// What `/metrics` shows; without it `/metrics` says that it has nothing.
    pub fn metrics(mut self, handle: PrometheusHandle) -> Self {
        self.metrics = Some(handle);
        self
    }

    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Shows the dashboard as that of a demo, and judges rates as one wants it.
    pub(crate) fn demo(mut self, judgement: Judgement) -> Self {
        self.occasion = Occasion::Demo;
        self.judgement = judgement;
        self
    }

    /// The app. Makes the workspace that everything acts in, if it is not there.
    ///
    /// # Errors
    /// `Storage` when the database does not answer, `Settings` when two checks have the same name or one has none.
    pub async fn build(self) -> Result<App, Error> {
        let workspace = wiring::default_workspace(&self.crm).await?;
        let health = self.health.clock(Arc::clone(&self.clock)).build();
        let health = health.map_err(|error| {
            Error::new(ErrorKind::Settings, "a component of /ready cannot be watched").caused_by(error)
        })?;
        let clock = self.clock;
        Ok(App {
            state: AppState {
                gateway: Gateway::new(self.llm, Arc::clone(&clock)),
                pulse: Pulse::new(self.occasion),
                judgement: self.judgement,
                alerts: self.alerts,
                crm: self.crm,
                workspace,
                monitor: self.monitor.unwrap_or_else(|| Monitor::new(Arc::clone(&clock))),
                http: Monitor::new(Arc::clone(&clock)),
                health,
                process: ProcessMetrics::new().clock(Arc::clone(&clock)),
                connections: serve::Connections::default(),
                random: Random::system(),
                settings: Arc::new(self.settings),
                started: clock.elapsed(),
                clock,
                metrics: self.metrics,
                stop: CancellationToken::new(),
            },
        })
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("crm", &self.crm)
            .finish_non_exhaustive()
    }
}

/// An app that listens.
#[derive(Debug)]
#[must_use = "nothing is answered before `run`"]
pub struct Bound {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
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

    /// Serves until `stop` is ready; then accepts nothing more, ends streams at once and lets running requests end
    /// within the drain limit of the settings, or within a second once `hurry` is ready.
    ///
    /// An app runs once: after that its streams and jobs are over for good.
    ///
    /// # Errors
    /// `Internal` when requests had to be cut off.
    ///
    /// # Cancel safety
    /// Dropping the future cuts everything off at once.
    pub async fn run_until(
        self,
        stop: impl Future<Output = ()> + Send,
        hurry: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        let state = self.app.state().clone();
        let router = http::router(&state, Exposure::Loopback);
        let limits = &state.settings.limits;
        let limits = serve::Limits::new(limits.header_read_timeout, limits.drain_timeout);
        let serving = serve::run(
            self.listener,
            router,
            limits,
            Arc::clone(&state.clock),
            state.connections.clone(),
            state.stop.clone(),
            hurry,
        );
        let stopping = async {
            stop.await;
            state.health.drain();
            state.stop.cancel();
        };
        // Streams end with the app also when this future is dropped.
        let _end = state.stop.clone().drop_guard();
        // Alerts outlast the requests: what the last of them cause is told too.
        let serving = async {
            let finished = serving.await;
            state.alerts.shutdown(ALERTS_LIMIT).await;
            finished
        };
        let (finished, (), ()) = tokio::join!(serving, stopping, jobs::run(&state));
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
