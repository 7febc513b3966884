use aurora_core::page::PageRequest;

use super::*;
use crate::accounts::{Answer, Proof, UserChange, UserId, UserStatus};
use crate::workspaces::WorkspaceId;

#[tokio::test]
async fn users_are_made_changed_and_listed() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        assert_eq!(
            (ana.email.as_str(), ana.locale.as_str(), ana.version),
            (EMAIL, "pt-BR", 1)
        );
        assert_eq!(accounts.get(context, ana.id).await.unwrap(), ana);
        assert_eq!(accounts.by_email(context, "ANA@EXAMPLE.COM").await.unwrap(), ana);
        let error = accounts
            .create(context, NewUser::new("Ana@example.com", "A"), &PASSWORD.into())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.existing()),
            (ErrorKind::AlreadyExists, Some(ana.id.to_string().as_str()))
        );
        let change = UserChange::new().name("Ana Lima").locale("en");
        let changed = accounts.update(context, ana.id, 1, change).await.unwrap();
        assert_eq!(
            (changed.name.as_str(), changed.locale.as_str(), changed.version),
            ("Ana Lima", "en", 2)
        );
        let stale = accounts
            .update(context, ana.id, 1, UserChange::new())
            .await
            .unwrap_err();
        assert_eq!(stale.current_version(), Some(2));
        let nobody = UserId::new(desk.clock.now());
        for error in [
            accounts.get(context, nobody).await.unwrap_err(),
            accounts
                .update(context, nobody, 1, UserChange::new())
                .await
                .unwrap_err(),
            accounts.revoke_all(context, nobody, None).await.unwrap_err(),
            accounts.by_email(context, "no\0body").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        for number in 0..4 {
            desk.clock.advance(Duration::from_secs(1));
            let new = NewUser::new(format!("u{number}@example.com"), "U");
            accounts.invite(context, new).await.unwrap();
        }
        let mut page = PageRequest::first(2);
        let mut seen = Vec::new();
        loop {
            let got = accounts.list(context, &page).await.unwrap();
            seen.extend(got.items.iter().map(|it| it.email.as_str().to_owned()));
            let Some(next) = got.next else { break };
            page = PageRequest::first(2).after(next);
        }
        assert_eq!(
            seen,
            [
                "u3@example.com",
                "u2@example.com",
                "u1@example.com",
                "u0@example.com",
                EMAIL
            ]
        );
    })
    .await;
}

#[test]
fn every_wrong_field_of_a_user_is_told_at_once() {
    let now = ManualClock::default().now();
    let wrong = |new: NewUser| {
        let error = new.check(false, now).unwrap_err();
        let fields = error.fields().iter().map(|it| (it.field.clone(), it.code));
        fields.collect::<Vec<_>>()
    };
    let all = NewUser::new(" ", "\n").locale("portuguese-of-brazil");
    assert_eq!(
        wrong(all),
        [("email", "required"), ("name", "required"), ("locale", "invalid")]
            .map(|(field, code)| (field.to_owned(), code))
    );
    let all = NewUser::new("nobody", "a\0").locale("1");
    assert_eq!(wrong(all).len(), 3);
    for tag in ["pt", "pt-BR", "zh-Hant-TW", "es-419"] {
        assert!(
            NewUser::new(EMAIL, "Ana").locale(tag).check(false, now).is_ok(),
            "{tag}"
        );
    }
}

#[tokio::test]
async fn what_happens_is_in_the_chain_of_the_installation() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (secret, one, _) = desk.enrolled().await;
        desk.login("not her password").await.unwrap_err();
        let challenge = desk.challenged().await;
        desk.clock.advance(Duration::from_secs(60));
        let answer = Answer::new(challenge, Proof::Code(desk.code(&secret)));
        // whatever workspace the caller is in
        let context = Context::new(WorkspaceId::new(desk.clock.now()), ana.id.to_string());
        let two = desk.accounts.answer(&context, &answer).await.unwrap();
        desk.accounts.refresh(&context, &two.refresh_token).await.unwrap();
        desk.clock.advance(Duration::from_secs(60));
        desk.accounts
            .refresh(&context, &two.refresh_token)
            .await
            .unwrap_err();
        let new = "quatro potes de mel".into();
        desk.accounts
            .change_password(&context, one.session.id, &PASSWORD.into(), &new)
            .await
            .unwrap();
        desk.accounts
            .remove_factor(&context, one.session.id)
            .await
            .unwrap();
        desk.accounts
            .revoke(&context, ana.id, one.session.id)
            .await
            .unwrap();
        let entries = "select workspace_id, action, outcome from audit_entries order by workspace_id, seq";
        let entries: Vec<(WorkspaceId, String, String)> =
            on_reader!(desk.db.owner, |pool| sqlx::query_as(entries).fetch_all(pool)).unwrap();
        assert!(
            entries
                .iter()
                .all(|(workspace, _, _)| *workspace == desk.context.workspace)
        );
        let seen: Vec<(&str, &str)> = entries
            .iter()
            .map(|(_, action, outcome)| (&**action, &**outcome))
            .collect();
        assert_eq!(
            seen,
            [
                ("user_created", "success"),
                ("authn_login_success", "success"),
                ("session_created", "success"),
                ("authn_factor_enrolled", "success"),
                ("authn_login_fail", "failure"),
                ("authn_password_accepted", "success"),
                ("authn_login_success", "success"),
                ("session_created", "success"),
                ("authn_token_reuse", "failure"),
                ("authn_password_change", "success"),
                ("authn_factor_removed", "success"),
                ("session_revoked", "success"),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn somebody_always_looks_after_the_installation() {
    each_desk(|desk| async move {
        let (context, accounts) = (&desk.context, &desk.accounts);
        let token = accounts.setup_token(context).await.unwrap();
        let new = NewUser::new(EMAIL, "Ana Souza");
        let ana = accounts
            .set_up(context, &token, new, &PASSWORD.into())
            .await
            .unwrap();
        let new = NewUser::new("bia@example.com", "Bia");
        let bia = accounts.create(context, new, &PASSWORD.into()).await.unwrap();
        let codes = |error: Error| (error.kind(), error.code());
        let last = (ErrorKind::Conflict, Some("last_administrator"));
        let refused = accounts
            .set_administrator(context, ana.id, ana.version, false)
            .await;
        assert_eq!(codes(refused.unwrap_err()), last);
        let refused = accounts
            .set_status(context, ana.id, ana.version, UserStatus::Disabled)
            .await;
        assert_eq!(codes(refused.unwrap_err()), last);

        let stale = accounts
            .set_administrator(context, bia.id, 7, true)
            .await
            .unwrap_err();
        assert_eq!(stale.current_version(), Some(bia.version));
        let LoginOutcome::SignedIn(open) = accounts
            .login(context, Login::new("bia@example.com", PASSWORD))
            .await
            .unwrap()
        else {
            panic!("a second factor was asked for");
        };
        let bia = accounts
            .set_administrator(context, bia.id, bia.version, true)
            .await
            .unwrap();
        assert!(bia.is_administrator);
        assert!(is_refused(accounts.check(context, open.session.id).await));

        // Each takes it from the other at once: one of them is left.
        let (one, other) = tokio::join!(
            accounts.set_administrator(context, ana.id, ana.version, false),
            accounts.set_administrator(context, bia.id, bia.version, false),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        // A disabled administrator looks after nothing.
        let (kept, gone) = match one {
            Ok(ana) => (bia, ana),
            Err(_) => (ana, other.unwrap()),
        };
        let gone = accounts
            .set_administrator(context, gone.id, gone.version, true)
            .await
            .unwrap();
        accounts
            .set_status(context, gone.id, gone.version, UserStatus::Disabled)
            .await
            .unwrap();
        let refused = accounts
            .set_administrator(context, kept.id, kept.version, false)
            .await;
        assert_eq!(codes(refused.unwrap_err()), last);
    })
    .await;
}
