use std::fmt::Debug;

use async_trait::async_trait;
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;

use super::{Client, ClientFilter, ClientId};
use crate::context::Context;
use crate::error::Error;

/// Where clients are kept. Every call sees the rows of the context's workspace and no other.
///
/// An implementation is held to `client_repository_contract` (feature `testing`).
#[async_trait]
pub trait ClientRepository: Debug + Send + Sync + 'static {
    /// Stores a new client.
    ///
    /// # Errors
    /// `AlreadyExists` with the id of the living client that has the same CNPJ or CPF; `NotFound` when the workspace
    /// does not exist.
    async fn insert(&self, context: &Context, client: &Client) -> Result<(), Error>;

    /// One living client.
    ///
    /// # Errors
    /// `NotFound`.
    async fn get(&self, context: &Context, id: ClientId) -> Result<Client, Error>;

    /// Replaces the living client that is still at `expected_version`; `client` holds the new version.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` with the stored version, or `AlreadyExists` as for `insert`.
    async fn update(&self, context: &Context, client: &Client, expected_version: i64) -> Result<(), Error>;

    /// Marks the living client that is still at `expected_version` as deleted.
    ///
    /// # Errors
    /// `NotFound`, or `Conflict` with the stored version.
    async fn delete(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
        now: Timestamp,
    ) -> Result<(), Error>;

    /// One page of living clients.
    ///
    /// # Errors
    /// `Invalid` when the cursor belongs to another list.
    async fn page(
        &self,
        context: &Context,
        filter: &ClientFilter,
        request: &PageRequest,
    ) -> Result<Page<Client>, Error>;
}
