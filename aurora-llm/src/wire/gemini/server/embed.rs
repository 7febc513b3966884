//! Vectors, from a client's body and back.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Method;
use super::request::wrong_form;
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::wire::gemini::DIALECT;
use crate::wire::gemini::content::camel_case;
use crate::wire::json::{invalid, or_default, unsupported};

#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<One>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    content: Content,
    #[serde(default, deserialize_with = "or_default")]
    task_type: String,
    output_dimensionality: Option<u32>,
    /// Named in the path.
    #[serde(rename = "model")]
    _model: Option<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Content {
    parts: Vec<Text>,
}

#[derive(Debug, Deserialize)]
struct Text {
    text: Option<String>,
}

/// Reads the body of `:embedContent` and `:batchEmbedContents` for `model`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form, or without a
/// text; [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for media, for unknown tasks, and for texts
/// of one batch that are embedded differently.
pub fn decode_embed(model: &str, method: Method, body: &[u8]) -> Result<EmbedRequest, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong_form(&error))?;
    let value = camel_case(value);
    let ones = if method == Method::EmbedContent {
        vec![One::deserialize(value).map_err(|error| wrong_form(&error))?]
    } else {
        Batch::deserialize(value)
            .map_err(|error| wrong_form(&error))?
            .requests
    };
    let mut request = EmbedRequest::default().model(model);
    for (at, one) in ones.into_iter().enumerate() {
        let purpose = purpose(&one.task_type)?;
        if at > 0 && (purpose != request.purpose || one.output_dimensionality != request.dimensions) {
            return Err(unsupported("texts of one batch that are embedded differently"));
        }
        (request.purpose, request.dimensions) = (purpose, one.output_dimensionality);
        let texts = one.content.parts.into_iter().map(|part| part.text);
        let text = texts.collect::<Option<String>>();
        request
            .inputs
            .push(text.ok_or_else(|| unsupported("embeddings of media"))?);
        if at == 0 && !one.rest.is_empty() {
            request.options.insert(DIALECT.to_owned(), one.rest);
        }
    }
    if request.inputs.is_empty() {
        return Err(invalid("there is no text to embed"));
    }
    Ok(request)
}

fn purpose(task: &str) -> Result<EmbedPurpose, Error> {
    match task {
        "" | "TASK_TYPE_UNSPECIFIED" | "RETRIEVAL_DOCUMENT" => Ok(EmbedPurpose::Document),
        "RETRIEVAL_QUERY" | "QUESTION_ANSWERING" | "CODE_RETRIEVAL_QUERY" | "FACT_VERIFICATION" => {
            Ok(EmbedPurpose::Query)
        }
        "CLASSIFICATION" => Ok(EmbedPurpose::Classification),
        "CLUSTERING" => Ok(EmbedPurpose::Clustering),
        "SEMANTIC_SIMILARITY" => Ok(EmbedPurpose::Similarity),
        _ => Err(unsupported("this taskType")),
    }
}

/// Writes vectors, in the form that `method` has.
#[must_use]
pub fn encode_embed(response: &EmbedResponse, method: Method) -> Bytes {
    let mut values = response.embeddings.iter().map(|vector| json!({"values": vector}));
    let mut body = match method {
        Method::EmbedContent => json!({"embedding": values.next()}),
        _ => json!({"embeddings": values.collect::<Vec<_>>()}),
    };
    if let (Some(usage), Some(body)) = (&response.usage, body.as_object_mut()) {
        let tokens = json!({"promptTokenCount": usage.total_input(), "totalTokenCount": usage.total()});
        body.insert("usageMetadata".to_owned(), tokens);
    }
    Bytes::from(body.to_string())
}
