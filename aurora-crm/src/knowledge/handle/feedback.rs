//! What can be done with feedback.

use aurora_core::page::{Page, PageRequest};

use super::super::chunking::chunk_id;
use super::super::document::{ChunkId, Document, DocumentId};
use super::super::feedback::{Correction, FeedbackEntry, FeedbackState, NewRating, Rating};
use super::super::input::{Content, NewDocument};
use super::super::lexical;
use super::super::query::Query;
use super::super::source::Source;
use super::super::sql::reverting::{self, Turn};
use super::super::sql::{feedback, log};
use super::{ATTEMPTS, Knowledge};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::leads::refused;

impl Knowledge {
    /// Rates a passage as an answer to a question. Who rates is the context's principal: each has one rating for a passage
    /// and question, the last. Later searches weigh it, most for alike questions, less as it grows old, and all ratings
    /// together no further than [`Fusion::feedback`](crate::knowledge::Fusion::feedback).
    ///
    /// # Errors
    /// `Invalid` for a question without words; `NotFound` for a passage that there is not.
    pub async fn rate(&self, context: &Context, new: NewRating) -> Result<Rating, Error> {
        Query::new(new.question.as_str()).check()?;
        let terms = lexical::fingerprint(&new.question);
        let work = feedback::rate(&self.store, context, new.chunk, new.kind, &terms);
        self.store.run(context, "knowledge.rate", work).await
    }

    /// The ratings of a passage, newest first, at most 200.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn ratings(&self, context: &Context, chunk: ChunkId) -> Result<Vec<Rating>, Error> {
        let work = feedback::of_chunk(&self.store, context, chunk);
        self.store.run(context, "knowledge.ratings", work).await
    }

    /// Puts an answer in place of a wrong one: a document of its own, which comes first for questions with nearly the same
    /// words. The same question again changes the answer. Let only people do this whose word is law here.
    ///
    /// # Errors
    /// `Invalid` with every wrong field.
    pub async fn correct(&self, context: &Context, correction: Correction) -> Result<Document, Error> {
        let terms = lexical::fingerprint(&correction.question);
        let scope = correction
            .about
            .map(|client| client.to_string())
            .unwrap_or_default();
        let mut new = NewDocument::new(correction.question, Content::Text(correction.answer));
        new.client = correction.about;
        let (title, _) = new.check(&self.limits)?;
        if terms.is_empty() {
            return Err(refused("question", "required", "must have words"));
        }
        let name = format!("correction:{scope}:{}", chunk_id(&scope, &terms.join(" "), 0));
        let work = async {
            new.source = Source::Correction;
            let read = super::Read {
                id: DocumentId::new(self.store.now()),
                external_id: name,
                title,
                source: Source::Correction,
                client: new.client,
                language: None,
                hash: new.hash(),
                question: Some(terms),
            };
            let normal = self.read(new.content).await?;
            let ingested = self.store_read(context, read, normal).await?;
            Ok(ingested.document().clone())
        };
        self.store.run(context, "knowledge.correct", work).await
    }

    /// How far the workspace's feedback is.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn feedback(&self, context: &Context) -> Result<FeedbackState, Error> {
        let work = feedback::state(&self.store, context);
        self.store.run(context, "knowledge.feedback", work).await
    }

    /// One page of what made the feedback what it is, the newest first: the versions to go back to. Ratings of passages that are
    /// gone are gone, and going back is no entry of its own.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn feedback_log(
        &self,
        context: &Context,
        page: &PageRequest,
    ) -> Result<Page<FeedbackEntry>, Error> {
        let work = log::page(&self.store, context, page);
        self.store.run(context, "knowledge.feedback_log", work).await
    }

    /// Goes back to a version of the feedback: what came after it is taken back, and what that had replaced is in force again,
    /// such as an earlier rating by the same principal or an earlier answer to the same question. Rankings are as they were
    /// then, but for what was done to documents. Gives the version of doing so.
    ///
    /// # Errors
    /// `Invalid` when more than 200 corrections would get another answer; `Unavailable` while others change feedback all the
    /// time.
    pub async fn revert_feedback(&self, context: &Context, after: i64) -> Result<i64, Error> {
        let work = self.turn(context, Turn::Revert(after));
        self.store.run(context, "knowledge.revert_feedback", work).await
    }

    /// Undoes what [`Self::revert_feedback`] did in a version: what it took back is in force again, but for what somebody has
    /// replaced since, and what it brought back is not.
    ///
    /// # Errors
    /// As [`Self::revert_feedback`].
    pub async fn restore_feedback(&self, context: &Context, version: i64) -> Result<i64, Error> {
        let work = self.turn(context, Turn::Restore(version));
        self.store.run(context, "knowledge.restore_feedback", work).await
    }

    async fn turn(&self, context: &Context, turn: Turn) -> Result<i64, Error> {
        for _ in 0..ATTEMPTS {
            let (version, stale) = reverting::plan(&self.store, context, turn).await?;
            let mut answers = Vec::with_capacity(stale.len());
            for stale in stale {
                let read = super::Read {
                    id: stale.id,
                    external_id: stale.external_id.clone(),
                    title: stale.title.clone(),
                    source: Source::Correction,
                    client: stale.client,
                    language: None,
                    hash: stale.hash,
                    question: None,
                };
                let prepared = self.prepare(read, stale.normal.clone()).await?;
                answers.push((stale, prepared));
            }
            let work = reverting::go(&self.store, context, turn, version, &answers, self.model());
            if let Some(version) = work.await? {
                self.store.outbox().wake();
                return Ok(version);
            }
        }
        Err(Error::new(ErrorKind::Unavailable))
    }
}
