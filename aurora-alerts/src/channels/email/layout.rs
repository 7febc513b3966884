//! What a mail says: as plain text, and as HTML that mail programs show.

use aurora_core::time::Timestamp;
use chrono::DateTime;

use super::super::text::{self, href};
use crate::notification::{NamedAlert, Notification, Status};
use crate::rule::Severity;
use crate::state::ResolveReason;
use crate::template::Escape;

/// The most characters of one text that others wrote.
const TEXT: usize = 2_000;
/// The most characters of a subject; RFC 5322 §2.1.1 folds lines, but people read one.
const SUBJECT: usize = 200;
/// The most annotations that are shown of one alert.
const ANNOTATIONS: usize = 20;
/// Where a part of a mail ends and the alerts that are left are only counted; mail programs cut at about 100 KiB.
const PART: usize = 256 * 1024;

/// The title in one line.
pub(super) fn subject(title: &str) -> String {
    text::cut(&text::line(title), SUBJECT, |_| 1)
}

/// The text part.
pub(super) fn plain(notification: &Notification, title: &str) -> String {
    let mut out = format!("{title}\n");
    let mut left = notification.alerts.len();
    for alert in &notification.alerts {
        if out.len() > PART {
            break;
        }
        out += &format!("\n{}: {}\n", word(alert), paragraph(&alert.rule));
        for (name, value) in facts(alert) {
            out += &format!("  {name}: {}\n", value.replace('\n', "\n    "));
        }
        left -= 1;
    }
    for note in notes(notification, left) {
        out += &format!("\n{note}\n");
    }
    if let Some(link) = notification.acknowledge_url.as_deref().and_then(href) {
        out += &format!("\nAcknowledge: {link}\n");
    }
    out
}

/// The HTML part: styles are inline, for many mail programs take no others.
pub(super) fn html(notification: &Notification, title: &str) -> String {
    let mut rows = String::new();
    let mut left = notification.alerts.len();
    for alert in &notification.alerts {
        if rows.len() > PART {
            break;
        }
        row(&mut rows, alert);
        left -= 1;
    }
    let mut after = String::new();
    for note in notes(notification, left) {
        after += &format!("<p style=\"margin:12px 0;color:#57606a\">{note}</p>\n");
    }
    if let Some(link) = notification.acknowledge_url.as_deref().and_then(href) {
        after += &format!(
            "<p style=\"margin:20px 0\"><a href=\"{}\" style=\"background:#1f2328;color:#ffffff;padding:10px 18px;\
             border-radius:6px;text-decoration:none;display:inline-block\">Acknowledge</a></p>\n",
            escaped(&link),
        );
    }
    page(
        &escaped(title),
        &format!(
            "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" width=\"100%\" \
         style=\"border-collapse:collapse\">\n{rows}</table>\n{after}"
        ),
    )
}

/// A whole page around a body that is HTML already.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#1f2328\">\n\
         <h1 style=\"font-size:18px;margin:0 0 12px\">{title}</h1>\n{body}</body>\n</html>\n"
    )
}

fn row(rows: &mut String, alert: &NamedAlert) {
    let colour = colour(alert);
    *rows += &format!(
        "<tr><td style=\"border-left:4px solid {colour};border-bottom:1px solid #d0d7de;padding:10px 12px\">\n\
         <div><strong style=\"color:{colour}\">{}</strong> <strong>{}</strong></div>\n",
        word(alert),
        escaped(&paragraph(&alert.rule)),
    );
    for (name, value) in facts(alert) {
        let value = match href(&value) {
            Some(link) => format!("<a href=\"{0}\" style=\"color:#0969da\">{0}</a>", escaped(&link)),
            None => escaped(&value).replace('\n', "<br>"),
        };
        *rows += &format!(
            "<div style=\"margin-top:4px\"><span style=\"color:#57606a\">{}:</span> {value}</div>\n",
            escaped(&name),
        );
    }
    rows.push_str("</td></tr>\n");
}

/// What is told of an alert, in its order: name and text.
fn facts(alert: &NamedAlert) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut tell = |name: &str, text: String| {
        if !text.is_empty() {
            facts.push((paragraph(name), text));
        }
    };
    tell("Reading", paragraph(&alert.reading()));
    tell("Description", paragraph(&alert.description));
    tell("Severity", alert.severity.as_str().to_owned());
    tell("Since", time(alert.starts_at));
    if let Some(ends_at) = alert.ends_at {
        tell("Until", time(ends_at));
    }
    if alert.resolve_reason == Some(ResolveReason::NoData) {
        tell("Ended", "its series brings no data any more".to_owned());
    }
    if alert.is_over_before_told() {
        tell("Note", "fired and resolved before this could be sent".to_owned());
    }
    if alert.changes_total > 2 {
        tell("Changes", alert.changes_total.to_string());
    }
    if let Some(by) = &alert.acknowledged_by {
        tell("Acknowledged by", paragraph(by));
    }
    if !alert.labels.is_empty() {
        tell("Labels", paragraph(&alert.labels.to_string()));
    }
    for (name, value) in alert.annotations.iter().take(ANNOTATIONS) {
        tell(name, paragraph(value));
    }
    if let Some(url) = &alert.generator_url {
        tell("More", paragraph(url));
    }
    facts
}

/// What is said below the alerts.
fn notes(notification: &Notification, left: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if left > 0 {
        notes.push(format!(
            "{left} more alerts are left out of this mail for its length."
        ));
    }
    match notification.others_firing {
        0 => {}
        1 => notes.push("1 more alert of this group is firing.".to_owned()),
        others => notes.push(format!("{others} more alerts of this group are firing.")),
    }
    notes
}

fn word(alert: &NamedAlert) -> &'static str {
    match (alert.status, alert.severity) {
        (Status::Resolved, _) => "RESOLVED",
        (Status::Firing, Severity::Critical) => "CRITICAL",
        (Status::Firing, Severity::Warning) => "WARNING",
        (Status::Firing, Severity::Info) => "INFO",
    }
}

fn colour(alert: &NamedAlert) -> &'static str {
    match (alert.status, alert.severity) {
        (Status::Resolved, _) => "#1a7f37",
        (Status::Firing, Severity::Critical) => "#cf222e",
        (Status::Firing, Severity::Warning) => "#9a6700",
        (Status::Firing, Severity::Info) => "#0969da",
    }
}

fn paragraph(text: &str) -> String {
    text::cut(&text::paragraph(text, 20), TEXT, |_| 1)
}

fn escaped(text: &str) -> String {
    Escape::HTML.apply(text).into_owned()
}

fn time(at: Timestamp) -> String {
    DateTime::from_timestamp(at.as_secs(), 0).map_or_else(
        || at.to_string(),
        |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}
