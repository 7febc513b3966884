//! How good a ranking is, told by judged queries.
//!
//! The measures are those of `trec_eval`: gains are the grades themselves, and what stands at place `r` counts
//! `1 / log2(r + 1)`.

use std::collections::BTreeMap;

use super::Knowledge;
use super::query::Query;
use crate::context::Context;
use crate::error::Error;

/// A query and the documents that answer it, by their external ids, with grades above zero: 1 helps a little, 3 is the
/// answer. What is not named does not answer it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What is asked.
    pub query: Query,
    /// Grades by external id.
    pub grades: BTreeMap<String, u32>,
}

/// The means over all queries, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// How many queries were asked.
    pub queries: usize,
    /// How much of what answers is among the first ten.
    pub recall_at_10: f64,
    /// How near the first ten are to the best order.
    pub ndcg_at_10: f64,
}

impl Knowledge {
    /// Asks all queries and measures the documents that come back. Before a change is served, such as new weights or a
    /// month of feedback, ask the same queries with and without it: [`Query::without_feedback`], [`Query::words_only`].
    ///
    /// # Errors
    /// As [`Knowledge::search`].
    pub async fn evaluate(&self, context: &Context, judged: &[Judged]) -> Result<Evaluation, Error> {
        let (mut recall, mut ndcg) = (0.0, 0.0);
        for one in judged {
            let hits = self.search(context, &one.query.clone().most(50)).await?;
            let mut ranking: Vec<String> = Vec::new();
            for hit in &hits {
                let document = self.get(context, hit.citation.document_id).await?;
                if !ranking.contains(&document.external_id) {
                    ranking.push(document.external_id);
                }
            }
            recall += recall_at(10, &ranking, &one.grades);
            ndcg += ndcg_at(10, &ranking, &one.grades);
        }
        let queries = judged.len();
        let mean = |sum: f64| sum / float(queries.max(1));
        Ok(Evaluation {
            queries,
            recall_at_10: mean(recall),
            ndcg_at_10: mean(ndcg),
        })
    }
}

/// How many of the documents with a grade are among the first `k`.
#[must_use]
pub fn recall_at(k: usize, ranking: &[String], grades: &BTreeMap<String, u32>) -> f64 {
    let relevant = grades.values().filter(|grade| **grade > 0).count();
    if relevant == 0 {
        return 0.0;
    }
    let is_relevant = |id: &&String| grades.get(*id).is_some_and(|grade| *grade > 0);
    float(ranking.iter().take(k).filter(is_relevant).count()) / float(relevant)
}

/// The discounted gain of the first `k`, in parts of that of the best order.
#[must_use]
pub fn ndcg_at(k: usize, ranking: &[String], grades: &BTreeMap<String, u32>) -> f64 {
    let gained = gain(
        k,
        ranking
            .iter()
            .map(|id| grades.get(id).copied().unwrap_or_default()),
    );
    let mut best: Vec<u32> = grades.values().copied().collect();
    best.sort_unstable_by(|one, other| other.cmp(one));
    let best = gain(k, best.into_iter());
    if best > 0.0 { gained / best } else { 0.0 }
}

fn gain(k: usize, grades: impl Iterator<Item = u32>) -> f64 {
    let places = (1_u32..).map(|place| f64::from(place + 1).log2());
    grades
        .take(k)
        .zip(places)
        .map(|(grade, discount)| f64::from(grade) / discount)
        .sum()
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{ndcg_at, recall_at};

    fn ranking(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    /// Worked by hand: DCG = 3/log2(2) + 0/log2(3) + 1/log2(4) = 3.5; the best order is 3, 2, 1:
    /// 3 + 2/1.5849625 + 1/2 = 4.7618595; nDCG = 0.7350070.
    #[test]
    fn measures_are_those_of_trec_eval() {
        let grades = [("a", 3), ("b", 2), ("c", 1)]
            .map(|(id, grade)| (id.to_owned(), grade))
            .into();
        let found = ranking(&["a", "x", "c"]);
        assert!((ndcg_at(10, &found, &grades) - 0.735_007_0).abs() < 1e-7);
        assert!((recall_at(10, &found, &grades) - 2.0 / 3.0).abs() < 1e-12);
        assert!((ndcg_at(1, &found, &grades) - 1.0).abs() < 1e-12);
        assert!((recall_at(1, &found, &grades) - 1.0 / 3.0).abs() < 1e-12);
        let best = ranking(&["a", "b", "c"]);
        assert!((ndcg_at(10, &best, &grades) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_found_or_nothing_to_find_is_zero() {
        let grades = [("a".to_owned(), 1)].into();
        for value in [ndcg_at(10, &[], &grades), recall_at(10, &[], &grades)] {
            assert!(value.abs() < 1e-12);
        }
        let none = std::collections::BTreeMap::new();
        assert!(ndcg_at(10, &ranking(&["a"]), &none).abs() < 1e-12);
    }
}
