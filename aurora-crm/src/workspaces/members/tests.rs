use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::{execute, on_reader, read_within, write_within};
use aurora_core::time::{Clock as _, ManualClock};

use super::{MemberStatus, Role, Roles};
use crate::accounts::UserId;
use crate::audit::AuditFilter;
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::store::{OfUser, Scoped as _};
use crate::testing::{TestDatabase, each_database};
use crate::workspaces::{NewWorkspace, WorkspaceChange, WorkspaceId, WorkspaceKind};

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

fn user(clock: &ManualClock) -> UserId {
    UserId::new(clock.now())
}

fn owner() -> Roles {
    Roles::of([Role::Owner])
}

fn agent() -> Roles {
    Roles::of([Role::Agent])
}

fn code(error: &Error) -> Option<&'static str> {
    error.fields().first().map(|field| field.code)
}

#[tokio::test]
async fn members_come_change_and_go_and_all_of_it_is_recorded() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (members, context) = (crm.members(), house(&crm).await);
        let (ana, bia) = (user(&clock), user(&clock));
        let made = members.add(&context, ana, owner()).await.unwrap();
        assert_eq!(
            (made.version, made.status, made.joined_at),
            (1, MemberStatus::Active, clock.now())
        );
        assert_eq!(members.get(&context, ana).await.unwrap(), made);
        let both = Roles::of([Role::Agent, Role::Professional]);
        members.add(&context, bia, both.clone()).await.unwrap();
        let again = members.add(&context, bia, agent()).await.unwrap_err();
        assert_eq!(
            (again.kind(), again.existing()),
            (ErrorKind::AlreadyExists, Some(&*bia.to_string()))
        );
        let none = members
            .add(&context, user(&clock), Roles::default())
            .await
            .unwrap_err();
        assert_eq!(code(&none), Some("required"));
        assert_eq!(members.roles_of(&context, bia).await.unwrap(), both);

        let changed = members
            .change_roles(&context, bia, 1, Roles::of([Role::Manager]))
            .await
            .unwrap();
        assert_eq!((changed.version, changed.roles.names()), (2, vec!["manager"]));
        let stale = members.suspend(&context, bia, 1).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        members.suspend(&context, bia, 2).await.unwrap();
        assert!(members.roles_of(&context, bia).await.unwrap().is_empty());
        members.resume(&context, bia, 3).await.unwrap();
        assert_eq!(
            members.roles_of(&context, bia).await.unwrap().names(),
            ["manager"]
        );
        members.leave(&context, bia).await.unwrap();
        assert_eq!(
            members.get(&context, bia).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            members.leave(&context, bia).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert!(members.roles_of(&context, bia).await.unwrap().is_empty());

        let log = crm
            .audit()
            .list(
                &context,
                &AuditFilter::all().action("member."),
                &PageRequest::default(),
            )
            .await
            .unwrap();
        let actions: Vec<&str> = log.items.iter().rev().map(|entry| &*entry.action).collect();
        assert_eq!(
            actions,
            [
                "member.added",
                "member.added",
                "member.roles_changed",
                "member.suspended",
                "member.resumed",
                "member.left"
            ]
        );
        assert_eq!(log.items[3].detail, r#"{"roles":["manager"]}"#);
        assert!(crm.audit().verify(&context).await.unwrap().is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_list_holds_every_member_once_and_only_those_of_the_workspace() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (members, mine, other) = (crm.members(), house(&crm).await, house(&crm).await);
        let mut added = Vec::new();
        for _ in 0..7 {
            let one = user(&clock);
            members.add(&mine, one, agent()).await.unwrap();
            added.push(one);
        }
        added.sort();
        members.add(&other, added[0], owner()).await.unwrap();
        members.add(&other, user(&clock), agent()).await.unwrap();
        let mut seen = Vec::new();
        let mut page = PageRequest::first(3);
        loop {
            let found = members.list(&mine, &page).await.unwrap();
            seen.extend(found.items.iter().map(|member| member.user));
            let Some(next) = found.next else { break };
            let elsewhere = members.list(&other, &page.clone().after(next.clone())).await;
            assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::Invalid);
            page = page.after(next);
        }
        assert_eq!(seen, added);
        // The same user is somebody else there, and nobody elsewhere.
        assert_eq!(members.roles_of(&mine, added[0]).await.unwrap(), agent());
        assert_eq!(members.roles_of(&other, added[0]).await.unwrap(), owner());
        assert!(members.roles_of(&other, added[1]).await.unwrap().is_empty());
        for error in [
            members.get(&other, added[1]).await.unwrap_err(),
            members
                .change_roles(&other, added[1], 1, owner())
                .await
                .unwrap_err(),
            members.remove(&other, added[1], 1).await.unwrap_err(),
            members.leave(&other, added[1]).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        let absent = Context::new(WorkspaceId::new(clock.now()), "test");
        let error = members.add(&absent, added[1], agent()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_workspace_keeps_an_owner_also_when_two_remove_each_other_at_once() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let members = crm.members();
        for _ in 0..8 {
            let context = house(&crm).await;
            let owners = [user(&clock), user(&clock)];
            for one in owners {
                members.add(&context, one, owner()).await.unwrap();
            }
            let outcomes = futures::join!(
                members.remove(&context, owners[0], 1),
                members.remove(&context, owners[1], 1)
            );
            let outcomes = [outcomes.0, outcomes.1];
            let failed: Vec<&Error> = outcomes.iter().filter_map(|it| it.as_ref().err()).collect();
            assert_eq!(failed.len(), 1, "exactly one is gone");
            assert_eq!(code(failed[0]), Some("last_owner"));
        }
        let context = house(&crm).await;
        let (last, second) = (user(&clock), user(&clock));
        members.add(&context, last, owner()).await.unwrap();
        members.add(&context, second, owner()).await.unwrap();
        members.suspend(&context, second, 1).await.unwrap();
        for error in [
            members.remove(&context, last, 1).await.unwrap_err(),
            members.leave(&context, last).await.unwrap_err(),
            members.suspend(&context, last, 1).await.unwrap_err(),
            members
                .change_roles(&context, last, 1, agent())
                .await
                .unwrap_err(),
        ] {
            assert_eq!(code(&error), Some("last_owner"), "a suspended owner is none");
        }
        members.resume(&context, second, 2).await.unwrap();
        members.change_roles(&context, last, 1, agent()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn rights_that_were_taken_on_another_replica_are_gone_within_a_second() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (here, there) = (crm(&db, &clock).await, crm(&db, &clock).await);
        let context = house(&here).await;
        let (boss, ana) = (user(&clock), user(&clock));
        here.members().add(&context, boss, owner()).await.unwrap();
        here.members().add(&context, ana, agent()).await.unwrap();
        assert_eq!(there.members().roles_of(&context, ana).await.unwrap(), agent());
        here.members().remove(&context, ana, 1).await.unwrap();
        assert!(here.members().roles_of(&context, ana).await.unwrap().is_empty());
        clock.advance(Duration::from_millis(1_001));
        assert!(there.members().roles_of(&context, ana).await.unwrap().is_empty());
        // Also where the clock on the wall was set back meanwhile.
        here.members().add(&context, ana, agent()).await.unwrap();
        clock.advance(Duration::from_millis(1_001));
        assert_eq!(there.members().roles_of(&context, ana).await.unwrap(), agent());
        here.members().remove(&context, ana, 1).await.unwrap();
        let before = clock.now() - Duration::from_secs(3_600);
        clock.advance(Duration::from_millis(1_001));
        clock.set_wall(before);
        assert!(there.members().roles_of(&context, ana).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn without_an_answer_of_the_database_nobody_has_roles() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm).await;
        let ana = user(&clock);
        crm.members().add(&context, ana, owner()).await.unwrap();
        assert_eq!(crm.members().roles_of(&context, ana).await.unwrap(), owner());
        execute!(
            db.owner,
            sqlx::query("alter table members rename to members_away")
        )
        .unwrap();
        clock.advance(Duration::from_millis(1_001));
        assert!(crm.members().roles_of(&context, ana).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_user_sees_their_workspaces_and_nothing_else() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (ana, bia) = (user(&clock), user(&clock));
        let houses = [house(&crm).await, house(&crm).await, house(&crm).await];
        for context in &houses[..2] {
            crm.members().add(context, ana, owner()).await.unwrap();
        }
        crm.members().add(&houses[1], bia, agent()).await.unwrap();
        let mut expected = [houses[0].workspace, houses[1].workspace];
        expected.sort();
        let of_ana = crm.members().workspaces_of(ana, None).await.unwrap();
        let ids: Vec<WorkspaceId> = of_ana.iter().map(|it| it.workspace.id).collect();
        assert_eq!(ids, expected);
        assert!(of_ana.iter().all(|it| it.roles == owner()));
        let rest = crm.members().workspaces_of(ana, Some(expected[0])).await.unwrap();
        assert_eq!(rest.len(), 1);
        let of_bia = crm.members().workspaces_of(bia, None).await.unwrap();
        assert_eq!((of_bia.len(), &of_bia[0].roles), (1, &agent()));
        assert_eq!(crm.members().workspaces_of(user(&clock), None).await.unwrap(), []);
        if db.database.engine_name() != "postgres" {
            return;
        }
        // The second wall: statements without a condition.
        let scope = OfUser(bia.uuid()).scope();
        let count = async |sql: &str| -> Result<i64, Error> {
            read_within!(db.database, &scope, |tx| {
                Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                    .fetch_one(&mut *tx)
                    .await?)
            })
        };
        assert_eq!(count("select count(*) from members").await.unwrap(), 1);
        assert_eq!(count("select count(*) from workspaces").await.unwrap(), 1);
        for table in [
            "clients",
            "invitations",
            "events",
            "audit_entries",
            "audit_checkpoints",
        ] {
            assert_eq!(
                count(&format!("select count(*) from {table}")).await.unwrap(),
                0,
                "{table}"
            );
        }
        for sql in [
            "update members set roles = '[\"owner\"]', is_owner = true",
            "delete from members",
            "update workspaces set name = 'x'",
            "delete from workspaces",
        ] {
            let touched: Result<u64, Error> = write_within!(db.database, &scope, |tx| {
                Ok(sqlx::query(sqlx::AssertSqlSafe(sql))
                    .execute(&mut *tx)
                    .await?
                    .rows_affected())
            });
            assert_eq!(touched.unwrap_or(0), 0, "a user changes nothing: {sql}");
        }
        let members: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select count(*) from members"
        )
        .fetch_one(pool))
        .unwrap();
        assert_eq!(members, 3);
    })
    .await;
}

#[tokio::test]
async fn a_workspace_is_changed_and_closed_by_version_and_then_has_nobody() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm).await;
        let (ana, workspaces) = (user(&clock), crm.workspaces());
        crm.members().add(&context, ana, owner()).await.unwrap();
        let change = WorkspaceChange::new()
            .name(" Clínica Nova ")
            .locale("en")
            .time_zone("UTC");
        let changed = workspaces.update(&context, 1, change).await.unwrap();
        assert_eq!(
            (
                &*changed.name,
                &*changed.locale,
                &*changed.time_zone,
                changed.version
            ),
            ("Clínica Nova", "en", "UTC", 2)
        );
        assert_eq!(workspaces.get(&context).await.unwrap(), changed);
        let stale = workspaces.close(&context, 1).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let wrong = WorkspaceChange::new().name(" ").locale("português");
        let fields = workspaces.update(&context, 2, wrong).await.unwrap_err();
        let fields: Vec<&str> = fields.fields().iter().map(|it| &*it.field).collect();
        assert_eq!(fields, ["name", "locale"]);
        let renames = (0..4).map(|n| {
            let change = WorkspaceChange::new().name(format!("Name {n}"));
            workspaces.update(&context, 2, change)
        });
        let done = futures::future::join_all(renames).await;
        assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1);

        let closed = workspaces.close(&context, 3).await.unwrap();
        assert_eq!((closed.version, closed.closed_at), (4, Some(clock.now())));
        assert_eq!(workspaces.get(&context).await.unwrap(), closed);
        clock.advance(Duration::from_millis(1_001));
        assert!(crm.members().roles_of(&context, ana).await.unwrap().is_empty());
        for error in [
            workspaces.close(&context, 4).await.unwrap_err(),
            workspaces
                .update(&context, 4, WorkspaceChange::new())
                .await
                .unwrap_err(),
            crm.members()
                .add(&context, user(&clock), agent())
                .await
                .unwrap_err(),
            crm.members().leave(&context, ana).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_loses_a_role_keeps_no_way_back() {
    use aurora_core::access::seal::{LocalKeys, Sealer};

    use crate::accounts::{Accounts, NewApiKey};
    use crate::workspaces::NewInvitation;

    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm).await;
        let sealer = Sealer::new(LocalKeys::generate("test").unwrap());
        let keys = Accounts::builder(&crm, sealer).build().unwrap().api_keys();
        let members = crm.members();
        members.add(&context, user(&clock), owner()).await.unwrap();
        for way in 0..4 {
            let bia = user(&clock);
            let both = Roles::of([Role::Owner, Role::Agent]);
            members.add(&context, bia, both).await.unwrap();
            let hers = Context::new(context.workspace, bia.to_string());
            let invite = async |context: &Context, who: &str| {
                let new = NewInvitation::new(format!("{who}{way}@example.com"), owner());
                crm.invitations().create(context, new).await.unwrap().token
            };
            let (back, other) = (invite(&hers, "bia").await, invite(&context, "cid").await);
            let key = keys.create(&hers, NewApiKey::new("Hers")).await.unwrap().secret;
            let kept = keys
                .create(&context, NewApiKey::new("Kept"))
                .await
                .unwrap()
                .secret;
            // to get one more role takes nothing
            let more = Roles::of([Role::Owner, Role::Agent, Role::Viewer]);
            members.change_roles(&context, bia, 1, more).await.unwrap();
            keys.authenticate(&context, &key).await.unwrap();
            match way {
                0 => drop(members.change_roles(&context, bia, 2, agent()).await.unwrap()),
                1 => drop(members.suspend(&context, bia, 2).await.unwrap()),
                2 => members.remove(&context, bia, 2).await.unwrap(),
                _ => members.leave(&context, bia).await.unwrap(),
            }
            let back = crm.invitations().accept(&context, &back, bia).await;
            assert_eq!(back.unwrap_err().kind(), ErrorKind::NotFound, "{way}");
            // Its answer was remembered for a second.
            clock.advance(Duration::from_millis(1_001));
            assert!(keys.authenticate(&context, &key).await.is_err(), "{way}");
            crm.invitations().find(&context, &other).await.unwrap();
            keys.authenticate(&context, &kept).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_workspace_is_made_together_with_its_owner() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let ana = user(&clock);
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "House");
        let made = crm.workspaces().create_owned(new, ana).await.unwrap();
        let context = Context::new(made.id, "usr_1");
        assert_eq!(crm.members().roles_of(&context, ana).await.unwrap(), owner());
        let of_ana = crm.members().workspaces_of(ana, None).await.unwrap();
        assert_eq!(
            (&of_ana[0].workspace, of_ana[0].joined_at),
            (&made, made.created_at)
        );
    })
    .await;
}
