//! What the fake answers, in the forms of Meta's OpenAPI description and its page of error codes.

use serde_json::{Value, json};

use super::fake::Shared;
use super::files;
use super::http::{Answer, Request};

/// The token of a request.
pub(super) fn token(request: &Request) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}

/// An error in Meta's form.
pub(super) fn error(status: u16, code: i64, is_transient: bool) -> Answer {
    let (title, details) = match code {
        130_429 => (
            "Rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number in a short period of time",
        ),
        131_047 => (
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
        ),
        131_056 => (
            "(Business Account, Consumer Account) pair rate limit hit",
            "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
        ),
        190 => (
            "Error validating access token",
            "The access token has expired or is wrong.",
        ),
        _ => ("Something went wrong", "Details of the error."),
    };
    let kind = if code == 190 {
        "OAuthException"
    } else {
        "GraphMethodException"
    };
    let mut body = json!({"error": {
        "message": format!("(#{code}) {title}"), "type": kind, "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details}, "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }});
    if is_transient && let Some(error) = body.get_mut("error") {
        error["is_transient"] = json!(true);
    }
    Answer::json(status, &body)
}

fn unknown_object() -> Answer {
    Answer::json(
        400,
        &json!({"error": {
            "message": "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, or does not support this operation",
            "type": "GraphMethodException", "code": 100, "error_subcode": 33, "fbtrace_id": "ALgRvHsT7aKNvdbsQMqBnEk",
        }}),
    )
}

pub(super) fn to(shared: &Shared, request: &Request) -> Answer {
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    if let ["whatsapp_business", "attachments", _] = path[..] {
        return files::download(shared, request);
    }
    let [version, object, rest @ ..] = &path[..] else {
        return unknown_object();
    };
    if !version.starts_with('v') || token(request).is_none() {
        return error(401, 190, false);
    }
    match (request.method.as_str(), rest) {
        ("POST", ["messages"]) => match authorised(shared, request, object) {
            Ok(()) => message(shared, &serde_json::from_slice(&request.body).unwrap_or_default()),
            Err(answer) => answer,
        },
        ("POST", ["media"]) => match authorised(shared, request, object) {
            Ok(()) => files::upload(shared, object, request),
            Err(answer) => answer,
        },
        ("GET", []) => files::info(shared, object, request),
        ("DELETE", []) => files::delete(shared, object, request),
        _ => unknown_object(),
    }
}

fn authorised(shared: &Shared, request: &Request, number: &str) -> Result<(), Answer> {
    let state = shared.state();
    let Some(known) = state.numbers.get(number) else {
        return Err(unknown_object());
    };
    let token = token(request);
    if token == Some(known.as_str()) {
        Ok(())
    } else if state.numbers.values().any(|known| token == Some(known.as_str())) {
        // A good token, of another number.
        Err(unknown_object())
    } else {
        Err(error(401, 190, false))
    }
}

/// Takes a message or a read mark, after the checks that the API makes first.
fn message(shared: &Shared, body: &Value) -> Answer {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    if text("messaging_product") != Some("whatsapp") {
        return error(400, 100, false);
    }
    if text("status") == Some("read") {
        return match text("message_id") {
            Some(_) => Answer::json(200, &json!({"success": true})),
            None => error(400, 131_008, false),
        };
    }
    let kind = text("type").unwrap_or("text");
    let Some(input) = text("to").or_else(|| text("recipient")) else {
        return error(400, 131_008, false);
    };
    if !body
        .get(kind)
        .is_some_and(|part| part.is_object() || part.is_array())
    {
        return error(400, 131_008, false);
    }
    let mut state = shared.state();
    state.made += 1;
    let digits: String = input.chars().filter(char::is_ascii_digit).collect();
    let wa_id = state.accounts.get(&digits).cloned().unwrap_or(digits);
    let contact = if text("to").is_some() {
        json!({"input": input, "wa_id": wa_id})
    } else {
        json!({"input": input, "user_id": input})
    };
    let mut message = json!({"id": format!("wamid.HBgLFAKE{:012}", state.made)});
    if kind == "template" {
        message["message_status"] = json!("accepted");
    }
    Answer::json(
        200,
        &json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}),
    )
}
