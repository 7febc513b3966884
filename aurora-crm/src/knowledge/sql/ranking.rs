//! The ranking by words: which chunks have the words of a question, out of ordinary rows, alike on both databases.

use std::collections::{HashMap, HashSet};

use aurora_core::store::{Connection, on_connection};
use sqlx::types::Uuid;

use super::scopes::Scope;
use crate::context::Context;
use crate::error::Error;
use crate::knowledge::ChunkId;
use crate::knowledge::lexical::{Ranking, Wanted, alike, inverse_frequency, saturation};

aurora_core::store::statements! {
    DF = "select chunks from knowledge_terms where workspace_id = $1 and scope_id = $2 and term = $3";
    /// Terms that begin alike.
    NEAR = "select term, chunks from knowledge_terms where workspace_id = $1 and scope_id = $2 and term >= $3 and term < $4
        and chunks > 0 order by term limit 5000";
    POSTINGS = "select chunk_id, frequency, words from knowledge_postings
        where workspace_id = $1 and scope_id = $2 and term = $3 limit 200000";
}

/// What a word that was typed wrongly counts, in parts of one that was typed right.
const GUESSED: f64 = 0.6;
/// A word that more than a quarter of so many chunks have says little and costs much: it is left out while there are others.
const MANY: i64 = 20_000;

/// A word of the question with the terms that it is looked for by.
struct Word {
    terms: Vec<String>,
    df: i64,
    weight: f64,
}

/// The best chunks by BM25, best first.
pub(in crate::knowledge) async fn by_words(
    tx: &mut Connection<'_>,
    context: &Context,
    scopes: &[Scope],
    question: &[Wanted],
    only: Option<&HashSet<ChunkId>>,
    most: usize,
) -> Result<Vec<(ChunkId, f64)>, Error> {
    let chunks: i64 = scopes.iter().map(|scope| scope.chunks).sum();
    let length: i64 = scopes.iter().map(|scope| scope.words).sum();
    if chunks == 0 {
        return Ok(Vec::new());
    }
    let (total, average) = (float(chunks), float(length) / float(chunks));
    let words = look_up(tx, context, scopes, question).await?;
    let is_common = |word: &Word| chunks > MANY && word.df > chunks / 4;
    let some_are_rare = words.iter().any(|word| !is_common(word));
    let mut ranking = Ranking::default();
    for word in words.iter().filter(|word| !(some_are_rare && is_common(word))) {
        let worth = word.weight * inverse_frequency(total, float(word.df));
        let mut scores: HashMap<ChunkId, f64> = HashMap::new();
        for scope in scopes {
            for term in &word.terms {
                for (chunk, frequency, words) in postings(tx, context, scope.id, term).await? {
                    if only.is_none_or(|only| only.contains(&chunk)) {
                        let score = worth * saturation(float(frequency), float(words), average);
                        let best = scores.entry(chunk).or_default();
                        *best = best.max(score);
                    }
                }
            }
        }
        ranking.add(scores);
    }
    Ok(ranking.best(most))
}

/// Finds each word, or else those that are nearly the same.
async fn look_up(
    tx: &mut Connection<'_>,
    context: &Context,
    scopes: &[Scope],
    question: &[Wanted],
) -> Result<Vec<Word>, Error> {
    let mut words = Vec::with_capacity(question.len());
    for wanted in question {
        let df = df(tx, context, scopes, &wanted.terms).await?;
        if df > 0 {
            words.push(Word {
                terms: wanted.terms.clone(),
                df,
                weight: 1.0,
            });
            continue;
        }
        let mut terms: Vec<String> = Vec::new();
        for scope in scopes {
            for term in &wanted.terms {
                let near = near(tx, context, scope.id, term).await?;
                terms.extend(alike(term, &near).into_iter().map(str::to_owned));
            }
        }
        terms.sort_unstable();
        terms.dedup();
        let df = self::df(tx, context, scopes, &terms).await?;
        if df > 0 {
            words.push(Word {
                terms,
                df,
                weight: GUESSED,
            });
        }
    }
    Ok(words)
}

/// How many chunks have one of the terms; those of one word hardly ever meet in a chunk.
async fn df(
    tx: &mut Connection<'_>,
    context: &Context,
    scopes: &[Scope],
    terms: &[String],
) -> Result<i64, Error> {
    let mut sum = 0;
    for scope in scopes {
        for term in terms {
            let chunks: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(DF)
                .bind(context.workspace)
                .bind(scope.id)
                .bind(term)
                .fetch_optional(&mut *tx))?;
            sum += chunks.unwrap_or_default();
        }
    }
    Ok(sum)
}

async fn near(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    term: &str,
) -> Result<Vec<(String, i64)>, Error> {
    let start: String = term.chars().take(2).collect();
    let end = format!("{start}\u{10ffff}");
    Ok(on_connection!(tx, |tx| sqlx::query_as(NEAR)
        .bind(context.workspace)
        .bind(scope)
        .bind(&start)
        .bind(&end)
        .fetch_all(&mut *tx))?)
}

async fn postings(
    tx: &mut Connection<'_>,
    context: &Context,
    scope: Uuid,
    term: &str,
) -> Result<Vec<(ChunkId, i64, i64)>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(POSTINGS)
        .bind(context.workspace)
        .bind(scope)
        .bind(term)
        .fetch_all(&mut *tx))?)
}

/// Counts stay far below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn float(count: i64) -> f64 {
    count as f64
}
