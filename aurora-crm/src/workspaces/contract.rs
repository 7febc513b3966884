#![expect(clippy::unwrap_used, reason = "a contract is checked by failing")]

use std::time::Duration;

use aurora_core::time::Timestamp;

use super::{NewWorkspace, Workspace, WorkspaceId, WorkspaceKind, WorkspaceRepository};
use crate::context::Context;
use crate::error::ErrorKind;

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Holds an implementation of [`WorkspaceRepository`] to its promises.
///
/// # Panics
/// When the implementation does not keep a promise.
pub async fn workspace_repository_contract(repository: &dyn WorkspaceRepository) {
    what_is_stored_comes_back_to_its_own_context(repository).await;
    an_id_is_stored_once(repository).await;
    what_was_never_stored_is_not_found(repository).await;
}

fn workspace(kind: WorkspaceKind, name: &str) -> Workspace {
    let new = NewWorkspace::new(kind, name).time_zone("America/Rio_Branco");
    let mut workspace = new.check(WorkspaceId::new(START), START).unwrap();
    workspace.updated_at = START + Duration::from_micros(1);
    workspace
}

fn of(workspace: &Workspace) -> Context {
    Context::new(workspace.id, "contract")
}

async fn what_is_stored_comes_back_to_its_own_context(repository: &dyn WorkspaceRepository) {
    let company = workspace(WorkspaceKind::Company, "Çedilha & Filhos 'Ltda' \"; --");
    let clinic = workspace(WorkspaceKind::Clinic, "Clínica 日本 🍞");
    for workspace in [&company, &clinic] {
        repository.insert(workspace).await.unwrap();
    }
    for workspace in [company, clinic] {
        assert_eq!(repository.get(&of(&workspace)).await.unwrap(), workspace);
    }
}

async fn an_id_is_stored_once(repository: &dyn WorkspaceRepository) {
    let first = workspace(WorkspaceKind::Company, "First");
    repository.insert(&first).await.unwrap();
    let mut second = first.clone();
    second.name = "Second".to_owned();
    assert!(
        repository.insert(&second).await.is_err(),
        "an id names one workspace"
    );
    assert_eq!(repository.get(&of(&first)).await.unwrap(), first);
}

async fn what_was_never_stored_is_not_found(repository: &dyn WorkspaceRepository) {
    let absent = workspace(WorkspaceKind::Clinic, "Absent");
    assert_eq!(
        repository.get(&of(&absent)).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
