use aurora_core::page::PageRequest;
use aurora_core::store::execute;
use futures::future::join_all;

use super::*;
use crate::accounts::{ApiKeyId, NewApiKey, UserId, UserStatus};
use crate::workspaces::{NewInvitation, NewWorkspace, Role, Roles, WorkspaceId, WorkspaceKind};

impl Desk {
    async fn workspace(&self) -> Context {
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
        let workspace = self.crm.workspaces().create(new).await.unwrap();
        Context::new(workspace.id, "usr_1")
    }
}

#[tokio::test]
async fn a_program_shows_its_key_and_acts_in_its_workspace() {
    each_desk(|desk| async move {
        let (mine, other) = (desk.workspace().await, desk.workspace().await);
        let keys = desk.accounts.api_keys();
        let end = desk.clock.now() + Duration::from_secs(3_600);
        let new = NewApiKey::new("Site")
            .scope("client:read")
            .scope("client:read")
            .expires_at(end);
        let made = keys.create(&mine, new).await.unwrap();
        assert!(made.secret.expose().starts_with(&made.key.prefix));
        let caller = keys.authenticate(&desk.context, &made.secret).await.unwrap();
        assert_eq!((caller.workspace, caller.key), (mine.workspace, made.key.id));
        assert_eq!(
            caller.scopes.iter().map(String::as_str).collect::<Vec<_>>(),
            ["client:read"]
        );
        let page = PageRequest::default();
        let listed = keys.list(&mine, &page).await.unwrap().items;
        assert_eq!(
            (listed.len(), listed[0].last_used_at),
            (1, Some(desk.clock.now()))
        );
        assert_eq!(listed[0].created_by, "usr_1");
        assert!(keys.list(&other, &page).await.unwrap().items.is_empty());
        // the last use is written once a minute, whoever comes
        let used = desk.clock.now();
        desk.clock.advance(Duration::from_secs(59));
        let many = join_all((0..20).map(|_| keys.authenticate(&desk.context, &made.secret))).await;
        assert!(many.iter().all(Result::is_ok));
        assert_eq!(
            keys.list(&mine, &page).await.unwrap().items[0].last_used_at,
            Some(used)
        );
        desk.clock.advance(Duration::from_secs(1));
        keys.authenticate(&desk.context, &made.secret).await.unwrap();
        assert_eq!(
            keys.list(&mine, &page).await.unwrap().items[0].last_used_at,
            Some(desk.clock.now())
        );
        // another workspace cannot take it back
        assert_eq!(
            keys.revoke(&other, made.key.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let twin = keys.create(&mine, NewApiKey::new("Twin")).await.unwrap();
        keys.revoke(&mine, twin.key.id).await.unwrap();
        assert_eq!(
            keys.revoke(&mine, twin.key.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        desk.clock.advance(Duration::from_secs(3_540));
        let test = desk.builder().environment("test").build().unwrap().api_keys();
        let foreign = test.create(&mine, NewApiKey::new("Elsewhere")).await.unwrap();
        let drawn = aurora_core::access::api_key::ApiKey::generate("live").unwrap();
        for shown in [
            made.secret.clone(),
            twin.secret,
            foreign.secret,
            Secret::new(drawn.expose()),
            "".into(),
            "aur_live_x".into(),
        ] {
            assert!(is_refused(keys.authenticate(&desk.context, &shown).await));
        }
        let shown = format!("{made:?} {keys:?}");
        assert!(!shown.contains(made.secret.expose()));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_was_taken_back_is_refused_here_at_once_and_elsewhere_within_a_second() {
    each_desk(|desk| async move {
        let mine = desk.workspace().await;
        let here = desk.accounts.api_keys();
        let elsewhere = desk.builder().build().unwrap().api_keys();
        let made = here.create(&mine, NewApiKey::new("Site")).await.unwrap();
        for keys in [&here, &elsewhere] {
            keys.authenticate(&desk.context, &made.secret).await.unwrap();
        }
        here.revoke(&mine, made.key.id).await.unwrap();
        assert!(is_refused(here.authenticate(&desk.context, &made.secret).await));
        assert!(elsewhere.authenticate(&desk.context, &made.secret).await.is_ok());
        desk.clock.advance(Duration::from_millis(1_001));
        assert!(is_refused(
            elsewhere.authenticate(&desk.context, &made.secret).await
        ));
        // What is kept ends with the key's own time.
        let end = desk.clock.now() + Duration::from_millis(300);
        let brief = here
            .create(&mine, NewApiKey::new("Brief").expires_at(end))
            .await
            .unwrap();
        here.authenticate(&desk.context, &brief.secret).await.unwrap();
        desk.clock.advance(Duration::from_millis(300));
        assert!(is_refused(here.authenticate(&desk.context, &brief.secret).await));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_cannot_be_is_told_field_by_field() {
    each_desk(|desk| async move {
        let keys = desk.accounts.api_keys();
        let mine = desk.workspace().await;
        let new = NewApiKey::new(" ")
            .scope("Client Read")
            .expires_at(desk.clock.now());
        let error = keys.create(&mine, new).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["name", "scopes[0]", "expires_at"]);
        let nowhere = Context::new(WorkspaceId::new(desk.clock.now()), "test");
        let error = keys.create(&nowhere, NewApiKey::new("Site")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let nobody = ApiKeyId::new(desk.clock.now());
        assert_eq!(
            keys.revoke(&mine, nobody).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        for number in 0..3 {
            desk.clock.advance(Duration::from_secs(1));
            keys.create(&mine, NewApiKey::new(format!("k{number}")))
                .await
                .unwrap();
        }
        let first = keys.list(&mine, &PageRequest::first(2)).await.unwrap();
        let next = PageRequest::first(2).after(first.next.unwrap());
        let second = keys.list(&mine, &next).await.unwrap();
        let names = first.items.iter().chain(&second.items).map(|it| it.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["k2", "k1", "k0"]);
    })
    .await;
}

const SECRET: &str = "sk-proj-0123456789abcdefWXYZ";

#[tokio::test]
async fn a_provider_key_is_sealed_masked_and_of_its_workspace() {
    each_desk(|desk| async move {
        let (mine, other) = (desk.workspace().await, desk.workspace().await);
        let keys = desk.accounts.provider_keys();
        let made = keys.set(&mine, "openai", &SECRET.into()).await.unwrap();
        assert_eq!((made.hint.as_str(), made.version), ("…WXYZ", 1));
        assert_eq!(keys.reveal(&mine, "openai").await.unwrap().expose(), SECRET);
        assert_eq!(
            keys.reveal(&other, "openai").await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert!(keys.list(&other).await.unwrap().is_empty());
        let stored: Vec<u8> = on_reader!(desk.db.owner, |pool| {
            sqlx::query_scalar("select secret from provider_keys").fetch_one(pool)
        })
        .unwrap();
        assert!(!stored.windows(4).any(|window| window == b"WXYZ"));
        let short = keys.set(&mine, "cohere", &"tooshorttoshow".into()).await.unwrap();
        assert_eq!(short.hint, "…");
        desk.clock.advance(Duration::from_secs(1));
        let anew = keys
            .set(&mine, "openai", &"another-secret-of-openai".into())
            .await
            .unwrap();
        assert_eq!(
            (anew.id, anew.version, anew.created_at),
            (made.id, 2, made.created_at)
        );
        let providers: Vec<String> = keys
            .list(&mine)
            .await
            .unwrap()
            .into_iter()
            .map(|it| it.provider)
            .collect();
        assert_eq!(providers, ["cohere", "openai"]);
        // what is copied to another workspace or provider does not open there
        keys.set(&other, "openai", &SECRET.into()).await.unwrap();
        for copy in
            ["update provider_keys set secret = (select secret from provider_keys where provider = 'cohere')"]
        {
            execute!(desk.db.owner, sqlx::query(copy)).unwrap();
            for context in [&mine, &other] {
                let error = keys.reveal(context, "openai").await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsealable);
            }
        }
        keys.delete(&mine, "openai").await.unwrap();
        assert_eq!(
            keys.delete(&mine, "openai").await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let error = keys.set(&mine, "Open AI", &"a b".into()).await.unwrap_err();
        assert_eq!(error.fields().len(), 2);
        let nowhere = Context::new(WorkspaceId::new(desk.clock.now()), "test");
        let error = keys.set(&nowhere, "openai", &SECRET.into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(!format!("{keys:?} {anew:?} {error:?}").contains("another"));
    })
    .await;
}

#[tokio::test]
async fn a_workspace_has_at_most_a_hundred_provider_keys() {
    each_desk(|desk| async move {
        let mine = desk.workspace().await;
        let keys = desk.accounts.provider_keys();
        for number in 0..99 {
            keys.set(&mine, &format!("p{number}"), &SECRET.into())
                .await
                .unwrap();
        }
        // The last place is taken by one, also when many ask for it at once.
        let (keys, mine) = (&keys, &mine);
        let set =
            |number: u32| async move { keys.set(mine, &format!("more-{number}"), &SECRET.into()).await };
        let refused: Vec<_> = join_all((0..8).map(set))
            .await
            .into_iter()
            .filter_map(Result::err)
            .collect();
        assert_eq!(refused.len(), 7);
        for error in refused {
            assert_eq!(error.fields()[0].code, "too_many", "{error}");
        }
        keys.set(mine, "p7", &SECRET.into()).await.unwrap();
        assert_eq!(keys.list(mine).await.unwrap().len(), 100);
    })
    .await;
}

#[tokio::test]
async fn the_keys_of_the_system_change_while_everything_goes_on() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (mine, other) = (desk.workspace().await, desk.workspace().await);
        let (_, signed_in, _) = desk.enrolled().await;
        for context in [&mine, &other] {
            desk.accounts
                .provider_keys()
                .set(context, "openai", &SECRET.into())
                .await
                .unwrap();
        }
        let new = LocalKeys::generate("new").unwrap();
        let replica = |keys: LocalKeys| {
            let builder = Accounts::builder(&desk.crm, Sealer::new(keys));
            builder.passwords(passwords(&desk.hashes)).build().unwrap()
        };
        // a replica without the old key harms nothing
        let alone = replica(new.clone());
        let told = alone.rewrap(&desk.context).await.unwrap();
        assert_eq!((told.rewrapped, told.failed), (0, 4));
        assert_eq!(
            alone
                .provider_keys()
                .reveal(&mine, "openai")
                .await
                .unwrap_err()
                .kind(),
            ErrorKind::Unsealable
        );
        desk.accounts
            .provider_keys()
            .reveal(&mine, "openai")
            .await
            .unwrap();
        let both = replica(new.clone().also(&desk.keys).unwrap());
        let keys = both.provider_keys();
        let (told, opened) = futures::join!(both.rewrap(&desk.context), keys.reveal(&mine, "openai"));
        assert_eq!((told.unwrap().rewrapped, opened.unwrap().expose()), (4, SECRET));
        let again = both.rewrap(&desk.context).await.unwrap();
        assert_eq!((again.rewrapped, again.left, again.failed), (0, 4, 0));
        // the old key is gone
        for context in [&mine, &other] {
            assert_eq!(
                alone
                    .provider_keys()
                    .reveal(context, "openai")
                    .await
                    .unwrap()
                    .expose(),
                SECRET
            );
        }
        alone
            .refresh(&desk.context, &signed_in.refresh_token)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_disabled_user_has_handed_out_is_refused_until_they_are_let_in_again() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let mut mine = desk.workspace().await;
        mine.principal = ana.id.to_string();
        let (keys, invitations) = (desk.accounts.api_keys(), desk.crm.invitations());
        let made = keys.create(&mine, NewApiKey::new("Site")).await.unwrap();
        let new = NewInvitation::new("bia@example.com", Roles::of([Role::Viewer]));
        let invited = invitations.create(&mine, new).await.unwrap();
        let bia = UserId::new(desk.clock.now());
        let set = async |version: i64, status: UserStatus| {
            let context = &desk.context;
            desk.accounts
                .set_status(context, ana.id, version, status)
                .await
                .unwrap();
            desk.clock.advance(Duration::from_millis(1_001));
        };
        keys.authenticate(&desk.context, &made.secret).await.unwrap();
        set(1, UserStatus::Disabled).await;
        assert!(is_refused(keys.authenticate(&desk.context, &made.secret).await));
        for refused in [
            invitations.find(&desk.context, &invited.token).await.map(drop),
            invitations
                .accept(&desk.context, &invited.token, bia)
                .await
                .map(drop),
        ] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
        }
        // both can be looked after meanwhile
        assert!(keys.get(&mine, made.key.id).await.is_ok());
        assert!(invitations.get(&mine, invited.invitation.id).await.is_ok());
        set(2, UserStatus::Active).await;
        keys.authenticate(&desk.context, &made.secret).await.unwrap();
        invitations
            .accept(&desk.context, &invited.token, bia)
            .await
            .unwrap();
        let spent = invitations.get(&mine, invited.invitation.id).await;
        assert_eq!(spent.unwrap_err().kind(), ErrorKind::NotFound);
    })
    .await;
}
