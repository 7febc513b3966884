//! Feedback as it was. Each row says since which version of the feedback it was in force and until which; going back ends
//! rows and adds copies, so that every earlier state can be gone back to.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::store::{self, Connection, execute_on, on_connection};
use sqlx::types::{Json, Uuid};

use super::ingest::{self, Place, Prepared};
use super::{documents, feedback, scopes};
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::knowledge::DocumentId;
use crate::knowledge::reading::{Block, Normal};
use crate::leads::refused;
use crate::store::{Store, reading, writing};

/// Corrections whose answer changes when one goes back: they are read anew, and all at once.
const MOST: usize = 200;

macro_rules! again {
    ($where:literal) => {
        concat!(
            "insert into knowledge_feedback (workspace_id, id, chunk_id, kind, terms, terms_hash, rated_by, version, since, at)
            select f.workspace_id, f.id, f.chunk_id, f.kind, f.terms, f.terms_hash, f.rated_by, f.version, $3, f.at
            from knowledge_feedback f where f.workspace_id = $1 and ",
            $where
        )
    };
}

macro_rules! pinned_again {
    ($where:literal) => {
        concat!(
            "insert into knowledge_pins (workspace_id, document_id, document_version, title, terms, version, since)
            select p.workspace_id, p.document_id, p.document_version, p.title, p.terms, p.version, $3
            from knowledge_pins p where p.workspace_id = $1 and ",
            $where
        )
    };
}

macro_rules! stale {
    ($where:literal) => {
        concat!(
            "select d.id, d.version, d.scope_id, d.client_id, d.external_id, p.title, v.content_hash, v.text, v.blocks
            from knowledge_pins p
            join knowledge_documents d on d.workspace_id = $1 and d.id = p.document_id
            join knowledge_versions v on v.workspace_id = $1 and v.document_id = p.document_id
                and v.version = p.document_version
            where p.workspace_id = $1 and v.content_hash <> d.content_hash and ",
            $where,
            " order by d.id limit 201"
        )
    };
}

aurora_core::store::statements! {
    TAKE = "update knowledge_feedback set reverted_in = $3 where workspace_id = $1 and since > $2
        and replaced_in is null and reverted_in is null";
    TAKE_PINS = "update knowledge_pins set reverted_in = $3 where workspace_id = $1 and since > $2
        and replaced_in is null and reverted_in is null";
    GIVE = again!("f.since <= $2 and (f.replaced_in > $2 or f.reverted_in > $2)");
    GIVE_PINS = pinned_again!("p.since <= $2 and (p.replaced_in > $2 or p.reverted_in > $2)");
    STALE = stale!("p.since <= $2 and (p.replaced_in > $2 or p.reverted_in > $2)");
    /// What a version brought back has begun in it, and was given before it.
    UNDO = "update knowledge_feedback set reverted_in = $3 where workspace_id = $1 and since = $2 and version < $2
        and replaced_in is null and reverted_in is null";
    UNDO_PINS = "update knowledge_pins set reverted_in = $3 where workspace_id = $1 and since = $2 and version < $2
        and replaced_in is null and reverted_in is null";
    /// Unless there is another by now.
    RESTORE = again!("f.reverted_in = $2 and not exists (select 1 from knowledge_feedback n where n.workspace_id = $1
        and n.chunk_id = f.chunk_id and n.rated_by = f.rated_by and n.terms_hash = f.terms_hash
        and n.replaced_in is null and n.reverted_in is null)");
    RESTORE_PINS = pinned_again!("p.reverted_in = $2 and not exists (select 1 from knowledge_pins n
        where n.workspace_id = $1 and n.document_id = p.document_id and n.replaced_in is null and n.reverted_in is null)");
    STALE_RESTORED = stale!("p.reverted_in = $2 and not exists (select 1 from knowledge_pins n where n.workspace_id = $1
        and n.document_id = p.document_id and n.replaced_in is null and n.reverted_in is null
        and not (n.since = $2 and n.version < $2))");
}

/// Where feedback goes.
#[derive(Debug, Clone, Copy)]
pub(in crate::knowledge) enum Turn {
    /// Back to a version.
    Revert(i64),
    /// To what there was before a version went back.
    Restore(i64),
}

impl Turn {
    const fn version(self) -> i64 {
        match self {
            Self::Revert(version) | Self::Restore(version) => version,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Revert(_) => "knowledge.feedback_reverted",
            Self::Restore(_) => "knowledge.feedback_restored",
        }
    }

    const fn stale(self) -> &'static str {
        match self {
            Self::Revert(_) => STALE,
            Self::Restore(_) => STALE_RESTORED,
        }
    }

    const fn changes(self) -> [&'static str; 4] {
        match self {
            Self::Revert(_) => [TAKE, TAKE_PINS, GIVE, GIVE_PINS],
            Self::Restore(_) => [UNDO, UNDO_PINS, RESTORE, RESTORE_PINS],
        }
    }
}

/// A correction whose answer is to be another, with that answer.
#[derive(Debug)]
pub(in crate::knowledge) struct Stale {
    /// The document as it is: what changes it meanwhile is seen by its version.
    pub(in crate::knowledge) id: DocumentId,
    version: i64,
    scope: Uuid,
    pub(in crate::knowledge) client: Option<ClientId>,
    pub(in crate::knowledge) external_id: String,
    pub(in crate::knowledge) title: String,
    pub(in crate::knowledge) hash: [u8; 32],
    pub(in crate::knowledge) normal: Normal,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: DocumentId,
    version: i64,
    scope_id: Uuid,
    client_id: Option<ClientId>,
    external_id: String,
    title: String,
    content_hash: Vec<u8>,
    text: String,
    blocks: Json<Vec<Block>>,
}

impl Row {
    fn stale(self) -> Result<Stale, store::Error> {
        let hash: Result<[u8; 32], _> = self.content_hash.try_into();
        Ok(Stale {
            id: self.id,
            version: self.version,
            scope: self.scope_id,
            client: self.client_id,
            external_id: self.external_id,
            title: self.title,
            hash: hash.map_err(|_| store::Error::corrupt("a hash that is none"))?,
            normal: Normal {
                text: self.text,
                blocks: self.blocks.0,
            },
        })
    }
}

/// The version of the feedback, and the corrections that have another answer after a turn.
pub(in crate::knowledge) async fn plan(
    store: &Store,
    context: &Context,
    turn: Turn,
) -> Result<(i64, Vec<Stale>), Error> {
    let (version, rows): (i64, Vec<Row>) = reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let version = feedback::version(tx, context).await?;
        let rows = on_connection!(tx, |tx| sqlx::query_as(turn.stale())
            .bind(context.workspace)
            .bind(turn.version())
            .fetch_all(&mut *tx))?;
        Ok((version, rows))
    })?;
    if rows.len() > MOST {
        let message = format!("more than {MOST} corrections would get another answer: go there in steps");
        return Err(refused("version", "too_many", message));
    }
    let stale = rows.into_iter().map(Row::stale);
    Ok((version, stale.collect::<Result<_, _>>()?))
}

/// Locks what is written, in the order in which whoever writes a correction does, and scopes always in one order; `None` when
/// somebody has written it meanwhile.
async fn places(
    tx: &mut Connection<'_>,
    context: &Context,
    answers: &[(Stale, Prepared)],
) -> Result<Option<Vec<Place>>, Error> {
    let scopes: BTreeSet<Uuid> = answers.iter().map(|(stale, _)| stale.scope).collect();
    let mut locked = BTreeMap::new();
    for scope in scopes {
        locked.insert(scope, scopes::relock(tx, context, scope).await?);
    }
    let mut places = Vec::with_capacity(answers.len());
    for (stale, _) in answers {
        match documents::get_in(tx, context, stale.id).await {
            Ok(row) if row.version == stale.version => {}
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => return Ok(None),
        }
        places.push(Place {
            scope: stale.scope,
            generation: locked.get(&stale.scope).copied().unwrap_or_default(),
            client: stale.client,
            before: Some((stale.id, stale.version)),
        });
    }
    Ok(Some(places))
}

/// Goes there, and gives the version of doing so; `None` when what was planned is no longer so.
pub(in crate::knowledge) async fn go(
    store: &Store,
    context: &Context,
    turn: Turn,
    version: i64,
    answers: &[(Stale, Prepared)],
    model: Option<&str>,
) -> Result<Option<i64>, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let Some(places) = places(tx, context, answers).await? else {
            return Ok(None);
        };
        let Some(next) = feedback::next_after(tx, context, version).await? else {
            return Ok(None);
        };
        let mut rows = 0;
        for statement in turn.changes() {
            rows += execute_on!(
                tx,
                sqlx::query(statement)
                    .bind(context.workspace)
                    .bind(turn.version())
                    .bind(next)
            )?;
        }
        for ((_, prepared), place) in answers.iter().zip(&places) {
            ingest::write(store, tx, context, place, prepared, model).await?;
        }
        let record = Record::new(turn.action(), "workspace", context.workspace, now)
            .with("version", next)
            .with("of_version", turn.version())
            .with("entries", rows);
        store.record(tx, context, now, &[record]).await?;
        Ok(Some(next))
    })
}
