//! The alert engine: the default rules with the thresholds of the settings, the rules of a file, every channel that is
//! set, and a place in the database.

mod channels;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aurora_alerts::rule::{Levels, Thresholds, defaults};
use aurora_alerts::store::SqlAlertStore;
use aurora_alerts::{AlertEngine, AlertFile, Rule};
use aurora_core::config::{Alerts, Settings};
use aurora_core::store::Database;
use aurora_core::time::Clock;

use crate::error::{Error, ErrorKind};

/// The name of the engine in the database; servers on one database are replicas of it.
const ENGINE: &str = "aurora";

/// The engine, with the alerts and notifications that an earlier run left in `database`.
pub(super) async fn engine(
    settings: &Settings,
    database: &Database,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngine, Error> {
    let file = match &settings.alerts.file {
        Some(path) => AlertFile::read(path).map_err(wrong)?,
        None => AlertFile::default(),
    };
    let mut defaults = defaults(&thresholds(&settings.alerts)).map_err(wrong)?;
    let is_in_file = |rule: &Rule| file.rules.iter().any(|other| other.name() == rule.name());
    defaults.retain(|rule| !is_in_file(rule));
    let store = SqlAlertStore::open(database.clone(), ENGINE)
        .await
        .map_err(|source| Error::new(ErrorKind::Storage, "the alerts cannot be kept").caused_by(source))?;
    let builder = AlertEngine::builder()
        .clock(Arc::clone(clock))
        .store(store)
        .rules(defaults)
        .rules(file.rules)
        .routing(file.routing);
    let builder = channels::add(builder, settings, clock).map_err(wrong)?;
    builder.open().await.map_err(wrong)
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
