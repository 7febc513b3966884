//! The application: its parts, its router, its listener.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::{AlertEngine, Rule};
use aurora_core::config::{Live, Settings};
use aurora_core::health::{Criticality, DatabaseCheck, HealthCheck, HealthRegistry, HealthRegistryBuilder};
use aurora_core::monitor::Monitor;
use aurora_core::redis::Redis;
use aurora_core::rng::Random;
use aurora_core::secret::Secret;
use aurora_core::store::backup::BackupCheck;
use aurora_core::telemetry::ProcessMetrics;
use aurora_core::time::{Clock, SystemClock};
use aurora_crm::channels::google_calendar::Google;
use aurora_crm::companies::Companies;
use aurora_crm::files::Files;
use aurora_crm::{Context, Crm};
use aurora_llm::LlmClient;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bound::Bound;
use crate::demo::Switches;
use crate::error::{Error, ErrorKind};
use crate::http::{
    self, Bell, Books, Bus, Doors, Exposure, Gateway, Keys, Occasion, Pace, Pulse, Shelf, Sockets,
};
use crate::jobs::observe::Judgement;
use crate::mail::{Mail, Page};
use crate::rulebook::Rulebook;
use crate::samples::Samples;
use crate::state::{AppState, Parts};
use crate::wiring::reception::{Lent, Reception};
use crate::wiring::{Embedding, Library};
use crate::{serve, wiring};

/// How much older than its period the last backup may be before `/ready` tells.
const BACKUP_MARGIN: Duration = Duration::from_secs(2 * 3_600);

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
        let builder = Box::pin(wiring::builder(settings)).await?;
        builder.build().await
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
            switches: None,
            keys: None,
            redis: None,
            live: None,
            companies: None,
            files: None,
            embedding: None,
            google: None,
            books: Books::default(),
            base_rules: None,
        })
    }

    /// The routes with all their layers, to be nested in or merged with an application's own.
    ///
    /// Callers show a token or a key, as everywhere. While `access.open` is set, whoever reaches this router may do
    /// everything; the protection against foreign web pages belongs to [`App::listen`] then, because only a listener on
    /// loopback knows its own names.
    pub fn router(&self) -> Router {
        http::router(&self.state, Exposure::Embedded)
    }

    /// Begins to listen; port 0 takes a free one. Nothing is answered before [`Bound::run`].
    ///
    /// # Errors
    /// `Address` when the address is in use or not ours, or when others than this machine reach it while `access.open` is
    /// set.
    pub async fn listen(&self, address: SocketAddr) -> Result<Bound, Error> {
        if self.state.doors.are_open() {
            only_loopback(address)?;
        }
        let (listener, address) = serve::bind(address).await.map_err(|error| {
            Error::new(ErrorKind::Address, format!("cannot listen on {address}")).caused_by(error)
        })?;
        self.state.mail.listening(address);
        Ok(Bound {
            app: self.clone(),
            listener,
            address,
        })
    }

    /// The link by which the first administrator is made, good for 30 minutes, or until there is somebody. `None` where there
    /// is somebody already, or `access.open` is set. After [`App::listen`] it leads to the address that was got.
    ///
    /// # Errors
    /// `Storage` when the database does not answer.
    pub async fn first_link(&self) -> Result<Option<Secret>, Error> {
        let state = &self.state;
        if state.doors.are_open() {
            return Ok(None);
        }
        match state
            .doors
            .accounts()
            .setup_token(&Context::installation("first start"))
            .await
        {
            Ok(token) => Ok(Some(state.mail.link(Page::Setup, &token))),
            Err(error) if error.kind() == aurora_crm::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => {
                let what = "the first administrator cannot be asked for";
                Err(Error::new(ErrorKind::Storage, what).caused_by(error))
            }
        }
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
            "refusing to listen on {address}: access.open is set, so whoever reaches the server may do everything; \
             listen on a loopback address such as 127.0.0.1:{}, or take access.open away",
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
    switches: Option<Switches>,
    keys: Option<Keys>,
    redis: Option<Redis>,
    live: Option<Live>,
    companies: Option<Companies>,
    files: Option<Files>,
    embedding: Option<Embedding>,
    google: Option<Google>,
    books: Books,
    base_rules: Option<Vec<Rule>>,
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

    /// Where companies are looked up by their CNPJ; in the sources that the settings name unless told.
    pub fn companies(mut self, companies: Companies) -> Self {
        self.companies = Some(companies);
        self
    }

    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where files and the media of messages are kept; without it they are gone with the process.
    pub fn files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// What turns the passages of documents into vectors; without it they are searched by words alone.
    pub(crate) fn embedding(mut self, embedding: Option<Embedding>) -> Self {
        self.embedding = embedding;
        self
    }

    /// Google as it is reached, instead of what the settings say of it.
    pub fn google(mut self, google: Google) -> Self {
        self.google = Some(google);
        self
    }

    /// What signs tokens and seals secrets; without it they are gone with the process.
    pub(crate) fn keys(mut self, keys: Keys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// What several servers share: limits and the answers of idempotent calls. Without it each has its own.
    pub(crate) fn redis(mut self, redis: Redis) -> Self {
        self.redis = Some(redis);
        self
    }

    /// Where the settings come from, for administrators who look at them or want them read anew.
    pub(crate) fn live(mut self, live: Live) -> Self {
        self.live = Some(live);
        self
    }

    /// Where usage, limits and budgets of model calls are kept: that of the client; without it in this process.
    pub(crate) fn books(mut self, books: Books) -> Self {
        self.books = books;
        self
    }

    /// The alert rules that the server begins with, when the engine already works by what people have kept of others.
    pub(crate) fn base_rules(mut self, rules: Vec<Rule>) -> Self {
        self.base_rules = Some(rules);
        self
    }

    /// Shows the dashboard as that of a demo, judges rates as one wants it, and lets whoever looks break its providers.
    pub(crate) fn demo(mut self, judgement: Judgement, switches: Switches) -> Self {
        self.occasion = Occasion::Demo;
        self.judgement = judgement;
        self.switches = Some(switches);
        self
    }

    /// The app. Makes the workspace that everything acts in, if it is not there.
    ///
    /// # Errors
    /// `Storage` when the database does not answer, `Settings` when two checks have the same name or one has none, or the
    /// settings of the lookup of companies make no sense.
    pub async fn build(self) -> Result<App, Error> {
        Box::pin(self.assemble()).await
    }

    async fn assemble(self) -> Result<App, Error> {
        let workspace = wiring::default_workspace(&self.crm).await?;
        let clock = Arc::clone(&self.clock);
        let keys = match self.keys {
            Some(keys) => keys,
            None => Keys::ephemeral()?,
        };
        let pace = Pace::new(&self.settings.limits, self.redis.as_ref(), &clock)?;
        let shelf = Shelf::new(self.redis.as_ref(), &clock);
        let mail = Mail::new(&self.settings, &clock)?;
        let companies = match self.companies {
            Some(companies) => companies,
            None => wiring::companies(&self.settings, None, &clock)?,
        };
        let doors = Doors::new(&self.crm, &keys, &self.settings, &clock)?;
        let library = Library::new(
            &self.crm,
            (&doors, &keys),
            &self.settings,
            &clock,
            (self.files, self.embedding),
        )?;
        let reception = Reception::new(Lent {
            crm: &self.crm,
            settings: &self.settings,
            keys: &keys,
            clock: &clock,
            llm: self.llm.clone(),
            files: library.files.clone(),
            knowledge: library.knowledge.clone(),
            google: self.google,
        })?;
        let mut health = self.health;
        if let Some(every) = self.settings.backup.every {
            let check = BackupCheck::new(library.backups.clone(), every + BACKUP_MARGIN);
            health = health.check(Criticality::Degraded, check);
        }
        let health = health.clock(Arc::clone(&clock)).build();
        let health = health.map_err(|error| {
            Error::new(ErrorKind::Settings, "a component of /ready cannot be watched").caused_by(error)
        })?;
        let is_applied = self.base_rules.is_some();
        let base_rules = self.base_rules.unwrap_or_else(|| self.alerts.rules());
        Ok(App {
            state: AppState::from(Parts {
                rulebook: Rulebook::new(self.alerts.clone(), base_rules, is_applied),
                samples: Samples::new(self.alerts.clone(), Arc::clone(&clock)),
                bus: Bus::new(Arc::clone(&clock)),
                gateway: Gateway::new(self.llm, Arc::clone(&clock)).with(self.books),
                pulse: Pulse::new(self.occasion),
                bell: Bell::default(),
                companies,
                judgement: self.judgement,
                switches: self.switches,
                alerts: self.alerts,
                crm: self.crm,
                doors,
                pace,
                shelf,
                calls: TaskTracker::new(),
                mail,
                live: self.live,
                restart: CancellationToken::new(),
                library,
                reception: Arc::new(reception),
                workspace,
                monitor: self.monitor.unwrap_or_else(|| Monitor::new(Arc::clone(&clock))),
                http: Monitor::new(Arc::clone(&clock)),
                health,
                process: ProcessMetrics::new().clock(Arc::clone(&clock)),
                connections: serve::Connections::default(),
                sockets: Sockets::default(),
                random: Random::system(),
                settings: Arc::new(self.settings),
                started: clock.elapsed(),
                clock,
                metrics: self.metrics,
                stop: CancellationToken::new(),
            }),
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
