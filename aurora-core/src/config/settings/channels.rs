//! Where notifications go.

use crate::config::narrowing::{
    API_KEY, BOT_TOKEN, CHATS, HOST, HTTP_URL, MAIL_ADDRESS, MAIL_ADDRESSES, REMOTE_PORT, ROUTING_KEY,
    WEBHOOK_URL,
};
use crate::config::setting::section;
use crate::config::value::choice;
use crate::secret::Secret;

section! {
    /// The server that mail is handed to, and who sends and gets it.
    Email at "email." {
        /// Host of the SMTP server; setting it configures mail.
        host: Option<String>, from ["SMTP_SERVER", "SMTP_HOST"], only HOST;
        /// TCP port of the SMTP server.
        port: u16 = "587", from ["SMTP_PORT"], only REMOTE_PORT;
        /// How the connection is encrypted; when it is not set, `tls` on port 465 and `starttls` on any other.
        encryption: Option<MailEncryption>, from ["SMTP_ENCRYPTION"];
        /// User name at the SMTP server, together with a password.
        username: Option<String>, from ["SMTP_USERNAME", "SMTP_USER"];
        /// Password at the SMTP server, together with a user name.
        password: Option<Secret>, from ["SMTP_PASSWORD"];
        /// Address that mail comes from; when it is not set, the user name, if that is an address.
        from: Option<String>, from ["FROM_EMAIL", "SMTP_FROM"], only MAIL_ADDRESS;
        /// Addresses that alerts are mailed to.
        to: Vec<String> = "", from ["SMTP_TO"], only MAIL_ADDRESSES;
    }
}

section! {
    /// Messages in Slack.
    Slack at "slack." {
        /// Incoming webhook that messages are posted to; a secret, because whoever knows it can post there.
        webhook_url: Option<Secret>, from ["SLACK_WEBHOOK_URL"], only WEBHOOK_URL;
    }
}

section! {
    /// Messages in Discord.
    Discord at "discord." {
        /// Webhook that messages are posted to; a secret, because whoever knows it can post there.
        webhook_url: Option<Secret>, from ["DISCORD_WEBHOOK_URL"], only WEBHOOK_URL;
    }
}

section! {
    /// Messages in Telegram.
    Telegram at "telegram." {
        /// Token of the bot that sends, as BotFather hands it out.
        bot_token: Option<Secret>, from ["TELEGRAM_BOT_TOKEN"], only BOT_TOKEN;
        /// Chats that messages are sent to; has to be set with a token.
        chat_ids: Vec<String> = "", from ["TELEGRAM_CHAT_ID"], only CHATS;
        /// Where the Bot API is; another address for a server of one's own.
        base_url: String = "https://api.telegram.org", only HTTP_URL;
    }
}

section! {
    /// Incidents at PagerDuty.
    PagerDuty at "pagerduty." {
        /// Integration key of a service that takes events by the Events API v2.
        routing_key: Option<Secret>, from ["PAGERDUTY_ROUTING_KEY"], only ROUTING_KEY;
        /// Where events are taken; for accounts in Europe `https://events.eu.pagerduty.com/v2/enqueue`.
        endpoint: String = "https://events.pagerduty.com/v2/enqueue", only HTTP_URL;
    }
}

section! {
    /// Alerts at Opsgenie or Jira Service Management.
    Opsgenie at "opsgenie." {
        /// Key of an integration that may create alerts.
        api_key: Option<Secret>, from ["OPSGENIE_API_KEY"], only API_KEY;
        /// Where the API is; in Europe `https://api.eu.opsgenie.com`, at Jira Service Management `https://api.atlassian.com/jsm/ops/integration`.
        base_url: String = "https://api.opsgenie.com", only HTTP_URL;
    }
}

section! {
    /// Messages in Microsoft Teams.
    Teams at "teams." {
        /// Webhook of a workflow that messages are posted to; a secret, because whoever knows it can post there.
        webhook_url: Option<Secret>, from ["TEAMS_WEBHOOK_URL"], only WEBHOOK_URL;
    }
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailEncryption {
    /// Plain at first, then STARTTLS, without which nothing is sent (RFC 3207).
    StartTls,
    /// From the first byte on (RFC 8314).
    Tls,
    /// Never; for a server on the same machine.
    None,
}

choice!(MailEncryption, "starttls, tls or none", {
    "starttls" => StartTls,
    "tls" | "ssl" => Tls,
    "none" => None,
});

impl Email {
    /// How the connection is encrypted: what was set, else what suits the port.
    #[must_use]
    pub fn encryption(&self) -> MailEncryption {
        self.encryption.unwrap_or(match self.port {
            465 => MailEncryption::Tls,
            _ => MailEncryption::StartTls,
        })
    }
}
