//! Tenants: everything else belongs to exactly one workspace.

#[cfg(any(test, feature = "testing"))]
mod contract;
mod repository;
mod sql;
#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::sync::Arc;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;

#[cfg(any(test, feature = "testing"))]
pub use self::contract::workspace_repository_contract;
pub use self::repository::WorkspaceRepository;
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
pub use self::sql::SqlWorkspaces;

/// Names a workspace: `wsp_` and 32 hexadecimal digits.
pub type WorkspaceId = Id<Workspace>;

const MAX_NAME: usize = 200;
const MAX_TIME_ZONE: usize = 64;

/// One tenant: a company's CRM, or a clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name for programs.
    pub id: WorkspaceId,
    /// What kind of house it is.
    pub kind: WorkspaceKind,
    /// Its name for people.
    pub name: String,
    /// Its IANA time zone, such as `America/Sao_Paulo`.
    pub time_zone: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Workspace {
    const PREFIX: &'static str = "wsp";
}

/// What kind of house a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkspaceKind {
    /// A company that looks after its customers.
    Company,
    /// A clinic that looks after its patients.
    Clinic,
}

impl WorkspaceKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Clinic => "clinic",
        }
    }
}

impl FromStr for WorkspaceKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "company" => Ok(Self::Company),
            "clinic" => Ok(Self::Clinic),
            _ => Err("a workspace is a company or a clinic"),
        }
    }
}

/// What is needed to make a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    kind: WorkspaceKind,
    name: String,
    #[serde(default = "default_time_zone")]
    time_zone: String,
}

fn default_time_zone() -> String {
    "America/Sao_Paulo".to_owned()
}

impl NewWorkspace {
    /// A workspace in the time zone of Brasília.
    #[must_use]
    pub fn new(kind: WorkspaceKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            time_zone: default_time_zone(),
        }
    }

    /// The IANA time zone; its form is checked, not its presence in the time zone database.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = name.into();
        self
    }

    fn check(self, id: WorkspaceId, now: Timestamp) -> Result<Workspace, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", &self.name, MAX_NAME);
        let time_zone = self.time_zone.trim();
        let part_is_good = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
        };
        if time_zone.len() > MAX_TIME_ZONE || !time_zone.split('/').all(part_is_good) {
            fields.refuse(
                "time_zone",
                "invalid",
                "must be an IANA time zone such as America/Sao_Paulo",
            );
        }
        let time_zone = time_zone.to_owned();
        fields.finish(Workspace {
            id,
            kind: self.kind,
            name,
            time_zone,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What can be done with workspaces; a cheap handle.
#[derive(Debug, Clone)]
pub struct Workspaces {
    repository: Arc<dyn WorkspaceRepository>,
    clock: Arc<dyn Clock>,
}

impl Workspaces {
    /// Puts the domain's rules in front of a repository.
    #[must_use]
    pub fn new(repository: impl WorkspaceRepository, clock: impl Clock) -> Self {
        Self {
            repository: Arc::new(repository),
            clock: Arc::new(clock),
        }
    }

    /// Makes a workspace. It takes no context: this is where tenants come from, for whoever may make them.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; otherwise what keeps the database from storing it.
    pub async fn create(&self, new: NewWorkspace) -> Result<Workspace, Error> {
        let now = self.clock.now();
        let workspace = new.check(WorkspaceId::new(now), now)?;
        self.repository.insert(&workspace).await?;
        Ok(workspace)
    }

    /// The workspace of the context.
    ///
    /// # Errors
    /// `NotFound` when it does not exist.
    pub async fn get(&self, context: &Context) -> Result<Workspace, Error> {
        context
            .run(&*self.clock, "workspaces.get", self.repository.get(context))
            .await
    }
}
