//! The JSON of the installation.

use aurora_core::config::{Entry, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::workspaces::WorkspaceView;

/// The settings in force.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConfigInForce {
    #[schema(value_type = Vec<Setting>)]
    pub(super) settings: Vec<Entry>,
    /// What is wrong with what stands in the sources now, so that it is not in force; null when nothing is.
    #[schema(value_type = Option<Vec<SettingProblem>>)]
    pub(super) refused: Option<Vec<Problem>>,
}

/// One setting.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the settings write")]
pub(super) struct Setting {
    #[schema(example = "server.port")]
    key: String,
    /// `[redacted]` for secrets; null for what is not set.
    value: Option<serde_json::Value>,
    is_secret: bool,
    /// Where the value comes from: `kind` is `default`, `file`, `dotenv`, `variable` or `command_line`.
    #[schema(value_type = Option<Object>)]
    origin: Option<serde_json::Value>,
}

/// Something that is wrong with a setting.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the settings write")]
pub(super) struct SettingProblem {
    key: Option<String>,
    /// Where it stands.
    #[schema(value_type = Option<Object>)]
    origin: Option<serde_json::Value>,
    /// What is wrong and what is allowed.
    message: String,
}

/// What came of reading the settings anew.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reloaded {
    /// The keys whose values are different now.
    pub(super) changed: Vec<String>,
}

/// One page of all workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceOverview {
    pub(super) items: Vec<WorkspaceView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}
