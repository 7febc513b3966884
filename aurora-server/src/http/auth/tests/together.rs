//! Many at once with one token, one code, one recovery code.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::http::testing::{House, PASSWORD, Person};

const REFRESH: &str = "/api/v1/auth/refresh";

#[tokio::test]
async fn a_hundred_refreshes_of_one_token_end_in_one_living_chain() {
    let house = House::new().await;
    let ana = house.founder().await;
    let refresh = async |token: &str| {
        let body = json!({"refresh_token": token});
        house.server.post(REFRESH, &body).await
    };
    let answers = join_all((0..100).map(|_| refresh(&ana.refresh))).await;
    let tokens = |name: &str| -> BTreeSet<String> {
        let all = answers.iter().map(|answer| answer.good(200));
        all.map(|it| it[name].as_str().unwrap().to_owned()).collect()
    };
    let next = tokens("refresh_token");
    assert_eq!(next.len(), 1, "all get the same one");
    let next = next.first().unwrap();
    let again = Person {
        token: tokens("access_token").pop_last().unwrap(),
        ..ana.clone()
    };
    let sessions = house.get(&again, "/api/v1/auth/sessions").await.good(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    let third = refresh(next).await.good(200);
    let third = third["refresh_token"].as_str().unwrap();

    // A copy of the old one, shown later, ends the chain for whoever follows it.
    house.clock.advance(Duration::from_secs(31));
    let stolen = join_all((0..20).map(|_| refresh(&ana.refresh))).await;
    assert!(stolen.iter().all(|answer| answer.status == 401));
    for token in [next.as_str(), third] {
        assert_eq!(refresh(token).await.status, 401);
    }
    assert_eq!(house.get(&again, "/api/v1/auth/me").await.status, 401);
}

/// The challenges of logins, one after the other: of many at once no more than five are looked at.
async fn challenges(house: &House) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..5 {
        let opened = house.login("ana@example.com", PASSWORD).await.good(200);
        all.push(opened["challenge"].as_str().unwrap().to_owned());
    }
    all
}

async fn entered(house: &House, challenges: &[String], proof: &str, value: &str) -> usize {
    let answers = join_all(challenges.iter().map(|challenge| async move {
        let body = json!({"challenge": challenge, proof: value});
        house.server.post("/api/v1/auth/challenge", &body).await
    }))
    .await;
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)));
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test]
async fn a_code_lets_one_in_however_many_bring_it_at_once() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let code = house.code(ana.secret.as_ref().unwrap());
    let opened = challenges(&house).await;
    assert_eq!(entered(&house, &opened, "code", &code).await, 1);
}

#[tokio::test]
async fn a_recovery_code_lets_one_in_however_many_bring_it_at_once() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let opened = challenges(&house).await;
    assert_eq!(
        entered(&house, &opened, "recovery_code", &ana.recovery_codes[0]).await,
        1
    );
    let left = house.get(&ana, "/api/v1/auth/factors").await.good(200);
    assert_eq!(left["recovery_codes_left"], 9);
}
