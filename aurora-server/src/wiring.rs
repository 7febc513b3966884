//! Where the concrete types meet: from settings to the parts of an app.

mod alerts;
mod companies;
mod keys;
mod library;
mod llm;
pub(crate) mod reception;
mod storage;

use std::sync::Arc;

use aurora_core::cache::RedisCache;
use aurora_core::config::Settings;
use aurora_core::health::{CacheCheck, Criticality, FallbackCheck};
use aurora_core::monitor::Monitor;
use aurora_core::time::{Clock, SystemClock};

pub(crate) use alerts::{ENGINE as ALERT_ENGINE, checked, engine_on, mail_server, rules_of, tryable};
pub(crate) use companies::companies;
pub(crate) use keys::{JWT_SECRET, SEAL_KEYS, keys, new_seal_keys, own as own_keys, sealing_of_folder};
pub(crate) use library::{Embedding, Library, backups, files_folder};
pub(crate) use llm::alone as llm_client;
pub(crate) use storage::{
    HISTORIES, answering, database, default_workspace, is_postgres, make_private, open, owned_database,
    sqlite_file,
};

use crate::app::{App, AppBuilder};
use crate::error::{Error, ErrorKind};

/// The parts that the settings ask for.
pub(crate) async fn builder(settings: Settings) -> Result<AppBuilder, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keys = keys(&settings)?;
    let crm = storage::open(&settings, &clock).await?;
    let (alerts, rules) = alerts::engine(&settings, crm.database(), &keys, &clock).await?;
    let monitor = Monitor::builder()
        .metrics("llm")
        .clock(Arc::clone(&clock))
        .build();
    let monitor = monitor
        .map_err(|error| Error::new(ErrorKind::Internal, "the measurements cannot begin").caused_by(error))?;
    let redis = storage::redis(&settings).await?;
    let books = llm::books(crm.database(), redis.as_ref(), &clock).await?;
    let client = llm::client(&settings, &monitor, &books, redis.as_ref(), &alerts, &clock)?;
    let companies = companies(&settings, redis.as_ref().map(RedisCache::new), &clock)?;
    let files = library::files(&settings, &crm)?;
    let embedding = library::embedding(&settings, &clock)?;

    let mut builder = App::builder(crm, alerts)?
        .clock(clock)
        .keys(keys)
        .books(books)
        .base_rules(rules)
        .monitor(monitor)
        .companies(companies)
        .files(files)
        .embedding(embedding)
        .settings(settings);
    if let Some(client) = client {
        let targets = client.clone();
        let providers = FallbackCheck::of("providers", move || targets.status());
        builder = builder.llm(client).check(Criticality::Degraded, providers);
    }
    if let Some(redis) = redis {
        let check = CacheCheck::new(RedisCache::new(&redis));
        builder = builder.redis(redis).check(Criticality::Degraded, check);
    }
    Ok(builder)
}
