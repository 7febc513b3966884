//! What a row says, and what it does not make sense to say.

use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use crate::error::Error;
use crate::files::{BlobId, File, FileHash, FileId, FileSubject};

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: FileId,
    pub(super) blob_id: BlobId,
    name: String,
    media_type: String,
    size: i64,
    sha256: Vec<u8>,
    subject_kind: Option<String>,
    pub(super) subject_id: Option<Uuid>,
    uploaded_by: String,
    pub(super) created_at: Timestamp,
}

impl Row {
    pub(super) fn read(self) -> Result<(File, BlobId), Error> {
        let hash = <[u8; 32]>::try_from(self.sha256);
        let hash = hash.map_err(|_| store::Error::corrupt("a hash has another length"))?;
        let file = File {
            id: self.id,
            name: self.name,
            media_type: self.media_type.parse().map_err(store::Error::corrupt)?,
            size: unsigned(self.size)?,
            sha256: FileHash(hash),
            subject: self
                .subject_kind
                .zip(self.subject_id)
                .map(|(kind, id)| FileSubject { kind, id }),
            uploaded_by: self.uploaded_by,
            created_at: self.created_at,
        };
        Ok((file, self.blob_id))
    }
}

pub(super) fn unsigned(number: i64) -> Result<u64, Error> {
    u64::try_from(number).map_err(|error| store::Error::corrupt(error).into())
}

pub(super) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|error| store::Error::corrupt(error).into())
}
