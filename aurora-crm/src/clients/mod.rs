//! Clients (`clientes`): the companies and people that a workspace looks after.

#[cfg(any(test, feature = "testing"))]
mod contract;
mod input;
mod name;
mod repository;
mod sql;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::companies::{Cnpj, Cpf};
use crate::contacts::{Email, Phone};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

#[cfg(any(test, feature = "testing"))]
pub use self::contract::client_repository_contract;
pub use self::input::{ClientChange, NewClient};
pub use self::repository::ClientRepository;
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
pub use self::sql::SqlClients;

/// Names a client: `cli_` and 32 hexadecimal digits.
pub type ClientId = Id<Client>;

/// A company or a person that a workspace looks after.
///
/// `Debug` shows neither names nor numbers: they are personal data.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its name for programs.
    pub id: ClientId,
    /// Company or person.
    pub kind: ClientKind,
    /// The registered name of a company (`razão social`), or the full name of a person.
    pub legal_name: String,
    /// The name it is known by (`nome fantasia`).
    pub trade_name: Option<String>,
    /// A company's number; unique among the living clients of a workspace.
    pub cnpj: Option<Cnpj>,
    /// A person's number; unique among the living clients of a workspace.
    pub cpf: Option<Cpf>,
    /// Where to write.
    pub email: Option<Email>,
    /// Where to call, the preferred number first.
    pub phones: Vec<Phone>,
    /// Labels, in the order given.
    pub tags: Vec<String>,
    /// Fields of the workspace's own.
    pub custom: Map<String, Value>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Client {
    const PREFIX: &'static str = "cli";
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Company or person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// `pessoa jurídica`: has a CNPJ and no CPF.
    Company,
    /// `pessoa física`: has a CPF and no CNPJ.
    Person,
}

impl ClientKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Person => "person",
        }
    }
}

impl FromStr for ClientKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "company" => Ok(Self::Company),
            "person" => Ok(Self::Person),
            _ => Err("a client is a company or a person"),
        }
    }
}

/// The order of a list of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientOrder {
    /// The one made last comes first.
    #[default]
    Newest,
    /// By legal name, without regard to case and accents.
    Name,
}

/// Which clients to list, and in which order.
///
/// A page costs the same however deep it lies, for each of these. A client that is renamed while somebody pages by
/// name may be met twice or not at all; every other client is met exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientFilter {
    /// The order of the list.
    pub order: ClientOrder,
    /// Only companies, or only people.
    pub kind: Option<ClientKind>,
}

impl ClientFilter {
    /// All clients, the newest first.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Puts the list in this order.
    #[must_use]
    pub const fn order(mut self, order: ClientOrder) -> Self {
        self.order = order;
        self
    }

    /// Only companies, or only people.
    #[must_use]
    pub const fn kind(mut self, kind: ClientKind) -> Self {
        self.kind = Some(kind);
        self
    }
}

/// What can be done with clients; a cheap handle.
#[derive(Debug, Clone)]
pub struct Clients {
    repository: Arc<dyn ClientRepository>,
    clock: Arc<dyn Clock>,
}

impl Clients {
    /// Puts the domain's rules in front of a repository.
    #[must_use]
    pub fn new(repository: impl ClientRepository, clock: impl Clock) -> Self {
        Self {
            repository: Arc::new(repository),
            clock: Arc::new(clock),
        }
    }

    /// Makes a client.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` with the id of the client that has the same CNPJ or CPF,
    /// also when both are made at the same time; `NotFound` when the workspace does not exist.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either made or not made.
    pub async fn create(&self, context: &Context, new: NewClient) -> Result<Client, Error> {
        let now = self.clock.now();
        let client = new.check(ClientId::new(now), now)?;
        context
            .run(
                &*self.clock,
                "clients.create",
                self.repository.insert(context, &client),
            )
            .await?;
        Ok(client)
    }

    /// One client.
    ///
    /// # Errors
    /// `NotFound` when there is no such client in the workspace, or it is deleted.
    pub async fn get(&self, context: &Context, id: ClientId) -> Result<Client, Error> {
        context
            .run(&*self.clock, "clients.get", self.repository.get(context, id))
            .await
    }

    /// One page of clients.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(
        &self,
        context: &Context,
        filter: &ClientFilter,
        page: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        context
            .run(
                &*self.clock,
                "clients.list",
                self.repository.page(context, filter, page),
            )
            .await
    }

    /// Changes a client that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster; `Invalid` with every wrong field;
    /// `AlreadyExists` with the id of the client that has the same CNPJ or CPF.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either changed or not changed.
    pub async fn update(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
        change: ClientChange,
    ) -> Result<Client, Error> {
        let work = async {
            let current = self.repository.get(context, id).await?;
            if current.version != expected_version {
                return Err(Error::conflict("client", current.version));
            }
            let changed = change.apply(&current, self.clock.now())?;
            self.repository
                .update(context, &changed, expected_version)
                .await?;
            Ok(changed)
        };
        context.run(&*self.clock, "clients.update", work).await
    }

    /// Deletes a client that is still at the version that the caller has seen. Its CNPJ or CPF is free again; the row
    /// stays, marked as deleted.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either deleted or not deleted.
    pub async fn delete(&self, context: &Context, id: ClientId, expected_version: i64) -> Result<(), Error> {
        let work = self
            .repository
            .delete(context, id, expected_version, self.clock.now());
        context.run(&*self.clock, "clients.delete", work).await
    }
}

/// The cursor was not made for this list.
pub(crate) fn wrong_cursor(error: aurora_core::page::InvalidCursor) -> Error {
    let mut fields = crate::fields::Fields::default();
    fields.refuse("cursor", "invalid", error);
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}
