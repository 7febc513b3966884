use std::collections::BTreeSet;

use aurora_core::access::policy::Assurance;
use aurora_core::access::refresh::{self, RefreshKey, Reuse};
use aurora_core::store::execute;
use futures::future::join_all;

use super::*;
use crate::accounts::{Answer, Proof, SessionId, UserStatus, sql};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_hundred_refreshes_of_one_token_step_once_and_are_answered_alike() {
    each_desk(|desk| async move {
        desk.ana().await;
        let first = desk.signed_in().await;
        let (other, database) = desk.replica().await;
        for round in 1..=2 {
            let token = if round == 1 {
                first.refresh_token.clone()
            } else {
                desk.accounts
                    .refresh(&desk.context, &first.refresh_token)
                    .await
                    .unwrap()
                    .refresh_token
            };
            let refreshed = join_all((0..100).map(|number: usize| {
                let accounts = if number.is_multiple_of(2) {
                    &desk.accounts
                } else {
                    &other
                };
                accounts.refresh(&desk.context, &token)
            }));
            let answers: BTreeSet<String> = refreshed
                .await
                .into_iter()
                .map(|it| it.unwrap().refresh_token.expose().to_owned())
                .collect();
            assert_eq!(answers.len(), 1);
            assert_eq!(desk.count("select counter from sessions").await, round);
        }
        // of fifty writes of one step one is made, and a late one takes nothing back
        let stores = [&desk.accounts.inner.store, &other.inner.store];
        let (context, id, now) = (&desk.context, first.session.id, desk.clock.now());
        let rotate = |number: usize| sql::rotate(stores[number % 2], context, id, 2, 3, now);
        let made = join_all((0..50).map(rotate)).await;
        assert_eq!(made.into_iter().filter(|it| *it.as_ref().unwrap()).count(), 1);
        assert_eq!(desk.count("select counter from sessions").await, 3);
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_older_token_is_met_within_the_interval_and_ends_the_session_after_it() {
    each_desk(|desk| async move {
        desk.ana().await;
        let first = desk.signed_in().await;
        let turn = async |token: &Secret| desk.accounts.refresh(&desk.context, token).await;
        let second = turn(&first.refresh_token).await.unwrap();
        desk.clock.advance(Duration::from_secs(30));
        let again = turn(&first.refresh_token).await.unwrap();
        assert_eq!(again.refresh_token.expose(), second.refresh_token.expose());
        let third = turn(&second.refresh_token).await.unwrap();
        desk.clock.advance(Duration::from_secs(31));
        assert!(
            is_refused(turn(&second.refresh_token).await),
            "one step behind, and spent"
        );
        assert_eq!(
            desk.count("select count(*) from sessions").await,
            0,
            "it is over although the call failed"
        );
        assert!(is_refused(turn(&third.refresh_token).await), "for everybody");
        assert!(is_refused(
            desk.accounts.check(&desk.context, first.session.id).await
        ));
        let lenient = Reuse {
            lenient_previous: true,
            ..Reuse::default()
        };
        let lenient = desk.builder().reuse(lenient).build().unwrap();
        let other = desk.signed_in().await;
        let next = lenient
            .refresh(&desk.context, &other.refresh_token)
            .await
            .unwrap();
        desk.clock.advance(HOUR);
        let same = lenient
            .refresh(&desk.context, &other.refresh_token)
            .await
            .unwrap();
        assert_eq!(same.refresh_token.expose(), next.refresh_token.expose());
    })
    .await;
}

#[tokio::test]
async fn a_forged_token_is_refused_and_harms_nobody() {
    each_desk(|desk| async move {
        desk.ana().await;
        let signed_in = desk.signed_in().await;
        let (id, key) = (signed_in.session.id, RefreshKey::generate().unwrap());
        let foreign = SessionId::new(desk.clock.now());
        for forged in [
            refresh::encode(id, 0, &key),
            refresh::encode(id, 7, &key),
            refresh::encode(foreign, 0, &key),
            "".into(),
            "a".repeat(10_000).into(),
        ] {
            assert!(is_refused(desk.accounts.refresh(&desk.context, &forged).await));
        }
        desk.accounts
            .refresh(&desk.context, &signed_in.refresh_token)
            .await
            .unwrap();
        // as after a restored backup: the signature is ours, the row has never been there
        let ahead = desk
            .accounts
            .refresh(&desk.context, &signed_in.refresh_token)
            .await
            .unwrap();
        execute!(desk.db.database, sqlx::query("update sessions set counter = 0")).unwrap();
        assert!(is_refused(
            desk.accounts.refresh(&desk.context, &ahead.refresh_token).await
        ));
        assert_eq!(desk.count("select count(*) from sessions").await, 1);
    })
    .await;
}

#[tokio::test]
async fn sessions_end_by_idleness_and_by_age() {
    each_desk(|desk| async move {
        desk.ana().await;
        let accounts = desk.builder().idle(HOUR).absolute(HOUR * 3).build().unwrap();
        let login = || accounts.login(&desk.context, Login::new(EMAIL, PASSWORD));
        let idle = signed_in(login().await);
        desk.clock.advance(HOUR - Duration::from_micros(1));
        accounts.check(&desk.context, idle.session.id).await.unwrap();
        desk.clock.advance(Duration::from_micros(1));
        assert!(
            is_refused(accounts.check(&desk.context, idle.session.id).await),
            "also from what was kept"
        );
        assert!(is_refused(
            accounts.refresh(&desk.context, &idle.refresh_token).await
        ));
        let used = signed_in(login().await);
        let mut token = used.refresh_token.clone();
        for _ in 0..5 {
            desk.clock.advance(HOUR / 2);
            token = accounts
                .refresh(&desk.context, &token)
                .await
                .unwrap()
                .refresh_token;
        }
        desk.clock.advance(HOUR / 2);
        assert!(is_refused(accounts.refresh(&desk.context, &token).await));
        assert!(is_refused(accounts.check(&desk.context, used.session.id).await));
        let left = signed_in(login().await);
        desk.clock.advance(HOUR * 4);
        assert!(
            accounts
                .sessions(&desk.context, left.user.id)
                .await
                .unwrap()
                .is_empty()
        );
        let privacy = desk.crm.privacy().accounts(accounts.clone());
        let run = privacy.apply_retention_everywhere().await.unwrap().unwrap();
        assert!(run.accounts > 0, "{run:?}");
        assert_eq!(accounts.purge(&desk.context, 100).await.unwrap(), 0);
        assert_eq!(desk.count("select count(*) from sessions").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_protects_the_account_ends_the_other_sessions_when_it_changes() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let context = &desk.context;
        let (one, two) = (desk.signed_in().await, desk.signed_in().await);
        let wrong = Secret::new("not her password");
        let new = Secret::new("quatro potes de mel");
        let change = async |present: &Secret, new: &Secret| {
            desk.accounts
                .change_password(context, one.session.id, present, new)
                .await
        };
        assert!(is_not_accepted(change(&wrong, &new).await, "current_password"));
        let weak = change(&PASSWORD.into(), &"12345678".into()).await.unwrap_err();
        assert_eq!(
            (weak.kind(), weak.fields()[0].field.as_str()),
            (ErrorKind::Invalid, "password")
        );
        change(&PASSWORD.into(), &new).await.unwrap();
        assert!(is_refused(
            desk.accounts.refresh(context, &two.refresh_token).await
        ));
        assert!(is_refused(desk.accounts.check(context, two.session.id).await));
        desk.accounts.check(context, one.session.id).await.unwrap();
        desk.accounts.refresh(context, &one.refresh_token).await.unwrap();
        assert!(is_refused(desk.login(PASSWORD).await));
        let three = signed_in(desk.login(new.expose()).await);
        desk.accounts
            .revoke_all(context, ana.id, Some(three.session.id))
            .await
            .unwrap();
        assert!(is_refused(desk.accounts.check(context, one.session.id).await));
        let version = desk
            .accounts
            .check(context, three.session.id)
            .await
            .unwrap()
            .version;
        let ana = desk.accounts.get(context, ana.id).await.unwrap();
        let off = desk
            .accounts
            .set_status(context, ana.id, ana.version, UserStatus::Disabled)
            .await
            .unwrap();
        assert!(is_refused(desk.accounts.check(context, three.session.id).await));
        assert!(is_refused(
            desk.accounts.refresh(context, &three.refresh_token).await
        ));
        desk.accounts
            .set_status(context, ana.id, off.version, UserStatus::Active)
            .await
            .unwrap();
        assert!(
            is_refused(desk.accounts.refresh(context, &three.refresh_token).await),
            "it does not come back"
        );
        let four = signed_in(desk.login(new.expose()).await);
        assert!(
            desk.accounts
                .check(context, four.session.id)
                .await
                .unwrap()
                .version
                > version
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_that_opens_while_all_are_ended_is_dead() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let store = &desk.accounts.inner.store;
        // what a login knows before it waits for its hash
        let known = crate::accounts::sql::credentials(store, &desk.context, ana.id)
            .await
            .unwrap()
            .unwrap();
        desk.accounts
            .revoke_all(&desk.context, ana.id, None)
            .await
            .unwrap();
        let late = desk.signed_in().await;
        execute!(
            desk.db.database,
            sqlx::query("update sessions set epoch = $1").bind(known.epoch)
        )
        .unwrap();
        assert!(is_refused(
            desk.accounts.check(&desk.context, late.session.id).await
        ));
        assert!(is_refused(
            desk.accounts.refresh(&desk.context, &late.refresh_token).await
        ));
    })
    .await;
}

#[tokio::test]
async fn stepping_up_takes_every_factor_and_makes_the_session_fresh() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (context, accounts) = (&desk.context, &desk.accounts);
        let session = desk.signed_in().await.session.id;
        desk.clock.advance(Duration::from_secs(601));
        let stale = accounts.enrol_factor(context, session).await.unwrap_err();
        assert_eq!(stale.kind(), ErrorKind::StepUp);
        assert!(is_refused(
            accounts
                .step_up(context, session, &"not her password".into(), None)
                .await
        ));
        let raised = accounts
            .step_up(context, session, &PASSWORD.into(), None)
            .await
            .unwrap();
        assert_eq!(
            (raised.assurance, raised.authenticated_at),
            (Assurance::Aal1, desk.clock.now())
        );
        accounts.enrol_factor(context, session).await.unwrap();
        let (secret, signed_in, _) = desk.enrolled().await;
        let session = signed_in.session.id;
        desk.clock.advance(HOUR);
        let error = accounts.remove_factor(context, session).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StepUp);
        assert!(
            is_refused(accounts.step_up(context, session, &PASSWORD.into(), None).await),
            "the second is missing"
        );
        let proof = Proof::Code(desk.code(&secret));
        let raised = accounts
            .step_up(context, session, &PASSWORD.into(), Some(&proof))
            .await
            .unwrap();
        assert_eq!(
            (raised.assurance, raised.methods.as_slice()),
            (Assurance::Aal2, ["pwd".to_owned(), "otp".to_owned()].as_slice())
        );
        assert_eq!(
            accounts.check(context, session).await.unwrap().authenticated_at,
            desk.clock.now()
        );
        assert!(
            is_refused(
                accounts
                    .step_up(context, session, &PASSWORD.into(), Some(&proof))
                    .await
            ),
            "a code is good once"
        );
    })
    .await;
}

#[tokio::test]
async fn guesses_at_the_door_and_within_a_session_are_counted_apart() {
    each_desk(|desk| async move {
        desk.ana().await;
        let session = desk.signed_in().await.session.id;
        let step_up = async |password: &str| {
            desk.accounts
                .step_up(&desk.context, session, &password.into(), None)
                .await
        };
        for _ in 0..6 {
            desk.login("not her password").await.unwrap_err();
        }
        step_up(PASSWORD).await.unwrap();
        for _ in 0..5 {
            assert!(is_refused(step_up("not her password").await));
        }
        assert!(is_refused(step_up(PASSWORD).await));
        desk.clock.advance(Duration::from_secs(1));
        step_up(PASSWORD).await.unwrap();
        assert_eq!(
            desk.count("select count(*) from throttles where kind = 'session'")
                .await,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn without_its_keys_nothing_opens_and_nothing_is_lost() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (secret, signed_in, _) = desk.enrolled().await;
        let challenge = desk.challenged().await;
        let foreign = Accounts::builder(&desk.crm, Sealer::new(LocalKeys::generate("test").unwrap()));
        let foreign = foreign.passwords(passwords(&desk.hashes)).build().unwrap();
        desk.clock.advance(Duration::from_secs(30));
        let error = foreign
            .refresh(&desk.context, &signed_in.refresh_token)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsealable);
        assert!(error.to_string().contains("keys of the system"), "{error}");
        let proof = Proof::Code(desk.code(&secret));
        let answer = Answer::new(challenge, proof);
        let error = foreign.answer(&desk.context, &answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsealable);
        desk.accounts
            .refresh(&desk.context, &signed_in.refresh_token)
            .await
            .unwrap();
        desk.accounts.answer(&desk.context, &answer).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_user_has_at_most_fifty_sessions() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let mut first = None;
        for _ in 0..51 {
            let id = desk.signed_in().await.session.id;
            first.get_or_insert(id);
            desk.clock.advance(Duration::from_secs(1));
        }
        let open = desk.accounts.sessions(&desk.context, ana.id).await.unwrap();
        assert_eq!(open.len(), 50);
        assert!(open.iter().all(|it| Some(it.id) != first));
        assert!(desk.count("select count(*) from devices").await <= 10);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_tells_its_session_and_ends_it_also_when_it_is_spent() {
    each_desk(|desk| async move {
        desk.ana().await;
        let first = desk.signed_in().await;
        let (context, accounts, id) = (&desk.context, &desk.accounts, first.session.id);
        assert_eq!(
            accounts.session_of(context, &first.refresh_token).await.unwrap(),
            id
        );
        assert_eq!(
            desk.count("select counter from sessions").await,
            0,
            "nothing is spent by it"
        );
        accounts.refresh(context, &first.refresh_token).await.unwrap();
        desk.clock.advance(Duration::from_secs(60));
        assert_eq!(
            accounts.session_of(context, &first.refresh_token).await.unwrap(),
            id
        );
        let forged = refresh::encode(id, 1, &RefreshKey::from_bytes([7; 32]));
        for nothing in [forged, "abc".into(), "".into()] {
            assert!(is_refused(accounts.session_of(context, &nothing).await));
            assert!(is_refused(accounts.sign_out(context, &nothing).await));
        }
        accounts.check(context, id).await.unwrap();
        accounts.sign_out(context, &first.refresh_token).await.unwrap();
        assert!(is_refused(accounts.check(context, id).await));
        assert!(is_refused(accounts.sign_out(context, &first.refresh_token).await));
    })
    .await;
}
