//! What every handler can reach.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::config::Settings;
use aurora_core::health::HealthRegistry;
use aurora_core::monitor::Monitor;
use aurora_core::rng::Random;
use aurora_core::telemetry::ProcessMetrics;
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::workspaces::WorkspaceId;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::http::{Gateway, Pulse};
use crate::jobs::observe::Judgement;
use crate::serve::Connections;

/// The parts of one app; a cheap handle.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The way to the models, with the counts of the calls that took it. In production without a provider it leads
    /// nowhere: then the model endpoints answer 503.
    pub(crate) gateway: Gateway,
    /// What the dashboards listen to.
    pub(crate) pulse: Pulse,
    /// How rates are judged for the alert rules.
    pub(crate) judgement: Judgement,
    pub(crate) alerts: AlertEngine,
    pub(crate) crm: Crm,
    /// The one workspace that every call acts in until there is authentication.
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

impl AppState {
    /// Time since the app was built.
    pub(crate) fn uptime(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.started)
    }

    /// The context of a call on behalf of a request.
    pub(crate) fn context(&self, request_id: &crate::http::RequestId) -> aurora_crm::Context {
        aurora_crm::Context::new(self.workspace, "loopback").request_id(request_id.as_str())
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState")
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}
