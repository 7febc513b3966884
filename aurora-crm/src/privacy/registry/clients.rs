//! Clients and what is known of them.

use super::Kind::{Id, Integer, Json, Text, Time, Uuid};
use super::When::{Always, WithoutPlace, WithoutTags};
use super::{DERIVED, Holding, NOTHING, STATISTICS, document};
use crate::privacy::RecordClass;
use crate::privacy::sql::holdings as sql;

pub(super) const HOLDINGS: &[Holding] = &[
    Holding {
        table: "clients",
        class: Some(RecordClass::Client),
        document: document(
            "client",
            sql::CLIENTS,
            &[
                ("id", Id("cli")),
                ("kind", Text),
                ("status", Text),
                ("legal_name", Text),
                ("trade_name", Text),
                ("cnpj", Text),
                ("cpf", Text),
                ("birth_date", Text),
                ("email", Text),
                ("emails", Json),
                ("phones", Json),
                ("addresses", Json),
                ("owner_id", Uuid),
                ("source", Text),
                ("tags", Json),
                ("custom", Json),
                ("blocked_at", Time),
                ("blocked_reason", Text),
                ("version", Integer),
                ("created_at", Time),
                ("updated_at", Time),
                ("deleted_at", Time),
                ("merged_into", Id("cli")),
            ],
        ),
        rectified_by: "Clients::update",
        erasure: &[
            (Always, sql::ERASE_CLIENTS),
            (WithoutPlace, sql::ERASE_ADDRESSES),
            (WithoutTags, sql::ERASE_CLIENT_TAGS),
        ],
        kept: STATISTICS,
    },
    Holding {
        table: "client_contacts",
        class: Some(RecordClass::Client),
        document: document(
            "contacts",
            sql::CONTACTS,
            &[
                ("id", Id("cco")),
                ("client_id", Id("cli")),
                ("channel", Text),
                ("kind", Text),
                ("value", Text),
                ("deleted_at", Time),
            ],
        ),
        rectified_by: "Clients::update, Clients::link",
        erasure: &[(Always, sql::ERASE_CONTACTS)],
        kept: NOTHING,
    },
    Holding {
        table: "client_facets",
        class: Some(RecordClass::Client),
        document: None,
        rectified_by: DERIVED,
        erasure: &[
            (Always, sql::ERASE_FACETS),
            (Always, sql::ERASE_FACET_KEYS),
            (WithoutTags, sql::ERASE_FACET_TAGS),
            (WithoutPlace, sql::ERASE_FACET_PLACES),
        ],
        kept: STATISTICS,
    },
    Holding {
        table: "client_words",
        class: Some(RecordClass::Client),
        document: None,
        rectified_by: DERIVED,
        erasure: &[(Always, sql::ERASE_WORDS)],
        kept: NOTHING,
    },
    // Words of notes stay and go with the notes.
    Holding {
        table: "client_words",
        class: Some(RecordClass::Notes),
        document: None,
        rectified_by: "made anew from the note by its change",
        erasure: &[(Always, sql::ERASE_WORDS_OF_NOTES)],
        kept: NOTHING,
    },
    Holding {
        table: "client_external_ids",
        class: Some(RecordClass::Client),
        document: document(
            "external_ids",
            sql::EXTERNAL_IDS,
            &[("system", Text), ("external_id", Text), ("client_id", Id("cli"))],
        ),
        rectified_by: "Clients::import",
        erasure: &[(Always, sql::ERASE_EXTERNAL_IDS)],
        kept: NOTHING,
    },
    Holding {
        table: "client_bands",
        class: Some(RecordClass::Client),
        document: None,
        rectified_by: DERIVED,
        erasure: &[(Always, sql::ERASE_BANDS)],
        kept: NOTHING,
    },
    Holding {
        table: "client_notes",
        class: Some(RecordClass::Notes),
        document: document(
            "notes",
            sql::NOTES,
            &[
                ("id", Id("cno")),
                ("client_id", Id("cli")),
                ("author", Text),
                ("text", Text),
                ("version", Integer),
                ("created_at", Time),
                ("updated_at", Time),
            ],
        ),
        rectified_by: "Clients::change_note",
        erasure: &[(Always, sql::ERASE_NOTES)],
        kept: NOTHING,
    },
];
