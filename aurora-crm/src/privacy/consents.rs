use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::DataSubject;
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;

/// Names a consent: `con_` and 32 hexadecimal digits.
pub type ConsentId = Id<Consent>;

/// What a person did with a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentAct {
    /// Given.
    Given,
    /// Revoked (art. 8, §5).
    Revoked,
}

impl ConsentAct {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Revoked => "revoked",
        }
    }
}

/// One entry of the ledger: a consent that was given, or revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent {
    /// Its name for programs.
    pub id: ConsentId,
    /// Whose it is.
    pub subject: DataSubject,
    /// What for, such as `marketing`.
    pub purpose: String,
    /// Given or revoked.
    pub act: ConsentAct,
    /// The version of the text that was shown; absent in a revocation.
    pub text_version: Option<String>,
    /// SHA-256 of the text that was shown; absent in a revocation.
    pub text_hash: Option<Vec<u8>>,
    /// Where, such as `whatsapp` or `form`.
    pub channel: String,
    /// Where the evidence is kept: a reference, not the evidence.
    pub evidence: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Who wrote it down.
    pub principal: String,
}

impl IdKind for Consent {
    const PREFIX: &'static str = "con";
}

/// What is needed to write down a consent or its revocation.
#[derive(Debug, Clone)]
pub struct NewConsent {
    subject: DataSubject,
    purpose: String,
    text: Option<(String, Vec<u8>)>,
    channel: String,
    evidence: Option<String>,
}

impl NewConsent {
    /// A consent to `text`, of which the hash is kept.
    #[must_use]
    pub fn given(
        subject: impl Into<DataSubject>,
        purpose: impl Into<String>,
        channel: impl Into<String>,
        text_version: impl Into<String>,
        text: &str,
    ) -> Self {
        Self {
            subject: subject.into(),
            purpose: purpose.into(),
            text: Some((text_version.into(), Sha256::digest(text.as_bytes()).to_vec())),
            channel: channel.into(),
            evidence: None,
        }
    }

    /// A revocation.
    #[must_use]
    pub fn revoked(
        subject: impl Into<DataSubject>,
        purpose: impl Into<String>,
        channel: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            purpose: purpose.into(),
            text: None,
            channel: channel.into(),
            evidence: None,
        }
    }

    /// Where the evidence is kept, such as the id of a message or of a file.
    #[must_use]
    pub fn evidence(mut self, reference: impl Into<String>) -> Self {
        self.evidence = Some(reference.into());
        self
    }

    pub(super) fn check(self, context: &Context, now: Timestamp) -> Result<Consent, Error> {
        let mut fields = Fields::default();
        let purpose = fields.line("purpose", &self.purpose, 100);
        let channel = fields.line("channel", &self.channel, 50);
        let evidence = fields.optional_line("evidence", self.evidence.as_deref(), 200);
        let (text_version, text_hash) = match self.text {
            Some((version, hash)) => (Some(fields.line("text_version", &version, 100)), Some(hash)),
            None => (None, None),
        };
        fields.finish(Consent {
            id: ConsentId::new(now),
            subject: self.subject,
            purpose,
            act: if text_hash.is_some() {
                ConsentAct::Given
            } else {
                ConsentAct::Revoked
            },
            text_version,
            text_hash,
            channel,
            evidence,
            at: now,
            principal: context.principal.clone(),
        })
    }
}
