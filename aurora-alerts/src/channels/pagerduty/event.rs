//! Events as PagerDuty takes them: <https://developer.pagerduty.com/docs/events-api-v2-overview>.

use serde_json::{Map, Value, json};

use super::super::incident::{Action, Step, link};
use super::super::text;
use super::PagerDuty;
use crate::notification::{NamedAlert, Notification};
use crate::rule::Severity;
use crate::template::Escape;

/// The most characters of a summary.
const SUMMARY: usize = 1_024;
/// The most characters of a key.
pub(super) const KEY: usize = 255;
/// The most bytes of an event; the routing key is added to what is counted here.
const EVENT: usize = 512_000 - 1_000;
/// The most characters of one text among the details: as many as people read.
const DETAIL: usize = 8_000;
/// The most characters of the short texts of an event.
const SHORT: usize = 255;

/// The event for one step, without the routing key.
pub(super) fn event(channel: &PagerDuty, notification: &Notification, step: &Step<'_>) -> Value {
    let action = match step.action {
        Action::Open => "trigger",
        Action::Acknowledge => "acknowledge",
        Action::Close => "resolve",
    };
    let mut event = json!({ "event_action": action, "dedup_key": step.key });
    if step.action != Action::Open {
        return event;
    }
    event["client"] = short(&channel.client).into();
    if let Some(url) = &channel.client_url {
        event["client_url"] = url.as_str().into();
    }
    event["links"] = links(notification, step.alerts);
    event["payload"] = payload(channel, notification, step);
    if event.to_string().len() > EVENT {
        event["payload"]["custom_details"] =
            json!({ "note": "the details are left out: together they are too long for PagerDuty" });
    }
    event
}

fn payload(channel: &PagerDuty, notification: &Notification, step: &Step<'_>) -> Value {
    let title = match channel.texts.title {
        Some(_) => channel.texts.title(notification, Escape::NONE).into_owned(),
        None => step.headline(notification),
    };
    let source = step.alerts.iter().find_map(|alert| alert.labels.get("instance"));
    let worst = step.alerts.iter().map(|alert| alert.severity).max();
    let mut payload = json!({
        "summary": filled(&text::cut(&text::line(&title), SUMMARY, char::len_utf16), "alert"),
        "source": filled(&short(source.unwrap_or(&channel.source)), "aurora"),
        "severity": severity(worst.unwrap_or(notification.severity)),
        "group": short(&notification.receiver),
        "custom_details": details(channel, notification, step.alerts),
    });
    if let [alert, ..] = step.alerts {
        payload["timestamp"] = alert.starts_at.to_string().into();
        payload["class"] = short(&alert.rule).into();
        if let Some(metric) = &alert.metric {
            payload["component"] = short(metric).into();
        }
    }
    payload
}

fn details(channel: &PagerDuty, notification: &Notification, alerts: &[NamedAlert]) -> Value {
    let mut details = Map::new();
    if let Some(body) = channel.texts.body(notification, Escape::NONE) {
        details.insert("text".to_owned(), detail(&body).into());
    }
    details.insert("reason".to_owned(), notification.reason.as_str().into());
    if let Some(step) = notification.escalation_step {
        details.insert("escalation_step".to_owned(), step.into());
    }
    if notification.others_firing > 0 {
        details.insert("others_firing".to_owned(), notification.others_firing.into());
    }
    let told = match alerts {
        [alert] => about(alert),
        several => json!({ "alerts": several.iter().map(about).collect::<Vec<_>>() }),
    };
    if let Value::Object(told) = told {
        details.extend(told);
    }
    details.into()
}

fn about(alert: &NamedAlert) -> Value {
    let texts = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Map<String, Value> {
        pairs.map(|(name, value)| (short(name), detail(value).into())).collect()
    };
    let mut about = json!({
        "alert": detail(&alert.to_string()),
        "fingerprint": alert.fingerprint,
        "since": alert.starts_at,
    });
    if !alert.description.is_empty() {
        about["description"] = detail(&alert.description).into();
    }
    if !alert.labels.is_empty() {
        about["labels"] = texts(&mut alert.labels.iter()).into();
    }
    if !alert.annotations.is_empty() {
        let mut pairs = alert.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        about["annotations"] = texts(&mut pairs).into();
    }
    about
}

fn links(notification: &Notification, alerts: &[NamedAlert]) -> Value {
    let mut links = Vec::new();
    let mut add = |text: &str, url: Option<&str>| {
        if let Some(href) = link(url) {
            links.push(json!({ "href": href, "text": text }));
        }
    };
    add("Acknowledge", notification.acknowledge_url.as_deref());
    if let [alert] = alerts {
        add("Source", alert.generator_url.as_deref());
        add("Runbook", alert.annotations.get("runbook_url").map(String::as_str));
    }
    links.into()
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn short(text: &str) -> String {
    text::cut(&text::line(text), SHORT, char::len_utf16)
}

fn detail(text: &str) -> String {
    text::cut(&text::paragraph(text, 100), DETAIL, char::len_utf16)
}

/// PagerDuty refuses empty texts.
fn filled<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}
