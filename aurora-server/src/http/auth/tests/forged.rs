//! What looks like credentials and is none.

use std::time::Duration;

use aurora_core::access::jwt::{Issuer, KeyRing, SigningKey};
use aurora_core::access::policy::Assurance;
use aurora_core::time::Clock as _;

use crate::http::testing::{Answer, House, Person};

/// Base 64 of `{"alg":"none","typ":"at+jwt"}`.
const NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";

/// A token like those of the house, with a key of somebody else's.
fn forged(house: &House, person: &Person, session: &str, key: SigningKey) -> String {
    let grant = aurora_core::access::jwt::Grant {
        subject: person.id.clone(),
        session: session.to_owned(),
        tenant: house.server.state.workspace.to_string(),
        assurance: Assurance::Aal2,
        methods: vec!["pwd".to_owned(), "otp".to_owned()],
        authenticated_at: house.clock.now(),
        rbac_version: 1,
    };
    let issuer = Issuer::builder(KeyRing::new(key), "aurora", "aurora").clock(house.clock.clone());
    issuer
        .build()
        .unwrap()
        .issue(&grant)
        .unwrap()
        .token
        .expose()
        .to_owned()
}

#[tokio::test]
async fn forged_tokens_are_refused_alike() {
    let house = House::new().await;
    let ana = house.founder().await;
    let me = house.get(&ana, "/api/v1/auth/me").await.json();
    let session = me["session"].as_str().unwrap();
    let jwks = house.server.get("/.well-known/jwks.json").await.json();
    let (kid, public) = (
        jwks["keys"][0]["kid"].as_str().unwrap(),
        jwks["keys"][0]["x"].as_str().unwrap(),
    );
    let [header, payload, signature]: [&str; 3] =
        ana.token.split('.').collect::<Vec<_>>().try_into().unwrap();

    // the public key as a shared secret, and a key of one's own, both under the name of the house's
    let confused = SigningKey::hs256(kid, public.as_bytes()).unwrap();
    let own = SigningKey::generate().unwrap().named(kid).unwrap();
    let strange = SigningKey::generate().unwrap();
    let tampered = format!("{}x", payload.strip_suffix(|_: char| true).unwrap());
    let tokens = [
        forged(&house, &ana, session, confused),
        forged(&house, &ana, session, own),
        forged(&house, &ana, session, strange),
        format!("{NONE}.{payload}."),
        format!("{NONE}.{payload}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{tampered}.{signature}"),
        format!("{header}.{payload}"),
        ana.refresh.clone(),
        "aur_live_0000000000000000000000000000".to_owned(),
        "x".repeat(6_000),
        "…".to_owned(),
    ];
    let told = |answer: &Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        let scheme = answer.header("www-authenticate").map(str::to_owned);
        (answer.status, scheme, body)
    };
    let mut all = Vec::new();
    for token in tokens {
        let bearer = format!("Bearer {token}");
        let answer = house
            .server
            .send("GET", "/api/v1/auth/me", &[("authorization", &bearer)], "")
            .await;
        assert_eq!(answer.status, 401, "{token}: {}", answer.body);
        all.push(told(&answer));
    }
    let basic = [("authorization", "Basic YW5hOnBhc3N3b3Jk")];
    all.push(told(
        &house.server.send("GET", "/api/v1/auth/me", &basic, "").await,
    ));
    let twice = format!("Bearer {}", ana.token);
    let twice = [
        ("authorization", twice.as_str()),
        ("authorization", twice.as_str()),
    ];
    all.push(told(
        &house.server.send("GET", "/api/v1/auth/me", &twice, "").await,
    ));
    // good until now, and over
    assert_eq!(house.get(&ana, "/api/v1/auth/me").await.status, 200);
    house.clock.advance(Duration::from_secs(15 * 60 + 6));
    all.push(told(&house.get(&ana, "/api/v1/auth/me").await));
    for other in &all {
        assert_eq!(*other, all[0]);
    }
}
