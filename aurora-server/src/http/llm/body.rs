//! What `POST /llm/chat` takes.

use aurora_llm::chat::{ChatRequest, Message, Role};
use aurora_llm::wire::openai_chat::server::decode_request;
use aurora_llm::{Error, ErrorKind};
use serde_json::{Map, Value, json};

use super::gateway::Gateway;
use crate::http::problem::{FieldError, Problem, ProblemKind};

/// A request as it came in, ready for the client.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: ChatRequest,
    pub(super) streaming: bool,
}

/// Reads the body: that of an OpenAI chat completion, with `prompt` or `messages`, `system`, `provider`, and with
/// `model` left to the server where it is absent.
///
/// # Errors
/// With every field that does not fit; 422 for a provider that is not configured.
pub(super) fn read(mut body: Map<String, Value>, gateway: &Gateway) -> Result<Asked, Problem> {
    let mut errors = Vec::new();
    let prompt = text(&mut body, "prompt", &mut errors);
    let system = text(&mut body, "system", &mut errors);
    let provider = text(&mut body, "provider", &mut errors);
    let model = text(&mut body, "model", &mut errors);
    match (&prompt, body.contains_key("messages")) {
        (None, false) => errors.push(FieldError::new(
            "messages",
            "required",
            "messages or prompt is required",
        )),
        (Some(_), true) => {
            errors.push(FieldError::new(
                "prompt",
                "conflict",
                "give either messages or prompt, not both",
            ));
        }
        (Some(prompt), false) => {
            body.insert(
                "messages".to_owned(),
                json!([{"role": "user", "content": prompt}]),
            );
        }
        (None, true) => {}
    }
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    if let Some(provider) = &provider {
        known(provider, gateway)?;
    }
    // The codec wants a model; which one it was is set again below.
    body.insert("model".to_owned(), Value::String(String::new()));
    let decoded = decode_request(&text_of(&body)).map_err(|error| refused(&body, error))?;
    let mut request = decoded.request;
    request.model = model;
    request.provider = provider;
    if let Some(system) = system {
        add_system(&mut request, system);
    }
    Ok(Asked {
        request,
        streaming: decoded.streaming.is_on(),
    })
}

fn text_of(body: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// Names every field that the codec refuses. It tells only the first, by its place in a text that the client never
/// sent; alone in a sound request each field shows its own fault.
fn refused(body: &Map<String, Value>, error: Error) -> Problem {
    if error.kind() != ErrorKind::InvalidRequest {
        return error.into();
    }
    let errors = body.iter().filter_map(|(name, value)| {
        let mut alone = Map::new();
        alone.insert("model".to_owned(), json!(""));
        alone.insert("messages".to_owned(), json!([{"role": "user", "content": "?"}]));
        alone.insert(name.clone(), value.clone());
        let error = decode_request(&text_of(&alone)).err()?;
        let words = error
            .provider_message()
            .map_or_else(|| error.to_string(), str::to_owned);
        // The place is one in a text that the client never sent.
        let (words, _) = words.split_once(" (line ").unwrap_or((&words, ""));
        let message = words.trim_start_matches("invalid request: ");
        Some(FieldError::new(name, "invalid", message.to_owned()))
    });
    let errors: Vec<FieldError> = errors.collect();
    if errors.is_empty() {
        return error.into();
    }
    Problem::new(ProblemKind::Invalid).errors(errors).caused_by(error)
}

/// A text that may be absent or null; anything else is an error.
fn text(body: &mut Map<String, Value>, name: &'static str, errors: &mut Vec<FieldError>) -> Option<String> {
    match body.remove(name)? {
        Value::String(text) if text.trim().is_empty() => {
            errors.push(FieldError::new(name, "required", "must not be empty"));
            None
        }
        Value::String(text) => Some(text),
        Value::Null => None,
        _ => {
            errors.push(FieldError::new(name, "invalid", "must be a text"));
            None
        }
    }
}

fn add_system(request: &mut ChatRequest, system: String) {
    let first = request
        .messages
        .first()
        .is_some_and(|message| message.role == Role::System);
    let at = usize::from(first);
    request.messages.insert(at, Message::system(system));
}

/// Refuses a provider that is not configured.
pub(super) fn known(provider: &str, gateway: &Gateway) -> Result<(), Problem> {
    let targets = gateway.targets();
    if targets
        .iter()
        .any(|info| info.provider.as_str() == provider || info.kind == provider)
    {
        return Ok(());
    }
    let names: Vec<&str> = targets.iter().map(|info| info.provider.as_str()).collect();
    let message = format!("must be one of {}", names.join(", "));
    Err(Problem::new(ProblemKind::Invalid).errors([FieldError::new("provider", "unknown", message)]))
}

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;
    use aurora_llm::LlmClient;
    use aurora_llm::providers::simulated::Simulated;

    use super::*;

    fn gateway() -> Gateway {
        let client = LlmClient::builder()
            .provider(Simulated::new("sim-a"), "large")
            .provider(Simulated::new("sim-b"), "small");
        Gateway::new(Some(client.build().unwrap()), ManualClock::default())
    }

    fn ask(body: Value) -> Result<Asked, Vec<(String, String)>> {
        let Value::Object(body) = body else {
            panic!("an object")
        };
        read(body, &gateway()).map_err(|problem| {
            problem
                .field_errors()
                .iter()
                .map(|error| (error.field.clone(), error.code.to_string()))
                .collect()
        })
    }

    #[test]
    fn a_prompt_is_one_message_and_instructions_come_first() {
        let asked =
            ask(json!({"prompt": "Hi", "system": "Be brief.", "stream": true, "max_tokens": 9})).unwrap();
        assert!(asked.streaming);
        assert_eq!((asked.request.model, asked.request.max_tokens), (None, Some(9)));
        let said: Vec<String> = asked.request.messages.iter().map(Message::text).collect();
        assert_eq!(said, ["Be brief.", "Hi"]);
    }

    #[test]
    fn a_provider_is_asked_by_its_instance_or_its_kind() {
        let asked = ask(json!({"prompt": "Hi", "provider": "sim-b", "model": "small"}))
            .unwrap()
            .request;
        assert_eq!(
            (asked.provider.as_deref(), asked.model.as_deref()),
            (Some("sim-b"), Some("small"))
        );
        assert!(ask(json!({"prompt": "Hi", "provider": "simulated"})).is_ok());
        assert_eq!(
            ask(json!({"prompt": "Hi", "provider": null}))
                .unwrap()
                .request
                .provider,
            None
        );
        let wrong = ask(json!({"prompt": "Hi", "provider": "nobody"})).unwrap_err();
        assert_eq!(wrong, [("provider".to_owned(), "unknown".to_owned())]);
    }

    #[test]
    fn every_field_that_the_codec_refuses_is_named() {
        let body =
            json!({"prompt": "my secret", "temperature": "hot", "max_tokens": -1, "tools": {}, "top_p": 1});
        let Value::Object(body) = body else {
            panic!("an object")
        };
        let problem = read(body, &gateway()).unwrap_err();
        let told: Vec<(&str, &str)> = problem
            .field_errors()
            .iter()
            .map(|error| (error.field.as_str(), &*error.message))
            .collect();
        assert_eq!(
            told,
            [
                ("max_tokens", "must be a whole number, 0 or more"),
                ("temperature", "must be a number"),
                ("tools", "must be an array"),
            ]
        );
        let wrong = ask(json!({"messages": [{"role": "user", "content": "Hi"}, {"content": "Hi"}]}));
        assert_eq!(
            wrong.unwrap_err(),
            [("messages".to_owned(), "invalid".to_owned())]
        );
        let wrong = ask(json!({"messages": []})).unwrap_err();
        assert_eq!(wrong, [("messages".to_owned(), "invalid".to_owned())]);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let wrong = ask(json!({"prompt": 7, "system": [], "provider": ""})).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["prompt", "system", "provider", "messages"]);
        let wrong = ask(json!({"prompt": "Hi", "messages": []})).unwrap_err();
        assert_eq!(wrong, [("prompt".to_owned(), "conflict".to_owned())]);
    }
}
