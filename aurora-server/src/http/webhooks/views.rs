//! The JSON of webhooks.

use aurora_core::time::Timestamp;
use aurora_crm::webhooks::{Attempt, Delivery, Endpoint, NewSecret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An address that events are sent to. Its secret and the values of its headers are never shown again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct EndpointView {
    /// `whe_` and 32 hexadecimal digits.
    #[schema(example = "whe_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// Where to send.
    url: String,
    /// What it is for.
    description: Option<String>,
    /// Which events it wants: `*`, `client.*`, `client.created`.
    event_types: Vec<String>,
    /// The names of its further headers.
    header_names: Vec<String>,
    /// Whether anything is sent to it.
    is_enabled: bool,
    /// Why nothing is sent to it: `manual`, `gone` (it answered 410) or `failing` (for days).
    disabled_reason: Option<&'static str>,
    /// Since when nothing is sent: RFC 3339, UTC.
    #[schema(format = DateTime)]
    disabled_at: Option<String>,
    /// Since when every attempt has failed: RFC 3339, UTC.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// How many deliveries have failed with their last attempt since then.
    failed_deliveries: i64,
    /// Until when the secret before the last change signs as well: RFC 3339, UTC.
    #[schema(format = DateTime)]
    previous_secret_until: Option<String>,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.event_types.into(),
            header_names: endpoint.header_names,
            is_enabled: endpoint.disabled.is_none(),
            disabled_reason: endpoint.disabled.map(|it| it.reason.as_str()),
            disabled_at: text(endpoint.disabled.map(|it| it.at)),
            failing_since: text(endpoint.failing_since),
            failed_deliveries: endpoint.failed_deliveries,
            previous_secret_until: text(endpoint.previous_secret_until),
            version: endpoint.version,
            created_at: endpoint.created_at.to_string(),
            updated_at: endpoint.updated_at.to_string(),
        }
    }
}

/// An endpoint with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(super) struct SecretView {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// What the receiver verifies with.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

impl From<NewSecret> for SecretView {
    fn from(made: NewSecret) -> Self {
        Self {
            secret: made.secret.expose().to_owned(),
            endpoint: made.endpoint.into(),
        }
    }
}

/// One page of endpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookPage)]
pub(super) struct EndpointPage {
    /// The endpoints, the oldest first.
    pub(super) items: Vec<EndpointView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// What is needed to make an endpoint.
#[derive(Debug, ToSchema)]
#[schema(as = NewWebhook, example = json!({"url": "https://hooks.example.com/crm", "event_types": ["client.*"],
    "headers": [["authorization", "Bearer …"]]}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct NewEndpointInput {
    /// An `https` address that leads out of the own network, up to 2,048 bytes.
    url: String,
    /// Up to 200 characters.
    description: Option<String>,
    /// All unless told.
    #[schema(required = false)]
    event_types: Vec<String>,
    /// Up to 10 further headers, each a name and a value; the values are kept sealed.
    #[schema(required = false)]
    headers: Vec<Vec<String>>,
}

/// What to change in an endpoint: a missing field keeps, a value sets; `null` clears the description.
#[derive(Debug, ToSchema)]
#[schema(as = WebhookChange)]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct EndpointChangeInput {
    /// Another address.
    #[schema(required = false)]
    url: String,
    /// Another description.
    description: Option<String>,
    /// Other events.
    #[schema(required = false)]
    event_types: Vec<String>,
    /// Other further headers, in place of all that there are.
    #[schema(required = false)]
    headers: Vec<Vec<String>>,
}

/// One event on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryView {
    /// `whd_` and 32 hexadecimal digits; the `webhook-id` of every attempt.
    id: String,
    /// Where it goes.
    endpoint_id: String,
    /// What it tells of.
    event_id: String,
    /// The type of the event.
    #[schema(example = "client.created")]
    event_type: String,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// How many attempts were made.
    attempts: i64,
    /// When the next attempt is due: RFC 3339, UTC.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// The HTTP status of the last answer.
    last_status: Option<u16>,
    /// What was wrong with the last attempt, as in an attempt's `error`.
    last_error: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was delivered or given up: RFC 3339, UTC.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            endpoint_id: delivery.endpoint.to_string(),
            event_id: delivery.event.to_string(),
            event_type: delivery.event_type,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(|time| time.to_string()),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: delivery.created_at.to_string(),
            finished_at: delivery.finished_at.map(|time| time.to_string()),
        }
    }
}

/// One page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryPage)]
pub(super) struct DeliveryPage {
    /// The deliveries, the newest first.
    pub(super) items: Vec<DeliveryView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// What became of one request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub(super) struct AttemptView {
    /// Which of the delivery's attempts, from 1.
    number: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    began_at: String,
    /// How long it took until the answer or the failure, in milliseconds.
    duration_ms: u64,
    /// The HTTP status of the answer; null when there was none.
    status: Option<u16>,
    /// Null after a 2xx; else `status`, `redirect`, `gone`, `timeout`, `connect`, `interrupted`, `protocol`, `blocked` (not a
    /// public address), `invalid` or `secret`.
    error: Option<String>,
    /// The beginning of the answer's body, up to 1 KiB.
    body: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            began_at: attempt.began_at.to_string(),
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            status: attempt.status,
            error: attempt.error,
            body: attempt.body,
        }
    }
}

/// One page of attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttemptPage)]
pub(super) struct AttemptPage {
    /// The attempts, the first of them first.
    pub(super) items: Vec<AttemptView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// Since when failures are to be sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookReplay, example = json!({"since": "2026-07-01T00:00:00Z"}))]
pub(super) struct ReplayInput {
    /// RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub(super) since: Timestamp,
}

/// How many deliveries are sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookReplayed)]
pub(super) struct Replayed {
    /// At most 200.
    pub(super) count: u32,
}

/// The delivery of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTested)]
pub(super) struct TestedView {
    /// `whd_…`
    pub(super) delivery_id: String,
}

/// Types of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEventTypes)]
pub(super) struct EventTypeList {
    /// The common ones, in groups.
    pub(super) items: Vec<EventTypeView>,
    /// Null: there is one page.
    next: Option<String>,
}

/// A group of types of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEventGroup)]
pub(super) struct EventTypeView {
    /// Stands for all of the group.
    #[schema(example = "client.*")]
    pub(super) pattern: &'static str,
    /// The common types in it.
    pub(super) types: Vec<&'static str>,
}

/// What is told of, by what it happens to. The list is for people who choose; the domain may tell of more.
const GROUPS: [(&str, &[&str]); 11] = [
    (
        "client.*",
        &[
            "client.created",
            "client.updated",
            "client.deleted",
            "client.restored",
            "client.merged",
        ],
    ),
    (
        "lead.*",
        &[
            "lead.created",
            "lead.updated",
            "lead.moved",
            "lead.won",
            "lead.lost",
            "lead.converted",
            "lead.deleted",
        ],
    ),
    (
        "activity.*",
        &["activity.created", "activity.updated", "activity.deleted"],
    ),
    (
        "task.*",
        &[
            "task.created",
            "task.updated",
            "task.completed",
            "task.reminded",
            "task.deleted",
        ],
    ),
    (
        "conversation.*",
        &[
            "conversation.opened",
            "conversation.assigned",
            "conversation.status_changed",
            "conversation.tagged",
        ],
    ),
    (
        "message.*",
        &["message.received", "message.posted", "message.delivery"],
    ),
    (
        "appointment.*",
        &[
            "appointment.booked",
            "appointment.confirmed",
            "appointment.rescheduled",
            "appointment.cancelled",
            "appointment.completed",
            "appointment.no_show",
            "appointment.reminded",
        ],
    ),
    ("file.*", &["file.uploaded", "file.deleted"]),
    (
        "knowledge.*",
        &[
            "knowledge.created",
            "knowledge.updated",
            "knowledge.rated",
            "knowledge.deleted",
        ],
    ),
    (
        "member.*",
        &[
            "member.added",
            "member.roles_changed",
            "member.suspended",
            "member.removed",
        ],
    ),
    ("webhook_endpoint.*", &["webhook_endpoint.disabled"]),
];

impl EventTypeList {
    pub(super) fn known() -> Self {
        let groups = GROUPS.iter().map(|(pattern, types)| EventTypeView {
            pattern,
            types: types.to_vec(),
        });
        Self {
            items: groups.collect(),
            next: None,
        }
    }
}
