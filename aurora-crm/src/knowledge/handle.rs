mod feedback;

use std::sync::Arc;

use aurora_core::page::{Page, PageRequest};

use super::document::{Chunk, Document, DocumentId, DocumentVersion, Ingested};
use super::drafts::cut;
use super::embedder::Embedder;
use super::indexer::Indexer;
use super::input::{Content, NewDocument};
use super::language::Language;
use super::limits::Limits;
use super::query::{DocumentFilter, Hit, ListFilter, Query};
use super::reading::{self, Normal, Over, Places};
use super::settings::Fusion;
use super::source::Source;
use super::sql::{documents, ingest as sql};
use super::vectors::Matrices;
use super::{lexical, retrieval};
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// How often what others change meanwhile is begun again.
const ATTEMPTS: u32 = 3;
/// How many texts are read or cut at once,
const TEXTS: usize = 4;
/// and how many PDFs, which take more memory and cannot be stopped while their objects are read.
#[cfg(feature = "knowledge-pdf")]
const PDFS: usize = 2;

/// What can be done with knowledge; a cheap handle, clones share the vectors in memory.
#[derive(Debug, Clone)]
pub struct Knowledge {
    pub(super) store: Store,
    pub(super) embedder: Option<Arc<dyn Embedder>>,
    pub(super) fusion: Fusion,
    pub(super) matrices: Matrices,
    limits: Limits,
    texts: Places,
    #[cfg(feature = "knowledge-pdf")]
    pdfs: Places,
}

/// A document that was read, but for its text.
struct Read {
    /// Its id if it is new.
    id: DocumentId,
    external_id: String,
    title: String,
    source: Source,
    client: Option<ClientId>,
    language: Option<Language>,
    hash: [u8; 32],
    /// Of a correction, the terms of its question.
    question: Option<Vec<String>>,
}

impl Knowledge {
    pub(super) fn new(
        store: Store,
        embedder: Option<Arc<dyn Embedder>>,
        fusion: Fusion,
        limits: Limits,
        cache: usize,
    ) -> Self {
        Self {
            store,
            embedder,
            fusion,
            matrices: Matrices::new(cache),
            limits,
            texts: Places::new(TEXTS),
            #[cfg(feature = "knowledge-pdf")]
            pdfs: Places::new(PDFS),
        }
    }

    fn model(&self) -> Option<&str> {
        self.embedder.as_deref().map(Embedder::model)
    }

    /// Takes a document in: reads it, cuts it into passages, and makes its words findable. It can be brought again under its
    /// external id: what is the same does nothing, what is not becomes a new version, whose passages are in place of the old
    /// ones from one moment to the next.
    ///
    /// With an embedder, its vectors follow in the background: see [`Self::indexer`].
    ///
    /// # Errors
    /// `Invalid` with every wrong field, for what goes beyond [`Limits`], and for a PDF that cannot be read; `NotFound` for a
    /// client or workspace that there is not; `Unavailable` while too many documents are being read.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the document either taken in or not.
    pub async fn ingest(&self, context: &Context, new: NewDocument) -> Result<Ingested, Error> {
        let (title, external_id) = new.check(&self.limits)?;
        let work = async {
            let hash = new.hash();
            if let Some(name) = &external_id
                && let Some(known) = documents::find(&self.store, context, name, self.model()).await?
                && known.content_hash == documents::hex(&hash)
            {
                return Ok(Ingested::Unchanged(known));
            }
            let id = DocumentId::new(self.store.now());
            let read = Read {
                id,
                external_id: external_id.unwrap_or_else(|| id.to_string()),
                title,
                source: new.source,
                client: new.client,
                language: new.language,
                hash,
                question: None,
            };
            let normal = self.read(new.content).await?;
            self.store_read(context, read, normal).await
        };
        self.store.run(context, "knowledge.ingest", work).await
    }

    async fn store_read(&self, context: &Context, read: Read, normal: Normal) -> Result<Ingested, Error> {
        let prepared = self.prepare(read, normal).await?;
        let ingested = sql::ingest(&self.store, context, &prepared, self.model()).await?;
        self.store.outbox().wake();
        Ok(ingested)
    }

    async fn read(&self, content: Content) -> Result<Normal, Error> {
        let (limits, clock) = (self.limits, &**self.store.clock());
        #[cfg(feature = "knowledge-pdf")]
        let places = if matches!(content, Content::Pdf(_)) {
            &self.pdfs
        } else {
            &self.texts
        };
        #[cfg(not(feature = "knowledge-pdf"))]
        let places = &self.texts;
        let work = move |over: &Over| reading::read(&content, &limits, over);
        places.run(&limits, clock, work).await
    }

    /// Cuts what was read, before any transaction: nobody waits for it but whoever brought it.
    async fn prepare(&self, read: Read, normal: Normal) -> Result<sql::Prepared, Error> {
        let most = self.limits.chunks;
        let work = move |_: &Over| {
            let language = read.language.unwrap_or_else(|| lexical::detect(&normal.text));
            let drafts = cut(&read.external_id, &read.title, language, &normal, most)?;
            Ok(sql::Prepared {
                id: read.id,
                external_id: read.external_id,
                title: read.title,
                source: read.source,
                client: read.client,
                language,
                hash: read.hash,
                normal,
                drafts,
                question: read.question,
            })
        };
        self.texts.run(&self.limits, &**self.store.clock(), work).await
    }

    /// One document.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, context: &Context, id: DocumentId) -> Result<Document, Error> {
        let work = documents::get(&self.store, context, id, self.model());
        self.store.run(context, "knowledge.get", work).await
    }

    /// The document that was brought under this external id.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn find(&self, context: &Context, external_id: &str) -> Result<Option<Document>, Error> {
        let work = documents::find(&self.store, context, external_id, self.model());
        self.store.run(context, "knowledge.find", work).await
    }

    /// One page of documents, newest first; the filter's list of documents is not looked at.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(
        &self,
        context: &Context,
        filter: &DocumentFilter,
        page: &PageRequest,
    ) -> Result<Page<Document>, Error> {
        let filter = ListFilter::from(filter.clone());
        self.list_by(context, &filter, page).await
    }

    /// One page of the documents that a filter shows, newest first.
    ///
    /// Titles are looked at one by one, those of up to 10,000 documents for a page: what is found among them may be fewer than the
    /// page could hold, or nothing, and `next` goes on from there. Only a page without `next` is the last.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list_by(
        &self,
        context: &Context,
        filter: &ListFilter,
        page: &PageRequest,
    ) -> Result<Page<Document>, Error> {
        let work = documents::page(&self.store, context, filter, page, self.model());
        self.store.run(context, "knowledge.list", work).await
    }

    /// The passages of a document, in order.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn chunks(&self, context: &Context, id: DocumentId) -> Result<Vec<Chunk>, Error> {
        let work = documents::chunks(&self.store, context, id);
        self.store.run(context, "knowledge.chunks", work).await
    }

    /// The last ten versions of a document with their texts, newest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn versions(&self, context: &Context, id: DocumentId) -> Result<Vec<DocumentVersion>, Error> {
        let work = documents::versions(&self.store, context, id);
        self.store.run(context, "knowledge.versions", work).await
    }

    /// Cuts a document anew and reads its words anew, after a new release of this crate reads better. Ratings of passages that
    /// stay the same stay.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` while others bring new versions of it all the time.
    pub async fn reindex(&self, context: &Context, id: DocumentId) -> Result<Document, Error> {
        let work = async {
            let most = self.limits.chunks;
            for _ in 0..ATTEMPTS {
                let (document, normal) = sql::stored(&self.store, context, id).await?;
                let version = document.version;
                let work = move |_: &Over| {
                    cut(
                        &document.external_id,
                        &document.title,
                        document.language,
                        &normal,
                        most,
                    )
                };
                let drafts = self.texts.run(&self.limits, &**self.store.clock(), work).await?;
                let work = sql::reindex(&self.store, context, (id, version), &drafts, self.model());
                if let Some(document) = work.await? {
                    return Ok(document);
                }
            }
            Err(Error::new(ErrorKind::Unavailable))
        };
        self.store.run(context, "knowledge.reindex", work).await
    }

    /// Deletes a document that is still at the version that the caller has seen, with its versions, passages, words, vectors
    /// and ratings.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn delete(
        &self,
        context: &Context,
        id: DocumentId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "knowledge.delete", work).await
    }

    /// Passages that answer a question, best first. A passage that was taken in a moment ago is found.
    ///
    /// The ranking by words ([BM25](https://doi.org/10.1561/1500000019), Portuguese and English stems, slips of the fingers
    /// forgiven) and the one by vectors are fused as [`Fusion`] says; an embedder that fails or takes longer than 5 s is done
    /// without.
    ///
    /// # Errors
    /// `Invalid` with every wrong field of the query.
    pub async fn search(&self, context: &Context, query: &Query) -> Result<Vec<Hit>, Error> {
        query.check()?;
        self.store
            .run(
                context,
                "knowledge.search",
                retrieval::search(self, context, query),
            )
            .await
    }

    /// The worker that has passages embedded; `None` without an embedder.
    #[must_use]
    pub fn indexer(&self) -> Option<Indexer> {
        let embedder = self.embedder.as_ref()?;
        Some(Indexer::new(self.store.clone(), Arc::clone(embedder)))
    }
}
