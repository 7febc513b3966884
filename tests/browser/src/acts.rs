//! What people do in a page, once it can be done: a dialog that is open keeps everything else from them.

use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use tokio::time::timeout;

use crate::{Browser, PATIENCE};

/// A call of the page's own server: method, path, body, headers.
const CALL: &str = r#"
    const [method, path, body, given, done] = arguments;
    const headers = { ...given };
    if (body !== null) headers["content-type"] = "application/json";
    if (method === "POST") headers["idempotency-key"] ??= String(Math.random());
    fetch(path, { method, headers, body: body === null ? undefined : JSON.stringify(body) }).then(async (answer) => {
        const text = await answer.text();
        done({ status: answer.status, data: text ? JSON.parse(text) : null });
    }).catch((error) => done({ status: 0, data: String(error) }));"#;

/// RFC 6238, which the browser has all parts of.
const CODE: &str = r#"
    const [secret, done] = arguments;
    const bits = [...secret.replace(/[\s=]/g, "")].map((sign) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(sign).toString(2).padStart(5, "0")).join("");
    const bytes = Uint8Array.from(bits.match(/.{8}/g), (byte) => parseInt(byte, 2));
    const time = new DataView(new ArrayBuffer(8));
    time.setUint32(4, Math.floor(Date.now() / 30_000));
    const kind = { name: "HMAC", hash: "SHA-1" };
    crypto.subtle.importKey("raw", bytes, kind, false, ["sign"]).then((key) => crypto.subtle.sign("HMAC", key, time.buffer)).then((made) => {
        const view = new DataView(made);
        done(String((view.getUint32(view.getUint8(19) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0"));
    });"#;

/// Buttons, links, tabs and boxes are known by their words or, without any, by their labels.
const NAMED: &str = "[self::button or self::a or self::summary][normalize-space()={} or @aria-label={}]";
/// Fields are known by the label that points at them, that they stand in, or that they carry.
const LABELLED: &str = "[self::input or self::select or self::textarea][@id=//label[normalize-space()={}]/@for or ancestor::label[normalize-space()={}] or @aria-label={}]";

impl Browser {
    /// Presses the button, link or tab with this name.
    pub async fn push(&self, name: &str) {
        self.push_in("", name).await;
    }

    /// Presses what is called so within what an `XPath` finds, such as `//li[contains(., 'sim-a')]`.
    pub async fn push_in(&self, place: &str, name: &str) {
        let path = reachable(place, &NAMED.replace("{}", &literal(name)));
        self.on(&path, async |found| found.click().await).await;
    }

    /// Puts a text in place of what stands in the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let path = field(label);
        self.on(&path, async |found| {
            found.clear().await?;
            found.send_keys(text).await
        })
        .await;
    }

    /// Chooses an option by its words.
    pub async fn choose(&self, label: &str, option: &str) {
        let option = format!("//option[normalize-space()={}]", literal(option));
        let path = reachable("", &format!("{}{option}", labelled(label)));
        self.on(&path, async |found| found.click().await).await;
    }

    /// Ticks the box with this label, or takes the tick away.
    pub async fn tick(&self, label: &str) {
        self.on(&field(label), async |found| found.click().await).await;
    }

    /// Presses keys where the focus of an element that an `XPath` finds is.
    pub async fn keys(&self, path: &str, keys: &str) {
        self.on(path, async |found| found.send_keys(keys).await).await;
    }

    /// Waits until this stands on the screen.
    pub async fn sees(&self, text: &str) {
        self.until(&format!("return {}", is_seen(text))).await;
    }

    /// Waits until this stands on the screen no more.
    pub async fn misses(&self, text: &str) {
        self.until(&format!("return !({})", is_seen(text))).await;
    }

    /// Does something with the first visible element of a path, as soon as it works.
    pub async fn on<T>(&self, path: &str, act: impl AsyncFn(WebElement) -> WebDriverResult<T>) -> T {
        let mut reason = String::from("it is not there");
        let trying = timeout(PATIENCE, async {
            let mut turns = tokio::time::interval(Duration::from_millis(50));
            loop {
                turns.tick().await;
                for found in self.driver.find_all(By::XPath(path)).await.unwrap_or_default() {
                    // Drawn anew between finding and pressing, not yet enabled, or below a toast: again.
                    if !found.is_displayed().await.unwrap_or(false) {
                        continue;
                    }
                    match act(found).await {
                        Ok(done) => return done,
                        Err(error) => reason = error.to_string(),
                    }
                }
            }
        });
        if let Ok(done) = trying.await {
            return done;
        }
        let text = self.ask("return document.body.innerText").await;
        panic!("{path}: {reason}\n{text}");
    }

    /// Calls the server of the open page: what it says to a plain request.
    pub async fn call(&self, method: &str, path: &str, body: Value, headers: Value) -> (u64, Value) {
        let given = vec![json!(method), json!(path), body, headers];
        let answer = self.driver.execute_async(CALL, given).await.expect("a call");
        let answer = answer.json();
        (
            answer["status"].as_u64().unwrap_or_default(),
            answer["data"].clone(),
        )
    }

    /// The code that an authenticator shows now for a secret.
    pub async fn code(&self, secret: &str) -> String {
        let given = vec![json!(secret)];
        let code = self.driver.execute_async(CODE, given).await.expect("a code");
        code.json().as_str().expect("digits").to_owned()
    }

    /// What stands at a path of the API.
    pub async fn get(&self, path: &str) -> Value {
        let (status, data) = self.call("GET", path, Value::Null, json!({})).await;
        assert_eq!(status, 200, "GET {path}: {data}");
        data
    }

    /// Posts to a path of the API.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, data) = self.call("POST", path, body, json!({})).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {data}");
        data
    }

    /// Asks a path of the API until its answer is as wanted; gives that answer.
    pub async fn told(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let asking = timeout(PATIENCE, async {
            let mut turns = tokio::time::interval(Duration::from_millis(100));
            loop {
                turns.tick().await;
                last = self.get(path).await;
                if wanted(&last) {
                    return;
                }
            }
        });
        let outcome = asking.await;
        assert!(outcome.is_ok(), "{path} never said so: {last}");
        last
    }
}

fn field(label: &str) -> String {
    reachable("", &labelled(label))
}

fn labelled(label: &str) -> String {
    LABELLED.replace("{}", &literal(label))
}

/// What matches in the dialog on top, or in the page while there is none.
fn reachable(place: &str, matches: &str) -> String {
    let place = place.trim_start_matches("//");
    let place = if place.is_empty() {
        String::new()
    } else {
        format!("//{place}")
    };
    format!("(//dialog)[last()]{place}//*{matches} | //body[not(dialog)]{place}//*{matches}")
}

fn is_seen(text: &str) -> String {
    format!(
        "document.body.innerText.toLocaleLowerCase().replaceAll('\\u00a0', ' ').includes({text:?}.toLocaleLowerCase())"
    )
}

/// A text as `XPath` takes it; none of them has both kinds of quotes.
fn literal(text: &str) -> String {
    if text.contains('\'') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}
