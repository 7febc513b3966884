use std::time::Duration;

use serde_json::{Value, json};

use crate::http::testing::{Answer, House, PASSWORD};

async fn challenged(house: &House) -> String {
    let answer = house.login("ana@example.com", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = answer.json();
    assert!(body.get("access_token").is_none() && body.get("refresh_token").is_none());
    assert_eq!(
        (&body["methods"], &body["expires_in"]),
        (&json!(["totp", "recovery_code"]), &json!(300))
    );
    body["challenge"].as_str().unwrap().to_owned()
}

async fn answer(house: &House, challenge: &str, proof: &str, value: &str) -> Answer {
    let body = json!({"challenge": challenge, proof: value});
    house.server.post("/api/v1/auth/challenge", &body).await
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_a_code_is_good_once() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let secret = ana.secret.clone().unwrap();
    let first = challenged(&house).await;
    let code = house.code(&secret);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(answer(&house, &first, "code", wrong).await.status, 401);
    let entered = answer(&house, &first, "code", &code).await;
    assert_eq!(entered.status, 200, "{}", entered.body);
    let session = &entered.json()["session"];
    assert_eq!(
        (&session["assurance"], &session["methods"]),
        (&json!("aal2"), &json!(["pwd", "otp"]))
    );

    let second = challenged(&house).await;
    assert_eq!(
        answer(&house, &second, "code", &code).await.status,
        401,
        "it was shown before"
    );
    let recovery = &ana.recovery_codes[0];
    assert_eq!(
        answer(&house, &second, "recovery_code", recovery).await.status,
        200
    );
    let third = challenged(&house).await;
    assert_eq!(
        answer(&house, &third, "recovery_code", recovery).await.status,
        401,
        "it is spent"
    );
    assert_eq!(answer(&house, &third, "code", "１２３４５６").await.status, 401);
    assert_eq!(
        answer(&house, "aur_login_nonsense", "code", &code).await.status,
        401
    );
    let neither = house
        .server
        .post("/api/v1/auth/challenge", &json!({"challenge": third}))
        .await;
    assert_eq!(neither.status, 422);
}

#[tokio::test]
async fn a_mistyped_first_code_is_a_matter_of_its_field() {
    let house = House::new().await;
    let ana = house.founder().await;
    let enrolment = house
        .post(&ana, "/api/v1/auth/factors", &json!({}))
        .await
        .good(201);
    let code = house.code(enrolment["secret"].as_str().unwrap());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let path = "/api/v1/auth/factors/activate";
    let refused = house.post(&ana, path, &json!({"code": wrong})).await;
    refused.problem(422, "invalid");
    assert_eq!(refused.wrong_fields(), ["code"]);
    house.post(&ana, path, &json!({"code": code})).await.good(200);
}

#[tokio::test]
async fn five_tries_spend_a_challenge() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let challenge = challenged(&house).await;
    for _ in 0..5 {
        assert_eq!(answer(&house, &challenge, "code", "abcdef").await.status, 401);
    }
    house.clock.advance(Duration::from_secs(60));
    let code = house.code(&ana.secret.unwrap());
    assert_eq!(answer(&house, &challenge, "code", &code).await.status, 401);
}

fn needed(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["code"].clone())
}

#[tokio::test]
async fn administration_takes_a_fresh_second_factor() {
    let house = House::new().await;
    let founder = house.founder().await;
    let users = "/api/v1/admin/users";
    let refused = house.get(&founder, users).await;
    assert_eq!(
        needed(&refused),
        (401, json!("step_up_required")),
        "no second factor"
    );
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .contains("acr_values=\"aal2\"")
    );

    let ana = house.with_factor(founder).await;
    assert_eq!(house.get(&ana, users).await.status, 200);
    assert_eq!(house.get(&ana, "/admin/config").await.status, 200);
    let viewer = house.member(&ana, "bia@example.com", "owner").await;
    assert_eq!(
        house.get(&viewer, users).await.status,
        403,
        "an owner is no administrator"
    );

    house.clock.advance(Duration::from_secs(601));
    assert_eq!(
        needed(&house.get(&ana, users).await),
        (401, json!("step_up_required")),
        "not fresh"
    );
    let step_up = async |body: Value| house.post(&ana, "/api/v1/auth/step-up", &body).await;
    assert_eq!(
        step_up(json!({"password": PASSWORD})).await.status,
        401,
        "the factor is missing"
    );
    let code = house.code(ana.secret.as_ref().unwrap());
    assert_eq!(
        step_up(json!({"password": "wrong horse battery", "code": code}))
            .await
            .status,
        401
    );
    let proven = step_up(json!({"password": PASSWORD, "code": code})).await;
    assert_eq!(proven.status, 200, "{}", proven.body);
    assert_eq!(proven.json()["session"]["assurance"], "aal2");
    assert_eq!(house.get(&ana, users).await.status, 200);
    let again = step_up(json!({"password": PASSWORD, "code": code})).await;
    assert_eq!(again.status, 401, "a code is good once here, too");
}

#[tokio::test]
async fn a_factor_is_looked_at_made_anew_and_removed() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let factor = house.get(&ana, "/api/v1/auth/factors").await.json();
    assert_eq!(
        (&factor["is_active"], &factor["recovery_codes_left"]),
        (&json!(true), &json!(10))
    );
    let anew = house
        .post(&ana, "/api/v1/auth/factors/recovery-codes", &json!({}))
        .await
        .json();
    let codes = anew["recovery_codes"].as_array().unwrap();
    assert!(codes.len() == 10 && !codes.contains(&json!(ana.recovery_codes[0])));
    house.clock.advance(Duration::from_secs(601));
    let refused = house.ask(&ana, "DELETE", "/api/v1/auth/factors", &[], "").await;
    assert_eq!(needed(&refused), (401, json!("step_up_required")));
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .contains("insufficient_user_authentication")
    );
    let body = json!({"password": PASSWORD, "recovery_code": codes[0]});
    assert_eq!(house.post(&ana, "/api/v1/auth/step-up", &body).await.status, 200);
    assert_eq!(
        house
            .ask(&ana, "DELETE", "/api/v1/auth/factors", &[], "")
            .await
            .status,
        204
    );
    assert_eq!(
        house.signed_in("ana@example.com").await.email,
        "ana@example.com",
        "no code is asked for"
    );
}
