mod content;
mod lifecycle;
mod store;
mod transfer;

use std::convert::Infallible;
use std::sync::Arc;

use aurora_core::store::Database;
use aurora_core::time::ManualClock;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::{Stream, stream};

pub(super) use self::store::Watched;
use super::{File, FileFilter, FileId, FileRange, Files, NewFile};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::workspaces::{NewWorkspace, WorkspaceKind};

/// A CRM with files in a store that is watched.
pub(super) struct World {
    pub(super) crm: Crm,
    pub(super) clock: ManualClock,
    pub(super) files: Files,
    pub(super) blobs: Arc<Watched>,
    pub(super) mine: Context,
}

impl World {
    pub(super) async fn new(database: Database) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let blobs = Arc::new(Watched::default());
        let files = crm.files(blobs.clone());
        let mine = context(&crm).await;
        Self {
            crm,
            clock,
            files,
            blobs,
            mine,
        }
    }

    pub(super) async fn upload(&self, new: NewFile, content: &[u8]) -> Result<File, Error> {
        self.files.upload(&self.mine, new, chunks(content, 1_000)).await
    }

    /// Uploads a text of its own.
    pub(super) async fn text(&self, text: &str) -> File {
        self.upload(NewFile::new("a.txt"), text.as_bytes()).await.unwrap()
    }

    pub(super) async fn delete(&self, id: FileId) {
        let removed = self.files.delete(&self.mine, id).await.unwrap();
        assert_eq!(removed.files, 1);
    }

    pub(super) async fn read(&self, id: FileId, range: Option<FileRange>) -> Vec<u8> {
        let download = self.files.download(&self.mine, id, range).await.unwrap();
        let chunks: Vec<_> = download.content.map(Result::unwrap).collect().await;
        chunks.concat()
    }

    pub(super) async fn usage(&self) -> u64 {
        self.files.usage(&self.mine).await.unwrap()
    }

    /// There is no file, no byte is counted, none is stored, and nothing is left to sweep.
    pub(super) async fn assert_empty(&self, why: &str) {
        let list = self
            .files
            .list(&self.mine, &FileFilter::all(), &Default::default())
            .await;
        assert_eq!(list.unwrap().items, [], "{why}");
        assert_eq!(self.usage().await, 0, "{why}");
        assert_eq!(self.blobs.keys(), Vec::<String>::new(), "{why}");
    }
}

pub(super) async fn context(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}

pub(super) fn chunks(
    content: &[u8],
    size: usize,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    let chunks: Vec<_> = content
        .chunks(size)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    stream::iter(chunks)
}

pub(super) fn wrong(outcome: Result<impl Sized, Error>) -> Vec<(String, &'static str)> {
    let error = outcome.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let fields = error.fields().iter();
    fields.map(|field| (field.field.clone(), field.code)).collect()
}

pub(super) fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), code)]
}
