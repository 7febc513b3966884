//! An alert engine that lives inside an application: rules over the numbers it pushes, notifications when they break
//! and when they recover.
//!
//! No server, no scrape, no timer of its own: the application records samples and lets time pass. What was accepted is
//! told once to each target of each channel, whatever is killed or throttled on the way: it is written down before
//! anybody is told, failures are retried, `Retry-After` is obeyed, and a channel that is slow or broken holds up no
//! other. The pages of `docs/alerts/` tell more, `delivery.md` what exactly is promised.
//!
//! ```
//! use aurora_alerts::{AlertEngine, Console, Rule};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), aurora_alerts::Error> {
//! let rule = Rule::new("Error rate high").metric("error_rate").above(20.0);
//! let engine = AlertEngine::builder().rule(rule).notify(Console::new()).build()?;
//! engine.record("error_rate", 31.0);
//! engine.tick().await; // [WARNING] Error rate high: error_rate 31 > 20
//! engine.record("error_rate", 4.0);
//! engine.tick().await; // [RESOLVED] Error rate high
//! # Ok(())
//! # }
//! ```
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`rule`] | rules, severities, escalation, flapping, the six default rules |
//! | [`condition`] | thresholds, windows, changes, absence, heartbeats, anomalies, burn rates, conditions of one's own |
//! | [`series`] | what is kept of samples; handles, and the `metrics` facade as a source |
//! | [`state`] | the life of one alert as a pure function |
//! | [`engine`] | the engine: `record`, `post`, `tick`, `run`, `shutdown`, `explain`, and what it remembers |
//! | [`route`] | who is told: routes, groups, receivers, inhibition |
//! | [`silence`] | silences and maintenance windows |
//! | [`time_interval`] | recurring times for routes and maintenance windows |
//! | `file` | rules, routes and receivers from YAML and TOML |
//! | [`store`] | where an engine keeps what must survive it: memory, SQLite, PostgreSQL |
//! | [`history`] | what happened, as records |
//! | [`report`] | who fired when and for how long, mean times, deliveries by channel; CSV and JSON |
//! | [`backtest`] | what rules would have done: recorded samples in virtual time |
//! | [`notifier`] | what a channel must be able to do |
//! | [`channels`] | console, webhook, e-mail, Slack, Discord, Telegram, Teams, PagerDuty, Opsgenie |
//! | [`template`] | titles and texts of one's own |
//! | [`link`] | signed links by which an alert can be acknowledged |
//! | [`telemetry`] | the names of the metrics |
//! | `testing` | recorder, failing channel, the suite for notifiers, fakes of services |
//!
//! # How an alert goes
//! A sample waits until the next tick, which judges every sample in its order by every rule that looks at its series. A
//! breach makes the alert pending, and firing after the rule's `for`; each label set has an alert of its own. Alerts that
//! others found are posted. Routes lead an alert into groups; silences, inhibition and named times keep it back; and each
//! target of a group's channels is told the difference between what is and what it was told before. What changed is
//! committed in one transaction, and only then is anything sent. Memory is bounded everywhere; what had to be left out is
//! counted.
//!
//! Without a [store](engine::AlertEngineBuilder::store) everything is in memory and ends with the engine. Several engines on one
//! store are replicas: one leads, the others hand it what they are told and take over when it is gone.
//!
//! | feature | what it adds | default |
//! | --- | --- | --- |
//! | `webhook` | the generic webhook channel, and with it the HTTP client | yes |
//! | `sqlite` | `store::SqlAlertStore` on SQLite | no |
//! | `postgres` | `store::SqlAlertStore` on PostgreSQL | no |
//! | `rule-files` | module `file` | no |
//! | `discord` | messages to a Discord webhook | no |
//! | `slack` | messages to a Slack incoming webhook | no |
//! | `teams` | messages to a Microsoft Teams workflow | no |
//! | `telegram` | messages of a Telegram bot | no |
//! | `email` | mail over SMTP | no |
//! | `opsgenie` | alerts at Opsgenie and Jira Service Management | no |
//! | `pagerduty` | incidents at PagerDuty | no |
//! | `templates` | titles and texts of one's own | no |
//! | `testing` | module `testing` | no |

mod alert;
pub mod backtest;
pub mod channels;
pub mod condition;
mod core;
pub mod engine;
mod error;
mod evaluation;
#[cfg(feature = "rule-files")]
pub mod file;
#[cfg(doctest)]
mod guides;
pub mod history;
mod labels;
pub mod link;
mod matcher;
mod notification;
pub mod notifier;
mod pipeline;
mod posted;
pub mod report;
mod ring;
pub mod route;
pub mod rule;
pub mod series;
pub mod silence;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod template;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time_interval;

pub use alert::{Alert, AlertEvent, Posting};
pub use backtest::Backtest;
#[cfg(any(feature = "pagerduty", feature = "opsgenie"))]
pub use channels::Dedup;
pub use channels::console::Console;
#[cfg(feature = "discord")]
pub use channels::discord::Discord;
#[cfg(feature = "email")]
pub use channels::email::{Email, Encryption, Letter, Letters};
#[cfg(feature = "opsgenie")]
pub use channels::opsgenie::{Opsgenie, OpsgenieSite};
#[cfg(feature = "pagerduty")]
pub use channels::pagerduty::PagerDuty;
#[cfg(feature = "slack")]
pub use channels::slack::Slack;
#[cfg(feature = "teams")]
pub use channels::teams::Teams;
#[cfg(feature = "telegram")]
pub use channels::telegram::Telegram;
#[cfg(feature = "webhook")]
pub use channels::webhook::Webhook;
pub use condition::{Condition, Operator};
pub use engine::AlertEngine;
pub use error::{Error, ErrorKind, Place, Problem};
#[cfg(feature = "rule-files")]
pub use file::AlertFile;
pub use labels::{Fingerprint, Labels, ParseFingerprintError};
pub use link::{AckLinks, AckSubject, AckToken, InvalidAckToken};
pub use matcher::{MatchOperator, Matcher, Matchers, ParseMatcherError};
pub use notification::{Change, Delivery, DeliveryId, NamedAlert, Notification, Reason, Status};
pub use notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Receipt, Rendered, Scope};
pub use pipeline::{
    Acknowledgement, EscalationExplanation, Explanation, GroupExplanation, STAGES, Stage, TargetExplanation,
};
pub use posted::PostedAlert;
pub use report::Report;
pub use route::Route;
pub use rule::{Rule, Severity};
pub use series::Share;
pub use template::{Escape, Template, Texts};
pub use time_interval::TimeInterval;
