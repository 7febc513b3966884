//! Where an answer took something from.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::chat::Citation;
use crate::wire::json::or_default;
use crate::wire::quoting::{MAX_CITATIONS, MAX_QUOTED, quoted};

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
    let recited = cited
        .citation_sources
        .into_iter()
        .take(MAX_CITATIONS)
        .map(|source| {
            let mut citation = Citation::new("");
            (citation.url, citation.title) = (source.uri, source.title);
            citation
        });
    let mut found: Vec<Citation> = recited.collect();
    let chunks = &grounding.grounding_chunks;
    let of = |text: &str, chunk: &Chunk| {
        let source = chunk.web.as_ref()?;
        let short = |text: &Option<String>| text.clone().filter(|text| text.len() <= MAX_QUOTED);
        let mut citation = Citation::new(quoted(text));
        citation.cited = short(&source.text);
        citation.title = short(&source.title);
        citation.url = short(&source.uri);
        citation.id = short(&source.document_name);
        Some(citation)
    };
    let supports = &grounding.grounding_supports;
    let alone = chunks
        .iter()
        .filter(|_| supports.is_empty())
        .filter_map(|chunk| of("", chunk));
    let supported = supports.iter().flat_map(|support| {
        let named = support.grounding_chunk_indices.iter();
        let named = named.filter_map(|at| chunks.get(*at));
        named.filter_map(|chunk| of(&support.segment.text, chunk))
    });
    found.extend(alone.chain(supported).take(MAX_CITATIONS));
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
            if self.0.len() < MAX_CITATIONS && !self.0.contains(&citation) {
                self.0.push(citation.clone());
                fresh.push(citation);
            }
        }
        fresh.into_iter()
    }
}
