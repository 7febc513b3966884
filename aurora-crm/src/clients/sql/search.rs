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
use crate::fields::Fields;
use crate::store::reading;
use crate::store::words::{Bounds, count_words, has_words};

/// The most rows that a search weighs; the statements have it in them.
const WEIGHED_ROWS: i64 = 5_000;

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

aurora_core::store::statements! {
    /// Of the word that the fewest begin with, the first 5,000 rows of living clients that have the others, too, are
    /// weighed, in the order of words.
    COUNT = count_words!("client_words");
    /// How many rows there are to weigh, as far as that matters. `$2` and `$3` bound the rarest word, `$4` to `$17` the others, `$18` is
    /// whether those are found whose data may not be used.
    WEIGHED = concat!(
        "select count(*) from (select 1 as one from client_words w
            where w.workspace_id = $1 and w.word >= $2 and w.word < $3
                and (select l.deleted_at is null and (cast($18 as bigint) = 1 or l.blocked_at is null) from clients l
                    where l.workspace_id = $1 and l.id = w.client_id)",
        has_words!("client_words", "client_id",
            ("$4", "$5"), ("$6", "$7"), ("$8", "$9"), ("$10", "$11"), ("$12", "$13"),
            ("$14", "$15"), ("$16", "$17")),
        " limit 5001) n"
    );
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
        has_words!("client_words", "client_id",
            ("$7", "$8"), ("$9", "$10"), ("$11", "$12"), ("$13", "$14"), ("$15", "$16"),
            ("$17", "$18"), ("$19", "$20")),
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
        let bounds = Bounds::of(words);
        let found: Vec<Found> = reading!(self.store, context, |tx| {
            let sought = bounds.sought(&mut (&mut *tx).into(), context, COUNT).await?;
            let Some(sought) = sought else {
                return Ok(Vec::new());
            };
            let is_alone = words.len() == 1;
            let (from, to) = sought.rarest;
            let mut query = sqlx::query_as(if is_alone { SEARCH_WORD } else { SEARCH })
                .bind(context.workspace)
                .bind(from)
                .bind(to)
                .bind(score)
                .bind(id)
                .bind(limit);
            if is_alone {
                return Ok(query.bind(are_shown).fetch_all(&mut *tx).await?);
            }
            for (from, to) in sought.others {
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

    /// Refuses a search that does not find everything that its words are found in, because there are more rows to weigh than it
    /// weighs.
    pub(in super::super) async fn check_whole(
        &self,
        context: &Context,
        words: &[String],
        blocked: BlockedClients,
    ) -> Result<(), Error> {
        let bounds = Bounds::of(words);
        let rows: i64 = reading!(self.store, context, |tx| {
            let sought = bounds.sought(&mut (&mut *tx).into(), context, COUNT).await?;
            let Some(sought) = sought else {
                return Ok(0);
            };
            let (from, to) = sought.rarest;
            let mut query = sqlx::query_scalar(WEIGHED)
                .bind(context.workspace)
                .bind(from)
                .bind(to);
            for (from, to) in sought.others {
                query = query.bind(from).bind(to);
            }
            Ok(query
                .bind(i64::from(blocked.are_shown()))
                .fetch_one(&mut *tx)
                .await?)
        })?;
        let mut fields = Fields::default();
        if rows > WEIGHED_ROWS {
            fields.refuse(
                "text",
                "too_many",
                "is found in more than 5,000 words of clients, and only so many are looked at: add a word, or write more of one",
            );
        }
        fields.finish(())
    }
}
