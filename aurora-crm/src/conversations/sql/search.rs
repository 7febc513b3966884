//! Finding messages by words.

use aurora_core::page::{Page, PageRequest};

use super::messages::messages;
use super::rows::{MessageRow, select_messages};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::conversations::Message;
use crate::error::Error;
use crate::store::words::{Bounds, count_words, has_words};
use crate::store::{Store, reading};

aurora_core::store::statements! {
    COUNT = count_words!("message_words");
    /// `$2` and `$3` bound the rarest word, `$6` to `$19` the others; the page before ended at `$4`.
    SEARCH = select_messages!(
        concat!(
            "(select distinct n.message_id, n.position from (
                select w.message_id, w.position from message_words w
                where w.workspace_id = $1 and w.word >= $2 and w.word < $3",
            has_words!("message_words", "message_id",
                ("$6", "$7"), ("$8", "$9"), ("$10", "$11"), ("$12", "$13"), ("$14", "$15"),
                ("$16", "$17"), ("$18", "$19")),
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
    let bounds = Bounds::of(words);
    let rows: Vec<MessageRow> = reading!(store, context, |tx| {
        let sought = bounds.sought(&mut (&mut *tx).into(), context, COUNT).await?;
        let Some(sought) = sought else {
            return Ok(Vec::new());
        };
        let (from, to) = sought.rarest;
        let mut query = sqlx::query_as(SEARCH)
            .bind(context.workspace)
            .bind(from)
            .bind(to)
            .bind(before)
            .bind(i64::from(request.limit()) + 1);
        for (from, to) in sought.others {
            query = query.bind(from).bind(to);
        }
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    messages(rows, request, &scope, |message| message.position)
}
