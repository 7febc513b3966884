use proptest::prelude::*;

use super::*;
use crate::channels::whatsapp::testing::Webhooks;
use crate::channels::whatsapp::webhook::{Handshake, HandshakeRefused, SignatureRefused, sign, verify};

/// `src/__tests__/utils.test.ts` of Meta's SDK.
const VECTOR: &str = "sha256=0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221";

#[test]
fn the_vector_of_metas_sdk_holds_and_nothing_near_it() {
    let secret = "TEST_APP_SECRET".into();
    assert_eq!(sign(&secret, b"test"), VECTOR);
    let both = ["OLD_SECRET".into(), secret];
    assert_eq!(verify(&both, Some(VECTOR), b"test"), Ok(()));
    assert_eq!(
        verify(
            &both,
            Some(&VECTOR.to_uppercase().replace("SHA256", "sha256")),
            b"test"
        ),
        Ok(())
    );
    let wrong = Err(SignatureRefused::Wrong);
    assert_eq!(verify(&both[..1], Some(VECTOR), b"test"), wrong);
    assert_eq!(verify(&[], Some(VECTOR), b"test"), wrong);
    assert_eq!(
        verify(&["".into()], Some(&sign(&"".into(), b"test")), b"test"),
        Err(SignatureRefused::Malformed)
    );
    assert_eq!(verify(&both, None, b"test"), Err(SignatureRefused::Missing));
    for header in [
        "",
        "sha256=",
        "0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221",
        "sha1=0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221",
        "sha256=0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d98882",
        "sha256=0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d988822100",
        "sha256=zz61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221",
        "sha256=é61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221",
        "sha256=+c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221",
    ] {
        assert_eq!(
            verify(&both, Some(header), b"test"),
            Err(SignatureRefused::Malformed),
            "{header}"
        );
    }
}

#[test]
fn no_byte_of_body_or_signature_can_be_changed() {
    let secrets = ["app secret".into()];
    let posted = Webhooks::new()
        .text(NUMBER, ANA, "wamid.1", AT, "Olá")
        .signed(&secrets[0]);
    assert_eq!(verify(&secrets, Some(&posted.signature), &posted.body), Ok(()));
    for at in 0..posted.body.len() {
        let mut body = posted.body.clone();
        body[at] ^= 1;
        assert!(
            verify(&secrets, Some(&posted.signature), &body).is_err(),
            "byte {at}"
        );
    }
    for at in 0..posted.signature.len() {
        let mut header = posted.signature.clone().into_bytes();
        header[at] = if header[at] == b'0' { b'1' } else { b'0' };
        let header = String::from_utf8(header).unwrap();
        assert!(
            verify(&secrets, Some(&header), &posted.body).is_err(),
            "character {at}"
        );
    }
    // Not even what the same JSON would be in another writing.
    let value: Value = serde_json::from_slice(&posted.body).unwrap();
    assert!(verify(&secrets, Some(&posted.signature), value.to_string().as_bytes()).is_err());
}

#[test]
fn the_handshake_answers_the_challenge_to_the_right_token_alone() {
    let tokens = ["one".into(), "two".into()];
    let ask = |mode, verify_token, challenge| {
        Handshake {
            mode,
            verify_token,
            challenge,
        }
        .answer(&tokens)
    };
    let subscribe = Some("subscribe");
    assert_eq!(ask(subscribe, Some("one"), Some("1158201444")), Ok("1158201444"));
    assert_eq!(ask(subscribe, Some("two"), Some("1158201444")), Ok("1158201444"));
    for token in ["", "thr", "on", "onee", "ONE"] {
        assert_eq!(
            ask(subscribe, Some(token), Some("1")),
            Err(HandshakeRefused::WrongToken),
            "{token}"
        );
    }
    let malformed = Err(HandshakeRefused::Malformed);
    assert_eq!(ask(None, Some("one"), Some("1")), malformed);
    assert_eq!(ask(Some("unsubscribe"), Some("one"), Some("1")), malformed);
    assert_eq!(ask(subscribe, None, Some("1")), malformed);
    assert_eq!(ask(subscribe, Some("one"), None), malformed);
    assert_eq!(ask(subscribe, Some("one"), Some("<script>")), malformed);
    let empty = Handshake {
        mode: subscribe,
        verify_token: Some(""),
        challenge: Some("1"),
    };
    assert_eq!(empty.answer(&["".into()]), Err(HandshakeRefused::WrongToken));
    assert_eq!(empty.answer(&[]), Err(HandshakeRefused::WrongToken));
}

proptest! {
    #[test]
    fn whatever_the_header_is_it_is_refused_or_right(header in "\\PC{0,90}|sha256=[0-9a-fA-F]{60,68}", body: Vec<u8>) {
        let secrets = ["app secret".into()];
        let is_right = header.to_lowercase() == sign(&secrets[0], &body);
        prop_assert_eq!(verify(&secrets, Some(&header), &body).is_ok(), is_right);
    }
}
