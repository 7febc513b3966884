use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::secret::Secret;
use aurora_core::store::{execute, on_reader};
use aurora_core::time::{Clock as _, ManualClock};

use super::{InvitationStatus, Invited, NewInvitation};
use crate::accounts::UserId;
use crate::audit::{AuditEntry, AuditFilter};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::testing::{TestDatabase, each_database};
use crate::workspaces::{NewWorkspace, Role, Roles, WorkspaceKind};

async fn crm(db: &TestDatabase, clock: &ManualClock) -> Crm {
    Crm::builder(db.database.clone())
        .clock(clock.clone())
        .build()
        .await
        .unwrap()
}

async fn house(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "House");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "usr_1")
}

fn agent() -> Roles {
    Roles::of([Role::Agent])
}

async fn invite(crm: &Crm, context: &Context, email: &str) -> Result<Invited, Error> {
    crm.invitations()
        .create(context, NewInvitation::new(email, agent()))
        .await
}

#[tokio::test]
async fn an_invitation_makes_one_member_however_many_try_at_once() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm).await;
        let invited = invite(&crm, &context, "Ana@Example.com").await.unwrap();
        let nowhere = Context::installation("usr_2");
        let (workspace, found) = crm.invitations().find(&nowhere, &invited.token).await.unwrap();
        assert_eq!((workspace, &found), (context.workspace, &invited.invitation));
        assert_eq!(
            found.expires_at,
            clock.now() + Duration::from_secs(7 * 24 * 3_600)
        );
        let users: Vec<UserId> = (0..8).map(|_| UserId::new(clock.now())).collect();
        let tries = users
            .iter()
            .map(|user| crm.invitations().accept(&nowhere, &invited.token, *user));
        let outcomes = futures::future::join_all(tries).await;
        let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((made.len(), refused.len()), (1, 7));
        for error in refused {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
        }
        let members = crm
            .members()
            .list(&context, &PageRequest::default())
            .await
            .unwrap()
            .items;
        assert_eq!((members.len(), &members[0].roles), (1, &agent()));
        let all = crm
            .invitations()
            .list(&context, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(all.items[0].status, InvitationStatus::Accepted);
        let log = crm
            .audit()
            .list(&context, &AuditFilter::all(), &PageRequest::default())
            .await
            .unwrap()
            .items;
        let actions: Vec<&str> = log.iter().rev().map(|entry| &*entry.action).collect();
        assert_eq!(
            actions,
            [
                "workspace.created",
                "invitation.created",
                "invitation.accepted",
                "member.added"
            ]
        );
        let told = |entry: &AuditEntry| serde_json::to_string(entry).unwrap().to_lowercase();
        assert!(
            log.iter().all(|entry| !told(entry).contains("example.com")),
            "no address"
        );
    })
    .await;
}

/// Nobody learns from the answer which tokens there were.
#[tokio::test]
async fn every_token_that_is_not_good_gives_the_same_answer() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (context, other) = (house(&crm).await, house(&crm).await);
        let invitations = crm.invitations();
        let revoked = invite(&crm, &context, "a@example.com").await.unwrap();
        invitations.revoke(&context, revoked.invitation.id).await.unwrap();
        let short = NewInvitation::new("b@example.com", agent()).life(Duration::from_secs(3_600));
        let expired = invitations.create(&context, short).await.unwrap();
        let replaced = invite(&crm, &context, "c@example.com").await.unwrap();
        clock.advance(Duration::from_secs(3_600));
        let fresh = invitations
            .resend(&context, replaced.invitation.id)
            .await
            .unwrap();
        let text = fresh.token.expose();
        let (_, key) = text.split_once('_').unwrap();
        let moved = format!("{}_{key}", other.workspace.uuid().as_simple());
        let nil = format!("{}_{key}", "0".repeat(32));
        let bad = [
            revoked.token,
            expired.token.clone(),
            replaced.token,
            Secret::new(moved),
            Secret::new(nil),
            Secret::new(text.get(1..).unwrap()),
            Secret::new(format!("{text}x")),
            Secret::new(""),
            Secret::new(key),
        ];
        let user = UserId::new(clock.now());
        for token in &bad {
            let errors = [
                invitations.accept(&context, token, user).await.unwrap_err(),
                invitations.find(&context, token).await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::NotFound);
                assert_eq!(error.to_string(), "the invitation was not found");
            }
        }
        // An expired one is good again with another token and as much time as it had.
        let again = invitations.resend(&context, expired.invitation.id).await.unwrap();
        assert_eq!(
            again.invitation.expires_at,
            clock.now() + Duration::from_secs(3_600)
        );
        clock.advance(Duration::from_secs(1_800));
        let again = invitations.resend(&context, expired.invitation.id).await.unwrap();
        assert_eq!(
            again.invitation.expires_at,
            clock.now() + Duration::from_secs(3_600)
        );
        invitations.accept(&context, &again.token, user).await.unwrap();
        let twice = invitations
            .accept(&context, &fresh.token, user)
            .await
            .unwrap_err();
        assert_eq!(
            twice.kind(),
            ErrorKind::AlreadyExists,
            "and the invitation is still open"
        );
        let someone = UserId::new(clock.now());
        let (_, member) = invitations.accept(&other, &fresh.token, someone).await.unwrap();
        assert_eq!(member.user, someone);
        for error in [
            invitations
                .resend(&context, fresh.invitation.id)
                .await
                .unwrap_err(),
            invitations
                .revoke(&context, fresh.invitation.id)
                .await
                .unwrap_err(),
            invitations
                .resend(&context, revoked.invitation.id)
                .await
                .unwrap_err(),
            invitations.resend(&other, again.invitation.id).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        let listed = invitations.list(&other, &PageRequest::default()).await.unwrap();
        assert_eq!(listed.items, []);
    })
    .await;
}

#[tokio::test]
async fn there_is_one_open_invitation_for_an_address_and_no_more_than_five_hundred() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (context, other) = (house(&crm).await, house(&crm).await);
        let tries = (0..6).map(|_| invite(&crm, &context, "ana@example.com"));
        let outcomes = futures::future::join_all(tries).await;
        let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        let first = made.into_iter().next().unwrap().unwrap().invitation.id.to_string();
        for error in refused {
            let error = error.unwrap_err();
            assert_eq!(error.existing(), Some(&*first));
        }
        let fill = if db.owner.engine_name() == "postgres" {
            "insert into invitations (workspace_id, id, email, roles, token_hash, status, invited_by, expires_at,
                    created_at, updated_at)
                select $1, md5(n::text)::uuid, n || '@example.com', '[\"agent\"]', sha256(n::text::bytea), 'open',
                    'usr_1', $2::timestamptz, $3::timestamptz, $3::timestamptz from generate_series(1, 498) n"
        } else {
            "insert into invitations (workspace_id, id, email, roles, token_hash, status, invited_by, expires_at,
                    created_at, updated_at)
                with recursive c (n) as (select 1 union all select n + 1 from c where n < 498)
                select $1, randomblob(16), n || '@example.com', '[\"agent\"]', randomblob(32), 'open', 'usr_1', $2, $3, $3 from c"
        };
        let soon = clock.now() + Duration::from_secs(3_600);
        execute!(
            db.owner,
            sqlx::query(fill).bind(context.workspace).bind(soon).bind(clock.now())
        )
        .unwrap();
        let tries = (0..4).map(|n| {
            let email = format!("late{n}@example.com");
            let (crm, context) = (&crm, &context);
            async move { invite(crm, context, &email).await }
        });
        let outcomes = futures::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1, "the 500th");
        let full = outcomes.into_iter().find_map(Result::err).unwrap();
        assert_eq!((full.kind(), full.fields()[0].code), (ErrorKind::Invalid, "too_many"));
        invite(&crm, &other, "late@example.com").await.unwrap();
        clock.advance(Duration::from_secs(3_600));
        invite(&crm, &context, "1@example.com").await.unwrap();
        let expired: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select count(*) from invitations where status = 'expired'"
        )
        .fetch_one(pool))
        .unwrap();
        assert_eq!(expired, 498);
    })
    .await;
}

#[tokio::test]
async fn every_wrong_field_is_told_and_the_token_is_stored_nowhere() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm).await;
        let wrong = NewInvitation::new("nobody", Roles::default()).life(Duration::from_secs(60));
        let error = crm.invitations().create(&context, wrong).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|it| &*it.field).collect();
        assert_eq!(fields, ["email", "roles", "life_s"]);
        let long = NewInvitation::new("a@example.com", agent()).life(Duration::from_secs(30 * 86_400 + 1));
        assert!(crm.invitations().create(&context, long).await.is_err());
        let invited = invite(&crm, &context, "a@example.com").await.unwrap();
        let shown = format!("{invited:?} {:?}", NewInvitation::new("a@example.com", agent()));
        assert!(
            !shown.contains("example.com") && !shown.contains("aur_join"),
            "{shown}"
        );
        let stored: Vec<u8> = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select token_hash from invitations"
        )
        .fetch_one(pool))
        .unwrap();
        assert_eq!(stored.len(), 32);
        assert!(!String::from_utf8_lossy(&stored).contains("aur_join"));
        crm.workspaces().close(&context, 1).await.unwrap();
        let user = UserId::new(clock.now());
        for error in [
            crm.invitations()
                .accept(&context, &invited.token, user)
                .await
                .unwrap_err(),
            invite(&crm, &context, "b@example.com").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    })
    .await;
}
