//! One entry, as it is read, exported and verified.

use std::fmt;
use std::str::FromStr;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::journal::chain::{Entry, GENESIS, Hash};
use crate::workspaces::WorkspaceId;

/// One entry of an audit chain: who did what, to what, when, and from where.
///
/// It is written in the transaction of the change that it tells of. Nothing in it is personal data: ids, names of
/// fields and harmless values alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Whose chain it is in; the nil workspace is the installation.
    pub workspace: WorkspaceId,
    /// Its number in the chain: 1, 2, 3 and so on, without a gap.
    pub seq: i64,
    /// When it was written.
    pub at: Timestamp,
    /// The aggregate and what happened to it, such as `client.created`.
    pub action: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Who did it: the [`principal`](crate::Context::principal) of the call.
    pub principal: String,
    /// What kind of thing it happened to, such as `client`.
    pub subject_kind: String,
    /// The id of that thing, without its prefix.
    pub subject: Uuid,
    /// The address that the caller called from.
    pub origin: Option<String>,
    /// The request that it was part of.
    pub request_id: Option<String>,
    /// Harmless values, as the text of a JSON object: the hash covers every byte of it.
    pub detail: String,
    /// The hash of the entry before; 32 zero bytes for the first.
    pub previous_hash: AuditHash,
    /// The hash of this one.
    pub hash: AuditHash,
}

impl AuditEntry {
    /// The hash that the entry should have, from its fields and its own word about the hash before.
    ///
    /// SHA-256 over parts, each with its length in 8 bytes (big-endian) before it: `aurora audit v1`, the hash before,
    /// workspace (16 bytes), number and microseconds since 1970 (8 bytes each, big-endian), action, outcome, principal,
    /// kind and id (16 bytes) of the subject, origin, request id, detail. A text that is absent counts as length
    /// 2⁶⁴ − 1 without bytes.
    #[must_use]
    pub fn expected_hash(&self) -> AuditHash {
        let entry = Entry {
            workspace: self.workspace,
            seq: self.seq,
            at: self.at,
            action: &self.action,
            outcome: self.outcome.as_str(),
            principal: &self.principal,
            subject_kind: &self.subject_kind,
            subject: self.subject,
            origin: self.origin.as_deref(),
            request_id: self.request_id.as_deref(),
            detail: &self.detail,
        };
        AuditHash(entry.hash(&self.previous_hash.0))
    }
}

/// How what was tried has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditOutcome {
    /// It was done.
    Success,
    /// It was refused or failed.
    Failure,
}

impl AuditOutcome {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

impl FromStr for AuditOutcome {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "success" => Ok(Self::Success),
            "failure" => Ok(Self::Failure),
            _ => Err("an outcome is success or failure"),
        }
    }
}

/// A SHA-256, shown as 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditHash(pub(crate) Hash);

impl AuditHash {
    /// What the first entry of a chain takes for the hash before it: 32 zero bytes.
    pub const GENESIS: Self = Self(GENESIS);

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        Hash::try_from(bytes).ok().map(Self)
    }
}

/// The text was not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits in lower case")]
pub struct ParseHashError;

impl FromStr for AuditHash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(ParseHashError);
        }
        for (to, [high, low]) in hash.iter_mut().zip(pairs) {
            let (high, low) = (
                digit(*high).ok_or(ParseHashError)?,
                digit(*low).ok_or(ParseHashError)?,
            );
            *to = (high << 4) | low;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

aurora_core::serde_as_text!(AuditHash);
