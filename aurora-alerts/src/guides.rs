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
