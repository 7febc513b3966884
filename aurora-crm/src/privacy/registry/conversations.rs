//! What was said with them.

use super::Kind::{Id, Integer, Json, Text, Time};
use super::When::{Always, WithoutTags};
use super::{Holding, NOTHING, STATISTICS, document};
use crate::privacy::RecordClass;
use crate::privacy::sql::holdings as sql;

pub(super) const HOLDINGS: &[Holding] = &[
    Holding {
        table: "contacts",
        class: Some(RecordClass::Conversations),
        document: document(
            "channel_contacts",
            sql::CHANNEL_CONTACTS,
            &[
                ("id", Id("ctc")),
                ("name", Text),
                ("addresses", Json),
                ("client_id", Id("cli")),
                ("blocked_at", Time),
                ("created_at", Time),
            ],
        ),
        rectified_by: "Conversations::ingest, by what the channel tells next",
        erasure: &[(Always, sql::ERASE_CHANNEL_CONTACTS)],
        kept: STATISTICS,
    },
    Holding {
        table: "contact_addresses",
        class: Some(RecordClass::Conversations),
        document: None,
        rectified_by: "made anew from the contact by the channel's next message",
        erasure: &[(Always, sql::ERASE_CONTACT_ADDRESSES)],
        kept: NOTHING,
    },
    Holding {
        table: "contact_words",
        class: Some(RecordClass::Conversations),
        document: None,
        rectified_by: "made anew from the contact by the channel's next message",
        erasure: &[(Always, sql::ERASE_CONTACT_WORDS)],
        kept: NOTHING,
    },
    Holding {
        table: "conversations",
        class: Some(RecordClass::Conversations),
        document: document(
            "conversations",
            sql::CONVERSATIONS,
            &[
                ("id", Id("cnv")),
                ("contact_id", Id("ctc")),
                ("channel_kind", Text),
                ("status", Text),
                ("assignee", Text),
                ("tags", Json),
                ("unread", Integer),
                ("last_inbound_at", Time),
                ("last_message_at", Time),
                ("created_at", Time),
            ],
        ),
        rectified_by: "Conversations::tag, Conversations::untag",
        erasure: &[(WithoutTags, sql::ERASE_CONVERSATION_TAGS)],
        kept: STATISTICS,
    },
    Holding {
        table: "conversation_tags",
        class: Some(RecordClass::Conversations),
        document: None,
        rectified_by: "Conversations::tag, Conversations::untag",
        erasure: &[(WithoutTags, sql::ERASE_TAGS_OF_CONVERSATIONS)],
        kept: STATISTICS,
    },
    Holding {
        table: "message_words",
        class: Some(RecordClass::Conversations),
        document: None,
        rectified_by: "never: what was said",
        erasure: &[(Always, sql::ERASE_MESSAGE_WORDS)],
        kept: NOTHING,
    },
    Holding {
        table: "messages",
        class: Some(RecordClass::Conversations),
        document: document(
            "messages",
            sql::MESSAGES,
            &[
                ("id", Id("msg")),
                ("conversation_id", Id("cnv")),
                ("direction", Text),
                ("author", Text),
                ("content", Json),
                ("extra", Json),
                ("delivery", Text),
                ("failure", Text),
                ("reaction_in", Text),
                ("reaction_out", Text),
                ("sent_at", Time),
                ("created_at", Time),
            ],
        ),
        rectified_by: "never: what was said",
        erasure: &[(Always, sql::ERASE_MESSAGES)],
        kept: STATISTICS,
    },
];
