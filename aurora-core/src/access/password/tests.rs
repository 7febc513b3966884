use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt as _;

use super::*;
use crate::access::ErrorKind;

fn passwords() -> Passwords {
    Passwords::builder().permits(1).build().unwrap()
}

#[tokio::test]
async fn the_right_password_is_accepted_and_nothing_else() {
    let passwords = passwords();
    let right = Secret::new("três pratos de trigo");
    let stored = passwords.hash(&right).await.unwrap();
    assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let read = PasswordHash::parse(stored.expose()).unwrap();
    assert_eq!(
        passwords.verify(&right, Some(&read)).await.unwrap(),
        Verdict::Accepted
    );
    // Also not in another normal form, with a blank at the end, or in another case: exactly as received.
    for wrong in [
        "tre\u{302}s pratos de trigo",
        "três pratos de trigo ",
        "Três pratos de trigo",
        "",
    ] {
        let verdict = passwords.verify(&Secret::new(wrong), Some(&read)).await.unwrap();
        assert_eq!(verdict, Verdict::Refused, "{wrong:?}");
    }
    assert_eq!(
        passwords.verify(&right, None).await.unwrap(),
        Verdict::Refused,
        "nobody"
    );
}

#[tokio::test]
async fn the_same_password_has_another_hash_each_time() {
    let passwords = passwords();
    let password = Secret::new("kX9#vQ2m");
    let (a, b) = (passwords.hash(&password).await, passwords.hash(&password).await);
    assert_ne!(a.unwrap().expose(), b.unwrap().expose());
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let passwords = passwords();
    for (length, fits) in [(7, false), (8, true), (64, true), (256, true), (257, false)] {
        let password = Secret::new("ç".repeat(length));
        let hashed = passwords.hash(&password).await;
        assert_eq!(hashed.is_ok(), fits, "{length}");
        match hashed {
            Ok(stored) => assert!(
                passwords
                    .verify(&password, Some(&stored))
                    .await
                    .unwrap()
                    .is_accepted()
            ),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid),
        }
    }
}

/// A megabyte of password costs one hash and is never right.
#[tokio::test]
async fn a_password_beyond_the_limit_is_refused_like_any_wrong_one() {
    let passwords = passwords();
    let stored = passwords.hash(&Secret::new("a".repeat(256))).await.unwrap();
    for long in ["a".repeat(257), "a".repeat(1 << 20)] {
        let verdict = passwords.verify(&Secret::new(long), Some(&stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Refused);
    }
}

#[tokio::test]
async fn a_hash_below_the_policy_is_accepted_once_more_and_made_anew() {
    let stronger = Passwords::builder()
        .permits(1)
        .strength(Strength::new(20, 3, 1).unwrap())
        .build()
        .unwrap();
    let password = Secret::new("kX9#vQ2m");
    let old = passwords().hash(&password).await.unwrap();
    assert_eq!(
        stronger.verify(&password, Some(&old)).await.unwrap(),
        Verdict::AcceptedMakeAnew
    );
    assert_eq!(
        stronger
            .verify(&Secret::new("kX9#vQ2n"), Some(&old))
            .await
            .unwrap(),
        Verdict::Refused
    );
    let new = stronger.hash(&password).await.unwrap();
    assert_eq!(
        stronger.verify(&password, Some(&new)).await.unwrap(),
        Verdict::Accepted
    );
    assert_eq!(
        passwords().verify(&password, Some(&new)).await.unwrap(),
        Verdict::Accepted,
        "a stronger one stays"
    );
}

#[tokio::test]
async fn a_stored_hash_that_asks_for_too_much_memory_is_not_worked_on() {
    let text = "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let stored = PasswordHash::parse(text).unwrap();
    let error = passwords()
        .verify(&Secret::new("x"), Some(&stored))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_beyond_permits_and_queue_is_told_to_come_back() {
    let passwords = Passwords::builder().permits(1).queue(3).build().unwrap();
    let stored = passwords.hash(&Secret::new("kX9#vQ2m")).await.unwrap();
    let password = Secret::new("kX9#vQ2m");
    let all = futures::future::join_all((0..20).map(|_| passwords.verify(&password, Some(&stored)))).await;
    let busy = all.iter().filter_map(|result| result.as_ref().err());
    let busy: Vec<_> = busy.map(|error| (error.kind(), error.retry_after())).collect();
    assert_eq!(busy.len(), 16, "one works and three wait");
    for (kind, retry_after) in busy {
        assert_eq!(kind, ErrorKind::Busy);
        assert!(retry_after.unwrap() >= Duration::from_secs(1));
    }
    assert!(
        passwords
            .verify(&password, Some(&stored))
            .await
            .unwrap()
            .is_accepted()
    );
}

/// Dropped after any number of polls, a login leaves neither a place nor, once its hash has ended, a permit behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_at_any_poll_gives_everything_back() {
    let passwords = passwords();
    let password = Secret::new("kX9#vQ2m");
    for polls in 0..4 {
        let mut login = Box::pin(passwords.verify(&password, None));
        for _ in 0..polls {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(verdict) = login.as_mut().poll(&mut context) {
                assert_eq!(verdict.unwrap(), Verdict::Refused);
                break;
            }
        }
        drop(login);
        // A next one comes through, so the permit has returned.
        let next = tokio::time::timeout(Duration::from_secs(30), passwords.verify(&password, None));
        assert_eq!(next.await.unwrap().unwrap(), Verdict::Refused);
        assert_eq!(passwords.inner.permits.waiting(), 0);
    }
}

#[tokio::test]
async fn a_panic_in_the_work_returns_the_permit() {
    let passwords = passwords();
    let failed = passwords.run::<()>(|| panic!("in the work")).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(passwords.inner.permits.free(), 1);
}

#[test]
fn all_settings_out_of_range_are_named_at_once() {
    let error = Passwords::builder()
        .permits(0)
        .queue(2_000)
        .memory_mib(1)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let text = error.to_string();
    for word in [
        "permits must be 1",
        "queue must be",
        "memory_mib must be at least 19",
    ] {
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn nothing_of_it_shows() {
    let passwords = passwords();
    let stored = passwords.hash(&Secret::new("canary-canary")).await.unwrap();
    let shown = format!("{passwords:?} {stored:?}");
    assert!(
        !shown.contains("canary") && !shown.contains("$argon2id"),
        "{shown}"
    );
}

#[test]
fn the_default_permits_fit_into_the_memory_of_any_machine() {
    for (processors, in_memory, permits) in [
        (1, 13, 1),
        (2, 13, 1),
        (8, 13, 4),
        (28, 13, 13),
        (512, 13, 13),
        (512, 1_000, 64),
        (8, 0, 1),
    ] {
        assert_eq!(default_permits(processors, in_memory), permits, "{processors}");
    }
    let strong = Strength::new(256, 4, 1).unwrap();
    assert!(Passwords::builder().strength(strong).build().is_ok());
}

/// F44: nobody, a wrong password and one that is too long wait for the same permit and do the same work. The work shows
/// in how long the last piece took: passes over 19 MiB are never done within a tenth of a millisecond.
#[tokio::test]
async fn nobody_costs_what_somebody_costs() {
    let passwords = passwords();
    let somebody = passwords.hash(&Secret::new("kX9#vQ2m")).await.unwrap();
    let (wrong, long) = (Secret::new("kX9#vQ2n"), Secret::new("a".repeat(257)));
    for (password, stored) in [
        (&wrong, Some(&somebody)),
        (&wrong, None),
        (&long, Some(&somebody)),
        (&long, None),
    ] {
        passwords.inner.permits.took(Duration::ZERO);
        let held = passwords.inner.permits.enter().await.unwrap();
        let mut login = Box::pin(passwords.verify(password, stored));
        assert!(login.as_mut().now_or_never().is_none());
        assert_eq!(passwords.inner.permits.waiting(), 1, "it needs a permit");
        drop(held);
        assert_eq!(login.await.unwrap(), Verdict::Refused);
        assert!(
            passwords.inner.permits.last() > Duration::from_micros(100),
            "no work was done"
        );
    }
    let dummy = &passwords.inner.dummy;
    assert_eq!(
        (dummy.strength(), dummy.salt.len(), dummy.output.len()),
        (passwords.strength(), strength::SALT, 32)
    );
    assert!(!dummy.is_below(passwords.strength()));
}
