//! What they agreed to and asked for.

use super::Kind::{Bytes, Id, Json, Text, Time};
use super::{ACCOUNT, Holding, document};
use crate::privacy::sql::holdings as sql;

pub(super) const HOLDINGS: &[Holding] = &[
    Holding {
        table: "consents",
        class: None,
        document: document(
            "consents",
            sql::CONSENTS,
            &[
                ("id", Id("con")),
                ("purpose", Text),
                ("act", Text),
                ("text_version", Text),
                ("text_hash", Bytes),
                ("channel", Text),
                ("evidence", Text),
                ("at", Time),
            ],
        ),
        rectified_by: "Privacy::record_consent, by a new entry",
        erasure: &[],
        kept: ACCOUNT,
    },
    Holding {
        table: "data_shares",
        class: None,
        document: document(
            "shares",
            sql::SHARES,
            &[
                ("id", Id("shr")),
                ("recipient", Text),
                ("purpose", Text),
                ("categories", Json),
                ("at", Time),
            ],
        ),
        rectified_by: "Privacy::record_share, by a new entry",
        erasure: &[],
        kept: ACCOUNT,
    },
    Holding {
        table: "data_requests",
        class: None,
        document: document(
            "requests",
            sql::REQUESTS,
            &[
                ("id", Id("dsr")),
                ("kind", Text),
                ("state", Text),
                ("outcome", Text),
                ("received_at", Time),
                ("due_at", Time),
                ("answered_at", Time),
            ],
        ),
        rectified_by: "Privacy::close_request",
        erasure: &[],
        kept: ACCOUNT,
    },
    Holding {
        table: "legal_holds",
        class: None,
        document: document(
            "legal_holds",
            sql::HOLDS,
            &[
                ("id", Id("lgh")),
                ("record_class", Text),
                ("basis", Text),
                ("until", Time),
                ("created_at", Time),
                ("released_at", Time),
            ],
        ),
        rectified_by: "Privacy::release_hold and Privacy::hold",
        erasure: &[],
        kept: ACCOUNT,
    },
];
