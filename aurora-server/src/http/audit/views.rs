//! The JSON of the audit log.

use aurora_crm::audit::{AuditEntry, Verification};
use serde::Serialize;
use utoipa::ToSchema;

/// Who did what, to what, when, and from where. Nothing in it is personal data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(in crate::http) struct EntryView {
    /// Its number in the chain, without a gap.
    seq: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// The thing and what happened to it.
    #[schema(example = "client.created")]
    action: String,
    /// `success` or `failure`.
    outcome: &'static str,
    /// Who did it.
    principal: String,
    /// What kind of thing it happened to.
    #[schema(example = "client")]
    subject_kind: String,
    /// The id of that thing without its prefix, a UUID.
    subject: String,
    /// The address that the caller called from.
    origin: Option<String>,
    request_id: Option<String>,
    /// Harmless values, as the text of a JSON object: the hash covers every byte of it.
    detail: String,
    /// The hash of the entry before, SHA-256 in hexadecimal digits.
    previous_hash: String,
    hash: String,
}

impl From<AuditEntry> for EntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at.to_string(),
            action: entry.action,
            outcome: entry.outcome.as_str(),
            principal: entry.principal,
            subject_kind: entry.subject_kind,
            subject: entry.subject.to_string(),
            origin: entry.origin,
            request_id: entry.request_id,
            detail: entry.detail,
            previous_hash: entry.previous_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// One page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AuditPage {
    /// The newest first.
    pub(super) items: Vec<EntryView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// Whether a chain is as it was written.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AuditVerification {
    ok: bool,
    /// How many entries are as they were written.
    entries: u64,
    /// The number of the last of them.
    last_seq: i64,
    /// The hash of the last of them, to be kept elsewhere.
    head: String,
    /// The first thing that is wrong; null when nothing is.
    fault: Option<AuditFault>,
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AuditFault {
    /// The number of the entry; 0 when it is none of the chain's.
    seq: i64,
    /// What is wrong with it.
    #[schema(example = "hash_mismatch")]
    kind: &'static str,
}

impl From<Verification> for AuditVerification {
    fn from(verification: Verification) -> Self {
        Self {
            ok: verification.is_ok(),
            entries: verification.entries,
            last_seq: verification.last_seq,
            head: verification.head.to_string(),
            fault: verification.fault.map(|fault| AuditFault {
                seq: fault.seq,
                kind: fault.kind.as_str(),
            }),
        }
    }
}
