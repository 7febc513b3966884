use std::io;
use std::time::Duration;

use aurora_core::time::Clock;
use serde_json::{Value, json};

use super::accepted::{Accepted, fake_service, length, list, text};
use super::{FakeRequest, FakeResponse, FakeServer, RateWindow};

const PATH: &str = "/api/webhooks/1234567890/secretsecret";

/// A webhook of Discord, with the limits of embeds.
///
/// It refuses as the [documentation](https://discord.com/developers/docs/topics/opcodes-and-status-codes) says: 400 with
/// code 50035 for what breaks a limit and 50006 for what is empty, 404 with code 10015 for any other path.
pub struct FakeDiscord {
    server: FakeServer,
    accepted: Accepted,
}

fake_service!(FakeDiscord, answer);

impl FakeDiscord {
    /// A webhook that takes five messages in two seconds; its headers say how many are left, and more are answered with
    /// 429 and `retry_after`.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn limited(clock: impl Clock) -> io::Result<Self> {
        Self::with(Some(RateWindow::new(clock, 5, Duration::from_secs(2)))).await
    }

    /// The address of the webhook.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(PATH)
    }

    /// The field for which it would refuse the message; none where it would take it.
    #[must_use]
    pub fn refusal(message: &Value) -> Option<&'static str> {
        checked(message, list(message.get("embeds"))).err()
    }
}

fn answer(request: &FakeRequest, rate: Option<&RateWindow>, accepted: &Accepted) -> FakeResponse {
    if request.path != PATH {
        return FakeResponse::new(404).json(&json!({"message": "Unknown Webhook", "code": 10_015}));
    }
    let Some(rate) = rate else {
        return judged(request, accepted);
    };
    let with_rate = |response: FakeResponse, left: usize, reset: Duration| {
        response
            .header("x-ratelimit-limit", rate.limit())
            .header("x-ratelimit-remaining", left)
            .header("x-ratelimit-reset-after", format!("{:.3}", reset.as_secs_f64()))
            .header("x-ratelimit-bucket", "abcd1234")
    };
    match rate.take(PATH) {
        Ok((left, reset)) => with_rate(judged(request, accepted), left, reset),
        Err(wait) => {
            let body = json!({
                "message": "You are being rate limited.",
                "retry_after": wait.as_secs_f64(),
                "global": false,
            });
            let response = FakeResponse::new(429)
                .json(&body)
                .header("retry-after", wait.as_secs_f64().ceil())
                .header("x-ratelimit-scope", "user");
            with_rate(response, 0, wait)
        }
    }
}

fn judged(request: &FakeRequest, accepted: &Accepted) -> FakeResponse {
    let Some(message) = request.json().filter(Value::is_object) else {
        return FakeResponse::new(400)
            .json(&json!({"message": "The request body contains invalid JSON.", "code": 50_109}));
    };
    let embeds = list(message.get("embeds"));
    if text(&message, "content").trim().is_empty() && embeds.is_empty() {
        return FakeResponse::new(400)
            .json(&json!({"message": "Cannot send an empty message", "code": 50_006}));
    }
    if let Err(field) = checked(&message, embeds) {
        return FakeResponse::new(400).json(&json!({
            "message": "Invalid Form Body",
            "code": 50_035,
            "errors": {field: {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Too long or missing."}]}},
        }));
    }
    let content = message.get("content").cloned();
    accepted.push(message);
    // Without `wait=true` nobody is told which message it became.
    if request.query.split('&').any(|pair| pair == "wait=true") {
        let id = format!("{}", 1_000_000_000_000_usize + accepted.count());
        FakeResponse::new(200).json(&json!({"id": id, "type": 0, "content": content}))
    } else {
        FakeResponse::new(204)
    }
}

/// docs/resources/webhook#execute-webhook and docs/resources/message#embed-object-embed-limits; the error names a field.
fn checked(message: &Value, embeds: &[Value]) -> Result<(), &'static str> {
    let name = text(message, "username").to_lowercase();
    if length(&name) > 80 || name.contains("discord") || name.contains("clyde") {
        return Err("username");
    }
    if length(text(message, "content")) > 2_000 {
        return Err("content");
    }
    if embeds.len() > 10 {
        return Err("embeds");
    }
    let mut total = 0;
    for embed in embeds {
        let fields = list(embed.get("fields"));
        let (title, description) = (text(embed, "title"), text(embed, "description"));
        if title.is_empty() && description.is_empty() && fields.is_empty() {
            return Err("embeds");
        }
        if length(title) > 256 || length(description) > 4_096 || fields.len() > 25 {
            return Err("embeds");
        }
        if embed
            .get("color")
            .is_some_and(|color| color.as_u64().is_none_or(|color| color > 0x00ff_ffff))
        {
            return Err("color");
        }
        total += length(title) + length(description);
        for field in fields {
            let (name, value) = (text(field, "name"), text(field, "value"));
            if name.trim().is_empty()
                || value.trim().is_empty()
                || length(name) > 256
                || length(value) > 1_024
            {
                return Err("fields");
            }
            total += length(name) + length(value);
        }
    }
    if total > 6_000 { Err("embeds") } else { Ok(()) }
}
