//! The official library signs and verifies the same, where it is provided (`tests/python/requirements.txt`).

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::{Refusal, SigningKey, Verifier, headers};
use crate::time::{ManualClock, Timestamp};

const SECRETS: [&str; 2] = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
];
const SECONDS: i64 = 1_800_000_000;
const BODIES: [&str; 3] = [
    r#"{"type":"lead.created","data":{"nome":"João"}}"#,
    "{}",
    " [1,\n2] ",
];

fn key(secret: &str) -> SigningKey {
    SigningKey::parse(&secret.into()).unwrap()
}

/// The answer of `tests/python/webhooks.py`; nothing where Python is not provided.
fn ask(request: &Value) -> Option<Value> {
    let python = crate::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/webhooks.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(request.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{request}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_official_library_accepts_what_is_signed_here_with_any_of_the_secrets() {
    let keys = SECRETS.map(key);
    for secret in SECRETS {
        for body in BODIES {
            let at = Timestamp::from_secs(SECONDS);
            let sent: Map<String, Value> = headers(&keys, "whd_1", at, body.as_bytes())
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect();
            let mut request = json!({
                "request": "verify", "secret": secret, "headers": sent, "body": body, "now": SECONDS + 299,
            });
            let Some(seen) = ask(&request) else { return };
            assert_eq!(seen["accepted"], serde_json::from_str::<Value>(body).unwrap());
            request["body"] = json!(format!("{body} "));
            assert_eq!(ask(&request).unwrap()["refused"], "No matching signature found");
        }
    }
}

#[test]
fn what_the_official_library_signs_is_accepted_here() {
    for secret in SECRETS {
        for body in BODIES {
            let request =
                json!({"request": "sign", "secret": secret, "id": "msg_9", "seconds": SECONDS, "body": body});
            let Some(theirs) = ask(&request) else { return };
            let signature = theirs["signature"].as_str().unwrap();
            assert_eq!(
                signature,
                key(secret).sign("msg_9", Timestamp::from_secs(SECONDS), body.as_bytes())
            );
            let headers = [
                ("webhook-id", "msg_9".to_owned()),
                ("webhook-timestamp", SECONDS.to_string()),
                ("webhook-signature", signature.to_owned()),
            ];
            let verifier =
                Verifier::new(key(secret)).clock(ManualClock::at(Timestamp::from_secs(SECONDS - 300)));
            let verified = verifier.verify(headers.clone(), body).unwrap();
            assert_eq!(
                (verified.id.as_str(), &*verified.body),
                ("msg_9", body.as_bytes())
            );
            let late = Verifier::new(key(secret)).clock(ManualClock::at(Timestamp::from_secs(SECONDS + 301)));
            assert_eq!(late.verify(headers, body), Err(Refusal::TooOld));
        }
    }
}
