//! The models that the providers of a client offer.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::time::Clock;
use futures::{StreamExt as _, stream};

use super::Inner;
use super::open::within;
use crate::error::{Error, TimeoutStage};
use crate::provider::{ModelInfo, ProviderId};

/// How many providers are asked at the same time, and how long each may take.
const AT_ONCE: usize = 8;
const LIMIT: Duration = Duration::from_secs(30);

/// What one provider says of its models.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModelList {
    /// The provider instance.
    pub provider: ProviderId,
    /// Its models, or why they cannot be told.
    pub models: Result<Vec<ModelInfo>, Error>,
}

/// Asks each provider that has a list, each once.
pub(super) async fn list(inner: &Inner) -> Vec<ModelList> {
    let mut seen = BTreeSet::new();
    let members = inner.routes.members().iter();
    let providers = members
        .filter(|member| member.provider().catalog().is_some() && seen.insert(member.provider_id().clone()))
        .cloned();
    let asked = stream::iter(providers).map(|member| async move {
        let clock: &dyn Clock = &*inner.clock;
        let models = match member.provider().catalog() {
            Some(catalog) => within(clock, LIMIT, TimeoutStage::Total, catalog.models(member.key())).await,
            None => Ok(Vec::new()),
        };
        ModelList {
            provider: member.provider_id().clone(),
            models,
        }
    });
    asked.buffered(AT_ONCE).collect().await
}
