//! Being told of changes: <https://developers.google.com/workspace/calendar/api/guides/push>.

use aurora_core::http::Method;
use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::exchange::Call;
use super::{GoogleClient, GoogleError, GoogleErrorKind};

/// A channel that is asked for.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// A name of one's own, up to 64 characters, never used before.
    pub id: String,
    /// Where notifications are sent: an https address that Google reaches.
    pub address: String,
    /// What stands in each notification, up to 256 characters, so that nobody else can send one.
    pub token: Secret,
    /// When it is to end; Google may end it sooner.
    pub expires_at: Timestamp,
}

/// A channel as Google has opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Channel {
    /// The name that it was asked for under.
    pub id: String,
    /// What it watches; needed to stop it.
    pub resource_id: String,
    /// When it ends; nothing renews it.
    pub expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    resource_id: String,
    /// Milliseconds since 1970, as a text.
    expiration: Option<String>,
}

impl GoogleClient {
    /// Opens a channel that tells of changes in a calendar (`events.watch`). Not repeated when it is uncertain whether it was
    /// opened: a name serves once.
    ///
    /// # Errors
    /// See [`GoogleErrorKind`].
    pub async fn watch(
        &self,
        calendar: &str,
        new: &NewChannel,
        deadline: Deadline,
    ) -> Result<Channel, GoogleError> {
        let path = ["calendars", calendar, "events", "watch"];
        let body = json!({
            "id": new.id, "type": "web_hook", "address": new.address, "token": new.token.expose(),
            "expiration": new.expires_at.as_millis().to_string(),
        });
        let call = Call::new(Method::POST, &path).body(body).once();
        let wire: Wire = self.exchange.json(&self.tokens, call, deadline).await?;
        if wire.id != new.id {
            return Err(GoogleError::new(GoogleErrorKind::Unavailable));
        }
        let millis = wire.expiration.and_then(|text| text.parse::<i64>().ok());
        Ok(Channel {
            id: wire.id,
            resource_id: wire.resource_id,
            expires_at: millis.map(|millis| Timestamp::from_micros(millis.saturating_mul(1_000))),
        })
    }

    /// Closes a channel (`channels.stop`).
    ///
    /// # Errors
    /// `NotFound` when it has ended already; see [`GoogleErrorKind`].
    pub async fn stop(&self, id: &str, resource_id: &str, deadline: Deadline) -> Result<(), GoogleError> {
        let path = ["channels", "stop"];
        let call = Call::new(Method::POST, &path).body(json!({"id": id, "resourceId": resource_id}));
        self.exchange.done(&self.tokens, call, deadline).await
    }
}
