//! Finding rows by an index of words: each word that is looked for is the beginning of one in the index.
//!
//! A statement reads the index from the word that the fewest begin with, and checks the others on what it meets.

use aurora_core::store::{Connection, on_connection};

use crate::context::Context;
use crate::error::Error;

/// The most words that are looked for; the statements have room for as many.
pub(crate) const MAX_WORDS: usize = 8;

/// How many of the index `$table` begin with the word that `$2` and `$3` bound, as far as that matters.
macro_rules! count_words {
    ($table:literal) => {
        concat!(
            "select count(*) from (select 1 as one from ",
            $table,
            " where workspace_id = $1 and word >= $2 and word < $3
        limit 5001) w"
        )
    };
}

/// Whether what `$id` of the row `w` names has in `$table` a word from each `$from` to its `$to`; an empty one is not looked for.
macro_rules! has_words {
    ($table:literal, $id:literal, $(($from:literal, $to:literal)),+) => {
        concat!($(
            " and (cast(",
            $from,
            " as text) = '' or exists (select 1 from ",
            $table,
            " o where o.workspace_id = $1
                and o.",
            $id,
            " = w.",
            $id,
            " and o.word >= ",
            $from,
            " and o.word < ",
            $to,
            "))"
        ),+)
    };
}

pub(crate) use {count_words, has_words};

/// Words, each with what comes after all that begin with it.
pub(crate) struct Bounds<'w>(Vec<(&'w str, String)>);

/// What is bound to a statement: the bounds of the word that the fewest begin with, and those of the others.
pub(crate) struct Sought<'b> {
    pub(crate) rarest: (&'b str, &'b str),
    /// As many as there is room for: those that are not there are empty.
    pub(crate) others: [(&'b str, &'b str); MAX_WORDS - 1],
}

impl<'w> Bounds<'w> {
    pub(crate) fn of(words: &'w [String]) -> Self {
        let bounds = words.iter().map(|word| (word.as_str(), after(word)));
        Self(bounds.collect())
    }

    /// What is looked for, by the statement that counts the words of the index; `None` when there is no word.
    pub(crate) async fn sought(
        &self,
        tx: &mut Connection<'_>,
        context: &Context,
        count: &'static str,
    ) -> Result<Option<Sought<'_>>, Error> {
        let rarest = self.rarest(tx, context, count).await?;
        let Some((from, to)) = self.0.get(rarest) else {
            return Ok(None);
        };
        let mut others = [("", ""); MAX_WORDS - 1];
        let rest = self.0.iter().enumerate().filter(|(index, _)| *index != rarest);
        for (other, (_, (from, to))) in others.iter_mut().zip(rest) {
            *other = (*from, to.as_str());
        }
        Ok(Some(Sought {
            rarest: (*from, to.as_str()),
            others,
        }))
    }

    /// Which of the words the fewest begin with.
    async fn rarest(
        &self,
        tx: &mut Connection<'_>,
        context: &Context,
        count: &'static str,
    ) -> Result<usize, Error> {
        let mut rarest = (0, i64::MAX);
        if self.0.len() > 1 {
            for (index, (from, to)) in self.0.iter().enumerate() {
                let met: i64 = on_connection!(tx, |tx| sqlx::query_scalar(count)
                    .bind(context.workspace)
                    .bind(*from)
                    .bind(to)
                    .fetch_one(&mut *tx))?;
                if met < rarest.1 {
                    rarest = (index, met);
                }
            }
        }
        Ok(rarest.0)
    }
}

/// The first text after all that begin with `word`.
fn after(word: &str) -> String {
    format!("{word}\u{10ffff}")
}
