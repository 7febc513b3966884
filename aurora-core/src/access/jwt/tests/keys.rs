//! Names, rotation, published keys, and keys as text.

use super::*;

fn reason(verifier: &Verifier, token: &str) -> Option<Reason> {
    verifier.verify(token).err().map(Refusal::reason)
}

#[test]
fn a_new_key_signs_and_the_one_before_verifies_for_the_overlap() {
    let clock = ManualClock::at(NOW);
    let ring = KeyRing::new(SigningKey::generate().unwrap());
    let (issuer, verifier) = (issuer(&ring, &clock), verifier(&ring, &clock));
    let old = issuer.issue(&grant()).unwrap().token;
    let overlap = Duration::from_secs(600);
    ring.rotate(SigningKey::generate().unwrap(), NOW, overlap)
        .unwrap();
    let new = issuer.issue(&grant()).unwrap().token;
    let kid = |token: &str| {
        let head = from_base64url(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&head).unwrap()["kid"].clone()
    };
    assert_ne!(kid(old.expose()), kid(new.expose()));
    assert_eq!(
        (reason(&verifier, old.expose()), reason(&verifier, new.expose())),
        (None, None)
    );
    let published = |at| {
        serde_json::from_str::<Value>(&ring.jwks(at)).unwrap()["keys"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((published(NOW), published(NOW + overlap)), (2, 1));

    clock.advance(overlap);
    assert_eq!(reason(&verifier, old.expose()), Some(Reason::RetiredKey));
    assert_eq!(reason(&verifier, new.expose()), None);
    ring.rotate(SigningKey::generate().unwrap(), NOW + overlap, overlap)
        .unwrap();
    assert_eq!(
        reason(&verifier, old.expose()),
        Some(Reason::UnknownKey),
        "it has gone"
    );
}

#[test]
fn a_key_can_be_published_before_it_signs() {
    let clock = ManualClock::at(NOW);
    let ring = KeyRing::new(SigningKey::generate().unwrap());
    let next = SigningKey::generate().unwrap();
    ring.accept(next.verifying(), None).unwrap();
    assert!(ring.jwks(NOW).contains(next.kid()));
    ring.rotate(next.clone(), NOW, Duration::from_secs(600)).unwrap();
    let token = issuer(&ring, &clock).issue(&grant()).unwrap().token;
    assert_eq!(reason(&verifier(&ring, &clock), token.expose()), None);
    assert!(ring.accept(next.verifying(), None).is_err(), "that name is taken");
    let other = SigningKey::generate().unwrap().named(next.kid()).unwrap();
    assert!(ring.rotate(other, NOW, Duration::ZERO).is_err(), "by another key");
    assert_eq!(
        reason(&verifier(&ring, &clock), token.expose()),
        None,
        "nothing has changed"
    );
}

/// With several replicas the next secret has to be known everywhere before one of them signs with it.
#[test]
fn a_shared_secret_too_is_accepted_before_it_signs() {
    let clock = ManualClock::at(NOW);
    let ring = KeyRing::new(SigningKey::generate().unwrap());
    let shared = || SigningKey::hs256("shared", SHARED).unwrap();
    ring.accept(shared().verifying(), None).unwrap();
    let other = SigningKey::hs256("shared", b"hT5wQ9zXc3VbN7mK1jL4pR8sYd2GfA6e").unwrap();
    assert!(
        ring.rotate(other, NOW, Duration::ZERO).is_err(),
        "another secret under that name"
    );
    for _ in 0..2 {
        ring.rotate(shared(), NOW, Duration::from_secs(600)).unwrap();
        let token = issuer(&ring, &clock).issue(&grant()).unwrap().token;
        assert_eq!(reason(&verifier(&ring, &clock), token.expose()), None);
    }
}

#[test]
fn a_stolen_key_is_forgotten_at_once() {
    let clock = ManualClock::at(NOW);
    let stolen = SigningKey::generate().unwrap();
    let ring = KeyRing::new(stolen.clone());
    let token = issuer(&ring, &clock).issue(&grant()).unwrap().token;
    ring.rotate(SigningKey::generate().unwrap(), NOW, Duration::from_secs(600))
        .unwrap();
    ring.forget(stolen.kid());
    assert_eq!(
        reason(&verifier(&ring, &clock), token.expose()),
        Some(Reason::UnknownKey)
    );
    assert!(!ring.jwks(NOW).contains(stolen.kid()));
}

#[test]
fn a_published_set_verifies_elsewhere_and_holds_nothing_private() {
    let clock = ManualClock::at(NOW);
    for key in [SigningKey::generate().unwrap(), rsa()] {
        let ring = KeyRing::new(key);
        ring.accept(SigningKey::hs256("shared", SHARED).unwrap().verifying(), None)
            .unwrap();
        let published = ring.jwks(NOW);
        let set: Value = serde_json::from_str(&published).unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), 1, "never a shared secret");
        for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(set["keys"][0].get(member).is_none());
        }
        let token = issuer(&ring, &clock).issue(&grant()).unwrap().token;
        let elsewhere = KeyRing::from_jwks(&published).unwrap();
        assert_eq!(reason(&verifier(&elsewhere, &clock), token.expose()), None);
        assert!(
            Issuer::builder(elsewhere, ISSUER, AUDIENCE).build().is_err(),
            "it signs nothing"
        );
    }
}

#[test]
fn a_fetched_set_takes_the_place_of_the_one_before() {
    let clock = ManualClock::at(NOW);
    let (a, b) = (
        KeyRing::new(SigningKey::generate().unwrap()),
        KeyRing::new(SigningKey::generate().unwrap()),
    );
    let ring = KeyRing::from_jwks(&a.jwks(NOW)).unwrap();
    let verifier = verifier(&ring, &clock);
    let (of_a, of_b) = (
        issuer(&a, &clock).issue(&grant()).unwrap(),
        issuer(&b, &clock).issue(&grant()).unwrap(),
    );
    assert_eq!(reason(&verifier, of_b.token.expose()), Some(Reason::UnknownKey));
    ring.replace(&KeyRing::from_jwks(&b.jwks(NOW)).unwrap());
    assert_eq!(reason(&verifier, of_b.token.expose()), None);
    assert_eq!(reason(&verifier, of_a.token.expose()), Some(Reason::UnknownKey));
}

#[test]
fn of_a_foreign_set_what_is_not_ours_is_passed_over_and_what_is_wrong_is_refused() {
    let key: Value = serde_json::from_str(&KeyRing::new(SigningKey::generate().unwrap()).jwks(NOW)).unwrap();
    let key = &key["keys"][0];
    let with = |name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        json!({"keys": [key]}).to_string()
    };
    let usable = |set: &str| jwks::read(set).map(|keys| keys.len()).ok();
    assert_eq!(usable(&json!({"keys": []}).to_string()), Some(0));
    assert_eq!(usable(&json!({"keys": [key]}).to_string()), Some(1));
    for (name, value) in [
        ("use", json!("enc")),
        ("kty", json!("EC")),
        ("kty", json!("oct")),
        ("crv", json!("X25519")),
        ("alg", json!("ES256")),
        ("alg", json!("none")),
        ("key_ops", json!(["sign"])),
    ] {
        assert_eq!(usable(&with(name, value)), Some(0), "{name}");
    }
    for (name, value) in [
        ("d", json!("AAAA")),
        ("k", json!("AAAA")),
        ("x", json!("AAAA")),
        ("x", json!("")),
        ("kid", json!("")),
        ("kid", json!(1)),
    ] {
        assert_eq!(usable(&with(name, value)), None, "{name}");
    }
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"keys": {}}"#,
        r#"{"keys": [1]}"#,
        r#"{"keys": [], "keys": []}"#,
    ] {
        assert_eq!(usable(bad), None, "{bad}");
    }
    assert_eq!(
        usable(&json!({"keys": [key, key]}).to_string()),
        None,
        "two of one name"
    );
    assert_eq!(
        usable(&json!({"keys": vec![json!({"kty": "x"}); 101]}).to_string()),
        None
    );
    let mut unnamed = key.clone();
    unnamed.as_object_mut().unwrap().remove("kid");
    assert_eq!(
        jwks::read(&json!({"keys": [unnamed]}).to_string()).unwrap()[0].kid(),
        key["kid"]
    );
}

#[test]
fn a_key_that_is_too_short_to_sign_with_is_refused() {
    let short = json!({"keys": [{"kty": "RSA", "n": to_base64url([0xFF; 128]), "e": "AQAB", "kid": "k"}]});
    assert!(KeyRing::from_jwks(&short.to_string()).is_err(), "1024 bits");
    let even = json!({"keys": [{"kty": "RSA", "n": to_base64url([0xFF; 256]), "e": "Ag", "kid": "k"}]});
    assert!(KeyRing::from_jwks(&even.to_string()).is_err(), "an even exponent");
}

#[test]
fn keys_are_written_and_read_as_pem() {
    for key in [SigningKey::generate().unwrap(), rsa()] {
        let pem = key.to_pem().unwrap();
        let read = SigningKey::from_pem(&pem).unwrap();
        assert_eq!((read.kid(), read.algorithm()), (key.kid(), key.algorithm()));
        let signature = read.sign(b"message").unwrap();
        assert!(key.verifying().verifies(b"message", &signature));
        assert!(!key.verifying().verifies(b"massage", &signature));
        assert!(
            VerifyingKey::from_pem(pem.expose()).is_err(),
            "a private key is not published"
        );
    }
    let public = VerifyingKey::from_pem(rsa_public_pem()).unwrap();
    assert_eq!(public.kid(), rsa().kid());
    assert!(SigningKey::from_pem(&rsa_public_pem().into()).is_err());
    assert!(SigningKey::hs256("shared", SHARED).unwrap().to_pem().is_err());
    for bad in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
        assert!(SigningKey::from_pem(&bad.into()).is_err());
    }
}

#[test]
fn a_shared_secret_is_long_and_drawn() {
    let refused = |secret: &[u8]| SigningKey::hs256("k", secret).is_err();
    for bad in [
        "short".to_owned(),
        "q7Xv2LrT9mZc4KpB8sWn1YdF6hJg3Qa".to_owned(), // 31 bytes
        "a".repeat(64),
        "abcd".repeat(16),
        "0123456789abcdef0123456789abcdef".to_owned(),
        "abcdefghijklmnopqrstuvwxyz012345".to_owned(),
        "my-super-secret-key-for-jwt-tokens-2026".to_owned(),
        "changeme-changeme-changeme-please!!".to_owned(),
        "your-256-bit-key-goes-in-this-place".to_owned(),
        "0".repeat(40) + "12ab",
    ] {
        assert!(refused(bad.as_bytes()), "{bad}");
    }
    assert!(refused(&[0; 32]));
    assert!(refused(&(0..64).collect::<Vec<u8>>()));
    for name in ["", "with space", "é", &"k".repeat(129)] {
        assert!(SigningKey::hs256(name, SHARED).is_err(), "{name}");
    }
}

proptest! {
    /// What a generator draws passes, as bytes, as hexadecimal digits and in base 64.
    #[test]
    fn drawn_secrets_pass(bytes: [u8; 32]) {
        let drawn: Vec<u8> = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref().to_vec();
        let hex: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
        for secret in [drawn.clone(), hex.into_bytes(), to_base64url(&drawn).into_bytes()] {
            prop_assert!(SigningKey::hs256("k", &secret).is_ok());
        }
    }
}
