//! Events as PagerDuty takes them: <https://developer.pagerduty.com/docs/events-api-v2-overview>.

use aurora_core::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::incident::{Action, Step};
use super::super::text::{self, href};
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

/// An event; an acknowledgement and a resolve have no more than what names the incident.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    /// Not until it is sent, so that no event that is shown has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) routing_key: Option<&'a str>,
    event_action: &'static str,
    pub(super) dedup_key: &'a str,
    #[serde(flatten)]
    pub(super) alert: Option<Alert<'a>>,
}

/// What a trigger tells.
#[derive(Debug, Serialize)]
pub(super) struct Alert<'a> {
    client: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_url: Option<&'a str>,
    links: Vec<Link>,
    pub(super) payload: Payload,
}

#[derive(Debug, Serialize)]
struct Link {
    href: String,
    text: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Payload {
    pub(super) summary: String,
    source: String,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<String>,
    group: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    custom_details: Value,
}

/// The event for one step, without the routing key.
pub(super) fn event<'a>(
    channel: &'a PagerDuty,
    notification: &Notification,
    step: &'a Step<'_>,
) -> Event<'a> {
    let event_action = match step.action {
        Action::Open => "trigger",
        Action::Acknowledge => "acknowledge",
        Action::Close => "resolve",
    };
    let mut event = Event {
        routing_key: None,
        event_action,
        dedup_key: &step.key,
        alert: (step.action == Action::Open).then(|| Alert {
            client: short(&channel.client),
            client_url: channel.client_url.as_deref(),
            links: links(notification, step.alerts),
            payload: payload(channel, notification, step),
        }),
    };
    let is_too_large = serde_json::to_vec(&event).is_ok_and(|bytes| bytes.len() > EVENT);
    if let Some(alert) = event.alert.as_mut().filter(|_| is_too_large) {
        let note = "the details are left out: together they are too long for PagerDuty";
        alert.payload.custom_details = json!({ "note": note });
    }
    event
}

fn payload(channel: &PagerDuty, notification: &Notification, step: &Step<'_>) -> Payload {
    let title = match channel.texts.title {
        Some(_) => channel.texts.title(notification, Escape::NONE).into_owned(),
        None => step.headline(notification),
    };
    let source = step.alerts.iter().find_map(|alert| alert.labels.get("instance"));
    let worst = step.alerts.iter().map(|alert| alert.severity).max();
    let first = step.alerts.first();
    Payload {
        summary: filled(text::cut(&text::line(&title), SUMMARY, char::len_utf16), "alert"),
        source: filled(short(source.unwrap_or(&channel.source)), "aurora"),
        severity: severity(worst.unwrap_or(notification.severity)),
        timestamp: first.map(|alert| alert.starts_at),
        component: first.and_then(|alert| alert.metric.as_deref()).map(short),
        group: short(&notification.receiver),
        class: first.map(|alert| short(&alert.rule)),
        custom_details: details(channel, notification, step.alerts).into(),
    }
}

fn details(channel: &PagerDuty, notification: &Notification, alerts: &[NamedAlert]) -> Map<String, Value> {
    let mut details = match alerts {
        [alert] => about(alert),
        several => {
            let told: Vec<_> = several.iter().map(about).collect();
            Map::from_iter([("alerts".to_owned(), told.into())])
        }
    };
    let mut tell = |name: &str, value: Value| details.insert(name.to_owned(), value);
    tell("reason", notification.reason.as_str().into());
    if let Some(body) = channel.texts.body(notification, Escape::NONE) {
        tell("text", detail(&body).into());
    }
    if let Some(step) = notification.escalation_step {
        tell("escalation_step", step.into());
    }
    if notification.others_firing > 0 {
        tell("others_firing", notification.others_firing.into());
    }
    details
}

fn about(alert: &NamedAlert) -> Map<String, Value> {
    let mut about = Map::new();
    let mut tell = |name: &str, value: Value| about.insert(name.to_owned(), value);
    tell("alert", detail(&alert.to_string()).into());
    tell("fingerprint", alert.fingerprint.to_string().into());
    tell("since", alert.starts_at.to_string().into());
    if !alert.description.is_empty() {
        tell("description", detail(&alert.description).into());
    }
    if !alert.labels.is_empty() {
        tell("labels", texts(alert.labels.iter()));
    }
    if !alert.annotations.is_empty() {
        let pairs = alert.annotations.iter();
        tell(
            "annotations",
            texts(pairs.map(|(name, value)| (name.as_str(), value.as_str()))),
        );
    }
    about
}

fn texts<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let pairs = pairs.map(|(name, value)| (short(name), detail(value).into()));
    Value::Object(pairs.collect())
}

fn links(notification: &Notification, alerts: &[NamedAlert]) -> Vec<Link> {
    let mut links = Vec::new();
    let mut add = |text, url: Option<&str>| {
        links.extend(url.and_then(href).map(|href| Link { href, text }));
    };
    add("Acknowledge", notification.acknowledge_url.as_deref());
    if let [alert] = alerts {
        add("Source", alert.generator_url.as_deref());
        add(
            "Runbook",
            alert.annotations.get("runbook_url").map(String::as_str),
        );
    }
    links
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
fn filled(text: String, instead: &str) -> String {
    if text.is_empty() { instead.to_owned() } else { text }
}
