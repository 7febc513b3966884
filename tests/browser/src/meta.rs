//! Meta's side of WhatsApp: a Graph API on a real socket, and webhooks as Meta signs them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{Browser, PATIENCE};

/// The number of the house, as Meta calls it.
pub const NUMBER: &str = "106540352242922";
/// Whoever writes to it.
pub const CUSTOMER: &str = "5511987654321";
/// What proves that the number may be used.
pub const TOKEN: &str = "EAAG-of-a-test";
const SECRET: &str = "app-secret-of-a-test";
const VERSION: &str = "v26.0";

/// Signs what Meta posts, and posts it. Meta writes `á` as `\u00e1`, and signs what it writes.
const POST: &str = r#"
    const [secret, given, done] = arguments;
    const text = given.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    const bytes = (it) => new TextEncoder().encode(it);
    const kind = { name: "HMAC", hash: "SHA-256" };
    crypto.subtle.importKey("raw", bytes(secret), kind, false, ["sign"]).then((key) => crypto.subtle.sign("HMAC", key, bytes(text))).then((made) => {
        const hex = [...new Uint8Array(made)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${hex}` };
        return fetch("/webhook/whatsapp", { method: "POST", headers, body: text, credentials: "omit" });
    }).then((answer) => done(answer.status), (error) => done(String(error)));"#;

/// A message that the Graph API took.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What Meta calls it.
    pub id: String,
    /// The body of the request.
    pub body: Value,
}

/// A Graph API for one number; it serves until it is dropped.
pub struct Meta {
    base: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    serving: JoinHandle<()>,
}

impl Meta {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&taken)));
        Self {
            base: format!("http://{address}"),
            taken,
            serving,
        }
    }

    /// What a server is told, so that it takes this for Meta.
    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("AURORA__WHATSAPP__GRAPH_URL", self.base.as_str()),
            ("AURORA__WHATSAPP__GRAPH_VERSION", VERSION),
            ("AURORA__WHATSAPP__APP_SECRET", SECRET),
            ("AURORA__WHATSAPP__VERIFY_TOKEN", "verify-of-a-test"),
        ]
    }

    /// The messages that were taken, once there are so many, and no more of them.
    pub async fn taken(&self, count: usize) -> Vec<Taken> {
        let waiting = timeout(PATIENCE, async {
            let mut turns = tokio::time::interval(Duration::from_millis(50));
            while self.all().len() < count {
                turns.tick().await;
            }
        });
        let came = waiting.await;
        let all = self.all();
        assert!(came.is_ok() && all.len() == count, "{count} messages: {all:?}");
        all
    }

    /// The customer writes, so long ago by the customer's clock.
    pub async fn says(&self, browser: &Browser, id: &str, ago: Duration, text: &str) {
        let message = json!({
            "from": CUSTOMER, "id": id, "timestamp": seconds(ago), "type": "text", "text": {"body": text},
        });
        let contact = json!({"profile": {"name": "João Pão"}, "wa_id": CUSTOMER});
        self.post(browser, json!({"contacts": [contact], "messages": [message]}))
            .await;
    }

    /// What became of a message; `errors` as Meta lists them.
    pub async fn tells(&self, browser: &Browser, message: &Taken, status: &str, errors: Value) {
        let mut update = json!({
            "id": message.id, "status": status, "timestamp": seconds(Duration::ZERO), "recipient_id": CUSTOMER,
            "biz_opaque_callback_data": message.body["biz_opaque_callback_data"],
        });
        if !errors.is_null() {
            update["errors"] = errors;
        }
        self.post(browser, json!({"statuses": [update]})).await;
    }

    /// Posts a webhook to the server of the open page.
    async fn post(&self, browser: &Browser, mut value: Value) {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({"display_phone_number": "551138765432", "phone_number_id": NUMBER});
        let entry = json!({"id": "102290129340398", "changes": [{"field": "messages", "value": value}]});
        let body = json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string();
        let given = vec![json!(SECRET), json!(body)];
        let status = browser.driver.execute_async(POST, given).await.expect("a call");
        assert_eq!(status.json(), &json!(200));
    }

    fn all(&self) -> Vec<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A time as Meta writes it.
fn seconds(ago: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    (now - ago).as_secs().to_string()
}

async fn serve(listener: TcpListener, taken: Arc<Mutex<Vec<Taken>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let taken = Arc::clone(&taken);
        // Whoever hangs up gets no answer.
        tokio::spawn(async move { converse(BufReader::new(stream), &taken).await.ok() });
    }
}

/// One request of a connection, which ends with its answer.
async fn converse(mut stream: BufReader<TcpStream>, taken: &Mutex<Vec<Taken>>) -> io::Result<()> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let (mut length, mut token) = (0, String::new());
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => token = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, answer) = judge(&line, &token, body, taken);
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(format!("{head}{answer}").as_bytes()).await?;
    stream.shutdown().await
}

/// What Meta answers, after the checks that it makes first; a message that is right is taken.
fn judge(line: &str, token: &str, body: Value, taken: &Mutex<Vec<Taken>>) -> (u16, Value) {
    if token != format!("Bearer {TOKEN}") {
        return refused(401, 190, "Error validating access token");
    }
    if !line.starts_with(&format!("POST /{VERSION}/{NUMBER}/messages HTTP/")) {
        return refused(400, 100, "Unsupported request");
    }
    if body["messaging_product"] != "whatsapp" {
        return refused(400, 100, "Invalid parameter");
    }
    if body["status"] == "read" {
        return (200, json!({"success": true}));
    }
    let kind = body["type"].as_str().unwrap_or("text");
    let (Some(to), true) = (body["to"].as_str(), body[kind].is_object()) else {
        return refused(400, 131_008, "Required parameter is missing");
    };
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    let id = format!("wamid.HBgLTEST{:012}", taken.len() + 1);
    let mut message = json!({"id": id});
    if kind == "template" {
        message["message_status"] = json!("accepted");
    }
    let contact = json!({"input": to, "wa_id": to});
    let answer = json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]});
    taken.push(Taken { id, body });
    (200, answer)
}

/// An error in Meta's form.
fn refused(status: u16, code: u32, title: &str) -> (u16, Value) {
    let message = format!("(#{code}) {title}");
    let error =
        json!({"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZfEZ"});
    (status, json!({"error": error}))
}
