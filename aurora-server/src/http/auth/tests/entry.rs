//! Invitations, registrations, passwords that were forgotten.

use serde_json::{Value, json};

use crate::http::testing::{House, PASSWORD, Person, eventually, mail_server, token_of};

#[tokio::test]
async fn an_account_is_made_by_an_administrator_and_its_password_chosen_by_a_link() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let new = json!({"email": "rui@example.com", "name": "Rui", "locale": "en"});
    let invited = house.post(&ana, "/api/v1/users", &new).await;
    assert_eq!(invited.status, 201, "{}", invited.body);
    let invited = invited.json();
    assert_eq!(invited["handover"]["mailed"], false);
    assert!(
        invited["handover"]["link"]
            .as_str()
            .unwrap()
            .contains("/invite?token=aur_invite_")
    );
    let id = invited["user"]["id"].as_str().unwrap();
    let again = house.post(&ana, "/api/v1/users", &new).await;
    assert_eq!(
        (again.status, again.json()["existing_id"].as_str()),
        (409, Some(id))
    );
    assert_eq!(
        house.login("rui@example.com", PASSWORD).await.status,
        401,
        "no password yet"
    );

    let anew = house
        .post(&ana, &format!("/api/v1/users/{id}/invite"), &json!({}))
        .await
        .json();
    let register = async |token: &str| {
        let body = json!({"token": token, "password": PASSWORD, "name": "Rui Lima"});
        house.server.post("/api/v1/auth/register", &body).await
    };
    assert_eq!(
        register(&token_of(&invited)).await.status,
        401,
        "the second link ends the first"
    );
    let registered = register(&token_of(&anew)).await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    assert_eq!(
        (
            &registered.json()["user"]["name"],
            &registered.json()["workspace"]
        ),
        (&json!("Rui Lima"), &Value::Null)
    );
    assert_eq!(register(&token_of(&anew)).await.status, 401, "it is spent");
    let rui = house.signed_in("rui@example.com").await;
    assert_eq!(
        house.get(&rui, "/api/v1/clients").await.status,
        404,
        "in no workspace"
    );
    assert_eq!(
        house.get(&rui, "/api/v1/auth/me").await.json()["workspace"],
        Value::Null
    );

    // kept out, and all sessions with it
    let path = format!("/api/v1/users/{id}");
    let version = house.get(&ana, &path).await.header("etag").unwrap().to_owned();
    assert_eq!(
        house
            .post(&ana, &format!("{path}/disable"), &json!({}))
            .await
            .status,
        428
    );
    let tag = [("if-match", version.as_str())];
    let disabled = house
        .ask(&ana, "POST", &format!("{path}/disable"), &tag, "")
        .await;
    assert_eq!(
        (disabled.status, disabled.json()["status"].as_str()),
        (200, Some("disabled"))
    );
    assert_eq!(house.get(&rui, "/api/v1/auth/me").await.status, 401);
    assert_eq!(house.login("rui@example.com", PASSWORD).await.status, 401);
    let stale = house.ask(&ana, "POST", &format!("{path}/enable"), &tag, "").await;
    assert_eq!(stale.status, 412);
    let own = format!("/api/v1/users/{}/disable", ana.id);
    assert_eq!(
        house
            .ask(&ana, "POST", &own, &[("if-match", "\"v1\"")], "")
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn an_administrator_makes_another_and_one_is_always_left() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "viewer").await;
    let path = format!("/api/v1/users/{}/administrator", bia.id);
    let set = async |by: &Person, method: &str, path: &str, tag: &str| {
        house.ask(by, method, path, &[("if-match", tag)], "").await
    };
    assert_eq!(
        set(&bia, "PUT", &path, "\"v1\"").await.status,
        403,
        "nobody makes themselves one"
    );
    assert_eq!(set(&ana, "PUT", &path, "\"v9\"").await.status, 412);
    let made = set(&ana, "PUT", &path, "\"v1\"").await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.json()["is_administrator"], true);
    assert_eq!(
        house.get(&bia, "/api/v1/auth/me").await.status,
        401,
        "her session ended"
    );

    let bia = house.signed_in(&bia.email).await;
    let bia = house.with_factor(bia).await;
    let own = format!("/api/v1/users/{}/administrator", ana.id);
    let tag = house.get(&bia, &format!("/api/v1/users/{}", ana.id)).await;
    let tag = tag.header("etag").unwrap().to_owned();
    let unmade = set(&bia, "DELETE", &own, &tag).await;
    assert_eq!(
        (unmade.status, &unmade.json()["is_administrator"]),
        (200, &json!(false))
    );
    assert_eq!(house.get(&ana, "/api/v1/users").await.status, 401);
    let last = set(&bia, "DELETE", &path, made.header("etag").unwrap()).await;
    assert_eq!(
        (last.status, last.json()["errors"][0]["code"].as_str()),
        (409, Some("last_administrator")),
        "{}",
        last.body
    );
}

#[tokio::test]
async fn an_invitation_to_a_workspace_makes_an_account_or_is_accepted_with_one() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let place = format!("/api/v1/workspaces/{}/invitations", house.server.state.workspace);
    let invite = async |email: &str| {
        let answer = house
            .post(&ana, &place, &json!({"email": email, "roles": ["viewer"]}))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        token_of(&answer.json())
    };
    let token = invite("bia@example.com").await;
    let nameless = json!({"token": token, "password": PASSWORD});
    let answer = house.server.post("/api/v1/auth/register", &nameless).await;
    assert_eq!(
        (answer.status, answer.json()["errors"][0]["field"].as_str()),
        (422, Some("name"))
    );
    let body = json!({"token": token, "password": PASSWORD, "name": "Bia"});
    let made = house.server.post("/api/v1/auth/register", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(
        made.json()["workspace"]["id"],
        house.server.state.workspace.to_string()
    );
    assert_eq!(
        house.server.post("/api/v1/auth/register", &body).await.status,
        401,
        "it is spent"
    );
    let bia = house.signed_in("bia@example.com").await;

    // a second house of Ana's, for Bia who has an account
    let made = house
        .post(&ana, "/api/v1/clinics", &json!({"name": "Clínica Boa Vista"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let clinic = made.json()["id"].as_str().unwrap().to_owned();
    let place = format!("/api/v1/clinics/{clinic}/invitations");
    let body = json!({"email": "BIA@example.com", "roles": ["professional"]});
    let token = token_of(&house.post(&ana, &place, &body).await.json());
    let body = json!({"token": token, "password": PASSWORD, "name": "Bia"});
    let twice = house.server.post("/api/v1/auth/register", &body).await;
    assert_eq!((twice.status, twice.json().get("existing_id")), (409, None));
    assert_eq!(
        house
            .post(&ana, "/api/v1/auth/accept", &json!({"token": token}))
            .await
            .status,
        403,
        "for Bia alone"
    );
    let accepted = house
        .post(&bia, "/api/v1/auth/accept", &json!({"token": token}))
        .await;
    assert_eq!(
        (accepted.status, accepted.json()["id"].as_str()),
        (200, Some(clinic.as_str()))
    );
    assert_eq!(
        house
            .post(&bia, "/api/v1/auth/accept", &json!({"token": token}))
            .await
            .status,
        401
    );
    let clinics = house.get(&bia, "/api/v1/clinics").await.json();
    assert_eq!(clinics["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        house.get(&bia, "/workspaces").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let body = json!({"email": bia.email, "password": PASSWORD, "workspace": clinic});
    let tokens = house.server.post("/api/v1/auth/login", &body).await.json();
    assert_eq!(tokens["workspace"]["name"], "Clínica Boa Vista");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_in_a_letter() {
    let (port, told) = mail_server().await;
    let port = port.to_string();
    let house = House::with(&[
        ("email.host", "127.0.0.1"),
        ("email.port", &port),
        ("email.encryption", "none"),
        ("email.from", "aurora@example.com"),
        ("server.public_url", "https://aurora.example"),
    ])
    .await;
    let ana = house.founder().await;
    let reset = async |email: &str| {
        house
            .server
            .post("/api/v1/auth/password/reset", &json!({"email": email}))
            .await
            .status
    };
    house
        .ask(
            &ana,
            "PATCH",
            "/api/v1/users/me",
            &[("if-match", "\"v1\"")],
            r#"{"locale":"en"}"#,
        )
        .await;
    assert_eq!(
        (reset("nobody@example.com").await, reset("ana@example.com").await),
        (202, 202)
    );
    let link = || {
        // as it goes over the wire: quoted-printable (RFC 2045 §6.7)
        let text = told
            .lock()
            .unwrap()
            .join("\n")
            .replace("=\n", "")
            .replace("=3D", "=");
        let line = text.lines().find(|line| line.contains("/reset?token="));
        line.map(|line| line.trim().to_owned())
    };
    eventually(|| link().is_some()).await;
    let link = link().unwrap();
    assert!(
        link.starts_with("https://aurora.example/reset?token=aur_reset_"),
        "{link}"
    );
    {
        let lines = told.lock().unwrap();
        assert!(
            lines.iter().any(|line| line == "Subject: Choose a new password"),
            "{lines:?}"
        );
        assert_eq!(
            lines.iter().filter(|line| line.starts_with("RCPT")).count(),
            1,
            "nobody has the other address"
        );
    }
    let token = link.split_once("token=").unwrap().1;
    let confirm = async |token: &str, password: &str| {
        let body = json!({"token": token, "new_password": password});
        house
            .server
            .post("/api/v1/auth/password/reset/confirm", &body)
            .await
    };
    let weak = confirm(token, "12345678").await;
    assert_eq!(
        (weak.status, weak.json()["errors"][0]["field"].as_str()),
        (422, Some("new_password"))
    );
    assert_eq!(confirm(token, "cinco vacas amarelas").await.status, 204);
    assert_eq!(
        confirm(token, "cinco vacas amarelas").await.status,
        401,
        "it is spent"
    );
    assert_eq!(
        house.get(&ana, "/api/v1/auth/me").await.status,
        401,
        "all sessions are over"
    );
    let answer = house
        .login("ana@example.com", "cinco vacas amarelas")
        .await
        .json();
    let mut again = ana.clone();
    again.token = answer["access_token"].as_str().unwrap().to_owned();
    // with mail no answer holds a link
    let again = house.with_factor(again).await;
    let invited = house
        .post(
            &again,
            "/api/v1/users",
            &json!({"email": "rui@example.com", "name": "Rui"}),
        )
        .await
        .json();
    assert_eq!(
        (&invited["handover"]["mailed"], invited["handover"].get("link")),
        (&json!(true), None)
    );
}
