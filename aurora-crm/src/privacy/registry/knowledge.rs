//! What the assistant did, and documents about them.

use super::Kind::{Bytes, Id, Integer, Text, Time, Uuid};
use super::When::Always;
use super::{Holding, NOTHING, STATISTICS, document};
use crate::privacy::RecordClass;
use crate::privacy::sql::holdings as sql;

pub(super) const HOLDINGS: &[Holding] = &[
    // What the assistant did in conversations with the subject, before what leads to them.
    Holding {
        table: "assistant_steps",
        class: Some(RecordClass::Conversations),
        document: document(
            "assistant_steps",
            sql::ASSISTANT_STEPS,
            &[
                ("conversation_id", Uuid),
                ("turn_id", Id("trn")),
                ("ordinal", Integer),
                ("kind", Text),
                ("body", Text),
                ("model", Text),
                ("at", Time),
            ],
        ),
        rectified_by: "never: what was said and done",
        erasure: &[(Always, sql::ERASE_ASSISTANT_STEPS)],
        kept: "that there were turns, when and why they ended: no longer personal data (art. 12)",
    },
    // Documents about the subject, such as conversations with them, before what finds the rest of them.
    Holding {
        table: "knowledge_postings",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "made anew from the document by `Knowledge::ingest`",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_POSTINGS)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_terms",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "made anew from the document by `Knowledge::ingest`",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_TERMS)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_vectors",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "made anew from the document by `Knowledge::ingest`",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_VECTORS)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_feedback",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "Knowledge::rate",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_FEEDBACK)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_pins",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "Knowledge::correct",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_PINS)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_chunks",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "made anew from the document by `Knowledge::ingest`",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_CHUNKS)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_versions",
        class: Some(RecordClass::Notes),
        document: document(
            "knowledge_texts",
            sql::KNOWLEDGE_TEXTS,
            &[
                ("document_id", Id("kdo")),
                ("version", Integer),
                ("text", Text),
                ("created_at", Time),
            ],
        ),
        rectified_by: "Knowledge::ingest, Knowledge::delete",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_TEXTS)],
        kept: NOTHING,
    },
    Holding {
        table: "knowledge_scopes",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "made anew from the document by `Knowledge::ingest`",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE_COUNTS)],
        kept: STATISTICS,
    },
    Holding {
        table: "knowledge_documents",
        class: Some(RecordClass::Notes),
        document: document(
            "knowledge",
            sql::KNOWLEDGE,
            &[
                ("id", Id("kdo")),
                ("external_id", Text),
                ("title", Text),
                ("source_kind", Text),
                ("source_ref", Text),
                ("client_id", Id("cli")),
                ("version", Integer),
                ("created_at", Time),
                ("updated_at", Time),
            ],
        ),
        rectified_by: "Knowledge::ingest, Knowledge::delete",
        erasure: &[(Always, sql::ERASE_KNOWLEDGE)],
        kept: NOTHING,
    },
    // Their bytes are elsewhere: they go by `Files::delete_of_subject`, before everything else.
    Holding {
        table: "files",
        class: Some(RecordClass::Files),
        document: document(
            "files",
            sql::FILES,
            &[
                ("id", Id("fil")),
                ("name", Text),
                ("media_type", Text),
                ("size", Integer),
                ("sha256", Bytes),
                ("subject_kind", Text),
                ("subject_id", Uuid),
                ("uploaded_by", Text),
                ("created_at", Time),
            ],
        ),
        rectified_by: "Files::delete and Files::upload",
        erasure: &[],
        kept: "that there was a file, its type and size: no longer personal data (art. 12)",
    },
];
