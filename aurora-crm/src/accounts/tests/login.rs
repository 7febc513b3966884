use aurora_core::access::password::{Passwords, Strength};
use futures::future::join_all;

use super::*;
use crate::accounts::UserStatus;

#[tokio::test]
async fn unknown_wrong_disabled_and_waiting_are_refused_alike_after_the_same_work() {
    each_desk(|desk| async move {
        let ana = desk.ana().await;
        let new = NewUser::new("rui@example.com", "Rui");
        let rui = desk
            .accounts
            .create(&desk.context, new, &PASSWORD.into())
            .await
            .unwrap();
        desk.accounts
            .set_status(&desk.context, rui.id, 1, UserStatus::Disabled)
            .await
            .unwrap();
        let new = NewUser::new("bia@example.com", "Bia");
        desk.accounts.invite(&desk.context, new).await.unwrap();
        let mut seen = Vec::new();
        desk.hashes.taken();
        for (email, password) in [
            (EMAIL, "not her password"),
            ("nobody@example.com", PASSWORD),
            ("not an address\0", PASSWORD),
            ("rui@example.com", PASSWORD),
            ("bia@example.com", PASSWORD),
            (EMAIL, "x"),
            (EMAIL, &"x".repeat(5_000)),
        ] {
            let login = Login::new(email, password);
            let error = desk.accounts.login(&desk.context, login).await.unwrap_err();
            seen.push((format!("{error:?} {error}"), desk.hashes.taken()));
        }
        for _ in 0..3 {
            desk.login("not her password").await.unwrap_err();
        }
        desk.hashes.taken();
        let waiting = desk.login(PASSWORD).await.unwrap_err();
        seen.push((format!("{waiting:?} {waiting}"), desk.hashes.taken()));
        assert!(seen.iter().all(|it| *it == seen[0] && it.1 == 1), "{seen:?}");
        // each unknown address was counted as well, so that the same rows are written
        assert_eq!(desk.count("select count(*) from throttles").await, 5);
        desk.clock.advance(Duration::from_secs(900));
        assert_eq!(desk.signed_in().await.user.id, ana.id);
        assert_eq!(
            desk.count("select count(*) from throttles").await,
            4,
            "a success forgets"
        );
    })
    .await;
}

#[tokio::test]
async fn parallel_guesses_wait_like_guesses_one_after_the_other() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (other, database) = desk.replica().await;
        let guess = |number: usize| {
            let accounts = if number.is_multiple_of(2) {
                &desk.accounts
            } else {
                &other
            };
            // the last ones are right, and come too late
            let password = if number < 40 { "not her password" } else { PASSWORD };
            accounts.login(&desk.context, Login::new(EMAIL, password))
        };
        let mut outcomes = Vec::new();
        for number in 0..5 {
            outcomes.push(guess(number).await);
        }
        outcomes.extend(join_all((5..50).map(guess)).await);
        assert!(outcomes.into_iter().all(is_refused));
        assert_eq!(
            desk.count("select failures from throttles").await,
            5,
            "the others were not looked at"
        );
        for wait in [1, 2, 4, 8] {
            assert!(is_refused(desk.login(PASSWORD).await));
            desk.clock.advance(Duration::from_secs(wait));
            if wait < 8 {
                assert!(is_refused(desk.login("not her password").await));
            }
        }
        desk.signed_in().await;
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn of_fifty_at_once_no_more_than_five_are_looked_at() {
    each_desk(|desk| async move {
        desk.ana().await;
        let guess = |_| desk.login("not her password");
        assert!(join_all((0..50).map(guess)).await.into_iter().all(is_refused));
        assert_eq!(desk.count("select failures from throttles").await, 5);
    })
    .await;
}

#[tokio::test]
async fn a_known_device_is_not_kept_out_by_who_guesses_elsewhere() {
    each_desk(|desk| async move {
        desk.ana().await;
        let device = desk.signed_in().await.device;
        for _ in 0..6 {
            desk.login("not her password").await.unwrap_err();
        }
        assert!(is_refused(desk.login(PASSWORD).await));
        let known = |password: &str| {
            let login = Login::new(EMAIL, password).device(device.clone());
            desk.accounts.login(&desk.context, login)
        };
        let again = signed_in(known(PASSWORD).await);
        assert_eq!(again.device.expose(), device.expose());
        // who has the device has five guesses as well
        for _ in 0..5 {
            assert!(is_refused(known("not her password").await));
        }
        assert!(is_refused(known(PASSWORD).await));
        assert_eq!(desk.count("select count(*) from devices").await, 1);
        // of somebody else it is none
        let new = NewUser::new("rui@example.com", "Rui");
        desk.accounts
            .create(&desk.context, new, &PASSWORD.into())
            .await
            .unwrap();
        let login = Login::new("rui@example.com", PASSWORD).device(device.clone());
        let rui = signed_in(desk.accounts.login(&desk.context, login).await);
        assert_ne!(rui.device.expose(), device.expose());
    })
    .await;
}

#[tokio::test]
async fn a_weaker_hash_is_made_anew_at_the_next_login() {
    each_desk(|desk| async move {
        desk.ana().await;
        let stronger = Passwords::builder()
            .strength(Strength::new(19, 3, 1).unwrap())
            .permits(1);
        let accounts = desk
            .builder()
            .passwords(stronger.build().unwrap())
            .build()
            .unwrap();
        let login = || accounts.login(&desk.context, Login::new(EMAIL, PASSWORD));
        signed_in(login().await);
        let stored = "select count(*) from users where password like '%m=19456,t=3%'";
        assert_eq!(desk.count(stored).await, 1);
        signed_in(login().await);
    })
    .await;
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    each_desk(|desk| async move {
        desk.ana().await;
        let narrow = Passwords::builder()
            .strength(Strength::new(12, 3, 1).unwrap())
            .permits(1)
            .queue(0);
        let accounts = desk.builder().passwords(narrow.build().unwrap()).build().unwrap();
        let login = || accounts.login(&desk.context, Login::new(EMAIL, PASSWORD));
        let outcomes = join_all((0..4).map(|_| login())).await;
        let busy: Vec<Error> = outcomes.into_iter().filter_map(Result::err).collect();
        assert!(!busy.is_empty());
        for error in busy {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.retry_after().is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_says_where_it_comes_from() {
    each_desk(|desk| async move {
        desk.ana().await;
        let context = desk.context.clone().origin("203.0.113.9".parse().unwrap());
        let login = Login::new("  ANA@Example.com ", PASSWORD).agent("Firefox");
        let session = signed_in(desk.accounts.login(&context, login).await).session;
        assert_eq!(
            (session.network.as_str(), session.agent.as_deref()),
            ("203.0.113.0/24", Some("Firefox"))
        );
        let listed = desk.accounts.sessions(&desk.context, session.user).await.unwrap();
        assert_eq!(listed, [session]);
    })
    .await;
}
