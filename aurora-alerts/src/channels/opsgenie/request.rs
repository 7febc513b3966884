//! Requests as the Alert API takes them: <https://docs.opsgenie.com/docs/alert-api>.

use aurora_core::http::Url;
use serde_json::{Map, Value, json};

use super::super::incident::{Action, Step};
use super::super::text::{self, href};
use super::Opsgenie;
use crate::notification::{NamedAlert, Notification};
use crate::rule::Severity;
use crate::template::Escape;

// The documented limits, in characters.
const MESSAGE: usize = 130;
pub(super) const ALIAS: usize = 512;
const DESCRIPTION: usize = 15_000;
const TAGS: usize = 20;
const TAG: usize = 50;
const DETAILS: usize = 8_000;
const ENTITY: usize = 512;
pub(super) const SHORT: usize = 100;
const NOTE: usize = 25_000;
/// The most characters of one detail, so that none takes the room of all.
const DETAIL: usize = 1_000;

/// The address and the body for one step.
pub(super) fn request(channel: &Opsgenie, notification: &Notification, step: &Step<'_>) -> (Url, Value) {
    let mut url = channel.url.clone();
    let body = match step.action {
        Action::Open => alert(channel, notification, step),
        Action::Acknowledge | Action::Close => {
            let verb = if step.action == Action::Close {
                "close"
            } else {
                "acknowledge"
            };
            if let Ok(mut path) = url.path_segments_mut() {
                path.push(&step.key).push(verb);
            }
            url.query_pairs_mut().append_pair("identifierType", "alias");
            json!({
                "source": channel.source,
                "note": text::cut(&text::paragraph(&notification.to_string(), 100), NOTE, char::len_utf16),
            })
        }
    };
    (url, body)
}

fn alert(channel: &Opsgenie, notification: &Notification, step: &Step<'_>) -> Value {
    let title = match channel.texts.title {
        Some(_) => channel.texts.title(notification, Escape::NONE).into_owned(),
        None => step.headline(notification),
    };
    let message = text::cut(&text::line(&title), MESSAGE, char::len_utf16);
    let worst = step.alerts.iter().map(|alert| alert.severity).max();
    let entity = match step.alerts {
        [only] => only.labels.get("instance").or(only.metric.as_deref()),
        _ => None,
    };
    // Null is the same as left out.
    json!({
        "message": if message.is_empty() { "Alert" } else { &message },
        "alias": step.key,
        "description": description(channel, notification, step),
        "tags": tags(notification, step.alerts),
        "details": details(notification, step.alerts),
        "priority": priority(worst.unwrap_or(notification.severity)),
        "source": channel.source,
        "entity": entity.map(|entity| text::cut(&text::line(entity), ENTITY, char::len_utf16)),
        "responders": responders(&channel.teams),
    })
}

fn responders(teams: &[String]) -> Option<Value> {
    let named = teams.iter().map(|team| json!({ "type": "team", "name": team }));
    (!teams.is_empty()).then(|| named.collect())
}

fn description(channel: &Opsgenie, notification: &Notification, step: &Step<'_>) -> String {
    let text = channel.texts.body(notification, Escape::NONE).unwrap_or_else(|| {
        let mut lines = Vec::new();
        for alert in step.alerts {
            lines.push(alert.to_string());
            if !alert.description.is_empty() {
                lines.push(text::cut(&alert.description, DESCRIPTION / 2, char::len_utf16));
            }
        }
        if let Some(link) = notification.acknowledge_url.as_deref().and_then(href) {
            lines.insert(0, format!("Acknowledge: {link}"));
        }
        lines.join("\n")
    });
    text::cut(&text::paragraph(&text, 500), DESCRIPTION, char::len_utf16)
}

/// The labels that all alerts share, in the order of their names.
fn tags(notification: &Notification, alerts: &[NamedAlert]) -> Vec<String> {
    let shared = match alerts {
        [only] => only.labels.clone(),
        _ => notification.common_labels(),
    };
    let tags = shared.iter().map(|(name, value)| format!("{name}={value}"));
    tags.map(|tag| text::cut(&text::line(&tag), TAG, char::len_utf16))
        .filter(|tag| !tag.is_empty())
        .take(TAGS)
        .collect()
}

/// What there is room for: what the engine knows first, then labels and annotations.
fn details(notification: &Notification, alerts: &[NamedAlert]) -> Map<String, Value> {
    let mut pairs: Vec<(&str, String)> = vec![
        ("reason", notification.reason.as_str().to_owned()),
        ("receiver", notification.receiver.clone()),
    ];
    if let Some(step) = notification.escalation_step {
        pairs.push(("escalation_step", step.to_string()));
    }
    if let [only] = alerts {
        pairs.push(("fingerprint", only.fingerprint.to_string()));
        pairs.push(("since", only.starts_at.to_string()));
        pairs.push(("reading", only.reading()));
        if let Some(url) = only.generator_url.as_deref().and_then(href) {
            pairs.push(("url", url));
        }
        pairs.extend(only.labels.iter().map(|(name, value)| (name, value.to_owned())));
        let annotations = only.annotations.iter();
        pairs.extend(annotations.map(|(name, value)| (name.as_str(), value.clone())));
    }
    let (mut details, mut left) = (Map::new(), DETAILS);
    for (name, value) in pairs {
        let name = text::cut(&text::line(name), SHORT, char::len_utf16);
        let value = text::cut(&text::paragraph(&value, 20), DETAIL, char::len_utf16);
        let size = name.encode_utf16().count() + value.encode_utf16().count();
        if value.is_empty() || details.contains_key(&name) || size > left {
            continue;
        }
        left -= size;
        details.insert(name, value.into());
    }
    details
}

const fn priority(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "P1",
        Severity::Warning => "P3",
        Severity::Info => "P5",
    }
}
