//! Finding messages by words.

use aurora_core::page::{Page, PageRequest};

use super::messages::messages;
use super::rows::{MessageRow, select_messages};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::conversations::Message;
use crate::error::Error;
use crate::store::{Store, reading};

/// How many words a statement looks for beside the rarest.
const OTHERS: usize = 7;

/// Whether the message of `w` has a word from `$from` to `$to`.
macro_rules! has {
    ($from:literal, $to:literal) => {
        concat!(
            " and (cast(",
            $from,
            " as text) = '' or exists (select 1 from message_words o where o.workspace_id = $1
                and o.message_id = w.message_id and o.word >= ",
            $from,
            " and o.word < ",
            $to,
            "))"
        )
    };
}

aurora_core::store::statements! {
    COUNT = "select count(*) from (select 1 as one from message_words where workspace_id = $1 and word >= $2 and word < $3
        limit 5001) w";
    /// `$2` and `$3` bound the rarest word, `$6` to `$19` the others; the page before ended at `$4`.
    SEARCH = select_messages!(
        concat!(
            "(select distinct n.message_id, n.position from (
                select w.message_id, w.position from message_words w
                where w.workspace_id = $1 and w.word >= $2 and w.word < $3",
            has!("$6", "$7"), has!("$8", "$9"), has!("$10", "$11"), has!("$12", "$13"), has!("$14", "$15"),
            has!("$16", "$17"), has!("$18", "$19"),
            " order by w.word, w.position desc, w.message_id limit 5000
            ) n) t cross join"
        ),
        "and m.id = t.message_id and t.position < $4 order by t.position desc limit $5"
    );
}

pub(in super::super) async fn search(
    store: &Store,
    context: &Context,
    words: &[String],
    request: &PageRequest,
) -> Result<Page<Message>, Error> {
    let scope = format!("conversations.search/{}/{words:?}", context.workspace);
    let before: i64 = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => i64::MAX,
    };
    let bounds: Vec<(&str, String)> = words
        .iter()
        .map(|word| (word.as_str(), format!("{word}\u{10ffff}")))
        .collect();
    let rows: Vec<MessageRow> = reading!(store, context, |tx| {
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
        let mut query = sqlx::query_as(SEARCH)
            .bind(context.workspace)
            .bind(*from)
            .bind(to)
            .bind(before)
            .bind(i64::from(request.limit()) + 1);
        let others = bounds.iter().enumerate().filter(|(index, _)| *index != rarest.0);
        let mut others = others.map(|(_, (from, to))| (*from, to.as_str()));
        for _ in 0..OTHERS {
            let (from, to) = others.next().unwrap_or_default();
            query = query.bind(from).bind(to);
        }
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    messages(rows, request, &scope, |message| message.position)
}
