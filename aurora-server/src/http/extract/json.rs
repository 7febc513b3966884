//! Bodies of type `application/json`.

use aurora_core::text::wanted;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value, json};

use super::{body, strict};
use crate::http::problem::{FieldError, Problem, ProblemKind};

/// More wrong fields than this nobody reads.
const MAX_ERRORS: usize = 100;

/// A body that was read, checked and turned into what a handler wants.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = object(request).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| of_shape::<T>(&bytes, &error))
    }
}

/// A body that may be left out, and then says nothing.
#[derive(Debug)]
pub(crate) struct MaybeJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}

/// An object of sound JSON as it came, for readers of their own.
#[derive(Debug)]
pub(crate) struct JsonText(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        object(request).await.map(Self)
    }
}

/// The text of a body that is one sound JSON object. A reader of structs would also take an array for one.
async fn object(request: Request) -> Result<Bytes, Problem> {
    let bytes = sound(request).await?;
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::new(ProblemKind::BadRequest).detail("the body must be a JSON object"));
    }
    Ok(bytes)
}

/// A list that was read and checked, for protocols whose bodies are lists.
#[derive(Debug)]
pub(crate) struct JsonList<T>(pub(crate) Vec<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonList<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = sound(request).await?;
        if !bytes.trim_ascii_start().starts_with(b"[") {
            return Err(Problem::new(ProblemKind::BadRequest).detail("the body must be a JSON array"));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let (code, message) = told(&error);
            let field = format!("line {}, column {}", error.line(), error.column());
            Problem::new(ProblemKind::Invalid).errors([FieldError::new(field, code, message)])
        })
    }
}

/// The text of a body that is sound JSON.
async fn sound(request: Request) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType));
    }
    let bytes = body::read(request).await?;
    strict::check(&bytes).map_err(|error| of_text(&error))?;
    Ok(bytes)
}

/// The object that a message of another transport holds.
///
/// # Errors
/// As [`Json`].
pub(crate) fn object_of(text: &[u8]) -> Result<Map<String, Value>, Problem> {
    strict::check(text).map_err(|error| of_text(&error))?;
    serde_json::from_slice(text)
        .map_err(|_| Problem::new(ProblemKind::BadRequest).detail("the message must be a JSON object"))
}

/// `application/json`, `application/merge-patch+json` and their like. Also keeps forms of foreign pages out, which
/// cannot send these types without being asked first.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence
        .strip_prefix("application/")
        .is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// The text is not JSON, or not JSON that can be read in one way only.
fn of_text(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = without_position(error);
    let what = match error.classify() {
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Data => text,
        // Also what is JSON and has no value here, such as 1e400: the words are the parser's own, none are the body's.
        Category::Syntax | Category::Io => format!("this is not JSON that can be read: {text}"),
    };
    Problem::new(ProblemKind::InvalidJson)
        .detail(format!("{what} (line {line}, column {column})"))
        .with("line", line)
        .with("column", column)
}

/// The JSON does not have the shape that is wanted.
fn of_shape<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let mut errors = Vec::new();
    if let Ok(object) = serde_json::from_slice::<Map<String, Value>>(bytes) {
        errors = field_by_field::<T>(object);
    }
    if errors.is_empty() {
        let field = if error.line() > 0 {
            format!("line {}, column {}", error.line(), error.column())
        } else {
            "body".to_owned()
        };
        let (code, message) = told(error);
        errors.push(FieldError::new(field, code, message));
    }
    Problem::new(ProblemKind::Invalid).errors(errors)
}

/// A reader of structs stops at the first wrong field; alone in an object each field shows its own fault.
fn field_by_field<T: DeserializeOwned>(object: Map<String, Value>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut sound = Map::new();
    for (name, value) in object {
        if errors.len() == MAX_ERRORS {
            return errors;
        }
        match alone::<T>(&name, value.clone()) {
            Some(error) => {
                let (code, message) = told(&error);
                errors.push(FieldError::new(short(&name), code, message));
            }
            None => {
                sound.insert(name, value);
            }
        }
    }
    // Fields that are missing are told one at a time too: something that fits takes the place of each.
    while let Some(name) = read::<T>(&sound).as_ref().and_then(missing) {
        if !errors.iter().any(|error| error.field == name) {
            errors.push(FieldError::new(&name, "required", "is required"));
        }
        match fitting::<T>(&name) {
            Some(value) if !sound.contains_key(&name) => sound.insert(name, value),
            _ => break,
        };
    }
    errors
}

/// What is wrong with one field, whatever else may be missing.
fn alone<T: DeserializeOwned>(name: &str, value: Value) -> Option<serde_json::Error> {
    let object = Map::from_iter([(name.to_owned(), value)]);
    read::<T>(&object).filter(|error| missing(error).is_none())
}

fn read<T: DeserializeOwned>(object: &Map<String, Value>) -> Option<serde_json::Error> {
    serde_json::from_value::<T>(Value::Object(object.clone())).err()
}

/// Any value that a field takes.
fn fitting<T: DeserializeOwned>(name: &str) -> Option<Value> {
    let fits = |value: &Value| alone::<T>(name, value.clone()).is_none();
    let text = |value: Value| alone::<T>(name, value).map(|error| error.to_string());
    let plain = [
        json!(""),
        json!(0),
        json!([]),
        json!({}),
        json!(true),
        json!("2000-01-01T00:00:00Z"),
    ];
    plain.into_iter().find(fits).or_else(|| {
        let error = text(json!(""))?;
        if let Some(id) = id_of(&error) {
            return Some(json!(id)).filter(fits);
        }
        // One of several words, which the reader lists; alone, or with something of its own.
        let (_, words) = error.split_once("expected ")?;
        let word = words.split('`').nth(1)?;
        if fits(&json!(word)) {
            return Some(json!(word));
        }
        let id = text(json!({word: ""})).as_deref().and_then(id_of);
        let held = id.map_or_else(|| json!(""), |id| json!(id));
        Some(json!({word: held})).filter(fits)
    })
}

/// An id of the kind that a reader expected.
fn id_of(error: &str) -> Option<String> {
    let (_, form) = error.split_once("expected an id of the form ")?;
    let (prefix, _) = form.split_once('_')?;
    Some(format!("{prefix}_{:032}", 0))
}

fn missing(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let (name, _) = text.strip_prefix("missing field `")?.split_once('`')?;
    Some(name.to_owned())
}

/// What a reader expected. Its own text would repeat what was sent.
fn told(error: &serde_json::Error) -> (&'static str, String) {
    if missing(error).is_some() {
        return ("required", "is required".to_owned());
    }
    let text = without_position(error);
    if text.starts_with("unknown field") {
        return ("unknown", "is not known here".to_owned());
    }
    (
        "invalid",
        wanted(&text).unwrap_or_else(|| "is not allowed".to_owned()),
    )
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (text, _) = text.split_once(" at line ").unwrap_or((&text, ""));
    text.to_owned()
}

/// A name that a client made up, at a length that can be shown.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Wanted {
        name: String,
        age: u8,
        tags: Option<Vec<String>>,
    }

    fn errors(json: &str) -> Vec<(String, String)> {
        let error = serde_json::from_str::<Wanted>(json).unwrap_err();
        let problem = of_shape::<Wanted>(json.as_bytes(), &error);
        problem
            .field_errors()
            .iter()
            .map(|error| (error.field.clone(), error.code.to_string()))
            .collect()
    }

    #[test]
    fn every_field_that_does_not_fit_is_told() {
        let told = errors(r#"{"name":7,"age":"old","tags":["a",1],"colour":"red"}"#);
        let told: Vec<(&str, &str)> = told
            .iter()
            .map(|(field, code)| (field.as_str(), code.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("age", "invalid"),
                ("colour", "unknown"),
                ("name", "invalid"),
                ("tags", "invalid")
            ]
        );
        assert_eq!(
            errors(r#"{"age":1}"#),
            [("name".to_owned(), "required".to_owned())]
        );
        assert_eq!(errors("[]").len(), 1);
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Strict {
        whose: aurora_crm::clients::ClientId,
        about: aurora_crm::activities::Subject,
        at: aurora_core::time::Timestamp,
        kind: aurora_crm::activities::ActivityKind,
        title: String,
    }

    #[test]
    fn every_missing_field_is_told_whatever_it_takes() {
        let error = serde_json::from_str::<Strict>("{}").unwrap_err();
        let problem = of_shape::<Strict>(b"{}", &error);
        let told: Vec<&str> = problem
            .field_errors()
            .iter()
            .map(|error| error.field.as_str())
            .collect();
        assert_eq!(told, ["whose", "about", "at", "kind", "title"]);
    }

    #[test]
    fn what_is_wanted_is_said_in_words_of_json() {
        let message = |json: &str| {
            let error = serde_json::from_str::<Wanted>(json).unwrap_err();
            of_shape::<Wanted>(json.as_bytes(), &error).field_errors()[0]
                .message
                .clone()
        };
        assert_eq!(
            message(r#"{"name":"a","age":-1}"#),
            "must be a whole number, 0 or more"
        );
        assert_eq!(message(r#"{"name":"a","age":1,"tags":"a"}"#), "must be an array");
    }

    #[test]
    fn text_that_cannot_be_read_is_told_from_text_that_is_not_json() {
        let detail = |json: &[u8]| of_text(&strict::check(json).unwrap_err()).text().into_owned();
        assert_eq!(
            detail(b"[1e400]"),
            "this is not JSON that can be read: number out of range (line 1, column 6)"
        );
        assert!(detail(br#"["\ud800"]"#).contains("hex escape"));
        assert_eq!(
            detail(b"{'a':1}"),
            "this is not JSON that can be read: key must be a string (line 1, column 2)"
        );
        assert!(!detail(b"[secret]").contains("secret"));
    }

    #[test]
    fn nothing_of_the_body_is_repeated() {
        let json = r#"{"name":"a","age":"my secret"}"#;
        let error = serde_json::from_str::<Wanted>(json).unwrap_err();
        let problem = of_shape::<Wanted>(json.as_bytes(), &error);
        assert!(!format!("{problem:?}").contains("secret"), "{problem:?}");
    }

    #[test]
    fn only_json_counts_as_json() {
        let of = |kind: &str| is_json(&HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]));
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            assert!(of(good), "{good}");
        }
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "text/json",
            "application/jsonp",
        ] {
            assert!(!of(bad), "{bad}");
        }
    }
}
