//! F41: each known attack is refused, and with the same words.

use super::*;

struct Stage {
    ring: KeyRing,
    key: SigningKey,
    clock: ManualClock,
}

fn stage() -> Stage {
    let key = SigningKey::generate().unwrap();
    let ring = KeyRing::new(key.clone());
    let rsa = rsa();
    ring.accept(rsa.named("rsa").unwrap().verifying(), None).unwrap();
    ring.accept(SigningKey::hs256("shared", SHARED).unwrap().verifying(), None)
        .unwrap();
    Stage {
        ring,
        key,
        clock: ManualClock::at(NOW),
    }
}

impl Stage {
    fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        verifier(&self.ring, &self.clock).verify(token)
    }

    /// Refused for `reason`, which the caller cannot tell from any other.
    fn refuses(&self, token: &str, reason: Reason) {
        let refusal = self.verify(token).expect_err("an attack was accepted");
        assert_eq!(
            refusal.reason(),
            reason,
            "{}",
            token.chars().take(300).collect::<String>()
        );
        assert_eq!(refusal.to_string(), "the token is not accepted");
        assert!(std::error::Error::source(&refusal).is_none());
    }

    fn header_is_refused(&self, change: impl FnOnce(&mut Value), reason: Reason) {
        let mut header = header(&self.key);
        change(&mut header);
        self.refuses(
            &forge(&self.key, &header.to_string(), &claims().to_string()),
            reason,
        );
    }

    fn claims_are_refused(&self, change: impl FnOnce(&mut Value), reason: Reason) {
        let mut claims = claims();
        change(&mut claims);
        self.refuses(
            &forge(&self.key, &header(&self.key).to_string(), &claims.to_string()),
            reason,
        );
    }

    fn payload_is_refused(&self, payload: &str, reason: Reason) {
        self.refuses(&forge(&self.key, &header(&self.key).to_string(), payload), reason);
    }
}

/// What the attacks are made from is accepted, so that each of them fails for its own reason.
#[test]
fn the_token_that_the_attacks_change_is_right() {
    let stage = stage();
    let token = forge(&stage.key, &header(&stage.key).to_string(), &claims().to_string());
    assert_eq!(stage.verify(&token).unwrap().sub, "usr_1");
    let several = json!(["other", AUDIENCE]);
    let mut claims = claims();
    claims["aud"] = several;
    let token = forge(&stage.key, &header(&stage.key).to_string(), &claims.to_string());
    assert_eq!(stage.verify(&token).unwrap().aud, AUDIENCE);
    for typ in ["AT+JWT", "application/at+jwt"] {
        let mut header = header(&stage.key);
        header["typ"] = json!(typ);
        assert!(
            stage
                .verify(&forge(&stage.key, &header.to_string(), &claims.to_string()))
                .is_ok()
        );
    }
}

#[test]
fn no_signature_is_no_algorithm() {
    let stage = stage();
    for alg in [
        "none", "None", "nOnE", "NONE", "", "eddsa", "EdDSA ", "HS256", "RS256", "ES256", "HS512",
    ] {
        let mut header = header(&stage.key);
        header["alg"] = json!(alg);
        let signed = format!(
            "{}.{}",
            to_base64url(header.to_string()),
            to_base64url(claims().to_string())
        );
        stage.refuses(&format!("{signed}."), Reason::WrongAlgorithm);
        stage.header_is_refused(|it| it["alg"] = json!(alg), Reason::WrongAlgorithm);
    }
    stage.header_is_refused(|it| it["alg"] = json!(["EdDSA"]), Reason::WrongAlgorithm);
    let without = |it: &mut Value| drop(it.as_object_mut().unwrap().remove("alg"));
    stage.header_is_refused(without, Reason::WrongAlgorithm);
    let right = forge(&stage.key, &header(&stage.key).to_string(), &claims().to_string());
    let (signed, _) = right.rsplit_once('.').unwrap();
    stage.refuses(&format!("{signed}."), Reason::BadSignature);
    stage.refuses(signed, Reason::Malformed);
}

/// The public key of RSA as the secret of HMAC, in every form in which it is published.
#[test]
fn a_public_key_is_no_secret() {
    let stage = stage();
    let rsa = rsa();
    let jwks: Value = serde_json::from_str(&KeyRing::new(rsa.clone()).jwks(NOW)).unwrap();
    let modulus = jwks["keys"][0]["n"].as_str().unwrap();
    let public = rsa_public_pem();
    let private = rsa.to_pem().unwrap();
    for secret in [
        public,
        public.trim(),
        modulus,
        &jwks.to_string(),
        private.expose(),
    ] {
        let key = SigningKey::hs256("rsa", secret.as_bytes()).unwrap();
        let header = json!({"alg": "HS256", "kid": "rsa", "typ": "at+jwt"});
        stage.refuses(
            &forge(&key, &header.to_string(), &claims().to_string()),
            Reason::WrongAlgorithm,
        );
        let header = json!({"alg": "RS256", "kid": "rsa", "typ": "at+jwt"});
        stage.refuses(
            &forge(&key, &header.to_string(), &claims().to_string()),
            Reason::BadSignature,
        );
    }
}

/// A key signs under the name of another one of the ring.
#[test]
fn a_key_signs_under_its_own_name_alone() {
    let stage = stage();
    let shared = SigningKey::hs256("shared", SHARED).unwrap();
    for (alg, kid, reason) in [
        ("HS256", stage.key.kid(), Reason::WrongAlgorithm),
        ("EdDSA", stage.key.kid(), Reason::BadSignature),
        ("EdDSA", "shared", Reason::WrongAlgorithm),
    ] {
        let header = json!({"alg": alg, "kid": kid, "typ": "at+jwt"});
        stage.refuses(
            &forge(&shared, &header.to_string(), &claims().to_string()),
            reason,
        );
    }
    let other = SigningKey::generate().unwrap().named(stage.key.kid()).unwrap();
    stage.refuses(
        &forge(&other, &header(&stage.key).to_string(), &claims().to_string()),
        Reason::BadSignature,
    );
}

#[test]
fn a_name_is_compared_and_never_looked_up() {
    let stage = stage();
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "x' UNION SELECT 'secret'; --",
        "https://evil.example/key",
        "file:///etc/passwd",
        "$(id)",
        "",
        " ",
        "\0",
        "shared\0",
        "SHARED",
        "%73hared",
    ] {
        stage.header_is_refused(|it| it["kid"] = json!(kid), Reason::UnknownKey);
        // As those do who hope for an empty key.
        let mut header = header(&stage.key);
        header["kid"] = json!(kid);
        let signed = format!(
            "{}.{}",
            to_base64url(header.to_string()),
            to_base64url(claims().to_string())
        );
        stage.refuses(&format!("{signed}."), Reason::UnknownKey);
    }
    for kid in [json!(null), json!(1), json!(["shared"]), json!({"shared": 1})] {
        stage.header_is_refused(|it| it["kid"] = kid, Reason::UnknownKey);
    }
    let without = |it: &mut Value| drop(it.as_object_mut().unwrap().remove("kid"));
    stage.header_is_refused(without, Reason::UnknownKey);
    stage.header_is_refused(|it| it["kid"] = json!("k".repeat(2_000)), Reason::UnknownKey);
}

#[test]
fn a_token_brings_no_key_and_no_extension() {
    let stage = stage();
    let own: Value = serde_json::from_str(&stage.ring.jwks(NOW)).unwrap();
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks.json")),
        ("jwk", own["keys"][0].clone()),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("jku", Value::Null),
    ] {
        stage.header_is_refused(|it| it[name] = value, Reason::ForbiddenHeader);
    }
}

#[test]
fn a_token_of_another_type_is_no_access_token() {
    let stage = stage();
    for typ in [
        json!("JWT"),
        json!("rt+jwt"),
        json!("id+jwt"),
        json!(""),
        json!(null),
        json!("x/at+jwt"),
        json!(1),
    ] {
        stage.header_is_refused(|it| it["typ"] = typ, Reason::WrongType);
    }
    let without = |it: &mut Value| drop(it.as_object_mut().unwrap().remove("typ"));
    stage.header_is_refused(without, Reason::WrongType);
    // A refresh token is none either.
    let refresh = super::super::super::refresh::RefreshKey::from_bytes([1; 32]);
    let token = super::super::super::refresh::encode(crate::id::Id::<Session>::new(NOW), 1, &refresh);
    stage.refuses(token.expose(), Reason::Malformed);
}

struct Session;
impl crate::id::IdKind for Session {
    const PREFIX: &'static str = "ses";
}

#[test]
fn every_claim_is_required_and_of_its_type() {
    let stage = stage();
    let names: Vec<String> = claims().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 13);
    for name in &names {
        let without = |it: &mut Value| drop(it.as_object_mut().unwrap().remove(name));
        stage.claims_are_refused(without, Reason::BadClaim);
        for wrong in [
            Value::Null,
            json!({}),
            json!(true),
            json!([1]),
            json!(-1),
            json!(1.5),
        ] {
            stage.claims_are_refused(|it| it[name] = wrong, Reason::BadClaim);
        }
    }
    for name in ["iss", "sub", "sid", "tid", "jti"] {
        for wrong in ["", "a\u{0}b", "a\nb", &"x".repeat(257)] {
            stage.claims_are_refused(|it| it[name] = json!(wrong), Reason::BadClaim);
        }
    }
    stage.claims_are_refused(|it| it["acr"] = json!("aal4"), Reason::BadClaim);
    stage.claims_are_refused(|it| it["amr"] = json!("pwd"), Reason::BadClaim);
    stage.claims_are_refused(|it| it["amr"] = json!(vec!["x"; 17]), Reason::BadClaim);
}

#[test]
fn times_are_whole_seconds_of_this_world() {
    let stage = stage();
    for name in ["exp", "nbf", "iat", "auth_time"] {
        for text in [
            "1e30",
            "1E400",
            "-1",
            "-1e30",
            "1800000900.0",
            "1800000900.5",
            "1.8e9",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "253402300800",
            "\"1800000900\"",
            "null",
            "[]",
            "true",
        ] {
            let mut claims = claims();
            claims[name] = json!("HERE");
            let payload = claims.to_string().replace("\"HERE\"", text);
            let reason = match text {
                "1E400" => Reason::Malformed, // beyond any number of JSON's readers
                _ => Reason::BadClaim,
            };
            stage.payload_is_refused(&payload, reason);
        }
    }
}

#[test]
fn a_token_outside_its_time_is_refused() {
    let stage = stage();
    stage.claims_are_refused(|it| it["exp"] = json!(SECONDS - 6), Reason::Expired);
    stage.claims_are_refused(|it| it["nbf"] = json!(SECONDS + 6), Reason::NotYet);
    stage.claims_are_refused(|it| it["iat"] = json!(SECONDS + 6), Reason::NotYet);
    stage.claims_are_refused(|it| it["auth_time"] = json!(SECONDS + 6), Reason::NotYet);
    stage.claims_are_refused(|it| it["exp"] = json!(SECONDS), Reason::BadClaim);
    stage.claims_are_refused(|it| it["exp"] = json!(SECONDS + 3_601), Reason::LivesTooLong);
    stage.claims_are_refused(|it| it["exp"] = json!(253_402_300_799_i64), Reason::LivesTooLong);
    stage.claims_are_refused(|it| it["iat"] = json!(0), Reason::LivesTooLong);
    stage.claims_are_refused(|it| it["nbf"] = json!(0), Reason::LivesTooLong);
}

#[test]
fn a_token_of_or_for_somebody_else_is_refused() {
    let stage = stage();
    for other in [
        "https://clinic.example/",
        "https://CLINIC.example",
        "https://evil.example",
        "*",
    ] {
        stage.claims_are_refused(|it| it["iss"] = json!(other), Reason::WrongIssuer);
    }
    for other in [
        json!("other"),
        json!(""),
        json!([]),
        json!(["other"]),
        json!("clinic-api "),
        json!("clinic"),
    ] {
        stage.claims_are_refused(|it| it["aud"] = other, Reason::WrongAudience);
    }
    stage.claims_are_refused(|it| it["aud"] = json!([AUDIENCE, 1]), Reason::BadClaim);
    // The key of another environment, also when it has the same name.
    let foreign = SigningKey::generate().unwrap();
    stage.refuses(
        &forge(&foreign, &header(&foreign).to_string(), &claims().to_string()),
        Reason::UnknownKey,
    );
}

#[test]
fn nothing_stands_twice() {
    let stage = stage();
    let kid = stage.key.kid();
    for header in [
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"none","alg":"EdDSA","kid":"{kid}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"evil","kid":"{kid}","typ":"at+jwt"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"at+jwt","\u0074yp":"at+jwt"}}"#),
    ] {
        stage.refuses(
            &forge(&stage.key, &header, &claims().to_string()),
            Reason::Malformed,
        );
    }
    let right = claims().to_string();
    for twice in [
        r#"{"sub":"root","#,
        r#"{"exp":1800000900,"#,
        r#"{"x":{"y":1,"y":2},"#,
    ] {
        stage.payload_is_refused(&right.replacen('{', twice, 1), Reason::Malformed);
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let stage = stage();
    let right = forge(&stage.key, &header(&stage.key).to_string(), &claims().to_string());
    let (signed, signature) = right.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{right}.{signature}"),
        format!(" {right}"),
        format!("{right}\n"),
        format!("{right}="),
        format!("Bearer {right}"),
        format!("{head}.{body}.{signature}="),
        format!("{head}.{body}\u{200b}.{signature}"),
        format!(r#"{{"protected":"{head}","payload":"{body}","signature":"{signature}"}}"#),
    ] {
        stage.refuses(&bad, Reason::Malformed);
    }
    for payload in ["", "null", "[]", "\"x\"", "{", &format!("{}x", claims())] {
        stage.payload_is_refused(payload, Reason::Malformed);
    }
    stage.refuses(&forge(&stage.key, "[]", &claims().to_string()), Reason::Malformed);
}

/// 8 MiB are refused by their length, before anything is read.
#[test]
fn a_token_has_at_most_four_kibibytes() {
    let stage = stage();
    let mut long = claims();
    long["padding"] = json!("x".repeat(3_000));
    stage.payload_is_refused(&long.to_string(), Reason::TooLong);
    stage.refuses(&"A".repeat(8 << 20), Reason::TooLong);
    stage.refuses(&".".repeat(8 << 20), Reason::TooLong);
    let deep = format!("{{\"a\":{}}}", "[".repeat(2_000));
    stage.payload_is_refused(&deep, Reason::Malformed);
}
