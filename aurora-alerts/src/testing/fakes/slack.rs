use std::io;
use std::time::Duration;

use aurora_core::time::Clock;
use serde_json::Value;

use super::accepted::{Accepted, fake_service, length, list, text};
use super::{FakeRequest, FakeResponse, FakeServer, RateWindow};

const PATH: &str = "/services/T00000000/B00000000/secretsecret";

/// An incoming webhook of Slack, with the limits of Block Kit.
///
/// It refuses with the words of
/// [the documentation](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors):
/// `invalid_payload`, `no_text`, `too_many_attachments`, `invalid_blocks`; any other path has `no_service`.
pub struct FakeSlack {
    server: FakeServer,
    accepted: Accepted,
}

fake_service!(FakeSlack, answer);

impl FakeSlack {
    /// A webhook that takes one message a second, and answers others with 429 and `Retry-After`.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn limited(clock: impl Clock) -> io::Result<Self> {
        Self::with(Some(RateWindow::new(clock, 1, Duration::from_secs(1)))).await
    }

    /// The address of the webhook.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(PATH)
    }

    /// The word with which it would refuse the message; none where it would take it.
    #[must_use]
    pub fn refusal(message: &Value) -> Option<&'static str> {
        checked(message).err()
    }
}

fn answer(request: &FakeRequest, rate: Option<&RateWindow>, accepted: &Accepted) -> FakeResponse {
    if request.path != PATH {
        return FakeResponse::new(404).text("no_service");
    }
    if let Some(Err(wait)) = rate.map(|rate| rate.take(PATH)) {
        let secs = wait.as_secs_f64().ceil();
        return FakeResponse::new(429)
            .header("retry-after", secs)
            .text("rate_limited");
    }
    let message = request.json().filter(Value::is_object);
    match message
        .ok_or("invalid_payload")
        .and_then(|message| checked(&message).map(|()| message))
    {
        Ok(message) => {
            accepted.push(message);
            FakeResponse::new(200).text("ok")
        }
        Err(word) => FakeResponse::new(400).text(word),
    }
}

fn checked(message: &Value) -> Result<(), &'static str> {
    let attachments = list(message.get("attachments"));
    let blocks: Vec<&Value> = std::iter::once(message)
        .chain(attachments)
        .flat_map(|part| list(part.get("blocks")))
        .collect();
    if text(message, "text").is_empty() && blocks.is_empty() && attachments.is_empty() {
        return Err("no_text");
    }
    if attachments.len() > 100 {
        return Err("too_many_attachments");
    }
    if length(text(message, "text")) > 40_000 {
        return Err("msg_too_long");
    }
    // docs.slack.dev/reference/block-kit/blocks; the sum is not documented (slackapi/bolt-js, issue 2509).
    if blocks.len() > 50 || blocks.iter().map(|block| volume(block)).sum::<usize>() > 13_200 {
        return Err("invalid_blocks");
    }
    if !blocks.into_iter().all(is_block) {
        return Err("invalid_blocks");
    }
    Ok(())
}

fn is_block(block: &Value) -> bool {
    match text(block, "type") {
        "divider" => true,
        "header" => is_text(block.get("text"), &["plain_text"], 150),
        "section" => {
            let (whole, fields) = (block.get("text"), list(block.get("fields")));
            let is_any = |value: Option<&Value>, most| is_text(value, &["plain_text", "mrkdwn"], most);
            (whole.is_some() || !fields.is_empty())
                && (whole.is_none() || is_any(whole, 3_000))
                && fields.len() <= 10
                && fields.iter().all(|field| is_any(Some(field), 2_000))
        }
        "context" => (1..=10).contains(&list(block.get("elements")).len()),
        "actions" => (1..=25).contains(&list(block.get("elements")).len()),
        _ => false,
    }
}

fn is_text(value: Option<&Value>, types: &[&str], most: usize) -> bool {
    value.is_some_and(|value| {
        types.contains(&text(value, "type"))
            && (1..=most).contains(&length(text(value, "text").trim()))
            && length(text(value, "text")) <= most
    })
}

fn volume(block: &Value) -> usize {
    let own = block.get("text").map_or(0, |value| length(text(value, "text")));
    let fields = list(block.get("fields")).iter();
    own + fields.map(|field| length(text(field, "text"))).sum::<usize>()
}
