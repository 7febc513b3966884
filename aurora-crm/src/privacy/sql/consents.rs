use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::holdings::of_subject;
use super::subjects;
use crate::context::Context;
use crate::error::Error;
use crate::privacy::DataSubject;
use crate::privacy::consents::{Consent, ConsentAct, ConsentId};
use crate::store::{Store, reading, writing};

macro_rules! select {
    ($rest:literal) => {
        of_subject!(
            "select id, subject_kind, subject_id, purpose, act, text_version, text_hash, channel, evidence, at, principal
                from consents where",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into consents (workspace_id, id, subject_kind, subject_id, purpose, act, text_version, text_hash, channel,
            evidence, at, principal)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// A revocation counts against a consent of the same moment, whichever was written first.
    CURRENT = select!(" and purpose = $3 order by at desc, act desc, id desc limit 1");
    LIST = select!(" order by at desc, act desc, id desc limit 200");
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ConsentId,
    subject_kind: String,
    subject_id: Uuid,
    purpose: String,
    act: String,
    text_version: Option<String>,
    text_hash: Option<Vec<u8>>,
    channel: String,
    evidence: Option<String>,
    at: Timestamp,
    principal: String,
}

impl TryFrom<Row> for Consent {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        Ok(Self {
            id: row.id,
            subject: DataSubject::read(&row.subject_kind, row.subject_id)
                .ok_or_else(|| store::Error::corrupt("a consent of something unknown"))?,
            purpose: row.purpose,
            act: if row.act == ConsentAct::Given.as_str() {
                ConsentAct::Given
            } else {
                ConsentAct::Revoked
            },
            text_version: row.text_version,
            text_hash: row.text_hash,
            channel: row.channel,
            evidence: row.evidence,
            at: row.at,
            principal: row.principal,
        })
    }
}

pub(in crate::privacy) async fn insert(
    store: &Store,
    context: &Context,
    consent: &Consent,
) -> Result<(), Error> {
    let now = consent.at;
    let action = match consent.act {
        ConsentAct::Given => "consent.given",
        ConsentAct::Revoked => "consent.revoked",
    };
    let record = subjects::record(action, consent.subject, now).detail("consent", consent.id.to_string());
    writing!(store, context, |tx| {
        subjects::check_in(&mut (&mut *tx).into(), context, consent.subject).await?;
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(consent.id)
            .bind(consent.subject.kind())
            .bind(consent.subject.uuid())
            .bind(&consent.purpose)
            .bind(consent.act.as_str())
            .bind(consent.text_version.as_deref())
            .bind(consent.text_hash.as_deref())
            .bind(&consent.channel)
            .bind(consent.evidence.as_deref())
            .bind(now)
            .bind(&consent.principal)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

pub(in crate::privacy) async fn current(
    store: &Store,
    context: &Context,
    subject: DataSubject,
    purpose: &str,
) -> Result<Option<Consent>, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        let subject = subjects::now_in(&mut (&mut *tx).into(), context, subject).await?;
        Ok(sqlx::query_as(CURRENT)
            .bind(context.workspace)
            .bind(subject)
            .bind(purpose)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    let consent = row.map(Consent::try_from).transpose()?;
    Ok(consent.filter(|consent| consent.act == ConsentAct::Given))
}

pub(in crate::privacy) async fn list(
    store: &Store,
    context: &Context,
    subject: DataSubject,
) -> Result<Vec<Consent>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let subject = subjects::now_in(&mut (&mut *tx).into(), context, subject).await?;
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .bind(subject)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    Ok(rows
        .into_iter()
        .map(Consent::try_from)
        .collect::<Result<_, _>>()?)
}
