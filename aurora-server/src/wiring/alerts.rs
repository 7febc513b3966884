//! The alert engine: the default rules with the thresholds of the settings, the rules of a file, every channel that is
//! set, and a place in the database.

mod channels;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aurora_alerts::rule::{Levels, Thresholds, defaults};
use aurora_alerts::store::{AlertStore, SqlAlertStore};
use aurora_alerts::{AckLinks, AlertEngine, AlertFile, Rule};
use aurora_core::config::{Alerts, Settings};
use aurora_core::store::Database;
use aurora_core::time::Clock;

pub(crate) use channels::mail_server;

use crate::error::{Error, ErrorKind};
use crate::http::Keys;
use crate::rulebook::{in_force, of_rules};

/// The name of the engine in the database; servers on one database are replicas of it.
pub(crate) const ENGINE: &str = "aurora";

/// The engine, with the alerts and notifications that an earlier run left in `database`, and the rules that the server
/// begins with. The engine works by what people have kept of others already.
pub(super) async fn engine(
    settings: &Settings,
    database: &Database,
    keys: &Keys,
    clock: &Arc<dyn Clock>,
) -> Result<(AlertEngine, Vec<Rule>), Error> {
    let file = rules_of(settings)?;
    let store = SqlAlertStore::open(database.clone(), ENGINE)
        .await
        .map_err(|source| Error::new(ErrorKind::Storage, "the alerts cannot be kept").caused_by(source))?;
    let kept = store.load().await;
    let kept = kept
        .map_err(|source| Error::new(ErrorKind::Storage, "the kept rules cannot be read").caused_by(source))?
        .kept();
    let base = file.rules;
    let builder = |rules: Vec<Rule>| {
        let builder = AlertEngine::builder()
            .clock(Arc::clone(clock))
            .store(store.clone())
            .rules(rules)
            .routing(file.routing.clone());
        let builder = match links(settings, keys)? {
            Some(links) => builder.acknowledge_links(links),
            None => builder,
        };
        channels::add(builder, settings, clock)
    };
    let rules = in_force(&base, &of_rules(&kept));
    let engine = match builder(rules).map_err(wrong)?.build() {
        Ok(engine) => engine,
        // A channel that a kept rule names may be gone: that is no reason not to start.
        Err(error) if !kept.is_empty() => {
            tracing::error!(%error, "kept rules make no sense together and are not in force");
            builder(base.clone()).map_err(wrong)?.build().map_err(wrong)?
        }
        Err(error) => return Err(wrong(error)),
    };
    engine.take_up().await.map_err(wrong)?;
    Ok((engine, base))
}

/// Links by which whoever reads a notification can acknowledge it; none where nobody said under which address people reach
/// the server.
fn links(settings: &Settings, keys: &Keys) -> Result<Option<AckLinks>, aurora_alerts::Error> {
    let Some(address) = &settings.server.public_url else {
        return Ok(None);
    };
    let page = format!("{}/alerts/ack", address.trim_end_matches('/'));
    AckLinks::new(page, keys.notices.clone()).map(Some)
}

/// The engine on a store of one's own.
pub(crate) async fn engine_on(
    settings: &Settings,
    store: impl AlertStore,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngine, Error> {
    let file = rules_of(settings)?;
    let builder = AlertEngine::builder()
        .clock(Arc::clone(clock))
        .store(store)
        .rules(file.rules)
        .routing(file.routing);
    let builder = channels::add(builder, settings, clock).map_err(wrong)?;
    builder.open().await.map_err(wrong)
}

/// The channels alone, to try them; nothing is kept.
pub(crate) fn tryable(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<AlertEngine, Error> {
    let builder = AlertEngine::builder().clock(Arc::clone(clock));
    channels::add(builder, settings, clock)
        .and_then(aurora_alerts::engine::AlertEngineBuilder::build)
        .map_err(wrong)
}

/// Whether rules, routes and channels fit together; nothing is kept.
///
/// # Errors
/// With every problem at once.
pub(crate) fn checked(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<(), aurora_alerts::Error> {
    let file = match &settings.alerts.file {
        Some(path) => AlertFile::read(path)?,
        None => AlertFile::default(),
    };
    let builder = AlertEngine::builder()
        .clock(Arc::clone(clock))
        .rules(file.rules)
        .routing(file.routing);
    channels::add(builder, settings, clock)?.build().map(drop)
}

/// The default rules with the thresholds of the settings, each unless the file has one of its name, then the rules of the
/// file and its routes.
pub(crate) fn rules_of(settings: &Settings) -> Result<AlertFile, Error> {
    let mut file = match &settings.alerts.file {
        Some(path) => AlertFile::read(path).map_err(wrong)?,
        None => AlertFile::default(),
    };
    let mut rules = defaults(&thresholds(&settings.alerts)).map_err(wrong)?;
    rules.retain(|rule| !file.rules.iter().any(|other| other.name() == rule.name()));
    rules.append(&mut file.rules);
    file.rules = rules;
    Ok(file)
}

fn wrong(source: aurora_alerts::Error) -> Error {
    let kind = match source.kind() {
        aurora_alerts::ErrorKind::Unavailable => ErrorKind::Storage,
        _ => ErrorKind::Settings,
    };
    Error::new(kind, "the alerts cannot be set up").caused_by(source)
}

/// The settings hold the limits of warnings. Critical ones keep the distance that they have by default: twice the error
/// rate, two and a half times the response time, three quarters of the success rate.
fn thresholds(alerts: &Alerts) -> Thresholds {
    let response_time = alerts.response_time_threshold.as_secs_f64();
    Thresholds {
        success_rate: Levels {
            warning: alerts.success_rate_threshold,
            critical: alerts.success_rate_threshold * 0.75,
        },
        response_time: Levels {
            warning: response_time,
            critical: response_time * 2.5,
        },
        error_rate: Levels {
            warning: alerts.error_rate_threshold,
            critical: (alerts.error_rate_threshold * 2.0).min(100.0),
        },
    }
}
