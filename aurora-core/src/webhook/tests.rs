#![expect(clippy::string_slice, reason = "signatures are ASCII")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::time::{Clock as _, ManualClock, Timestamp};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SECONDS: i64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;

fn key(secret: &str) -> SigningKey {
    SigningKey::parse(&secret.into()).unwrap()
}

fn verifier_at(seconds: i64) -> Verifier {
    Verifier::new(key(SECRET)).clock(ManualClock::at(Timestamp::from_secs(seconds)))
}

fn sent(id: &str, seconds: impl ToString, signature: impl Into<String>) -> Vec<(String, String)> {
    vec![
        (ID.to_owned(), id.to_owned()),
        (TIMESTAMP.to_owned(), seconds.to_string()),
        (SIGNATURE.to_owned(), signature.into()),
    ]
}

fn signed(secret: &str) -> String {
    key(secret).sign("msg_1", Timestamp::from_secs(SECONDS), BODY.as_bytes())
}

#[test]
fn signs_as_every_official_library_does() {
    // The vector in the test suites of all libraries of github.com/standard-webhooks/standard-webhooks.
    let signature = key(SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        Timestamp::from_secs(SECONDS),
        BODY.as_bytes(),
    );
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    let headers = sent("msg_p5jXN8AQM9LWM0D4loKWxJek", SECONDS, signature);
    let verified = verifier_at(SECONDS).verify(headers, BODY).unwrap();
    assert_eq!(verified.timestamp, Timestamp::from_secs(SECONDS));
}

#[test]
fn refuses_what_is_no_key_without_repeating_it() {
    let short = format!("whsec_{}", STANDARD.encode([7; 23]));
    let long = format!("whsec_{}", STANDARD.encode([7; 65]));
    for bad in [
        "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_%%%",
        &short,
        &long,
    ] {
        assert!(SigningKey::parse(&bad.into()).is_err(), "{bad}");
    }
    let refused = SigningKey::parse(&short.as_str().into()).unwrap_err();
    assert!(!format!("{refused:?} {refused} {:?}", key(SECRET)).contains("Bwc"));
}

#[cfg(feature = "access")]
#[test]
fn generated_secrets_are_keys_and_differ() {
    let (one, two) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    assert!(SigningKey::parse(&one).is_ok());
    assert_ne!(one.expose(), two.expose());
}

#[test]
fn every_secret_is_tried_with_every_signature_and_unknown_versions_are_left_aside() {
    let verifier = verifier_at(SECONDS).also(key(OTHER));
    let (first, second) = (signed(SECRET), signed(OTHER));
    for signatures in [
        first.clone(),
        second.clone(),
        format!("v1a,AAAA {first}"),
        format!("v2,{} v1, v1,%% nonsense v1,AAAA {second}", &first[3..]),
    ] {
        let verified = verifier.verify(sent("msg_1", SECONDS, signatures.clone()), BODY);
        assert!(verified.is_ok(), "{signatures}");
    }
    for signatures in [
        String::new(),
        "v1,".to_owned(),
        format!("v2,{}", &first[3..]),
        format!("v1a,{}", &first[3..]),
        first[3..].to_owned(),
        first[..first.len() - 4].to_owned(),
        signed("whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"),
    ] {
        let refused = verifier.verify(sent("msg_1", SECONDS, signatures.clone()), BODY);
        assert_eq!(refused, Err(Refusal::Forged), "{signatures}");
    }
    let many = vec![first; 17].join(" ");
    let refused = verifier.verify(sent("msg_1", SECONDS, many), BODY);
    assert_eq!(refused, Err(Refusal::Malformed(SIGNATURE)));
}

#[test]
fn id_time_and_body_are_all_signed() {
    let verifier = verifier_at(SECONDS);
    let changed = [
        (sent("msg_2", SECONDS, signed(SECRET)), BODY),
        (sent("msg_1", SECONDS + 1, signed(SECRET)), BODY),
        (sent("msg_1", SECONDS, signed(SECRET)), r#"{"test": 2432232315}"#),
        (sent("msg_1", SECONDS, signed(SECRET)), ""),
    ];
    for (headers, body) in changed {
        assert_eq!(verifier.verify(headers, body), Err(Refusal::Forged));
    }
}

#[test]
fn five_minutes_are_the_limit_on_both_sides() {
    let headers = || sent("msg_1", SECONDS, signed(SECRET));
    for (now, expected) in [
        (SECONDS - 301, Some(Refusal::TooNew)),
        (SECONDS - 300, None),
        (SECONDS + 300, None),
        (SECONDS + 301, Some(Refusal::TooOld)),
    ] {
        assert_eq!(verifier_at(now).verify(headers(), BODY).err(), expected, "{now}");
    }
    let narrow = verifier_at(SECONDS + 11).tolerance(Duration::from_secs(10));
    assert_eq!(narrow.verify(headers(), BODY), Err(Refusal::TooOld));
}

#[test]
fn headers_are_found_in_any_case_and_each_once() {
    let mut headers = sent("msg_1", SECONDS, signed(SECRET));
    for (name, _) in &mut headers {
        *name = name.to_uppercase();
    }
    headers.push(("content-type".to_owned(), "text/plain".to_owned()));
    assert!(verifier_at(SECONDS).verify(headers.clone(), BODY).is_ok());
    for (index, name) in [ID, TIMESTAMP, SIGNATURE].into_iter().enumerate() {
        let mut twice = headers.clone();
        twice.push(headers[index].clone());
        assert_eq!(
            verifier_at(SECONDS).verify(twice, BODY),
            Err(Refusal::Repeated(name))
        );
        let mut without = headers.clone();
        without.remove(index);
        assert_eq!(
            verifier_at(SECONDS).verify(without, BODY),
            Err(Refusal::Missing(name))
        );
    }
}

#[test]
fn an_id_cannot_borrow_a_part_of_the_body_and_a_time_has_one_form() {
    // `a.1.b` signed is the same whether the id is `a` or `a.1`.
    let at = Timestamp::from_secs(SECONDS);
    let signature = key(SECRET).sign("msg_1.1614265330", at, b"x");
    let moved = sent("msg_1", SECONDS, signature.clone());
    assert!(verifier_at(SECONDS).verify(moved, format!("{SECONDS}.x")).is_ok());
    let dotted = sent("msg_1.1614265330", SECONDS, signature);
    assert_eq!(
        verifier_at(SECONDS).verify(dotted, "x"),
        Err(Refusal::Malformed(ID))
    );
    for seconds in [
        "",
        "+1614265330",
        "01614265330",
        "1614265330.0",
        "1e9",
        "-1",
        "soon",
        "99999999999999999999",
    ] {
        let refused = verifier_at(SECONDS).verify(sent("msg_1", seconds, signed(SECRET)), BODY);
        assert_eq!(refused, Err(Refusal::Malformed(TIMESTAMP)), "{seconds}");
    }
    for id in ["", &"x".repeat(257), "a\u{7f}", "é"] {
        let refused = verifier_at(SECONDS).verify(sent(id, SECONDS, signed(SECRET)), BODY);
        assert_eq!(refused, Err(Refusal::Malformed(ID)), "{id}");
    }
}

#[test]
fn debug_shows_no_body() {
    let verified = verifier_at(SECONDS).verify(sent("msg_1", SECONDS, signed(SECRET)), BODY);
    assert!(!format!("{:?}", verified.unwrap()).contains("2432232314"));
}

#[tokio::test]
async fn ids_are_kept_for_as_long_as_a_request_can_be_repeated() {
    let clock = ManualClock::default();
    let seen = RecentIds::new(2).clock(clock.clone());
    assert!(seen.first("a").await.unwrap());
    clock.advance(2 * TOLERANCE);
    assert!(!seen.clone().first("a").await.unwrap(), "clones share the ids");
    assert!(seen.first("b").await.unwrap());
    assert!(matches!(seen.first("c").await, Err(ReplayError::Full)));
    assert!(
        !seen.first("a").await.unwrap(),
        "none is forgotten for want of room"
    );
    clock.advance(Duration::from_secs(60));
    assert!(seen.first("c").await.unwrap());
    assert!(!seen.first("b").await.unwrap());
}

#[tokio::test]
async fn what_is_forgotten_is_new_again_for_its_whole_time() {
    let clock = ManualClock::default();
    let seen = RecentIds::new(10).clock(clock.clone()).keep(Duration::ZERO);
    assert!(seen.first("a").await.unwrap());
    clock.advance(Duration::from_secs(300));
    seen.forget("a").await.unwrap();
    assert!(seen.first("a").await.unwrap());
    clock.advance(2 * TOLERANCE);
    assert!(
        !seen.first("a").await.unwrap(),
        "the first entry's end is not its end"
    );
}

#[tokio::test]
async fn of_many_at_once_one_is_the_first() {
    let seen = RecentIds::new(10).clock(ManualClock::default());
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let seen = seen.clone();
            tokio::spawn(async move { seen.first("a").await.unwrap() })
        })
        .collect();
    let firsts = futures::future::join_all(tasks).await;
    assert_eq!(
        firsts
            .into_iter()
            .filter(|first| *first.as_ref().unwrap())
            .count(),
        1
    );
}

#[cfg(any(feature = "memory", feature = "redis"))]
#[tokio::test]
async fn a_cache_keeps_ids_for_all_replicas_and_senders_apart() {
    use crate::cache::Scope;
    crate::testing::each_cache(|cache| async move {
        let cache: std::sync::Arc<dyn crate::cache::CacheStore> = cache.into();
        let one = SharedIds::new(cache.clone(), Scope::tenant("wsp_1"));
        let replica = SharedIds::new(cache.clone(), Scope::tenant("wsp_1"));
        let other = SharedIds::new(cache, Scope::tenant("wsp_2"));
        assert!(one.first("a").await.unwrap());
        assert!(!replica.first("a").await.unwrap());
        assert!(other.first("a").await.unwrap());
        replica.forget("a").await.unwrap();
        assert!(one.first("a").await.unwrap());
    })
    .await;
}

proptest! {
    #[test]
    fn whatever_was_signed_is_accepted_and_any_changed_byte_is_not(
        id in "[a-zA-Z0-9_]{1,40}", body in proptest::collection::vec(any::<u8>(), 1..200), at in any::<usize>(),
    ) {
        let clock = ManualClock::default();
        let verifier = Verifier::new(key(SECRET)).clock(clock.clone());
        let headers = headers(&[key(OTHER), key(SECRET)], &id, clock.now(), &body);
        prop_assert!(verifier.verify(headers.clone(), body.clone()).is_ok());
        let mut changed = body;
        let index = at % changed.len();
        changed[index] ^= 1;
        prop_assert_eq!(verifier.verify(headers, changed), Err(Refusal::Forged));
    }

    #[test]
    fn no_headers_make_it_panic(id in "\\PC{0,20}", seconds in "\\PC{0,20}", signature in "\\PC{0,60}") {
        prop_assert!(verifier_at(SECONDS).verify(sent(&id, seconds, signature), BODY).is_err());
    }
}
