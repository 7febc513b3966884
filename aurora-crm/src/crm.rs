//! The entry point.

use std::sync::Arc;

use aurora_core::secret::Secret;
use aurora_core::store::Database;
use aurora_core::time::{Clock, SystemClock};

use crate::clients::{Clients, SqlClients};
use crate::error::Error;
use crate::migrations::MIGRATIONS;
use crate::workspaces::{SqlWorkspaces, Workspaces};

/// The CRM on one database; a cheap handle, clones share the connections.
#[derive(Debug, Clone)]
pub struct Crm {
    database: Database,
    workspaces: Workspaces,
    clients: Clients,
}

impl Crm {
    /// Opens a database and brings its schema up to date; see [`Database`] for the URLs.
    ///
    /// # Errors
    /// What keeps the database from being opened or migrated; the reason is the error's source.
    pub async fn open(url: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(Database::open(&url.into()).await?).build().await
    }

    /// Uses a database that is open already, such as one with settings of its own.
    pub fn builder(database: Database) -> CrmBuilder {
        CrmBuilder {
            database,
            clock: Arc::new(SystemClock),
        }
    }

    /// Workspaces: the tenants.
    #[must_use]
    pub const fn workspaces(&self) -> &Workspaces {
        &self.workspaces
    }

    /// Clients: companies and people.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The database, for readiness checks and for closing it.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }
}

/// Settings for a [`Crm`].
#[derive(Debug, Clone)]
#[must_use = "call `build` to get a CRM"]
pub struct CrmBuilder {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl CrmBuilder {
    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// What keeps the database from being migrated, such as a schema that is newer than this program.
    pub async fn build(self) -> Result<Crm, Error> {
        self.database.migrate(&MIGRATIONS).await?;
        Ok(Crm {
            workspaces: Workspaces::new(SqlWorkspaces::new(self.database.clone()), self.clock.clone()),
            clients: Clients::new(SqlClients::new(self.database.clone()), self.clock),
            database: self.database,
        })
    }
}
