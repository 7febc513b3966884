//! Alerts: thresholds of the default rules, and a webhook.

use std::time::Duration;

use crate::config::narrowing::{PERCENTAGE, WEBHOOK_URL};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// Thresholds of the default alert rules and where alerts go.
    Alerts at "alerts." {
        /// Success rate in percent below which a warning fires.
        success_rate_threshold: f64 = "80", from ["ALERT_SUCCESS_RATE_THRESHOLD"], only PERCENTAGE;
        /// Mean response time above which a warning fires, in seconds or with a unit.
        response_time_threshold: Duration = "2s", from ["ALERT_RESPONSE_TIME_THRESHOLD"];
        /// Error rate in percent above which a warning fires.
        error_rate_threshold: f64 = "20", from ["ALERT_ERROR_RATE_THRESHOLD"], only PERCENTAGE;
        /// Where notifications are posted; a secret, because whoever knows it can post there.
        webhook_url: Option<Secret>, only WEBHOOK_URL;
    }
}
