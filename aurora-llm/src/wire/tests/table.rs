//! Every dialect, once: what holds for all of them is tested over this table.
//!
//! A dialect joins with one row here and a folder `tests/fixtures/<name>/` that holds
//!
//! - `*.sse` or `*.ndjson`: streamed answers, among them `text`. Those whose name begins with `error_` must fail, with the kind given in
//!   `failing` or any; all others must end well;
//! - `answer_*.json`: whole answers, among them `answer_text.json`;
//! - `request_*.json`: bodies that its server side reads (optional).
//!
//! Beside it, a row in `fuzz/targets.rs`, which `tests/noise.rs` and the fuzz targets read.

use std::path::PathBuf;

use serde_json::Value;

use crate::error::ErrorKind;
use crate::provider::ProviderId;
use crate::wire::{Codec, anthropic, cohere, gemini, ollama, openai_chat, openai_responses};

/// One dialect.
pub(super) struct Dialect {
    /// Its name, and that of the folder of its fixtures.
    pub(super) name: &'static str,
    /// How its streams are framed.
    pub(super) form: Form,
    /// The client's side.
    pub(super) codec: fn() -> Box<dyn Codec>,
    /// What the fixtures of its failing streams fail with.
    pub(super) failing: &'static [(&'static str, ErrorKind)],
}

/// How a stream is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As server-sent events.
    Events,
    /// As lines of JSON.
    Lines,
}

impl Form {
    const fn extension(self) -> &'static str {
        match self {
            Self::Events => ".sse",
            Self::Lines => ".ndjson",
        }
    }

    /// One event with `data` as it goes over the wire.
    pub(super) fn event(self, data: &Value) -> Vec<u8> {
        match self {
            Self::Events => format!("data: {data}\n\n").into_bytes(),
            Self::Lines => format!("{data}\n").into_bytes(),
        }
    }
}

pub(super) const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "openai_chat",
        form: Form::Events,
        codec: || Box::new(openai()),
        failing: &[
            ("error_in_stream", ErrorKind::ServerError),
            ("error_quota_first", ErrorKind::QuotaExhausted),
            ("error_json_instead", ErrorKind::RateLimited),
            ("error_page_instead", ErrorKind::Malformed),
            ("error_cut", ErrorKind::StreamTruncated),
            ("error_malformed", ErrorKind::Malformed),
            ("error_empty", ErrorKind::StreamTruncated),
            ("error_done_alone", ErrorKind::Malformed),
            ("error_openrouter", ErrorKind::ServerError),
            ("error_sound", ErrorKind::Malformed),
            ("error_tgi", ErrorKind::ServerError),
            ("error_tgi_overflow", ErrorKind::ContextOverflow),
        ],
    },
    Dialect {
        name: "openai_responses",
        form: Form::Events,
        codec: || Box::new(responses()),
        failing: &[
            ("error_event", ErrorKind::ServerError),
            ("error_failed", ErrorKind::RateLimited),
            ("error_quota_after_created", ErrorKind::QuotaExhausted),
            ("error_cut", ErrorKind::StreamTruncated),
            ("error_empty", ErrorKind::StreamTruncated),
            ("error_json_instead", ErrorKind::RateLimited),
            ("error_malformed", ErrorKind::Malformed),
            ("error_nameless_call", ErrorKind::Malformed),
            ("error_page_instead", ErrorKind::Malformed),
        ],
    },
    Dialect {
        name: "anthropic",
        form: Form::Events,
        codec: || Box::new(claude()),
        failing: &[
            ("error_overloaded", ErrorKind::Overloaded),
            ("error_without_stop", ErrorKind::StreamTruncated),
            ("error_json_instead", ErrorKind::Authentication),
            ("error_page_instead", ErrorKind::Malformed),
            ("error_malformed", ErrorKind::Malformed),
            ("error_block_without_start", ErrorKind::Malformed),
            ("error_empty", ErrorKind::StreamTruncated),
            ("error_stop_alone", ErrorKind::Malformed),
        ],
    },
    Dialect {
        name: "cohere",
        form: Form::Events,
        codec: || Box::new(cohere::CohereChat),
        failing: &[
            ("error_finish", ErrorKind::ServerError),
            ("error_timeout", ErrorKind::ServerError),
            ("error_too_long", ErrorKind::ContextOverflow),
            ("error_cut", ErrorKind::StreamTruncated),
            ("error_cut_in_event", ErrorKind::StreamTruncated),
            ("error_json_instead", ErrorKind::RateLimited),
            ("error_page_instead", ErrorKind::Malformed),
            ("error_malformed", ErrorKind::Malformed),
            ("error_orphan_arguments", ErrorKind::Malformed),
            ("error_in_stream", ErrorKind::ServerError),
            ("error_empty", ErrorKind::StreamTruncated),
            ("error_end_alone", ErrorKind::Malformed),
        ],
    },
    Dialect {
        name: "ollama",
        form: Form::Lines,
        codec: || Box::new(ollama::OllamaChat::default()),
        failing: &[
            ("error_in_stream", ErrorKind::ServerError),
            ("error_first", ErrorKind::ModelNotFound),
            ("error_overflow", ErrorKind::ContextOverflow),
            ("error_with_done", ErrorKind::ServerError),
            ("error_cut", ErrorKind::StreamTruncated),
            ("error_cut_in_line", ErrorKind::StreamTruncated),
            ("error_malformed", ErrorKind::Malformed),
            ("error_wrong_form", ErrorKind::Malformed),
            ("error_json_instead", ErrorKind::RateLimited),
            ("error_page_instead", ErrorKind::Malformed),
            ("error_empty", ErrorKind::StreamTruncated),
            ("error_end_alone", ErrorKind::Malformed),
            ("error_nameless_call", ErrorKind::Malformed),
        ],
    },
    Dialect {
        name: "gemini",
        form: Form::Events,
        codec: || Box::new(gemini()),
        failing: &[
            ("error_in_stream", ErrorKind::Overloaded),
            ("error_json_instead", ErrorKind::Authentication),
            ("error_array_instead", ErrorKind::RateLimited),
            ("error_page_instead", ErrorKind::Malformed),
            ("error_cut", ErrorKind::StreamTruncated),
            ("error_half", ErrorKind::StreamTruncated),
            ("error_array_cut", ErrorKind::StreamTruncated),
            ("error_empty", ErrorKind::StreamTruncated),
            ("error_malformed", ErrorKind::Malformed),
            ("error_blocked", ErrorKind::ContentFiltered),
            ("error_bad_call", ErrorKind::Malformed),
        ],
    },
];

pub(in crate::wire) fn openai() -> openai_chat::OpenAiChat {
    openai_chat::OpenAiChat::openai()
}

pub(in crate::wire) fn responses() -> openai_responses::OpenAiResponses {
    openai_responses::OpenAiResponses::new(ProviderId::new("openai/eu"))
}

pub(in crate::wire) fn claude() -> anthropic::AnthropicMessages {
    anthropic::AnthropicMessages::new(ProviderId::new("anthropic/eu"))
}

pub(in crate::wire) fn gemini() -> gemini::GenerateContent {
    gemini::GenerateContent::new(ProviderId::new("gemini/eu"))
}

/// The client's side of every dialect, by name.
pub(super) fn dialects() -> impl Iterator<Item = (&'static str, Box<dyn Codec>)> {
    DIALECTS.iter().map(|dialect| (dialect.name, (dialect.codec)()))
}

fn folder(dialect: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures").join(dialect)
}

pub(in crate::wire) fn fixture(dialect: &str, name: &str) -> Vec<u8> {
    std::fs::read(folder(dialect).join(name)).unwrap_or_else(|error| panic!("{dialect}/{name}: {error}"))
}

impl Dialect {
    /// Name and bytes of every fixture that begins and ends so.
    pub(super) fn fixtures(&self, begin: &str, end: &str) -> Vec<(String, Vec<u8>)> {
        let names = std::fs::read_dir(folder(self.name)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names
            .filter(|name| name.starts_with(begin) && name.ends_with(end))
            .collect();
        names.sort();
        let read = |name: String| {
            let bytes = fixture(self.name, &name);
            (name, bytes)
        };
        names.into_iter().map(read).collect()
    }

    /// Name and bytes of every streamed fixture.
    pub(super) fn streams(&self) -> Vec<(String, Vec<u8>)> {
        let all = self.fixtures("", self.form.extension());
        assert!(all.len() > 5, "the fixtures of {} are gone", self.name);
        all
    }

    /// The streamed fixture of this name, without its extension.
    pub(super) fn stream(&self, name: &str) -> Vec<u8> {
        fixture(self.name, &format!("{name}{}", self.form.extension()))
    }
}
