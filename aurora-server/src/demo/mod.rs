//! `aurora demo`: the whole of Aurora with simulated providers. No key, no network, nothing is kept.
//!
//! Three providers answer light traffic. One of them fails by a script and heals again; the others answer in the
//! meantime, an alert fires and resolves, and terminal and dashboard show it, with the messages as Slack, mail and Telegram
//! would have them. Whoever looks may break and heal each provider, too. Twelve companies and a clinic are made up in the one
//! workspace, so that there is something on every page.

mod channels;
mod clinic;
mod companies;
mod parts;
mod registries;
mod script;
mod switches;
mod traffic;
mod words;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aurora_alerts::state::Decision;
use aurora_core::config::{Loader, Settings};
use aurora_core::time::{Clock, SystemClock};

use crate::app::App;
use crate::bound::Bound;
use crate::error::{Error, ErrorKind};
use crate::state::AppState;
use crate::wiring;
use switches::Teller;

pub(crate) use script::{Script, Turn};
pub(crate) use switches::Switches;
pub(crate) use words::Words;

/// Where the demo listens unless told otherwise.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// How many changes of alerts the summary looks at.
const CHANGES: usize = 1_000;

/// A demo that is ready to listen.
#[derive(Debug)]
pub(crate) struct Demo {
    app: App,
    script: Script,
    switches: Switches,
    words: Words,
    console: Console,
    /// Holds the database; gone with the demo.
    _folder: tempfile::TempDir,
}

/// Writes one line for people; tests listen to it.
#[derive(Clone)]
pub(crate) struct Console(Arc<dyn Fn(&str) + Send + Sync>);

impl Console {
    pub(crate) fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    fn line(&self, text: &str) {
        (self.0)(text);
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl Demo {
    /// Makes every part. Nothing of the environment is read: no key can get into it, and no setting can change it.
    ///
    /// # Errors
    /// `Storage` when there is no folder for temporary files or no database in it.
    pub(crate) async fn build(script: Script, words: Words, console: Console) -> Result<Self, Error> {
        Self::build_on(script, words, console, Arc::new(SystemClock)).await
    }

    async fn build_on(
        script: Script,
        words: Words,
        console: Console,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix("aurora-demo-")
            .tempdir()
            .map_err(|error| {
                Error::new(ErrorKind::Storage, "there is no folder for the demo's database").caused_by(error)
            })?;
        let settings = settings(&folder)?;
        let crm = wiring::open(&settings, &clock).await?;
        let alerts = parts::alerts(&script, words, console.clone(), &clock)?;
        let teller = Teller::new(console.clone(), words, &clock);
        let llm = parts::llm(&script, teller, &clock)?;
        let builder = App::builder(crm, alerts)?
            .clock(Arc::clone(&clock))
            .settings(settings);
        let builder = builder
            .llm(llm.client)
            .books(llm.books)
            .monitor(llm.monitor)
            .companies(registries::lookup(&clock)?)
            .demo(script.judgement(), llm.switches.clone());
        let builder = match crate::install_metrics() {
            Some(handle) => builder.metrics(handle),
            None => builder,
        };
        let app = builder.build().await?;
        Box::pin(companies::insert(app.state(), words)).await?;
        Box::pin(clinic::insert(app.state())).await?;
        Ok(Self {
            app,
            script,
            switches: llm.switches,
            words,
            console,
            _folder: folder,
        })
    }

    /// Listens on `wanted`, or without a wish on port 8080, or where that is taken on a free one.
    ///
    /// # Errors
    /// `Address` when the address cannot be listened on, or others than this machine reach it.
    pub(crate) async fn listen(&self, wanted: Option<SocketAddr>) -> Result<Bound, Error> {
        if let Some(address) = wanted {
            if !address.ip().is_loopback() {
                return Err(Error::new(ErrorKind::Address, self.words.far(address)));
            }
            return self.app.listen(address).await;
        }
        match self.app.listen(ADDRESS).await {
            Err(error) if error.kind() == ErrorKind::Address => {
                self.console.line(&self.words.taken(ADDRESS.port()));
                self.app.listen(SocketAddr::new(ADDRESS.ip(), 0)).await
            }
            outcome => outcome,
        }
    }

    /// Tells where everything is.
    pub(crate) fn introduce(&self, address: SocketAddr) {
        self.console.line(&self.words.introduction(address, &self.script));
    }

    /// Runs traffic and script until `stop` is ready, and sums up.
    ///
    /// # Errors
    /// `Internal` when requests had to be cut off.
    pub(crate) async fn run(
        self,
        bound: Bound,
        stop: impl Future<Output = ()> + Send,
        hurry: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        let state = self.app.state();
        let (outcome, (), ()) = tokio::join!(
            bound.run_until(stop, hurry),
            traffic::run(state),
            self.script.play(&self.switches, state),
        );
        self.console.line(&self.words.summary(&Summary::of(state)));
        outcome
    }
}

/// What happened, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    requests: u64,
    failed: u64,
    fallbacks: u64,
    fired: usize,
    resolved: usize,
}

impl Summary {
    fn of(state: &AppState) -> Self {
        let (requests, failed) = state
            .gateway
            .calls()
            .map_or((0, 0), |calls| (calls.total, calls.failed));
        let changes = state.alerts.history(CHANGES);
        let count = |decision| {
            changes
                .iter()
                .filter(|change| change.decision == decision)
                .count()
        };
        Self {
            requests,
            failed,
            fallbacks: state.gateway.fallbacks(),
            fired: count(Decision::Fired),
            resolved: count(Decision::Resolved),
        }
    }
}

fn settings(folder: &tempfile::TempDir) -> Result<Settings, Error> {
    let folder = folder.path().to_string_lossy().into_owned();
    let given = [
        ("server.data_dir", folder),
        ("limits.drain_timeout", "500ms".to_owned()),
        // Loopback alone, and nothing of value.
        ("access.open", "true".to_owned()),
    ];
    let loaded = Loader::new().overrides(given).load();
    let loaded = loaded.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    Ok(loaded.settings().clone())
}

#[cfg(test)]
mod tests;
