//! Channels and the notifications that go through them.

use std::collections::VecDeque;
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use super::FakeGoogle;
use super::wire::Reply;

/// The longest that a channel lives.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The most notifications that wait.
const WAITING: usize = 10_000;

struct Channel {
    id: String,
    resource_id: String,
    calendar: String,
    address: String,
    token: Option<String>,
    ends_at: Timestamp,
    messages: u64,
}

/// A POST that Google sends, without body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// Where to.
    pub address: String,
    /// Its `X-Goog-…` headers.
    pub headers: Vec<(String, String)>,
}

#[derive(Default)]
pub(super) struct Channels {
    open: Vec<Channel>,
    /// Names serve once.
    used: std::collections::BTreeSet<String>,
    waiting: VecDeque<Notification>,
}

impl Channels {
    pub(super) fn watch(&mut self, calendar: &str, body: &Value, now: Timestamp) -> Reply {
        let text = |name: &str| body[name].as_str().unwrap_or("");
        let (id, address) = (text("id"), text("address"));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
        if !(1..=64).contains(&id.len()) || !id.bytes().all(fits) {
            return Reply::invalid("channelIdInvalid", "Channel id must match [A-Za-z0-9\\-_\\+/=]+");
        }
        if text("type") != "web_hook" {
            return Reply::error(400, "push", "channelTypeInvalid", "Invalid channel type.");
        }
        if !address.starts_with("https://") {
            let message = format!("WebHook callback must be HTTPS: {address}");
            return Reply::error(400, "push", "webhookUrlNotHttps", &message);
        }
        if text("token").len() > 256 {
            return Reply::error(400, "push", "channelTokenTooLong", "Channel token too long.");
        }
        if !self.used.insert(id.to_owned()) {
            return Reply::error(
                400,
                "push",
                "channelIdNotUnique",
                &format!("Channel id {id} not unique"),
            );
        }
        let asked = text("expiration").parse::<i64>().ok();
        let longest = now + LONGEST;
        let ends_at = asked.map_or(longest, |millis| {
            Timestamp::from_micros(millis * 1_000).min(longest)
        });
        let channel = Channel {
            id: id.to_owned(),
            resource_id: format!("resource-of-{}", calendar.len()),
            calendar: calendar.to_owned(),
            address: address.to_owned(),
            token: body["token"].as_str().map(str::to_owned),
            ends_at,
            messages: 0,
        };
        let answer = json!({
            "kind": "api#channel", "id": channel.id, "resourceId": channel.resource_id,
            "resourceUri": uri(&channel), "token": channel.token, "expiration": ends_at.as_millis().to_string(),
        });
        self.open.push(channel);
        self.notify(|channel| channel.id == id, "sync");
        Reply::json(&answer)
    }

    pub(super) fn stop(&mut self, body: &Value) -> Reply {
        let before = self.open.len();
        self.open
            .retain(|channel| body["id"] != channel.id || body["resourceId"] != channel.resource_id);
        if self.open.len() == before {
            return Reply::error(404, "global", "notFound", "Channel not found for project");
        }
        Reply::empty()
    }

    /// A calendar has changed.
    pub(super) fn tell(&mut self, calendar: &str, now: Timestamp) {
        self.open.retain(|channel| now < channel.ends_at);
        self.notify(|channel| channel.calendar == calendar, "exists");
    }

    fn notify(&mut self, is_told: impl Fn(&Channel) -> bool, state: &str) {
        for channel in self.open.iter_mut().filter(|channel| is_told(channel)) {
            channel.messages += 1;
            let mut headers = vec![
                ("X-Goog-Channel-ID", channel.id.clone()),
                ("X-Goog-Message-Number", channel.messages.to_string()),
                ("X-Goog-Resource-ID", channel.resource_id.clone()),
                ("X-Goog-Resource-State", state.to_owned()),
                ("X-Goog-Resource-URI", uri(channel)),
                ("X-Goog-Channel-Expiration", http_date(channel.ends_at)),
            ];
            headers.extend(channel.token.clone().map(|token| ("X-Goog-Channel-Token", token)));
            if self.waiting.len() < WAITING {
                self.waiting.push_back(Notification {
                    address: channel.address.clone(),
                    headers: headers
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                });
            }
        }
    }
}

fn uri(channel: &Channel) -> String {
    format!(
        "https://www.googleapis.com/calendar/v3/calendars/{}/events?alt=json",
        channel.calendar
    )
}

fn http_date(at: Timestamp) -> String {
    chrono::DateTime::from_timestamp_micros(at.as_micros())
        .map(|time| time.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

impl FakeGoogle {
    /// The notifications that wait to be delivered, the oldest first; the tester carries them to where they belong, and may
    /// lose, repeat or shuffle them on the way.
    #[must_use]
    pub fn notifications(&self) -> Vec<Notification> {
        self.shared.state().channels.waiting.drain(..).collect()
    }

    /// The names of the channels that are open.
    #[must_use]
    pub fn channels(&self) -> Vec<String> {
        let now = self.shared.clock.now();
        let state = self.shared.state();
        let open = state.channels.open.iter().filter(|channel| now < channel.ends_at);
        open.map(|channel| channel.id.clone()).collect()
    }
}
