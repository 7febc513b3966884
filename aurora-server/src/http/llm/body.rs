//! What `POST /llm/chat` takes.

use aurora_llm::chat::{ChatRequest, Message, Role};
use aurora_llm::wire::openai_chat::server::decode_request;
use serde_json::{Map, Value};

use super::gateway::{Gateway, TargetInfo};
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
                serde_json::json!([{"role": "user", "content": prompt}]),
            );
        }
        (None, true) => {}
    }
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    let model = match provider {
        Some(provider) => Some(target_of(&provider, model.as_deref(), gateway)?),
        None => model,
    };
    // The codec wants a model; which one it was is set again below.
    body.insert("model".to_owned(), Value::String(String::new()));
    let decoded = decode_request(Value::Object(body).to_string().as_bytes())?;
    let mut request = decoded.request;
    request.model = model;
    if let Some(system) = system {
        add_system(&mut request, system);
    }
    Ok(Asked {
        request,
        streaming: decoded.streaming.is_on(),
    })
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

/// The name by which the client is asked for `provider`, and for `model` where one was named.
fn target_of(provider: &str, model: Option<&str>, gateway: &Gateway) -> Result<String, Problem> {
    let is_of = |info: &TargetInfo| {
        info.provider == provider || info.target == provider || (provider == "simulated" && info.simulated)
    };
    let wrong = |field: &str, message: String| {
        Problem::new(ProblemKind::Invalid).errors([FieldError::new(field, "unknown", message)])
    };
    let (own, others): (Vec<_>, Vec<_>) = gateway.targets().iter().partition(|info| is_of(info));
    let Some(first) = own.first() else {
        let known: Vec<&str> = others.iter().map(|info| info.provider.as_str()).collect();
        return Err(wrong("provider", format!("must be one of {}", known.join(", "))));
    };
    let Some(model) = model else {
        return Ok(first.target.clone());
    };
    if let Some(info) = own
        .iter()
        .find(|info| model == info.model || model == info.target)
    {
        return Ok(info.target.clone());
    }
    if !own.iter().any(|info| info.takes(model)) {
        return Err(wrong(
            "model",
            "this provider does not serve this model".to_owned(),
        ));
    }
    // By the model's name alone the client would also ask the others that take it.
    if others.iter().any(|info| info.takes(model)) {
        let message =
            "other providers take this model too; name the provider's configured model, or no provider";
        return Err(wrong("model", message.to_owned()));
    }
    Ok(model.to_owned())
}

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;
    use serde_json::json;

    use super::*;

    fn gateway() -> Gateway {
        let info = |target: &str, provider: &str, model: &str, simulated: bool| TargetInfo {
            target: target.to_owned(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            serves: if simulated {
                vec!["o*".to_owned()]
            } else {
                vec!["gpt-*".to_owned(), "o1".to_owned()]
            },
            simulated,
            price: None,
        };
        let targets = vec![
            info("openai/gpt", "openai", "gpt", false),
            info("sim-a", "sim-a", "large", true),
            info("sim-b", "sim-b", "small", true),
        ];
        Gateway::new(None, targets, ManualClock::default())
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
    fn a_provider_is_asked_by_the_name_of_its_target() {
        let model = |body| ask(body).map(|asked| asked.request.model.unwrap_or_default());
        assert_eq!(
            model(json!({"prompt": "Hi", "provider": "openai"})).unwrap(),
            "openai/gpt"
        );
        assert_eq!(
            model(json!({"prompt": "Hi", "provider": "simulated"})).unwrap(),
            "sim-a"
        );
        assert_eq!(
            model(json!({"prompt": "Hi", "provider": "simulated", "model": "small"})).unwrap(),
            "sim-b"
        );
        assert_eq!(
            model(json!({"prompt": "Hi", "model": "fast", "provider": null})).unwrap(),
            "fast"
        );
        let wrong = model(json!({"prompt": "Hi", "provider": "nobody"})).unwrap_err();
        assert_eq!(wrong, [("provider".to_owned(), "unknown".to_owned())]);
        assert_eq!(
            model(json!({"prompt": "Hi", "provider": "openai", "model": "gpt-4o"})).unwrap(),
            "gpt-4o"
        );
        for not_served_or_not_alone in ["other", "o1"] {
            let body = json!({"prompt": "Hi", "provider": "openai", "model": not_served_or_not_alone});
            assert_eq!(
                model(body).unwrap_err(),
                [("model".to_owned(), "unknown".to_owned())]
            );
        }
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
