//! Where an answer took something from.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::Citation;

/// A citation of any type; what its type does not have is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCitation {
    cited_text: Option<String>,
    document_title: Option<String>,
    title: Option<String>,
    document_index: Option<u64>,
    file_id: Option<String>,
    url: Option<String>,
    source: Option<String>,
}

impl WireCitation {
    /// The citation of `text`; its id is the number of the document among those of the request, where it has none.
    pub(super) fn of(self, text: &str) -> Citation {
        let mut citation = Citation::new(text);
        citation.cited = self.cited_text;
        citation.title = self.document_title.or(self.title);
        citation.url = self.url.or(self.source);
        citation.id = self
            .file_id
            .or(self.document_index.map(|index| index.to_string()));
        citation
    }
}

/// The other way round.
pub(super) fn write(citation: &Citation) -> Value {
    let cited = citation.cited.as_deref().unwrap_or_default();
    match &citation.url {
        Some(url) => json!({
            "type": "web_search_result_location",
            "url": url,
            "title": citation.title,
            "cited_text": cited,
            "encrypted_index": "",
        }),
        None => json!({
            "type": "char_location",
            "cited_text": cited,
            "document_index": citation.id.as_deref().and_then(|id| id.parse::<u64>().ok()).unwrap_or(0),
            "document_title": citation.title,
            "start_char_index": 0,
            "end_char_index": cited.chars().count(),
        }),
    }
}
