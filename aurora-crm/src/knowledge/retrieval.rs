//! From a question to passages: two rankings, fused, weighed by feedback.

use std::collections::{HashMap, HashSet};

use aurora_core::store::Connection;
use uuid::Uuid;

use super::document::ChunkId;
use super::embedder::EmbedPurpose;
use super::feedback::weight;
use super::handle::Knowledge;
use super::lexical::{Wanted, likeness, question};
use super::query::{Hit, Query, Score};
use super::sql::feedback::of_candidates;
use super::sql::pins::pins;
use super::sql::ranking::by_words;
use super::sql::scopes::{self, Scope};
use super::sql::search::{Shown, filtered, show};
use super::vectors::{Matrix, Packed, pack};
use super::{lexical, sql};
use crate::context::Context;
use crate::error::Error;
use crate::store::reading;

/// How many candidates each ranking brings.
const DEPTH: usize = 100;
/// The constant of reciprocal rank fusion, as in its paper.
const K: f64 = 60.0;
/// How alike a question must be to that of a correction for it to come first.
const PINNED: f64 = 0.6;
/// How long a question may take to be embedded; after that words have to do.
const EMBEDDING: std::time::Duration = std::time::Duration::from_secs(5);

/// What is known of a candidate.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    id: ChunkId,
    score: Score,
}

pub(super) async fn search(
    knowledge: &Knowledge,
    context: &Context,
    query: &Query,
) -> Result<Vec<Hit>, Error> {
    let words = question(&query.text);
    let vector = embedded(knowledge, query).await;
    let (scopes, only, by_words) = ranked(knowledge, context, query, &words).await?;
    let by_vectors = match &vector {
        Some(vector) => nearest(knowledge, context, &scopes, vector, only.as_ref()).await?,
        None => Vec::new(),
    };
    let mut candidates = fused(knowledge, &by_words, &by_vectors);
    reading!(knowledge.store, context, |tx| {
        let mut tx: Connection<'_> = (&mut *tx).into();
        weigh(knowledge, &mut tx, context, query, &mut candidates).await?;
        // A passage that is gone meanwhile is left out, so some more are asked for than wanted.
        let ids: Vec<ChunkId> = candidates.iter().map(|candidate| candidate.id).collect();
        let reach = if query.diversity.is_some() {
            ids.len()
        } else {
            query.most as usize + 20
        };
        let ids = ids.get(..reach.min(ids.len())).unwrap_or_default();
        let mut shown = show(&mut tx, context, &scopes, ids).await?;
        candidates.retain(|candidate| shown.contains_key(&candidate.id));
        if let Some(relevance) = query.diversity {
            candidates = diverse(candidates, &shown, relevance, query.most as usize);
        }
        candidates.truncate(query.most as usize);
        let hits = candidates.into_iter().filter_map(|candidate| {
            let Shown { chunk, citation } = shown.remove(&candidate.id)?;
            Some(Hit {
                chunk,
                score: candidate.score,
                citation,
            })
        });
        Ok(hits.collect())
    })
}

/// The question as a vector. Without an embedder, or when it fails, words have to do.
async fn embedded(knowledge: &Knowledge, query: &Query) -> Option<Packed> {
    let embedder = knowledge.embedder.as_ref()?;
    if !query.vectors || knowledge.fusion.vectors <= 0.0 {
        return None;
    }
    let texts = [query.text.clone()];
    let clock = knowledge.store.clock();
    let answered = tokio::select! {
        answered = embedder.embed(EmbedPurpose::Query, &texts) => answered,
        () = clock.sleep(EMBEDDING) => {
            tracing::warn!(model = embedder.model(), "embedding a question took too long; words have to do");
            return None;
        }
    };
    match answered {
        Ok(vectors) => pack(vectors.first()?, embedder.dimensions()),
        Err(failure) => {
            tracing::warn!(model = embedder.model(), class = ?failure.class(), "a question was not embedded; words have to do");
            None
        }
    }
}

type Ranked = Vec<(ChunkId, f64)>;

/// The scopes that are searched, what the filter lets through, and the ranking by words, all of one moment.
async fn ranked(
    knowledge: &Knowledge,
    context: &Context,
    query: &Query,
    words: &[Wanted],
) -> Result<(Vec<Scope>, Option<HashSet<ChunkId>>, Ranked), Error> {
    reading!(knowledge.store, context, |tx| {
        let mut tx: Connection<'_> = (&mut *tx).into();
        let scopes = scopes::open(&mut tx, context, query.about).await?;
        let only = filtered(&mut tx, context, &scopes, &query.filter).await?;
        let ranking = by_words(&mut tx, context, &scopes, words, only.as_ref(), DEPTH).await?;
        Ok((scopes, only, ranking))
    })
}

/// The nearest vectors of all scopes.
async fn nearest(
    knowledge: &Knowledge,
    context: &Context,
    scopes: &[Scope],
    question: &Packed,
    only: Option<&HashSet<ChunkId>>,
) -> Result<Ranked, Error> {
    let mut found = Vec::new();
    for scope in scopes {
        let matrix = matrix(knowledge, context, scope).await?;
        let wanted = |id: ChunkId| only.is_none_or(|only| only.contains(&id));
        found.extend(matrix.nearest(question, DEPTH, wanted));
    }
    found.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    found.truncate(DEPTH);
    Ok(found)
}

async fn matrix(
    knowledge: &Knowledge,
    context: &Context,
    scope: &Scope,
) -> Result<std::sync::Arc<Matrix>, Error> {
    let (cache, store) = (&knowledge.matrices, &knowledge.store);
    let Some(embedder) = &knowledge.embedder else {
        return Ok(std::sync::Arc::default());
    };
    let kept = || cache.get(context.workspace, scope.id, scope.vectors, store.now());
    if let Some(matrix) = kept() {
        return Ok(matrix);
    }
    let _place = cache.place().await;
    // Somebody else may have read it meanwhile.
    if let Some(matrix) = kept() {
        return Ok(matrix);
    }
    let read =
        sql::vectors::matrix(store, context, scope.id, embedder.model(), embedder.dimensions()).await?;
    let matrix = std::sync::Arc::new(read);
    // What is about one client is small and rarely asked for.
    if scope.id == Uuid::nil() {
        cache.put(context.workspace, scope.id, scope.vectors, store.now(), &matrix);
    }
    Ok(matrix)
}

/// Reciprocal rank fusion.
fn fused(knowledge: &Knowledge, by_words: &Ranked, by_vectors: &Ranked) -> Vec<Candidate> {
    let fusion = &knowledge.fusion;
    let mut all: HashMap<ChunkId, Score> = HashMap::new();
    let blank = Score {
        total: 0.0,
        words: None,
        vector: None,
        feedback: 1.0,
        is_pinned: false,
    };
    for ((id, score), place) in by_words.iter().zip(1_u32..) {
        let known = all.entry(*id).or_insert(blank);
        known.words = Some((place, *score));
        known.total += fusion.words / (K + f64::from(place));
    }
    for ((id, score), place) in by_vectors.iter().zip(1_u32..) {
        let known = all.entry(*id).or_insert(blank);
        known.vector = Some((place, *score));
        known.total += fusion.vectors / (K + f64::from(place));
    }
    let mut candidates: Vec<Candidate> = all
        .into_iter()
        .map(|(id, score)| Candidate { id, score })
        .collect();
    sort(&mut candidates);
    candidates
}

fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|one, other| {
        let (a, b) = (&one.score, &other.score);
        b.is_pinned
            .cmp(&a.is_pinned)
            .then(b.total.total_cmp(&a.total))
            .then(one.id.cmp(&other.id))
    });
}

/// What people said: ratings move passages within bounds, corrections of this very question come first.
async fn weigh(
    knowledge: &Knowledge,
    tx: &mut Connection<'_>,
    context: &Context,
    query: &Query,
    candidates: &mut Vec<Candidate>,
) -> Result<(), Error> {
    let ids: Vec<ChunkId> = candidates.iter().map(|candidate| candidate.id).collect();
    let pins = pins(tx, context, &ids).await?;
    candidates.retain(|candidate| {
        pins.get(&candidate.id)
            .is_none_or(|pin| query.feedback && !pin.is_reverted)
    });
    if !query.feedback {
        return Ok(());
    }
    let ratings = of_candidates(tx, context, &ids).await?;
    let terms = lexical::fingerprint(&query.text);
    let now = knowledge.store.now();
    for Candidate { id, score } in candidates.iter_mut() {
        if let Some(ratings) = ratings.get(id) {
            score.feedback = weight(ratings, &terms, now, &knowledge.fusion);
            score.total *= score.feedback;
        }
        score.is_pinned = pins
            .get(id)
            .is_some_and(|pin| likeness(&terms, &pin.terms) >= PINNED);
    }
    sort(candidates);
    Ok(())
}

/// Maximal marginal relevance (Carbonell and Goldstein 1998), by the words that passages share.
fn diverse(
    candidates: Vec<Candidate>,
    shown: &HashMap<ChunkId, Shown>,
    relevance: f64,
    most: usize,
) -> Vec<Candidate> {
    let best = candidates
        .iter()
        .map(|candidate| candidate.score.total)
        .fold(f64::MIN_POSITIVE, f64::max);
    let mut left: Vec<(Candidate, Vec<String>)> = candidates
        .into_iter()
        .map(|candidate| {
            let text = shown
                .get(&candidate.id)
                .map_or("", |shown| shown.chunk.text.as_str());
            (candidate, lexical::terms_sorted(text))
        })
        .collect();
    let mut taken: Vec<(Candidate, Vec<String>)> = Vec::new();
    while taken.len() < most && !left.is_empty() {
        let worth = |(candidate, terms): &(Candidate, Vec<String>)| {
            let said = taken
                .iter()
                .map(|(_, other)| likeness(terms, other))
                .fold(0.0, f64::max);
            relevance * candidate.score.total / best - (1.0 - relevance) * said
        };
        let mut next = (0, f64::MIN);
        for (index, one) in left.iter().enumerate() {
            let worth = if one.0.score.is_pinned {
                f64::MAX
            } else {
                worth(one)
            };
            if worth > next.1 {
                next = (index, worth);
            }
        }
        taken.push(left.remove(next.0));
    }
    taken.into_iter().map(|(candidate, _)| candidate).collect()
}
