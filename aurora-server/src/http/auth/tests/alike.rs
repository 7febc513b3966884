//! What tells nobody who has an account: answers that are the same to the last header. That the same number of passwords is
//! hashed is tested where they are (`aurora_crm::accounts`).

use serde_json::{Value, json};

use crate::http::testing::{Answer, House, PASSWORD, token_of};

/// All of an answer but its date and the ids of its request.
fn told(answer: &Answer) -> (u16, Vec<String>, String) {
    let headers = answer.usual_headers().into_iter().map(str::to_owned);
    let body = match serde_json::from_str::<Value>(&answer.body) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.remove("request_id");
            }
            body.to_string()
        }
        Err(_) => answer.body.clone(),
    };
    (answer.status, headers.collect(), body)
}

async fn all_alike(house: &House, path: &str, bodies: &[Value]) -> u16 {
    let mut seen = Vec::new();
    for body in bodies {
        seen.push(told(&house.server.post(path, body).await));
    }
    for other in &seen {
        assert_eq!(*other, seen[0], "{path}");
    }
    seen[0].0
}

#[tokio::test]
async fn an_unknown_person_and_one_who_is_known_are_answered_alike() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "agent").await;
    let path = format!("/api/v1/users/{}/disable", bia.id);
    let disabled = house
        .ask(&ana, "POST", &path, &[("if-match", "\"v1\"")], "")
        .await;
    assert_eq!(disabled.status, 200, "{}", disabled.body);
    let new = json!({"email": "rui@example.com", "name": "Rui"});
    house.post(&ana, "/api/v1/users", &new).await.good(201); // without a password yet

    let emails = [
        "nobody@example.com",
        "ana@example.com",
        "bia@example.com",
        "rui@example.com",
        "no address",
    ];
    let login = |email: &&str| json!({"email": email, "password": "wrong horse battery"});
    let logins: Vec<Value> = emails.iter().map(login).collect();
    assert_eq!(all_alike(&house, "/api/v1/auth/login", &logins).await, 401);
    let resets: Vec<Value> = emails.iter().map(|email| json!({"email": email})).collect();
    assert_eq!(
        all_alike(&house, "/api/v1/auth/password/reset", &resets).await,
        202
    );
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_alike_whatever_it_was() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let place = format!("/api/v1/workspaces/{}/invitations", house.server.state.workspace);
    let invite = async |email: &str| {
        let body = json!({"email": email, "roles": ["viewer"]});
        house.post(&ana, &place, &body).await.good(201)
    };
    let register = |token: &str| json!({"token": token, "name": "Bia", "password": PASSWORD});
    let spent = token_of(&invite("bia@example.com").await);
    house
        .server
        .post("/api/v1/auth/register", &register(&spent))
        .await
        .good(201);
    let taken_back = invite("rui@example.com").await;
    let one = format!("{place}/{}", taken_back["invitation"]["id"].as_str().unwrap());
    assert_eq!(house.ask(&ana, "DELETE", &one, &[], "").await.status, 204);
    let unknown = "aur_invite_0000000000000000000000000000";
    let tokens = [
        spent,
        token_of(&taken_back),
        unknown.to_owned(),
        "nonsense".to_owned(),
        String::new(),
    ];
    let bodies: Vec<Value> = tokens.iter().map(|token| register(token)).collect();
    assert_eq!(all_alike(&house, "/api/v1/auth/register", &bodies).await, 401);

    let confirm = |token: &str| json!({"token": token, "new_password": "cinco vacas amarelas"});
    let bodies = ["aur_reset_0000000000000000000000000000", unknown, ""].map(confirm);
    assert_eq!(
        all_alike(&house, "/api/v1/auth/password/reset/confirm", &bodies).await,
        401
    );
}
