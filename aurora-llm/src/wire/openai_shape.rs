//! Parts of requests that other vendors write as OpenAI does.

use serde_json::{Map, Value, json};

use super::data_url;
use crate::chat::{Media, MediaSource, Tool};

pub(super) fn image(media: &Media) -> Value {
    let url = match &media.source {
        MediaSource::Bytes(bytes) => data_url::write(&media.media_type, bytes),
        MediaSource::Url(url) => url.clone(),
    };
    json!({"type": "image_url", "image_url": {"url": url}})
}

pub(super) fn tool(tool: &Tool) -> Value {
    let mut function = Map::new();
    function.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = &tool.description {
        function.insert("description".to_owned(), json!(description));
    }
    function.insert("parameters".to_owned(), tool.parameters.clone());
    json!({"type": "function", "function": function})
}
