//! The pages of `docs/alerts/`, whose examples are compiled and run with the documentation tests.

#[cfg(feature = "rule-files")]
#[doc = include_str!("../../docs/alerts/rules.md")]
mod rules {}

#[cfg(feature = "rule-files")]
#[doc = include_str!("../../docs/alerts/routing.md")]
mod routing {}

#[doc = include_str!("../../docs/alerts/reports.md")]
mod reports {}

#[doc = include_str!("../../docs/alerts/backtest.md")]
mod backtest {}

#[doc = include_str!("../../docs/alerts/embedding.md")]
mod embedding {}

#[doc = include_str!("../../docs/alerts/delivery.md")]
mod delivery {}

#[cfg(all(
    feature = "webhook",
    feature = "email",
    feature = "slack",
    feature = "discord",
    feature = "telegram",
    feature = "teams",
    feature = "pagerduty",
    feature = "opsgenie",
    feature = "templates"
))]
#[doc = include_str!("../../docs/alerts/channels.md")]
mod channels {}
