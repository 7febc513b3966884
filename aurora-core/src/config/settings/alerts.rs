//! Alerts: thresholds of the default rules, a file of rules, and a webhook.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::narrowing::{PERCENTAGE, WEBHOOK_URL};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// Alert rules, and where alerts go.
    Alerts at "alerts." {
        /// Success rate in percent below which a warning fires.
        success_rate_threshold: f64 = "80", from ["ALERT_SUCCESS_RATE_THRESHOLD"], only PERCENTAGE;
        /// Mean response time above which a warning fires, in seconds or with a unit.
        response_time_threshold: Duration = "2s", from ["ALERT_RESPONSE_TIME_THRESHOLD"];
        /// Error rate in percent above which a warning fires.
        error_rate_threshold: f64 = "20", from ["ALERT_ERROR_RATE_THRESHOLD"], only PERCENTAGE;
        /// File of rules, routes and receivers (.yaml, .yml or .toml); a rule of it takes the place of the default one of its name.
        file: Option<PathBuf>, from ["ALERTS_FILE"];
        /// Where notifications are posted; a secret, because whoever knows it can post there.
        webhook_url: Option<Secret>, only WEBHOOK_URL;
    }
}
