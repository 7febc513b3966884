//! Vectors: `:batchEmbedContents`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::decode::WireUsage;
use super::{ApiVersion, DIALECT, path, written};
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::Call;
use crate::wire::WireRequest;
use crate::wire::json::{invalid, malformed, or_default, unreadable};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEmbeddings {
    embeddings: Vec<Embedding>,
    #[serde(default, deserialize_with = "or_default")]
    usage_metadata: WireUsage,
}

#[derive(Debug, Deserialize)]
struct Embedding {
    values: Vec<f32>,
}

pub(super) const fn task(purpose: EmbedPurpose) -> &'static str {
    match purpose {
        EmbedPurpose::Document => "RETRIEVAL_DOCUMENT",
        EmbedPurpose::Query => "RETRIEVAL_QUERY",
        EmbedPurpose::Classification => "CLASSIFICATION",
        EmbedPurpose::Clustering => "CLUSTERING",
        EmbedPurpose::Similarity => "SEMANTIC_SIMILARITY",
    }
}

pub(super) fn request(call: &Call<EmbedRequest>, version: ApiVersion) -> Result<WireRequest, Error> {
    let request = &*call.request;
    if request.inputs.is_empty() {
        return Err(invalid("there is no text to embed"));
    }
    let path = path(version, &call.model, "batchEmbedContents")?;
    let name = call.model.rsplit('/').next().unwrap_or_default();
    let requests = request.inputs.iter().map(|text| {
        let mut one = Map::new();
        one.insert("model".to_owned(), json!(format!("models/{name}")));
        one.insert("content".to_owned(), json!({"parts": [{"text": text}]}));
        one.insert("taskType".to_owned(), json!(task(request.purpose)));
        if let Some(dimensions) = request.dimensions {
            one.insert("outputDimensionality".to_owned(), json!(dimensions));
        }
        let options = request.options.get(DIALECT).into_iter().flatten();
        one.extend(options.map(|(name, value)| (name.clone(), value.clone())));
        Value::Object(one)
    });
    let mut body = Map::new();
    body.insert("requests".to_owned(), Value::Array(requests.collect()));
    Ok(WireRequest::post(path, written(&body)?))
}

pub(super) fn response(call: &Call<EmbedRequest>, body: &[u8]) -> Result<EmbedResponse, Error> {
    let wire: WireEmbeddings =
        serde_json::from_slice(body).map_err(|error| unreadable("not the form of embeddings", &error))?;
    let vectors: Vec<Vec<f32>> = wire.embeddings.into_iter().map(|one| one.values).collect();
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.len() != call.request.inputs.len() {
        return Err(malformed("not as many embeddings as texts"));
    }
    if length == 0 || vectors.iter().any(|vector| vector.len() != length) {
        return Err(malformed("embeddings of no or of several lengths"));
    }
    Ok(EmbedResponse::new(
        &*call.model,
        vectors,
        wire.usage_metadata.usage(),
    ))
}
