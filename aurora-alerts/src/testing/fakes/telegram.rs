use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::time::Clock;
use serde_json::{Value, json};

use super::accepted::{Accepted, fake_service, length, text};
use super::telegram_html::visible;
use super::{FakeRequest, FakeResponse, FakeServer, RateWindow};

const TOKEN: &str = "123456:secret-secret_secret";

/// The Bot API of Telegram with one bot, as far as `sendMessage` goes.
///
/// Every chat is there unless it was taken away. It refuses in the
/// [form of the API](https://core.telegram.org/bots/api#making-requests): texts that are empty or longer than 4,096
/// UTF-16 units after their markup is gone, and markup that is not well-formed.
pub struct FakeTelegram {
    server: FakeServer,
    accepted: Accepted,
    chats: Arc<Mutex<Chats>>,
}

/// The chats that do not take messages.
#[derive(Debug, Default)]
struct Chats {
    missing: BTreeSet<String>,
    blocking: BTreeSet<String>,
    moved: BTreeMap<String, i64>,
}

fake_service!(FakeTelegram);

impl FakeTelegram {
    /// A Bot API that takes messages as fast as they come.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn start() -> io::Result<Self> {
        Self::with(None).await
    }

    /// A Bot API that takes one message a second to each chat, and answers others with 429 and `retry_after`.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn limited(clock: impl Clock) -> io::Result<Self> {
        Self::with(Some(RateWindow::new(clock, 1, Duration::from_secs(1)))).await
    }

    async fn with(rate: Option<RateWindow>) -> io::Result<Self> {
        let accepted = Accepted::default();
        let chats = Arc::new(Mutex::new(Chats::default()));
        let (kept, known) = (accepted.clone(), Arc::clone(&chats));
        let server = FakeServer::start(move |request| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            answer(request, rate.as_ref(), &known, &kept)
        })
        .await?;
        Ok(Self {
            server,
            accepted,
            chats,
        })
    }

    /// The base of its addresses.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.url("")
    }

    /// The token of its bot.
    #[must_use]
    pub const fn token(&self) -> &'static str {
        TOKEN
    }

    /// From now on there is no such chat.
    pub fn remove_chat(&self, chat: &str) {
        self.chats().missing.insert(chat.to_owned());
    }

    /// From now on the chat does not let the bot in.
    pub fn block_in(&self, chat: &str) {
        self.chats().blocking.insert(chat.to_owned());
    }

    /// From now on the group is a supergroup with another id.
    pub fn migrate_chat(&self, from: &str, to: i64) {
        self.chats().moved.insert(from.to_owned(), to);
    }

    /// The description with which it would refuse the message; none where it would take it.
    #[must_use]
    pub fn refusal(message: &Value) -> Option<String> {
        checked(message).err()
    }

    fn chats(&self) -> MutexGuard<'_, Chats> {
        self.chats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(
    request: &FakeRequest,
    rate: Option<&RateWindow>,
    chats: &Chats,
    accepted: &Accepted,
) -> FakeResponse {
    let Some((token, method)) = request
        .path
        .strip_prefix("/bot")
        .and_then(|rest| rest.split_once('/'))
    else {
        return refused(404, "Not Found");
    };
    if token != TOKEN {
        return refused(401, "Unauthorized");
    }
    let Some(message) = request.json().filter(|_| method == "sendMessage") else {
        return refused(404, "Not Found");
    };
    let chat = match message.get("chat_id") {
        Some(Value::String(chat)) if !chat.is_empty() => chat.clone(),
        Some(Value::Number(chat)) => chat.to_string(),
        _ => return refused(400, "Bad Request: chat_id is empty"),
    };
    if let Some(refusal) = refused_by_chat(&chat, chats) {
        return refusal;
    }
    if let Some(Err(wait)) = rate.map(|rate| rate.take(&chat)) {
        return too_many(wait);
    }
    if let Err(description) = checked(&message) {
        return refused(400, &description);
    }
    accepted.push(message);
    FakeResponse::new(200).json(&json!({
        "ok": true,
        "result": {"message_id": accepted.count(), "date": 1_767_225_600, "chat": {"id": chat}},
    }))
}

fn refused_by_chat(chat: &str, chats: &Chats) -> Option<FakeResponse> {
    if chats.missing.contains(chat) {
        return Some(refused(400, "Bad Request: chat not found"));
    }
    if chats.blocking.contains(chat) {
        return Some(refused(403, "Forbidden: bot was blocked by the user"));
    }
    let to = chats.moved.get(chat)?;
    Some(FakeResponse::new(400).json(&json!({
        "ok": false,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": to},
    })))
}

fn too_many(wait: Duration) -> FakeResponse {
    let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    FakeResponse::new(429).header("retry-after", secs).json(&json!({
        "ok": false,
        "error_code": 429,
        "description": format!("Too Many Requests: retry after {secs}"),
        "parameters": {"retry_after": secs},
    }))
}

fn refused(status: u16, description: &str) -> FakeResponse {
    FakeResponse::new(status).json(&json!({"ok": false, "error_code": status, "description": description}))
}

fn checked(message: &Value) -> Result<(), String> {
    let whole = text(message, "text");
    let shown = match text(message, "parse_mode") {
        "" => whole.to_owned(),
        "HTML" => visible(whole).map_err(|what| format!("Bad Request: can't parse entities: {what}"))?,
        _ => return Err("Bad Request: unsupported parse_mode".to_owned()),
    };
    if shown.trim().is_empty() {
        return Err("Bad Request: message text is empty".to_owned());
    }
    if length(&shown) > 4_096 {
        return Err("Bad Request: message is too long".to_owned());
    }
    Ok(())
}
