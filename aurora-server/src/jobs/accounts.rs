//! Deletes what is of no use any more: expired sessions, tokens and challenges. At the start it sees to it that somebody
//! owns the first workspace.

use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_crm::accounts::{User, UserId, UserStatus};
use aurora_crm::workspaces::{Role, Roles};
use aurora_crm::{Context, ErrorKind};

use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(3_600);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(60);
/// Rows of each kind in one transaction.
const AT_ONCE: u32 = 500;

pub(super) async fn run(state: &AppState) {
    let mut is_seen_to = false;
    loop {
        if !is_seen_to {
            let seen = see_owner(state).await;
            is_seen_to = seen.is_ok();
            if let Err(error) = seen {
                tracing::error!(%error, "the owner of the first workspace could not be seen to");
            }
        }
        let pause = match tidy(state).await {
            Ok(()) if is_seen_to => EVERY,
            Ok(()) => PAUSE,
            Err(error) => {
                tracing::error!(%error, "what has expired of accounts could not be deleted");
                PAUSE
            }
        };
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(pause) => {}
        }
    }
}

/// Makes the first administrator the owner of the first workspace where nobody is in it: a crash came between their account
/// and their membership. Once there is an owner, one is always left.
async fn see_owner(state: &AppState) -> Result<(), aurora_crm::Error> {
    let context = Context::new(state.workspace, "accounts upkeep");
    let members = state.crm.members();
    let anybody = members.list(&context, &PageRequest::first(1)).await?;
    if !anybody.items.is_empty() {
        return Ok(());
    }
    let Some(first) = first_administrator(state).await? else {
        return Ok(());
    };
    match members.add(&context, first, Roles::of([Role::Owner])).await {
        Ok(_) => tracing::warn!(user = %first, "the first workspace had no owner, and has one now"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The oldest of the administrators who may sign in.
async fn first_administrator(state: &AppState) -> Result<Option<UserId>, aurora_crm::Error> {
    let (context, accounts) = (Context::installation("accounts upkeep"), state.doors.accounts());
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    let mut found = None;
    loop {
        // The newest come first.
        let page = accounts.list(&context, &request).await?;
        let may = |user: &&User| user.is_administrator && user.status == UserStatus::Active;
        found = page.items.iter().rfind(may).map(|user| user.id).or(found);
        match page.next {
            Some(next) => request = PageRequest::first(PageRequest::MAX_LIMIT).after(next),
            None => return Ok(found),
        }
    }
}

async fn tidy(state: &AppState) -> Result<(), aurora_crm::Error> {
    let context = Context::installation("accounts upkeep");
    let accounts = state.doors.accounts();
    while !state.stop.is_cancelled() {
        let deleted = accounts.purge(&context, AT_ONCE).await?;
        if deleted < u64::from(AT_ONCE) {
            break;
        }
        tracing::info!(rows = deleted, "what has expired of accounts was deleted");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aurora_crm::accounts::NewUser;

    use super::*;
    use crate::http::testing::{House, PASSWORD};

    #[tokio::test]
    async fn a_first_workspace_without_owner_has_one_after_the_next_start() {
        let house = House::new().await;
        let state = &house.server.state;
        see_owner(state).await.unwrap();
        let nowhere = Context::installation("test");
        let (accounts, token) = (state.doors.accounts(), house.setup_token().await);
        let new = NewUser::new("ana@example.com", "Ana Souza");
        let ana = accounts
            .set_up(&nowhere, &token.into(), new, &PASSWORD.into())
            .await
            .unwrap();
        let context = Context::new(state.workspace, "test");
        let roles = async || state.crm.members().roles_of(&context, ana.id).await.unwrap();
        assert!(roles().await.is_empty(), "as a crash leaves it");
        for _ in 0..2 {
            see_owner(state).await.unwrap();
            assert_eq!(roles().await, Roles::of([Role::Owner]));
        }
    }
}
