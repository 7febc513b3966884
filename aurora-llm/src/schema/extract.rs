//! An answer as a Rust type.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::strict::strict;
use crate::LlmClient;
use crate::chat::{ChatRequest, FinishReason, Message, Part, ResponseFormat, Tool, ToolChoice};
use crate::client::{Answer, CallOptions};
use crate::error::{Error, ErrorKind};
use crate::pricing::Cost;

/// The name of the schema, and of the tool where it is one.
const NAME: &str = "answer";
/// The property in which a type stands that is no object, since every provider asks for an object.
const WRAPPED: &str = "value";

/// A value that a model wrote, and the answer in which it stood.
#[derive(Debug, Clone)]
pub struct Extracted<T> {
    value: T,
    answer: Answer,
    cost: Cost,
    asked_again: bool,
}

impl<T> Extracted<T> {
    /// The value.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// The answer in which it stood.
    #[must_use]
    pub const fn answer(&self) -> &Answer {
        &self.answer
    }

    /// What it cost in all.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether the first answer did not fit and the model was asked once more.
    #[must_use]
    pub const fn asked_again(&self) -> bool {
        self.asked_again
    }
}

/// How the form is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As the form of the answer.
    Schema,
    /// As the arguments of a tool that must be called, where no target knows forms of answers.
    Tool,
}

impl LlmClient {
    /// Asks for an answer of the type `T`, whose JSON Schema is made from the type, doc comments included.
    ///
    /// Targets that hold a model to a schema are asked; where there is none, one that can be made to call a tool. An answer that
    /// is not of the type is shown to the model once, with what is wrong.
    ///
    /// # Errors
    /// As [`chat`](Self::chat); [`ErrorKind::Malformed`] when the second answer does not fit either or was cut off by
    /// the limit of tokens, [`ErrorKind::ContentFiltered`] when the model declined.
    ///
    /// # Cancel safety
    /// As [`chat`](Self::chat).
    pub async fn extract<T>(&self, request: ChatRequest) -> Result<Extracted<T>, Error>
    where
        T: DeserializeOwned + JsonSchema + Send,
    {
        self.extract_with(request, &CallOptions::default()).await
    }

    /// As [`extract`](Self::extract), for somebody and in a way of his own.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    ///
    /// # Cancel safety
    /// As [`extract`](Self::extract).
    pub async fn extract_with<T>(
        &self,
        request: ChatRequest,
        options: &CallOptions,
    ) -> Result<Extracted<T>, Error>
    where
        T: DeserializeOwned + JsonSchema + Send,
    {
        let schema = super::of::<T>();
        let wrapped = schema.get("type").is_none_or(|kind| kind != "object");
        let schema = if wrapped { wrap(schema) } else { schema };
        let mut way = Way::Schema;
        let first = self.chat_with(way.ask(request.clone(), &schema), options).await;
        let answer = match first {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                way = Way::Tool;
                self.chat_with(way.ask(request.clone(), &schema), options).await?
            }
            first => first?,
        };
        let read = way.read(&answer, wrapped);
        let wrong = match read.map_err(|error| error.after(answer.attempts().to_vec()))? {
            Ok(value) => {
                let cost = answer.cost();
                return Ok(Extracted {
                    value,
                    answer,
                    cost,
                    asked_again: false,
                });
            }
            Err(wrong) => wrong,
        };
        let before = answer.cost();
        let again = way.ask(mend(request, way, &answer, &wrong), &schema);
        let mut earlier = answer.attempts().to_vec();
        let answer = match self.chat_with(again, options).await {
            Ok(answer) => answer,
            Err(error) => return Err(error.after(earlier)),
        };
        earlier.extend_from_slice(answer.attempts());
        let other = || {
            Error::new(ErrorKind::Malformed).with_context("the answer is not of the type that was asked for")
        };
        let read = way.read(&answer, wrapped);
        let value = read
            .and_then(|value| value.map_err(|_| other()))
            .map_err(|error| error.after(earlier))?;
        let cost = before.plus(answer.cost());
        Ok(Extracted {
            value,
            answer,
            cost,
            asked_again: true,
        })
    }
}

/// Puts a schema that is no object into one; its definitions stay at the root, where references look for them.
fn wrap(mut schema: Value) -> Value {
    let definitions = schema.as_object_mut().and_then(|schema| schema.remove("$defs"));
    let mut root = json!({
        "type": "object",
        "properties": {WRAPPED: schema},
        "required": [WRAPPED],
        "additionalProperties": false,
    });
    if let (Some(definitions), Some(root)) = (definitions, root.as_object_mut()) {
        root.insert("$defs".to_owned(), definitions);
    }
    root
}

/// The request with the answer that did not fit, and why.
fn mend(request: ChatRequest, way: Way, answer: &Answer, wrong: &str) -> ChatRequest {
    let told = format!("That does not fit the form: {wrong}. Answer again, in the form alone.");
    let said = match way {
        Way::Schema => answer.text(),
        Way::Tool => answer.tool_calls().map(|call| call.arguments.clone()).collect(),
    };
    let said = if said.is_empty() {
        "(nothing)".to_owned()
    } else {
        said
    };
    request
        .message(Message::assistant(said))
        .message(Message::user(told))
}

impl Way {
    fn ask(self, request: ChatRequest, schema: &Value) -> ChatRequest {
        let strict_schema = strict(schema.clone());
        let is_strict = strict_schema.is_some();
        let schema = strict_schema.unwrap_or_else(|| schema.clone());
        match self {
            Self::Schema => request.format(ResponseFormat::JsonSchema {
                name: NAME.to_owned(),
                schema,
                strict: is_strict,
            }),
            Self::Tool => {
                let mut tool = Tool::new(NAME, "Gives the answer.", schema);
                tool.strict = is_strict.then_some(true);
                request
                    .format(ResponseFormat::Text)
                    .tool(tool)
                    .tool_choice(ToolChoice::Tool(NAME.to_owned()))
            }
        }
    }

    /// The value, or what is wrong with it, in words for the model.
    fn read<T: DeserializeOwned>(self, answer: &Answer, wrapped: bool) -> Result<Result<T, String>, Error> {
        let response = answer.response();
        let declined = response
            .message
            .parts
            .iter()
            .any(|part| matches!(part, Part::Refusal(_)));
        if declined || response.finish == FinishReason::ContentFilter {
            return Err(Error::new(ErrorKind::ContentFiltered).with_context("the model declined"));
        }
        if response.finish == FinishReason::Length {
            let context = "the answer was cut off by the limit of tokens";
            return Err(Error::new(ErrorKind::Malformed).with_context(context));
        }
        let text = match self {
            Self::Schema => answer.text(),
            Self::Tool => match answer.tool_calls().find(|call| call.name == NAME) {
                Some(call) => call.arguments.clone(),
                None => return Ok(Err("the tool was not called".to_owned())),
            },
        };
        let text = unfenced(&text);
        Ok(if wrapped {
            serde_json::from_str::<Wrapped<T>>(text).map(|wrapped| wrapped.value)
        } else {
            serde_json::from_str(text)
        }
        .map_err(|error| error.to_string()))
    }
}

#[derive(serde::Deserialize)]
struct Wrapped<T> {
    value: T,
}

/// The JSON without the fence of a code block, which models like to put around it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .map(|rest| rest.strip_prefix("json").unwrap_or(rest));
    inside.unwrap_or(text).trim()
}
