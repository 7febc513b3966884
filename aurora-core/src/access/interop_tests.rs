//! Other people's tools make and judge the same: PyJWT, pyotp, argon2-cffi and cryptography, where they are provided
//! (`tests/python/requirements.txt`).

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::jwt::{Claims, Grant, Issuer, KeyRing, SigningKey, Verifier, VerifyingKey};
use super::password::{PasswordHash, Passwords, Verdict};
use super::policy::Assurance;
use super::seal::cipher;
use super::totp::{Digest, Totp, TotpSecret};
use crate::secret::Secret;
use crate::time::{Clock as _, ManualClock, SystemClock, Timestamp};

const ISSUER: &str = "https://clinic.example";
const AUDIENCE: &str = "clinic-api";
const SECONDS: i64 = 1_800_000_000;
const NOW: Timestamp = Timestamp::from_secs(SECONDS);
/// Drawn once, for tests.
const SHARED: &str = "q7Xv2LrT9mZc4KpB8sWn1YdF6hJg3QaE";

/// The answer of `tests/python/access.py`; nothing where Python is not provided.
fn ask(request: &Value) -> Option<Value> {
    let python = crate::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/access.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(request.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{request}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn issue(ring: &KeyRing) -> (Secret, Claims) {
    let issuer = Issuer::builder(ring.clone(), ISSUER, AUDIENCE).clock(ManualClock::at(NOW));
    let issued = issuer.build().unwrap().issue(&Grant {
        subject: "usr_1".to_owned(),
        session: "ses_1".to_owned(),
        tenant: "wsp_1".to_owned(),
        assurance: Assurance::Aal1,
        methods: vec!["pwd".to_owned()],
        authenticated_at: NOW,
        rbac_version: 4,
    });
    let issued = issued.unwrap();
    (issued.token, issued.claims)
}

#[test]
fn pyjwt_accepts_what_is_issued_here() {
    let Some(theirs) = ask(&json!({"request": "make_token", "algorithm": "RS256", "claims": {}})) else {
        return;
    };
    let rsa = SigningKey::from_pem(&theirs["private_pem"].as_str().unwrap().into()).unwrap();
    for key in [
        SigningKey::generate().unwrap(),
        rsa,
        SigningKey::hs256("shared", SHARED.as_bytes()).unwrap(),
    ] {
        let algorithm = key.algorithm().as_str();
        let ring = KeyRing::new(key);
        let (token, claims) = issue(&ring);
        let mut request = json!({
            "request": "check_token", "token": token.expose(), "algorithm": algorithm,
            "audience": AUDIENCE, "issuer": ISSUER,
        });
        if algorithm == "HS256" {
            request["secret"] = json!(SHARED);
        } else {
            request["jwks"] = json!(ring.jwks(NOW));
        }
        let seen = ask(&request).unwrap();
        assert_eq!(seen["type"], "at+jwt", "{algorithm}: {seen}");
        assert_eq!(seen["claims"]["sub"], claims.sub.as_str());
        assert_eq!(seen["claims"]["exp"], claims.exp.as_secs());
        assert_eq!(seen["claims"]["jti"], claims.jti.as_str());
    }
}

#[test]
fn pyjwt_and_the_library_of_google_accept_an_assertion_for_a_service_account() {
    let Some(theirs) = ask(&json!({"request": "make_token", "algorithm": "RS256", "claims": {}})) else {
        return;
    };
    let pem = theirs["private_pem"].as_str().unwrap();
    let key = SigningKey::from_pem(&pem.into())
        .unwrap()
        .named("theirs")
        .unwrap();
    // Their library goes by the machine's time.
    let now = SystemClock.now().as_secs();
    let (who, endpoint) = (
        "aurora@clinic.iam.gserviceaccount.com",
        "https://oauth2.googleapis.com/token",
    );
    let claims = json!({
        "iss": who, "scope": "https://www.googleapis.com/auth/calendar", "aud": endpoint, "iat": now, "exp": now + 3_600,
        "sub": "agenda@clinic.example",
    });
    let made = key.assertion(&claims).unwrap();
    assert!(!made.expose().contains('='), "RFC 7515: no padding");
    let seen = ask(&json!({
        "request": "check_token", "token": made.expose(), "algorithm": "RS256", "audience": endpoint, "issuer": who,
        "jwks": theirs["jwks"],
    }));
    let seen = seen.unwrap();
    assert_eq!((&seen["type"], &seen["claims"]), (&json!("JWT"), &claims));
    let request = json!({
        "request": "check_with_google_auth", "token": made.expose(), "public_pem": theirs["public_pem"],
        "audience": endpoint,
    });
    assert_eq!(ask(&request).unwrap()["claims"], claims);
    // And it would tell, if it were not right.
    let mut forged = request;
    forged["token"] = json!(made.expose().replace('.', "0."));
    assert!(ask(&forged).unwrap()["error"].is_string());
    assert!(key.assertion(&"text").is_err());
}

#[test]
fn what_pyjwt_issues_is_accepted_here() {
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "usr_9", "sid": "ses_9", "tid": "wsp_9", "jti": "x", "iat": SECONDS,
        "nbf": SECONDS, "exp": SECONDS + 900, "acr": "aal2", "amr": ["otp"], "auth_time": SECONDS, "rbac_ver": 1,
    });
    for algorithm in ["HS256", "EdDSA", "RS256"] {
        let request =
            json!({"request": "make_token", "algorithm": algorithm, "claims": claims, "secret": SHARED});
        let Some(theirs) = ask(&request) else { return };
        let ring = match theirs["jwks"].as_str() {
            Some(jwks) => KeyRing::from_jwks(jwks).unwrap(),
            None => KeyRing::new(SigningKey::hs256("theirs", SHARED.as_bytes()).unwrap()),
        };
        let verifier = Verifier::builder(ring, ISSUER, AUDIENCE).clock(ManualClock::at(NOW));
        let read = verifier
            .build()
            .unwrap()
            .verify(theirs["token"].as_str().unwrap());
        assert_eq!(read.unwrap().sub, "usr_9", "{algorithm}");
    }
}

#[test]
fn keys_go_both_ways_as_pem() {
    for algorithm in ["EdDSA", "RS256"] {
        let request = json!({"request": "make_token", "algorithm": algorithm, "claims": {}});
        let Some(theirs) = ask(&request) else { return };
        let private = SigningKey::from_pem(&theirs["private_pem"].as_str().unwrap().into()).unwrap();
        let public = VerifyingKey::from_pem(theirs["public_pem"].as_str().unwrap()).unwrap();
        assert_eq!(private.kid(), public.kid(), "{algorithm}");
        let written = private.to_pem().unwrap();
        let read = ask(&json!({"request": "read_pem", "pem": written.expose()})).unwrap();
        assert_eq!(read["public_pem"], theirs["public_pem"], "{algorithm}");
    }
}

#[test]
fn pyotp_shows_the_same_codes_for_what_is_scanned() {
    let secret = TotpSecret::generate().unwrap();
    let thirty = std::time::Duration::from_secs(30);
    for totp in [
        Totp::default(),
        Totp::new(8, thirty, 1, Digest::Sha256).unwrap(),
        Totp::new(7, thirty * 2, 1, Digest::Sha512).unwrap(),
    ] {
        let uri = totp.uri(&secret, "Clínica A&B", "ana@example.com");
        let seconds: Vec<i64> = (0..20).map(|step| SECONDS + 17 * step).collect();
        let request = json!({"request": "codes", "uri": uri.expose(), "seconds": seconds});
        let Some(theirs) = ask(&request) else { return };
        assert_eq!(
            (&theirs["issuer"], &theirs["name"]),
            (&json!("Clínica A&B"), &json!("ana@example.com"))
        );
        for (second, code) in seconds.iter().zip(theirs["codes"].as_array().unwrap()) {
            assert_eq!(
                totp.code(&secret, Timestamp::from_secs(*second)).expose(),
                code.as_str().unwrap()
            );
        }
    }
}

#[tokio::test]
async fn password_hashes_go_both_ways() {
    let passwords = Passwords::builder().permits(1).build().unwrap();
    let password = "três pratos de trigo";
    let ours = passwords.hash(&Secret::new(password)).await.unwrap();
    for (typed, same) in [(password, true), ("tres pratos de trigo", false)] {
        let request = json!({"request": "check_password", "hash": ours.expose(), "password": typed});
        let Some(theirs) = ask(&request) else { return };
        assert_eq!(theirs["same"], same, "{typed}");
    }
    for (memory_kib, lanes, expected) in [
        (19_456, 1, Verdict::Accepted),
        (8_192, 4, Verdict::AcceptedMakeAnew),
    ] {
        let request = json!({
            "request": "hash_password", "password": password, "memory_kib": memory_kib, "passes": 2, "lanes": lanes,
        });
        let theirs = ask(&request).unwrap();
        let stored = PasswordHash::parse(theirs["hash"].as_str().unwrap()).unwrap();
        let right = passwords
            .verify(&Secret::new(password), Some(&stored))
            .await
            .unwrap();
        let wrong = passwords
            .verify(&Secret::new("another one"), Some(&stored))
            .await
            .unwrap();
        assert_eq!((right, wrong), (expected, Verdict::Refused), "{memory_kib}");
    }
}

#[test]
fn the_cipher_of_sealed_secrets_is_read_elsewhere() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let message = cipher::encrypt(&[7; 32], b"place", b"text").unwrap();
    let request = json!({
        "request": "open_sealed", "key": hex(&[7; 32]), "aad": hex(b"place"), "message": hex(&message),
    });
    let Some(theirs) = ask(&request) else { return };
    assert_eq!(theirs["text"], hex(b"text"));
}
