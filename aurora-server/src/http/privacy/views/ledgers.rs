//! The JSON of what is written down about a person.

use aurora_core::time::Timestamp;
use aurora_crm::privacy::{Consent, ConsentAct, DataShare, LegalHold, RecordClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A consent that was given, or its revocation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub(in crate::http::privacy) struct ConsentView {
    /// `con_` and 32 hexadecimal digits.
    id: String,
    /// Whose it is.
    subject: String,
    /// What for, such as `marketing`.
    purpose: String,
    /// `given` or `revoked`.
    act: &'static str,
    /// The version of the text that was shown; null in a revocation.
    text_version: Option<String>,
    /// SHA-256 of the text that was shown; null in a revocation.
    text_sha256: Option<String>,
    /// Where, such as `whatsapp` or `form`.
    channel: String,
    /// Where the evidence is kept.
    evidence: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who wrote it down.
    recorded_by: String,
}

impl From<Consent> for ConsentView {
    fn from(consent: Consent) -> Self {
        let hex = |bytes: Vec<u8>| {
            bytes
                .iter()
                .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
        };
        Self {
            id: consent.id.to_string(),
            subject: consent.subject.to_string(),
            purpose: consent.purpose,
            act: consent.act.as_str(),
            text_version: consent.text_version,
            text_sha256: consent.text_hash.map(hex),
            channel: consent.channel,
            evidence: consent.evidence,
            at: consent.at.to_string(),
            recorded_by: consent.principal,
        }
    }
}

list! { /// The consents and revocations of a subject, the newest first.
ConsentList of ConsentView as ConsentList }

/// A consent to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewConsent, example = json!({"act": "given", "purpose": "marketing", "channel": "form",
    "text_version": "2026-03", "text": "Aceito receber novidades por e-mail."}))]
pub(in crate::http::privacy) struct ConsentInput {
    /// `given` or `revoked`.
    #[schema(value_type = String)]
    pub(in crate::http::privacy) act: ConsentAct,
    /// Up to 100 characters.
    pub(in crate::http::privacy) purpose: String,
    /// Up to 50 characters.
    pub(in crate::http::privacy) channel: String,
    /// Required with `given`: the version of the text that was shown.
    #[serde(default)]
    pub(in crate::http::privacy) text_version: Option<String>,
    /// Required with `given`: the text that was shown, of which the hash is kept.
    #[serde(default)]
    pub(in crate::http::privacy) text: Option<String>,
    /// Where the evidence is kept, such as the id of a message: up to 200 characters, nothing personal.
    #[serde(default)]
    pub(in crate::http::privacy) evidence: Option<String>,
}

/// Data of a person that somebody else was given (`uso compartilhado`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataShare)]
pub(in crate::http::privacy) struct ShareView {
    /// `shr_` and 32 hexadecimal digits.
    id: String,
    /// Whose data.
    subject: String,
    /// Who was given it.
    recipient: String,
    /// What for.
    purpose: String,
    /// Kinds of data, such as `phone`.
    categories: Vec<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who wrote it down.
    recorded_by: String,
}

impl From<DataShare> for ShareView {
    fn from(share: DataShare) -> Self {
        Self {
            id: share.id.to_string(),
            subject: share.subject.to_string(),
            recipient: share.recipient,
            purpose: share.purpose,
            categories: share.categories,
            at: share.at.to_string(),
            recorded_by: share.principal,
        }
    }
}

list! { /// With whom data was shared, the newest first.
ShareList of ShareView as DataShareList }

/// Sharing to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDataShare, example = json!({"recipient": "Laboratório Sul", "purpose": "exames", "categories": ["name", "cpf"]}))]
pub(in crate::http::privacy) struct ShareInput {
    /// Up to 200 characters.
    pub(in crate::http::privacy) recipient: String,
    /// Up to 200 characters.
    pub(in crate::http::privacy) purpose: String,
    /// 1 to 50 of 100 characters.
    pub(in crate::http::privacy) categories: Vec<String>,
}

/// Records that the law forbids to erase.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalHold)]
pub(in crate::http::privacy) struct HoldView {
    /// `lgh_` and 32 hexadecimal digits.
    id: String,
    /// Whose records.
    subject: String,
    /// Which records.
    class: &'static str,
    /// The law or the case.
    basis: String,
    /// Until when; null until it is released: RFC 3339, UTC.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<LegalHold> for HoldView {
    fn from(hold: LegalHold) -> Self {
        Self {
            id: hold.id.to_string(),
            subject: hold.subject.to_string(),
            class: hold.class.as_str(),
            basis: hold.basis,
            until: hold.until.map(|time| time.to_string()),
            created_at: hold.created_at.to_string(),
        }
    }
}

list! { /// The legal holds of a subject.
HoldList of HoldView as LegalHoldList }

/// Records to be held.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLegalHold, example = json!({"class": "appointments", "basis": "Lei 13.787/2018, art. 6"}))]
pub(in crate::http::privacy) struct HoldInput {
    /// `client`, `notes`, `leads`, `activities`, `tasks`, `files`, `appointments` or `conversations`.
    #[schema(value_type = String)]
    pub(in crate::http::privacy) class: RecordClass,
    /// The law or the case, up to 500 characters.
    pub(in crate::http::privacy) basis: String,
    /// Until when; until it is released unless told: RFC 3339.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(in crate::http::privacy) until: Option<Timestamp>,
}
