//! The channels: the terminal, and whatever the settings name.

use std::sync::Arc;

use aurora_alerts::channels::email::EmailBuilder;
use aurora_alerts::engine::AlertEngineBuilder;
use aurora_alerts::{
    Console, Discord, Email, Encryption, Error, Opsgenie, PagerDuty, Slack, Teams, Telegram, Webhook,
};
use aurora_core::config::{Email as MailSettings, MailEncryption, Settings};
use aurora_core::time::Clock;
use tracing::warn;

/// The channel that is told what a broken one cannot tell: the only one that nothing outside can break.
const FALLBACK: &str = "console";

/// Adds the terminal and every channel that is set, each under its own name.
pub(super) fn add(
    builder: AlertEngineBuilder,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngineBuilder, Error> {
    let builder = builder.notify(Console::new()).fallback(FALLBACK);
    let builder = chats(builder, settings, clock)?;
    let builder = incidents(builder, settings, clock)?;
    mail(builder, settings, clock)
}

/// The webhook, and the chats that people read.
fn chats(
    mut builder: AlertEngineBuilder,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngineBuilder, Error> {
    if let Some(url) = &settings.alerts.webhook_url {
        builder = builder.notify(Webhook::builder(url.clone()).clock(Arc::clone(clock)).build()?);
    }
    if let Some(url) = &settings.slack.webhook_url {
        builder = builder.notify(Slack::builder(url.clone()).clock(Arc::clone(clock)).build()?);
    }
    if let Some(url) = &settings.discord.webhook_url {
        builder = builder.notify(Discord::builder(url.clone()).clock(Arc::clone(clock)).build()?);
    }
    if let Some(token) = &settings.telegram.bot_token {
        let telegram = Telegram::builder(token.clone())
            .chats(&settings.telegram.chat_ids)
            .base_url(settings.telegram.base_url.as_str())
            .clock(Arc::clone(clock));
        builder = builder.notify(telegram.build()?);
    }
    if let Some(url) = &settings.teams.webhook_url {
        builder = builder.notify(Teams::builder(url.clone()).clock(Arc::clone(clock)).build()?);
    }
    Ok(builder)
}

/// The services that call people out of bed.
fn incidents(
    mut builder: AlertEngineBuilder,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngineBuilder, Error> {
    if let Some(key) = &settings.pagerduty.routing_key {
        let pagerduty = PagerDuty::builder(key.clone())
            .endpoint(settings.pagerduty.endpoint.as_str())
            .clock(Arc::clone(clock));
        builder = builder.notify(pagerduty.build()?);
    }
    if let Some(key) = &settings.opsgenie.api_key {
        let opsgenie = Opsgenie::builder(key.clone())
            .base_url(settings.opsgenie.base_url.as_str())
            .clock(Arc::clone(clock));
        builder = builder.notify(opsgenie.build()?);
    }
    Ok(builder)
}

fn mail(
    builder: AlertEngineBuilder,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngineBuilder, Error> {
    let mail = &settings.email;
    let Some(host) = &mail.host else {
        return Ok(builder);
    };
    if mail.to.is_empty() {
        warn!("mail is configured, but email.to names nobody whom alerts could be mailed to");
        return Ok(builder);
    }
    let mut email = mail_server(mail, host, clock);
    for recipient in &mail.to {
        email = email.to(recipient);
    }
    Ok(builder.notify(email.build()?))
}

/// The way to the mail server of the settings.
pub(crate) fn mail_server(mail: &MailSettings, host: &str, clock: &Arc<dyn Clock>) -> EmailBuilder {
    // The settings see to it that one of the two is an address.
    let from = mail.from.as_ref().or(mail.username.as_ref());
    let encryption = match mail.encryption() {
        MailEncryption::Tls => Encryption::Tls,
        MailEncryption::None => Encryption::None,
        _ => Encryption::StartTls,
    };
    let email = Email::builder(host, from.map_or("", String::as_str))
        .port(mail.port)
        .encryption(encryption)
        .clock(Arc::clone(clock));
    match (&mail.username, &mail.password) {
        (Some(user), Some(password)) => email.credentials(user, password.clone()),
        _ => email,
    }
}
