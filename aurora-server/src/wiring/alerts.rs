//! The alert engine: the default rules with the thresholds of the settings.

use std::sync::Arc;

use aurora_alerts::rule::{Levels, Thresholds, defaults};
use aurora_alerts::{AlertEngine, Console, Webhook};
use aurora_core::config::{Alerts, Settings};
use aurora_core::time::Clock;

use crate::error::{Error, ErrorKind};

pub(super) fn engine(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<AlertEngine, Error> {
    let wrong = |source: aurora_alerts::Error| {
        Error::new(ErrorKind::Settings, "the alerts cannot be set up").caused_by(source)
    };
    let rules = defaults(&thresholds(&settings.alerts)).map_err(wrong)?;
    let mut builder = AlertEngine::builder()
        .clock(Arc::clone(clock))
        .rules(rules)
        .notify(Console::new());
    if let Some(url) = &settings.alerts.webhook_url {
        let webhook = Webhook::builder(url.clone())
            .clock(Arc::clone(clock))
            .build()
            .map_err(wrong)?;
        builder = builder.notify(webhook);
    }
    builder.build().map_err(wrong)
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
