//! What people think of passages, and what that does to later rankings.

use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{ChunkId, DocumentId};
use super::lexical::likeness;
use super::settings::Fusion;
use super::sql::feedback::Weighed;
use crate::clients::ClientId;

/// Names a rating: `kfb_` and 32 hexadecimal digits.
pub type FeedbackId = Id<Rating>;

/// What counts at least of a rating that was given to another question, in parts of one: a passage that is of no use for
/// most questions is probably of little use for this one.
const OTHER_QUESTION: f64 = 0.3;
/// Ratings that everybody is taken to have given before, half up and half down: one rating alone does little.
const PRIOR: f64 = 3.0;
/// That a source is wrong counts as so many ratings down, and for every question.
const WRONG: f64 = 3.0;

/// What somebody thought of a passage as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatingKind {
    /// It helped.
    Up,
    /// It did not.
    Down,
    /// What it says is wrong or no longer so, whatever was asked.
    Wrong,
}

impl RatingKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Wrong => "wrong",
        }
    }
}

impl FromStr for RatingKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "up" => Ok(Self::Up),
            "down" => Ok(Self::Down),
            "wrong" => Ok(Self::Wrong),
            _ => Err("a rating is up, down or wrong"),
        }
    }
}

/// A rating to be given. Whoever rates the same passage for the same question again changes the rating.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRating {
    pub(super) chunk: ChunkId,
    pub(super) question: String,
    pub(super) kind: RatingKind,
}

impl NewRating {
    /// Says of a passage how well it answered a question of 1 to 2,000 characters. Of the question only its terms are kept.
    #[must_use]
    pub fn new(chunk: ChunkId, question: impl Into<String>, kind: RatingKind) -> Self {
        Self {
            chunk,
            question: question.into(),
            kind,
        }
    }
}

impl fmt::Debug for NewRating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRating")
            .field("chunk", &self.chunk)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A rating that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rating {
    /// Its name for programs.
    pub id: FeedbackId,
    /// The passage.
    pub chunk_id: ChunkId,
    /// What was said of it.
    pub kind: RatingKind,
    /// The version of the workspace's feedback that it made.
    pub version: i64,
    /// It was taken back.
    pub is_reverted: bool,
    /// When it was given.
    pub at: Timestamp,
}

impl IdKind for Rating {
    const PREFIX: &'static str = "kfb";
}

/// The right answer to a question that was answered wrongly. It is stored as a document of its own, and comes first for
/// questions with nearly the same words.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    pub(super) question: String,
    pub(super) answer: String,
    #[serde(default)]
    pub(super) about: Option<ClientId>,
}

impl Correction {
    /// A question of 1 to 300 characters and its answer.
    #[must_use]
    pub fn new(question: impl Into<String>, answer: impl Into<String>) -> Self {
        Self {
            question: question.into(),
            answer: answer.into(),
            about: None,
        }
    }

    /// Says that it is about this client: only queries about that client find it.
    #[must_use]
    pub const fn about(mut self, client: ClientId) -> Self {
        self.about = Some(client);
        self
    }
}

impl fmt::Debug for Correction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Correction").finish_non_exhaustive()
    }
}

/// How far a workspace's feedback is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeedbackState {
    /// Grows by one with each rating, correction, reversal and restoration; 0 when there was none.
    pub version: i64,
    /// How many ratings there are,
    pub ratings: i64,
    /// and how many of them were taken back.
    pub reverted: i64,
}

/// A rating or a correction, as one of the versions of the feedback that one can go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeedbackEntry {
    /// The version of the workspace's feedback that it made.
    pub version: i64,
    /// When it was given.
    pub at: Timestamp,
    /// The principal who rated; of corrections the audit log alone tells.
    pub by: Option<String>,
    /// What was said of the passage; `None` of a correction.
    pub rating: Option<RatingKind>,
    /// The passage that was rated.
    pub chunk_id: Option<ChunkId>,
    /// The document of the passage, or that of the correction.
    pub document_id: DocumentId,
    /// What that document is called; of a correction the question, as it was then.
    pub title: String,
    /// Whether it counts now: it was neither taken back nor replaced by a later one.
    pub is_in_force: bool,
}

/// What a passage's score is multiplied by: within `fusion.feedback` of 1, whoever rates how often.
///
/// Ratings are drawings of whether the passage helps, with a symmetric Beta prior; the expectation `p` becomes
/// `1 + feedback · (2p − 1)`. Each counts half after `fusion.half_life`, and in full only for the question it was given to.
pub(super) fn weight(ratings: &[Weighed], question: &[String], now: Timestamp, fusion: &Fusion) -> f64 {
    let (mut helped, mut did_not) = (0.0, 0.0);
    for rating in ratings {
        let age = now.since(rating.at).as_secs_f64() / fusion.half_life.as_secs_f64();
        let alike = likeness(question, &rating.terms);
        let part = 0.5_f64.powf(age) * (OTHER_QUESTION + (1.0 - OTHER_QUESTION) * alike);
        match rating.kind {
            RatingKind::Up => helped += part,
            RatingKind::Down => did_not += part,
            RatingKind::Wrong => did_not += WRONG * 0.5_f64.powf(age),
        }
    }
    let expected = (helped + PRIOR / 2.0) / (helped + did_not + PRIOR);
    1.0 + fusion.feedback * (2.0 * expected - 1.0)
}
