//! What is issued is accepted, and nothing else is.

mod attacks;
mod keys;
mod vectors;
mod wycheproof;

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::encoding::{from_base64url, to_base64url};
use super::super::policy::Assurance;
use super::*;
use crate::access::ErrorKind;
use crate::time::{ManualClock, Timestamp};

const ISSUER: &str = "https://clinic.example";
const AUDIENCE: &str = "clinic-api";
const SECONDS: i64 = 1_800_000_000;
const NOW: Timestamp = Timestamp::from_secs(SECONDS);
/// Drawn once, for tests.
const SHARED: &[u8] = b"q7Xv2LrT9mZc4KpB8sWn1YdF6hJg3QaE";
/// Made once per run: a private key in the repository would be found by every scanner.
static RSA: LazyLock<(SigningKey, String)> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let key = SigningKey::from_pem(&pem::write("PRIVATE KEY", private.as_ref()).into()).unwrap();
    (key, pem::write("PUBLIC KEY", public.as_ref()))
});

fn rsa() -> SigningKey {
    RSA.0.clone()
}

fn rsa_public_pem() -> &'static str {
    &RSA.1
}

fn grant() -> Grant {
    Grant {
        subject: "usr_1".to_owned(),
        session: "ses_1".to_owned(),
        tenant: "wsp_1".to_owned(),
        assurance: Assurance::Aal2,
        methods: vec!["pwd".to_owned(), "otp".to_owned()],
        authenticated_at: NOW,
        rbac_version: 4,
    }
}

fn verifier(ring: &KeyRing, clock: &ManualClock) -> Verifier {
    let builder = Verifier::builder(ring.clone(), ISSUER, AUDIENCE).clock(clock.clone());
    builder.build().unwrap()
}

fn issuer(ring: &KeyRing, clock: &ManualClock) -> Issuer {
    let builder = Issuer::builder(ring.clone(), ISSUER, AUDIENCE).clock(clock.clone());
    builder.build().unwrap()
}

fn all_kinds() -> [SigningKey; 3] {
    [
        SigningKey::generate().unwrap(),
        SigningKey::hs256("shared", SHARED).unwrap(),
        rsa(),
    ]
}

/// The claims of a token that is right, to be made wrong.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "usr_1", "sid": "ses_1", "tid": "wsp_1", "jti": "jti_1",
        "iat": SECONDS, "nbf": SECONDS, "exp": SECONDS + 900, "acr": "aal2", "amr": ["pwd", "otp"],
        "auth_time": SECONDS, "rbac_ver": 4,
    })
}

/// A token with any header and payload, signed by `key`.
fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", to_base64url(header), to_base64url(payload));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", to_base64url(signature))
}

fn header(key: &SigningKey) -> Value {
    json!({"alg": key.algorithm().as_str(), "kid": key.kid(), "typ": "at+jwt"})
}

#[test]
fn what_each_kind_of_key_signs_is_accepted_with_all_its_claims() {
    let clock = ManualClock::at(NOW);
    for key in all_kinds() {
        let ring = KeyRing::new(key);
        let issued = issuer(&ring, &clock).issue(&grant()).unwrap();
        let read = verifier(&ring, &clock).verify(issued.token.expose()).unwrap();
        assert_eq!(read, issued.claims);
        assert_eq!(
            (read.sub.as_str(), read.rbac_ver, read.exp),
            ("usr_1", 4, NOW + Duration::from_secs(900))
        );
        assert!(read.jti.starts_with("jti_"));
        assert!(issued.token.expose().len() < 1_100);
    }
}

#[test]
fn no_two_tokens_have_the_same_name() {
    let issuer = issuer(
        &KeyRing::new(SigningKey::generate().unwrap()),
        &ManualClock::at(NOW),
    );
    let (a, b) = (issuer.issue(&grant()).unwrap(), issuer.issue(&grant()).unwrap());
    assert_ne!(a.claims.jti, b.claims.jti);
}

#[test]
fn time_is_the_clocks_and_the_leeway_is_five_seconds() {
    let clock = ManualClock::at(NOW);
    let ring = KeyRing::new(SigningKey::generate().unwrap());
    let token = issuer(&ring, &clock).issue(&grant()).unwrap().token;
    let at = |seconds: i64| {
        let clock = ManualClock::at(Timestamp::from_secs(SECONDS + seconds));
        verifier(&ring, &clock)
            .verify(token.expose())
            .map_err(Refusal::reason)
            .err()
    };
    assert_eq!(at(-6), Some(Reason::NotYet));
    assert_eq!(at(-5), None);
    assert_eq!(at(904), None);
    assert_eq!(at(905), Some(Reason::Expired));
}

#[test]
fn what_cannot_be_put_into_a_token_is_refused_before_it_is_signed() {
    let issuer = issuer(
        &KeyRing::new(SigningKey::generate().unwrap()),
        &ManualClock::at(NOW),
    );
    let with = |change: fn(&mut Grant)| {
        let mut grant = grant();
        change(&mut grant);
        issuer.issue(&grant).unwrap_err().kind()
    };
    assert_eq!(with(|it| it.subject.clear()), ErrorKind::Invalid);
    assert_eq!(with(|it| it.tenant = "x".repeat(257)), ErrorKind::Invalid);
    assert_eq!(with(|it| it.session = "a\nb".to_owned()), ErrorKind::Invalid);
    assert_eq!(
        with(|it| it.methods = vec!["pwd".to_owned(); 17]),
        ErrorKind::Invalid
    );
    let long = |it: &mut Grant| it.methods = vec!["x".repeat(256); 16];
    assert_eq!(with(long), ErrorKind::Invalid, "more than 4 KiB");
}

#[test]
fn settings_out_of_range_are_named_at_once() {
    let ring = KeyRing::of_verifying([]).unwrap();
    let error = Issuer::builder(ring.clone(), "", "x")
        .life(Duration::from_secs(3_601))
        .build()
        .unwrap_err();
    for word in ["life must be", "issuer and audience", "a key that signs"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    let error = Verifier::builder(ring, ISSUER, "")
        .leeway(Duration::from_secs(61))
        .longest_life(Duration::ZERO)
        .build()
        .unwrap_err();
    for word in ["leeway must be", "longest_life must be", "issuer and audience"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn no_secret_shows() {
    let clock = ManualClock::at(NOW);
    for key in all_kinds() {
        let ring = KeyRing::new(key.clone());
        let issued = issuer(&ring, &clock).issue(&grant()).unwrap();
        let pem = key.to_pem();
        let shown = format!(
            "{key:?} {:?} {ring:?} {issued:?} {:?} {:?} {pem:?}",
            key.verifying(),
            issuer(&ring, &clock),
            verifier(&ring, &clock)
        );
        assert!(!shown.contains(std::str::from_utf8(SHARED).unwrap()));
        assert!(
            !shown.contains(issued.token.expose()) && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn one_changed_byte_is_refused(at: prop::sample::Index, mask in 1_u8.., part in 0_usize..3) {
        let clock = ManualClock::at(NOW);
        let ring = KeyRing::new(SigningKey::hs256("shared", SHARED).unwrap());
        let token = issuer(&ring, &clock).issue(&grant()).unwrap().token;
        let mut parts: Vec<Vec<u8>> = token.expose().split('.').map(|it| from_base64url(it).unwrap()).collect();
        let at = at.index(parts[part].len());
        parts[part][at] ^= mask;
        let changed: Vec<String> = parts.iter().map(to_base64url).collect();
        prop_assert!(verifier(&ring, &clock).verify(&changed.join(".")).is_err());
    }

    #[test]
    fn one_changed_letter_is_refused(at: prop::sample::Index, letter in "[ -~]") {
        let clock = ManualClock::at(NOW);
        let ring = KeyRing::new(SigningKey::hs256("shared", SHARED).unwrap());
        let token = issuer(&ring, &clock).issue(&grant()).unwrap().token.expose().to_owned();
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &letter);
        prop_assume!(changed != token);
        prop_assert!(verifier(&ring, &clock).verify(&changed).is_err());
    }

    #[test]
    fn any_text_is_refused_quietly(text in "\\PC{0,200}") {
        let ring = KeyRing::new(SigningKey::hs256("shared", SHARED).unwrap());
        prop_assert!(verifier(&ring, &ManualClock::at(NOW)).verify(&text).is_err());
    }
}
