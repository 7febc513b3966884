//! The hash that makes an audit entry depend on every entry before it.

use aurora_core::time::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::workspaces::WorkspaceId;

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// What the first entry of a chain takes for the hash before it.
pub(crate) const GENESIS: Hash = [0; 32];

/// Says what the bytes are, so that a hash made for something else never fits.
const DOMAIN: &[u8] = b"aurora audit v1";

/// What the hash of an entry covers.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) workspace: WorkspaceId,
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) action: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) principal: &'a str,
    pub(crate) subject_kind: &'a str,
    pub(crate) subject: Uuid,
    pub(crate) origin: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) detail: &'a str,
}

impl Entry<'_> {
    /// SHA-256 over, each with its length in 8 bytes (big-endian) before it: `aurora audit v1`, the hash before,
    /// workspace (16 bytes), sequence number and microseconds since 1970 (8 bytes each, big-endian), action, outcome,
    /// principal, kind and id (16 bytes) of the subject, origin, request id, detail. A text that is absent counts as
    /// length 2⁶⁴ − 1 without bytes.
    pub(crate) fn hash(&self, previous: &Hash) -> Hash {
        let mut hasher = Sha256::new();
        let mut part = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u64::MAX, |bytes| {
                u64::try_from(bytes.len()).unwrap_or(u64::MAX - 1)
            });
            hasher.update(length.to_be_bytes());
            hasher.update(bytes.unwrap_or_default());
        };
        part(Some(DOMAIN));
        part(Some(previous));
        part(Some(self.workspace.uuid().as_bytes()));
        part(Some(&self.seq.to_be_bytes()));
        part(Some(&self.at.as_micros().to_be_bytes()));
        part(Some(self.action.as_bytes()));
        part(Some(self.outcome.as_bytes()));
        part(Some(self.principal.as_bytes()));
        part(Some(self.subject_kind.as_bytes()));
        part(Some(self.subject.as_bytes()));
        part(self.origin.map(str::as_bytes));
        part(self.request_id.map(str::as_bytes));
        part(Some(self.detail.as_bytes()));
        hasher.finalize().into()
    }
}
