//! The settings themselves, a file for each part. One line is one setting.

mod access;
mod alerts;
mod channels;
mod companies;
mod google;
mod library;
mod limits;
mod llm;
mod log;
mod rules;
mod server;
mod stores;
mod whatsapp;

pub use access::{Access, JwtAlgorithm};
pub use alerts::Alerts;
pub use channels::{Discord, Email, MailEncryption, Opsgenie, PagerDuty, Slack, Teams, Telegram};
pub use companies::{Cnpj, CnpjAuth};
pub use google::Google;
pub use library::{Backup, Files, Knowledge, Webhooks};
pub use limits::Limits;
pub use llm::{CompatibleServer, Llm};
pub use log::{Log, LogFormat, LogLevel, LogRotation, LogStream};
pub(super) use rules::check;
pub use server::Server;
pub use stores::{Database, Redis};
pub use whatsapp::Whatsapp;

use crate::config::setting::section;
use crate::config::value::choice;

section! {
    /// Every setting of Aurora.
    Settings at "" {
        /// Where this process runs; selects `aurora.<environment>.toml`.
        environment: Environment = "development", from ["ENVIRONMENT"];
        /// Whether answers and logs carry details that help while developing.
        debug: bool = "false", from ["DEBUG"];
    }
    sections {
        /// The HTTP server.
        server: Server;
        /// The SQL database.
        database: Database;
        /// The shared cache.
        redis: Redis;
        /// Sign-in and tokens.
        access: Access;
        /// Model providers.
        llm: Llm;
        /// Alert rules and a webhook.
        alerts: Alerts;
        /// Mail.
        email: Email;
        /// Slack.
        slack: Slack;
        /// Discord.
        discord: Discord;
        /// Telegram.
        telegram: Telegram;
        /// PagerDuty.
        pagerduty: PagerDuty;
        /// Opsgenie and Jira Service Management.
        opsgenie: Opsgenie;
        /// Microsoft Teams.
        teams: Teams;
        /// Companies by their CNPJ.
        cnpj: Cnpj;
        /// Uploaded files.
        files: Files;
        /// Searched documents.
        knowledge: Knowledge;
        /// Events sent to others.
        webhooks: Webhooks;
        /// Copies of the database.
        backup: Backup;
        /// WhatsApp.
        whatsapp: Whatsapp;
        /// Google Calendar.
        google: Google;
        /// Logs.
        log: Log;
        /// Limits on what a client may send.
        limits: Limits;
    }
}

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Environment {
    /// On the machine of whoever writes code.
    #[default]
    Development,
    /// As in production, without its data.
    Staging,
    /// For real.
    Production,
}

impl Environment {
    /// Its name in lower case, as it stands in the name of its file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

choice!(Environment, "development, staging or production", {
    "development" => Development,
    "staging" => Staging,
    "production" => Production,
});

impl Settings {
    /// The form of log lines: what was set, else what suits the environment.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        self.log.format.unwrap_or(match self.environment {
            Environment::Production => LogFormat::Json,
            Environment::Development | Environment::Staging => LogFormat::Human,
        })
    }
}
