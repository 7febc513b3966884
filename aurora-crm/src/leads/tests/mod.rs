mod basics;
mod convert;
mod isolation;
mod lists;
mod merging;
mod moves;
mod records;
mod scores;

use aurora_core::store::Database;
use aurora_core::time::ManualClock;

use super::{Lead, Locale, NewLead, Pipeline, StageId, StageKind};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::workspaces::{NewWorkspace, WorkspaceKind};

/// A workspace with its default pipeline.
pub(crate) struct House {
    pub(crate) crm: Crm,
    pub(crate) context: Context,
    pub(crate) clock: ManualClock,
    pub(crate) pipeline: Pipeline,
}

impl House {
    pub(crate) async fn open(database: Database) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let context = workspace(&crm).await;
        let pipeline = crm
            .pipelines()
            .ensure_default(&context, Locale::English)
            .await
            .unwrap();
        Self {
            crm,
            context,
            clock,
            pipeline,
        }
    }

    pub(crate) async fn lead(&self, title: &str) -> Lead {
        self.make(NewLead::new(title)).await
    }

    pub(crate) async fn make(&self, new: NewLead) -> Lead {
        self.crm.leads().create(&self.context, new).await.unwrap()
    }

    /// A stage by its place in the pipeline.
    pub(crate) fn stage(&self, index: usize) -> StageId {
        self.pipeline.stages[index].id
    }

    pub(crate) fn first(&self, kind: StageKind) -> StageId {
        self.pipeline.first(kind).unwrap().id
    }
}

pub(crate) async fn workspace(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Company, "Vendas");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}

pub(crate) fn kind<T>(outcome: Result<T, Error>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

/// Where each wrong field is, and its code.
pub(crate) fn wrong<T>(outcome: Result<T, Error>) -> Vec<(String, &'static str)> {
    let error = outcome.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    error
        .fields()
        .iter()
        .map(|field| (field.field.clone(), field.code))
        .collect()
}

pub(crate) fn field(name: &str, code: &'static str) -> (String, &'static str) {
    (name.to_owned(), code)
}
