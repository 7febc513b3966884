//! Where an answer took something from.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::Citation;
use crate::wire::json::or_default;

/// More citations no answer has.
const MAX: usize = 1_024;

/// Recitations of public sources.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CitationMetadata {
    #[serde(alias = "citations", deserialize_with = "or_default")]
    citation_sources: Vec<Source>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    uri: Option<String>,
    title: Option<String>,
}

/// What a search found, and which words of the answer rest on it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroundingMetadata {
    #[serde(deserialize_with = "or_default")]
    grounding_chunks: Vec<Chunk>,
    #[serde(deserialize_with = "or_default")]
    grounding_supports: Vec<Support>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Chunk {
    #[serde(alias = "retrievedContext", alias = "maps")]
    web: Option<Found>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    uri: Option<String>,
    title: Option<String>,
    text: Option<String>,
    #[serde(alias = "placeId")]
    document_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Support {
    #[serde(deserialize_with = "or_default")]
    segment: Segment,
    #[serde(deserialize_with = "or_default")]
    grounding_chunk_indices: Vec<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Segment {
    #[serde(deserialize_with = "or_default")]
    text: String,
}

pub(super) fn read(cited: CitationMetadata, grounding: GroundingMetadata) -> Vec<Citation> {
    let recited = cited.citation_sources.into_iter().map(|source| {
        let mut citation = Citation::new("");
        (citation.url, citation.title) = (source.uri, source.title);
        citation
    });
    let mut found: Vec<Citation> = recited.collect();
    let chunks = &grounding.grounding_chunks;
    let of = |text: &str, chunk: &Chunk| {
        let source = chunk.web.as_ref()?;
        let mut citation = Citation::new(text);
        citation.cited.clone_from(&source.text);
        citation.title.clone_from(&source.title);
        citation.url.clone_from(&source.uri);
        citation.id.clone_from(&source.document_name);
        Some(citation)
    };
    if grounding.grounding_supports.is_empty() {
        found.extend(chunks.iter().filter_map(|chunk| of("", chunk)));
    }
    for support in &grounding.grounding_supports {
        let named = support
            .grounding_chunk_indices
            .iter()
            .filter_map(|at| chunks.get(*at));
        found.extend(named.filter_map(|chunk| of(&support.segment.text, chunk)));
    }
    found
}

/// The other way round, for an answer with these citations.
pub(super) fn write(citations: &[&Citation]) -> Option<Value> {
    if citations.is_empty() {
        return None;
    }
    let chunks = citations.iter().map(|citation| {
        if citation.cited.is_some() || citation.id.is_some() {
            json!({"retrievedContext": {
                "uri": citation.url,
                "title": citation.title,
                "text": citation.cited,
                "documentName": citation.id,
            }})
        } else {
            json!({"web": {"uri": citation.url, "title": citation.title}})
        }
    });
    let supports = citations
        .iter()
        .enumerate()
        .map(|(at, citation)| json!({"segment": {"text": citation.text}, "groundingChunkIndices": [at]}));
    Some(json!({
        "groundingChunks": chunks.collect::<Vec<_>>(),
        "groundingSupports": supports.collect::<Vec<_>>(),
    }))
}

/// Which citations have been handed out: a stream repeats them.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<Citation>);

impl Seen {
    pub(super) fn new_ones(&mut self, found: Vec<Citation>) -> impl Iterator<Item = Citation> {
        let mut fresh = Vec::new();
        for citation in found {
            if self.0.len() < MAX && !self.0.contains(&citation) {
                self.0.push(citation.clone());
                fresh.push(citation);
            }
        }
        fresh.into_iter()
    }
}
