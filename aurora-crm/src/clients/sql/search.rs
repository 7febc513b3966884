//! Finding clients by words.

use aurora_core::id::Id;
use aurora_core::page::{Page, PageRequest};
use sqlx::types::Uuid;

use super::SqlClients;
use super::list::key;
use super::row::{Row, select};
use crate::clients::{BlockedClients, Client, ClientId, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::store::reading;

/// The most words of a query.
pub(in super::super) const MAX_WORDS: usize = 8;

/// The weight of the best word of the client that begins with one looked for, twice if it is all of it; null if there is
/// none. `$from` is the word, `$to` comes after all that begin with it.
macro_rules! weight {
    ($from:literal, $to:literal) => {
        concat!(
            "+ case when cast(",
            $from,
            " as text) = '' then 0 else
                (select max(case when o.word = ",
            $from,
            " then 2 * o.weight else o.weight end) from client_words o
                    where o.workspace_id = $1 and o.client_id = t.client_id and o.word >= ",
            $from,
            " and o.word < ",
            $to,
            ") end "
        )
    };
}

/// Whether the client of `w` has a word from `$from` to `$to`.
macro_rules! has {
    ($from:literal, $to:literal) => {
        concat!(
            " and (cast(",
            $from,
            " as text) = '' or exists (select 1 from client_words o where o.workspace_id = $1
                and o.client_id = w.client_id and o.word >= ",
            $from,
            " and o.word < ",
            $to,
            "))"
        )
    };
}

aurora_core::store::statements! {
    /// Of the word that the fewest begin with, the first 5,000 rows of living clients that have the others, too, are
    /// weighed, in the order of words.
    COUNT = "select count(*) from (select 1 as one from client_words where workspace_id = $1 and word >= $2 and word < $3
        limit 5001) w";
    /// Only what is on the page is joined with the clients: right after an import PostgreSQL knows nothing of the tables yet, and
    /// would look through all clients for each that was weighed. `$2` and `$3` bound the rarest word, `$4` and `$5` are where the page before ended, `$7` to `$20` bound the others,
    /// `$21` is whether those are found whose data may not be used.
    SEARCH = concat!(
        "select r.score, x.* from (select s.client_id, s.score from (
            select t.client_id, t.best ",
        weight!("$7", "$8"), weight!("$9", "$10"), weight!("$11", "$12"), weight!("$13", "$14"),
        weight!("$15", "$16"), weight!("$17", "$18"), weight!("$19", "$20"),
        " as score from (
                select n.client_id, max(case when n.word = $2 then 2 * n.weight else n.weight end) as best from (
                    select w.client_id, w.word, w.weight from client_words w
                    where w.workspace_id = $1 and w.word >= $2 and w.word < $3
                        and (select l.deleted_at is null and (cast($21 as bigint) = 1 or l.blocked_at is null) from clients l
                            where l.workspace_id = $1 and l.id = w.client_id)",
        has!("$7", "$8"), has!("$9", "$10"), has!("$11", "$12"), has!("$13", "$14"), has!("$15", "$16"),
        has!("$17", "$18"), has!("$19", "$20"),
                    " order by w.word, w.client_id limit 5000
                ) n group by n.client_id
            ) t
        ) s where s.score is not null and (s.score < $4 or (s.score = $4 and s.client_id < $5))
        order by s.score desc, s.client_id desc limit $6) r join (", select!(""), ") x on x.id = r.client_id
        order by r.score desc, r.client_id desc"
    );
    /// [`SEARCH`] for one word, without the forty subqueries that PostgreSQL sets up for words that are not there. `$7` is whether
    /// those are found whose data may not be used.
    SEARCH_WORD = concat!(
        "select r.score, x.* from (select s.client_id, s.score from (
            select n.client_id, max(case when n.word = $2 then 2 * n.weight else n.weight end) as score from (
                select w.client_id, w.word, w.weight from client_words w
                where w.workspace_id = $1 and w.word >= $2 and w.word < $3
                    and (select l.deleted_at is null and (cast($7 as bigint) = 1 or l.blocked_at is null) from clients l
                        where l.workspace_id = $1 and l.id = w.client_id)
                order by w.word, w.client_id limit 5000
            ) n group by n.client_id
        ) s where s.score < $4 or (s.score = $4 and s.client_id < $5)
        order by s.score desc, s.client_id desc limit $6) r join (", select!(""), ") x on x.id = r.client_id
        order by r.score desc, r.client_id desc"
    );
}

#[derive(Debug, sqlx::FromRow)]
struct Found {
    score: i64,
    #[sqlx(flatten)]
    row: Row,
}

impl SqlClients {
    /// One page of the clients that have words beginning with each of `words`, of which there is at least one.
    pub(in super::super) async fn search(
        &self,
        context: &Context,
        words: &[String],
        blocked: BlockedClients,
        request: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        let are_shown = i64::from(blocked.are_shown());
        let scope = format!("clients.search/{}/{are_shown}/{words:?}", context.workspace);
        let (score, id) = match request.cursor() {
            Some(cursor) => key(cursor, &scope, |_: &(i64, ClientId)| true)?,
            None => (i64::MAX, Id::from_uuid(Uuid::max())),
        };
        let limit = i64::from(request.limit()) + 1;
        let bounds: Vec<(&str, String)> = words.iter().map(|word| (word.as_str(), after(word))).collect();
        let found: Vec<Found> = reading!(self.store, context, |tx| {
            let mut rarest = (0, i64::MAX);
            if bounds.len() > 1 {
                for (index, (from, to)) in bounds.iter().enumerate() {
                    let count: i64 = sqlx::query_scalar(COUNT)
                        .bind(context.workspace)
                        .bind(*from)
                        .bind(to)
                        .fetch_one(&mut *tx)
                        .await?;
                    if count < rarest.1 {
                        rarest = (index, count);
                    }
                }
            }
            let Some((from, to)) = bounds.get(rarest.0) else {
                return Ok(Vec::new());
            };
            let is_alone = bounds.len() == 1;
            let mut query = sqlx::query_as(if is_alone { SEARCH_WORD } else { SEARCH })
                .bind(context.workspace)
                .bind(*from)
                .bind(to)
                .bind(score)
                .bind(id)
                .bind(limit);
            if is_alone {
                return Ok(query.bind(are_shown).fetch_all(&mut *tx).await?);
            }
            let others = bounds.iter().enumerate().filter(|(index, _)| *index != rarest.0);
            let mut others = others.map(|(_, (from, to))| (*from, to.as_str()));
            for _ in 1..MAX_WORDS {
                let (from, to) = others.next().unwrap_or_default();
                query = query.bind(from).bind(to);
            }
            Ok(query.bind(are_shown).fetch_all(&mut *tx).await?)
        })?;
        let page = Page::from_rows(found, request, &scope, |found: &Found| {
            (found.score, found.row.id)
        });
        let Page { items, next } = page.map_err(wrong_cursor)?;
        let items = items
            .into_iter()
            .map(|found| Client::try_from(found.row))
            .collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}

/// The first text after all that begin with `word`.
fn after(word: &str) -> String {
    format!("{word}\u{10ffff}")
}
