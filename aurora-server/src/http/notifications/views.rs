//! The JSON of channels, messages and what became of them.

use aurora_alerts::engine::{ChannelStatus, Told};
use aurora_alerts::{Fingerprint, Rendered};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How a channel has done since this process began, and how it stands.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Channel)]
pub(super) struct ChannelView {
    /// Such as `slack`; null of all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// What sort of channel it is, whatever its name: `console`, `slack`, `email`, `telegram`, `discord`, `teams`, `webhook`,
    /// `pagerduty`, `opsgenie`; null of all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// `ok`; `throttled`: it asked to be left alone for a while; `disabled`: nothing could be sent there.
    state: &'static str,
    /// Notifications that it took.
    delivered: u64,
    /// Notifications given up after failed attempts.
    failed: u64,
    /// Failed attempts after which another followed.
    retried: u64,
    /// Notifications whose place a newer one took.
    superseded: u64,
    /// Notifications that went to the fallback channel.
    redirected: u64,
    /// Notifications that wait now.
    queued: usize,
    /// The share of `delivered` in `delivered` and `failed`, in percent; null without either.
    delivery_rate: Option<f64>,
    /// The mean time of an attempt, in milliseconds.
    mean_ms: Option<f64>,
    /// When the oldest of those that wait was written (RFC 3339).
    #[schema(format = DateTime)]
    oldest: Option<String>,
    /// It asked to be left alone until then (RFC 3339).
    #[schema(format = DateTime)]
    throttled_until: Option<String>,
    /// Since when it is switched off (RFC 3339).
    #[schema(format = DateTime)]
    disabled_since: Option<String>,
    /// Why it was switched off: `auth`, `gone`.
    disabled_by: Option<&'static str>,
}

impl ChannelView {
    /// All channels as one.
    pub(super) fn sum(channels: &[Self]) -> Self {
        let sum = |count: fn(&Self) -> u64| channels.iter().map(count).sum();
        let mut all = Self {
            state: if channels.iter().all(|it| it.state == "ok") {
                "ok"
            } else {
                "degraded"
            },
            delivered: sum(|it| it.delivered),
            failed: sum(|it| it.failed),
            retried: sum(|it| it.retried),
            superseded: sum(|it| it.superseded),
            redirected: sum(|it| it.redirected),
            queued: channels.iter().map(|it| it.queued).sum(),
            ..Self::default()
        };
        all.delivery_rate = rate(all.delivered, all.failed);
        all
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn rate(delivered: u64, failed: u64) -> Option<f64> {
    let all = delivered + failed;
    (all > 0).then(|| delivered as f64 * 100.0 / all as f64)
}

impl From<ChannelStatus> for ChannelView {
    fn from(status: ChannelStatus) -> Self {
        Self {
            state: match (status.disabled_since, status.throttled_until) {
                (Some(_), _) => "disabled",
                (None, Some(_)) => "throttled",
                (None, None) => "ok",
            },
            delivered: status.delivered,
            failed: status.failed,
            retried: status.retried,
            superseded: status.superseded,
            redirected: status.redirected,
            queued: status.queued,
            delivery_rate: rate(status.delivered, status.failed),
            mean_ms: status.mean_took_ms,
            oldest: status.oldest.map(|at| at.to_string()),
            throttled_until: status.throttled_until.map(|at| at.to_string()),
            disabled_since: status.disabled_since.map(|at| at.to_string()),
            disabled_by: status.disabled_by.map(aurora_alerts::NotifyErrorKind::as_str),
            channel: Some(status.channel),
            kind: Some(status.kind),
        }
    }
}

/// The channels.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelList {
    /// In the order in which they were configured.
    pub(super) items: Vec<ChannelView>,
}

/// How notifications are doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notifications)]
pub(super) struct NotificationsAnswer {
    /// When this was so (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub(super) at: String,
    /// All channels as one.
    pub(super) totals: ChannelView,
    /// Each channel.
    pub(super) channels: Vec<ChannelView>,
    /// The latest attempts of this process, the newest first, at most 50.
    #[schema(value_type = Vec<Object>)]
    pub(super) recent: Vec<Value>,
}

/// One page of the delivery log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryPage {
    /// Attempts, and what became of notifications that had none, the newest first: `outcome` is `delivered`, `retrying`,
    /// `failed`, `superseded` or `redirected`.
    #[schema(value_type = Vec<Object>)]
    pub(super) items: Vec<Value>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// What somebody wants said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationMessage, example = json!({"title": "Maintenance", "content": "The database moves at nine.", "severity": "warning",
    "channels": ["slack"]}))]
pub(super) struct MessageInput {
    /// The headline, up to 200 characters.
    pub(super) title: String,
    /// The text, up to 10,000 characters.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) content: String,
    /// `info` (unless told), `warning`, `error` or `critical`; the last two are one.
    pub(super) severity: Option<String>,
    /// The channels that it goes to; all unless told.
    pub(super) channels: Option<Vec<String>>,
}

/// What is to be shown: what somebody wants said, or what is told of an alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationPreview, example = json!({"title": "Maintenance", "content": "The database moves at nine.",
    "severity": "warning", "channels": ["slack"]}))]
pub(super) struct PreviewInput {
    /// The alert, instead of `title`, `content` and `severity`: 16 hexadecimal digits. It is active or just over.
    #[schema(value_type = Option<String>, example = "9f86d081884c7d65")]
    pub(super) fingerprint: Option<Fingerprint>,
    /// The headline, up to 200 characters; required without `fingerprint`.
    pub(super) title: Option<String>,
    /// The text, up to 10,000 characters.
    pub(super) content: Option<String>,
    /// `info` (unless told), `warning`, `error` or `critical`; the last two are one.
    pub(super) severity: Option<String>,
    /// The channels by which it is shown; all unless told.
    pub(super) channels: Option<Vec<String>>,
}

/// What became of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageResult)]
pub(super) struct SentAnswer {
    /// How many channels took it at all of their targets.
    pub(super) delivered: usize,
    /// How many did not.
    pub(super) failed: usize,
    /// Each channel.
    pub(super) results: Vec<ChannelResult>,
}

/// What became of a message at one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelResult {
    /// The channel.
    pub(super) channel: String,
    /// Whether all of its targets took it.
    pub(super) delivered: bool,
    /// When to try again, where the channel asked to be left alone: it was sent nothing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(super) throttled_until: Option<String>,
    /// Each target.
    pub(super) targets: Vec<TargetResult>,
}

/// What became of a message at one target.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TargetResult {
    /// The delivery, as the log names it.
    id: String,
    /// The target; empty where the channel has but one.
    target: String,
    /// Whether it took it.
    delivered: bool,
    /// The name that the channel gave the message.
    message: Option<String>,
    /// Why it did not: `auth`, `rate_limited`, `client`, `gone`, `server`, `timeout`, `cancelled`, `other`.
    error: Option<&'static str>,
    /// The same for people.
    detail: Option<String>,
    /// After how many seconds the channel wants to be asked again.
    retry_after_seconds: Option<u64>,
    /// How long the attempt took, in milliseconds.
    took_ms: u64,
}

impl From<Told> for TargetResult {
    fn from(told: Told) -> Self {
        let (message, error) = match told.result {
            Ok(receipt) => (receipt.message, None),
            Err(error) => (None, Some(error)),
        };
        Self {
            id: told.id.to_string(),
            target: told.target,
            delivered: error.is_none(),
            message,
            retry_after_seconds: error
                .as_ref()
                .and_then(|error| error.retry_after())
                .map(|wait| wait.as_secs()),
            detail: error.as_ref().map(ToString::to_string),
            error: error.map(|error| error.kind().as_str()),
            took_ms: u64::try_from(told.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A message by channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessagePreview)]
pub(super) struct PreviewAnswer {
    /// Each channel.
    pub(super) items: Vec<RenderedView>,
}

/// A message as one channel would show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RenderedMessage)]
pub(super) struct RenderedView {
    /// The channel.
    channel: String,
    /// What sort of channel it is, whatever its name.
    kind: String,
    /// The headline or subject.
    title: String,
    /// The whole text without markup.
    text: String,
    /// The text in HTML, where the channel shows it so.
    html: Option<String>,
    /// The body that is sent, where it is JSON; holds no secret.
    #[schema(value_type = Option<Object>)]
    json: Option<Value>,
}

impl RenderedView {
    pub(super) fn of(channel: String, kind: String, rendered: Rendered) -> Self {
        Self {
            channel,
            kind,
            title: rendered.title,
            text: rendered.text,
            html: rendered.html,
            json: rendered.json,
        }
    }
}
