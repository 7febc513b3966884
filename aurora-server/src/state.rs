//! What every handler can reach.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::config::{Live, Settings};
use aurora_core::health::HealthRegistry;
use aurora_core::monitor::Monitor;
use aurora_core::rng::Random;
use aurora_core::telemetry::ProcessMetrics;
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::companies::Companies;
use aurora_crm::workspaces::WorkspaceId;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::demo::Switches;
use crate::http::{Bell, Bus, Doors, Gateway, Pace, Pulse, Shelf, Sockets};
use crate::jobs::observe::Judgement;
use crate::mail::Mail;
use crate::rulebook::Rulebook;
use crate::samples::Samples;
use crate::serve::Connections;
use crate::wiring::Library;
use crate::wiring::reception::Reception;

/// One app. A handle that costs one count: every layer of every request takes one.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of one app.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Parts {
    /// The way to the models, with the counts of the calls that took it. In production without a provider it leads
    /// nowhere: then the model endpoints answer 503.
    pub(crate) gateway: Gateway,
    /// What the dashboards listen to.
    pub(crate) pulse: Pulse,
    /// What rings when the time of a task's reminder has come.
    pub(crate) bell: Bell,
    /// Companies by their CNPJ, out of public registries.
    pub(crate) companies: Companies,
    /// How rates are judged for the alert rules.
    pub(crate) judgement: Judgement,
    /// What breaks and heals the providers of the demo; `None` everywhere else.
    pub(crate) switches: Option<Switches>,
    pub(crate) alerts: AlertEngine,
    /// The alert rules in force and what people have changed of them.
    pub(crate) rulebook: Rulebook,
    /// The way of samples to the alert engine, with what was measured lately.
    pub(crate) samples: Samples,
    /// What happens, for those who listen.
    pub(crate) bus: Bus,
    pub(crate) crm: Crm,
    /// Who is let in.
    pub(crate) doors: Doors,
    /// How often somebody may call.
    pub(crate) pace: Pace,
    /// Which idempotent calls were made, and what was answered to them.
    pub(crate) shelf: Shelf,
    /// Idempotent calls that are under way, whoever waits for them.
    pub(crate) calls: TaskTracker,
    /// Letters to people, and the links in them.
    pub(crate) mail: Mail,
    /// The settings with their origins; `None` where they belong to an embedding application.
    pub(crate) live: Option<Live>,
    /// Cancelled when an administrator asks for a restart.
    pub(crate) restart: CancellationToken,
    /// Files, knowledge, webhooks, privacy, backups.
    pub(crate) library: Library,
    /// WhatsApp, chats on pages, calendars, the assistant.
    pub(crate) reception: Arc<Reception>,
    /// The first workspace: that of the installation itself. Calls through open doors act in it unless they select another.
    pub(crate) workspace: WorkspaceId,
    /// How the targets of the model client perform.
    pub(crate) monitor: Monitor,
    /// How this server's own routes perform, by method and template.
    pub(crate) http: Monitor,
    pub(crate) health: HealthRegistry,
    /// What this process uses.
    pub(crate) process: ProcessMetrics,
    /// The connections of our own listener.
    pub(crate) connections: Connections,
    /// The WebSockets, which leave their connections behind.
    pub(crate) sockets: Sockets,
    /// For the ids of traces.
    pub(crate) random: Random,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Arc<dyn Clock>,
    /// When the app was built, on the clock's monotonic time.
    pub(crate) started: Duration,
    /// What the process's recorder has recorded; `None` when the recorder is somebody else's.
    pub(crate) metrics: Option<PrometheusHandle>,
    /// Cancelled when the app begins to stop. Everything that can last (streams, loops) must end then.
    pub(crate) stop: CancellationToken,
}

impl From<Parts> for AppState {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

#[cfg(test)]
impl AppState {
    /// The same app but for some of its parts.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = Parts::clone(self);
        change(&mut parts);
        parts.into()
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// Time since the app was built.
    pub(crate) fn uptime(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.started)
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState")
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}
