use futures::future::join_all;

use super::*;
use crate::accounts::{SignUp, UserStatus};

const NEW: &str = "quatro potes de mel";

#[tokio::test]
async fn a_forgotten_password_is_replaced_once_and_everything_ends() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let session = desk.signed_in().await;
        for _ in 0..6 {
            desk.login("not her password").await.unwrap_err();
        }
        let issued = accounts
            .request_reset(context, "ANA@example.com")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(issued.expires_at, desk.clock.now() + Duration::from_secs(1_800));
        let weak = accounts
            .reset_password(context, &issued.token, &"12345678".into())
            .await
            .unwrap_err();
        assert_eq!(weak.kind(), ErrorKind::Invalid);
        let (other, database) = desk.replica().await;
        let new = Secret::new(NEW);
        let use_it = |number: usize| {
            let accounts = if number.is_multiple_of(2) {
                accounts
            } else {
                &other
            };
            accounts.reset_password(context, &issued.token, &new)
        };
        let outcomes = join_all((0..10).map(use_it)).await;
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
        assert!(outcomes.into_iter().filter(Result::is_err).all(is_refused));
        assert!(is_refused(
            accounts.refresh(context, &session.refresh_token).await
        ));
        let ana = signed_in(desk.login(NEW).await).user;
        assert!(
            ana.email_verified_at.is_some(),
            "and nothing is held against her any more"
        );
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_a_reset_learns_nothing() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let rows = "select count(*) from single_use_tokens";
        assert!(
            accounts
                .request_reset(context, "nobody@example.com")
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(desk.count(rows).await, 1, "the same work for nobody");
        assert!(accounts.request_reset(context, EMAIL).await.unwrap().is_some());
        assert!(
            accounts.request_reset(context, EMAIL).await.unwrap().is_none(),
            "a mailbox has a minute's rest"
        );
        desk.clock.advance(Duration::from_secs(60));
        let first = accounts.request_reset(context, EMAIL).await.unwrap().unwrap();
        desk.clock.advance(Duration::from_secs(60));
        let second = accounts.request_reset(context, EMAIL).await.unwrap().unwrap();
        assert!(
            is_refused(accounts.reset_password(context, &first.token, &NEW.into()).await),
            "replaced"
        );
        assert!(
            is_refused(accounts.verify_email(context, &second.token).await),
            "for something else"
        );
        accounts
            .set_status(context, ana.id, 1, UserStatus::Disabled)
            .await
            .unwrap();
        assert!(is_refused(
            accounts.reset_password(context, &second.token, &NEW.into()).await
        ));
        desk.clock.advance(Duration::from_secs(60));
        assert!(accounts.request_reset(context, EMAIL).await.unwrap().is_none());
        assert!(
            accounts
                .request_reset(context, "not an address\0")
                .await
                .unwrap()
                .is_none()
        );
    })
    .await;
}

#[tokio::test]
async fn tokens_end_by_themselves() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let reset = accounts.request_reset(context, EMAIL).await.unwrap().unwrap();
        let invited = accounts
            .invite(context, NewUser::new("rui@example.com", "Rui"))
            .await
            .unwrap();
        desk.clock.advance(Duration::from_secs(1_800));
        desk.hashes.taken();
        assert!(is_refused(
            accounts.reset_password(context, &reset.token, &NEW.into()).await
        ));
        assert_eq!(desk.hashes.taken(), 0, "what is over costs no hash");
        desk.clock.advance(Duration::from_secs(7 * 86_400 - 1_800));
        assert!(is_refused(
            accounts
                .accept_invitation(context, &invited.token, &NEW.into())
                .await
        ));
        accounts.purge(context, 1_000).await.unwrap();
        assert_eq!(desk.count("select count(*) from single_use_tokens").await, 0);
        let again = accounts.invite_again(context, invited.user.id).await.unwrap();
        let rui = accounts
            .accept_invitation(context, &again.token, &NEW.into())
            .await
            .unwrap();
        assert!(rui.email_verified_at.is_some());
        let login = Login::new("rui@example.com", NEW);
        assert_eq!(signed_in(accounts.login(context, login).await).user.id, rui.id);
        let error = accounts.invite_again(context, rui.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn an_address_is_verified_and_signing_up_twice_makes_one_user() {
    each_desk(|desk| async move {
        let (context, accounts) = (&desk.context, &desk.accounts);
        let password = Secret::new(PASSWORD);
        desk.hashes.taken();
        let sign_up = |email: &str| accounts.sign_up(context, NewUser::new(email, "Ana"), &password);
        let SignUp::Made(issued) = sign_up(EMAIL).await.unwrap() else {
            panic!("not made")
        };
        let SignUp::Existing(user) = sign_up("Ana@Example.com").await.unwrap() else {
            panic!("made twice")
        };
        assert_eq!((user.id, desk.hashes.taken()), (issued.user.id, 2));
        let verify = |_| accounts.verify_email(context, &issued.token);
        let outcomes = join_all((0..10).map(verify)).await;
        assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
        assert!(
            accounts
                .get(context, user.id)
                .await
                .unwrap()
                .email_verified_at
                .is_some()
        );
        desk.clock.advance(Duration::from_secs(60));
        let again = accounts
            .request_verification(context, user.id)
            .await
            .unwrap()
            .unwrap();
        assert!(
            accounts
                .request_verification(context, user.id)
                .await
                .unwrap()
                .is_none()
        );
        accounts.verify_email(context, &again.token).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    each_desk(|desk| async move {
        let (context, accounts) = (&desk.context, &desk.accounts);
        // Two servers that start, each with a link.
        let tokens = [
            accounts.setup_token(context).await.unwrap(),
            accounts.setup_token(context).await.unwrap(),
        ];
        let [token, other] = &tokens;
        let new = |number: usize| NewUser::new(format!("ana{number}@example.com"), "Ana");
        let password = Secret::new(PASSWORD);
        let weak = accounts
            .set_up(context, token, new(0), &"password".into())
            .await
            .unwrap_err();
        assert_eq!(weak.kind(), ErrorKind::Invalid);
        let outcomes = join_all(
            (0..10).map(|number| accounts.set_up(context, &tokens[number % 2], new(number), &password)),
        )
        .await;
        let made: Vec<User> = outcomes.into_iter().filter_map(Result::ok).collect();
        assert_eq!(made.len(), 1);
        for spent in [token, other] {
            assert!(is_refused(
                accounts.set_up(context, spent, new(10), &password).await
            ));
        }
        assert!(made[0].is_administrator);
        let login = Login::new(made[0].email.as_str(), PASSWORD);
        let session = signed_in(accounts.login(context, login).await).session.id;
        assert!(accounts.check(context, session).await.unwrap().is_administrator);
        let error = accounts.setup_token(context).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    })
    .await;
}

#[tokio::test]
async fn a_setup_token_ends_after_half_an_hour() {
    each_desk(|desk| async move {
        let token = desk.accounts.setup_token(&desk.context).await.unwrap();
        desk.clock.advance(Duration::from_secs(1_800));
        let new = NewUser::new(EMAIL, "Ana");
        assert!(is_refused(
            desk.accounts
                .set_up(&desk.context, &token, new, &PASSWORD.into())
                .await
        ));
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_before_a_change_of_the_password_opens_nothing_after() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let sent = accounts.request_reset(context, "ana@example.com").await;
        let token = sent.unwrap().unwrap().token;
        let session = desk.signed_in().await.session.id;
        accounts
            .change_password(context, session, &PASSWORD.into(), &Secret::new(NEW))
            .await
            .unwrap();
        let again = Secret::new("cinco potes de sal");
        assert!(is_refused(accounts.reset_password(context, &token, &again).await));
        signed_in(desk.login(NEW).await);
    })
    .await;
}
