//! Workspaces, members and roles, over the socket of a guarded server.

use std::time::Duration;

use serde_json::json;

use crate::http::testing::{House, PASSWORD, Person, token_of};

#[tokio::test]
async fn only_administrators_make_workspaces_and_nobody_sees_those_of_others() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "owner").await;
    let new = json!({"kind": "company", "name": "Padaria Pão Quente"});
    assert_eq!(house.post(&bia, "/api/v1/workspaces", &new).await.status, 403);
    let more = json!({"kind": "company", "name": "Padaria", "id": "wsp_0190a8b0c0de7000800000000000000a"});
    assert_eq!(house.post(&ana, "/api/v1/workspaces", &more).await.status, 422);
    let made = house.post(&ana, "/api/v1/workspaces", &new).await;
    assert_eq!(
        (made.status, made.header("etag")),
        (201, Some("\"v1\"")),
        "{}",
        made.body
    );
    let place = made.header("location").unwrap().to_owned();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&ana, &place).await.json()["name"], "Padaria Pão Quente");
    assert_eq!(
        house.get(&ana, &format!("/workspaces/{id}/members")).await.json()["items"][0]["roles"],
        json!(["owner"])
    );

    for path in [
        place.clone(),
        format!("{place}/members"),
        format!("{place}/invitations"),
        format!("{place}/members/{}", ana.id),
        "/api/v1/workspaces/wsp_0190a8b0c0de7000800000000000000b".to_owned(),
        "/api/v1/workspaces/nonsense".to_owned(),
    ] {
        assert_eq!(house.get(&bia, &path).await.status, 404, "{path}");
    }
    let selected = [("x-workspace-id", id.as_str())];
    assert_eq!(
        house
            .ask(&bia, "GET", "/api/v1/clients", &selected, "")
            .await
            .status,
        404
    );
    assert_eq!(
        house
            .ask(&ana, "GET", "/api/v1/clients", &selected, "")
            .await
            .status,
        200
    );
    let first = format!("/api/v1/workspaces/{}", house.server.state.workspace);
    assert_eq!(
        house.ask(&ana, "GET", &first, &selected, "").await.status,
        404,
        "address and header contradict"
    );
    let stolen = house
        .ask(
            &bia,
            "PATCH",
            &place,
            &[("if-match", "\"v1\"")],
            r#"{"name":"Mine"}"#,
        )
        .await;
    assert_eq!(stolen.status, 404);
    let close = |tag: &'static str| [("if-match", tag)];
    assert_eq!(
        house
            .ask(&ana, "PATCH", &place, &close("\"v9\""), r#"{"name":"Pão"}"#)
            .await
            .status,
        412
    );
    let closed = house
        .ask(&ana, "POST", &format!("{place}/close"), &close("\"v1\""), "")
        .await;
    assert_eq!(closed.status, 200, "{}", closed.body);
    assert!(closed.json()["closed_at"].is_string());
    house.clock.advance(Duration::from_secs(2)); // what was known of roles is over within a second
    assert_eq!(
        house.get(&ana, &place).await.status,
        404,
        "nobody has a role in it any more"
    );
    let kept = house
        .ask(&ana, "POST", &format!("{first}/close"), &close("\"v1\""), "")
        .await;
    assert_eq!(kept.status, 409, "{}", kept.body);
    let all = house.get(&ana, "/api/v1/admin/workspaces?limit=1").await.json();
    assert!(all["items"].as_array().unwrap().len() == 1 && all["next"].is_string());
    let rest = format!(
        "/api/v1/admin/workspaces?cursor={}",
        all["next"].as_str().unwrap()
    );
    assert_eq!(
        house.get(&ana, &rest).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_viewer_reads_and_changes_nothing() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let viewer = house.member(&ana, "vera@example.com", "viewer").await;
    let place = format!("/api/v1/workspaces/{}", house.server.state.workspace);
    for path in ["/api/v1/clients", &place, &format!("{place}/members")] {
        assert_eq!(house.get(&viewer, path).await.status, 200, "{path}");
    }
    let client = json!({"kind": "person", "legal_name": "Bia"});
    for (path, body) in [
        ("/api/v1/clients".to_owned(), client),
        (
            format!("{place}/invitations"),
            json!({"email": "x@example.com", "roles": ["viewer"]}),
        ),
        (
            format!("{place}/members"),
            json!({"user": ana.id, "roles": ["viewer"]}),
        ),
        ("/api/v1/api-keys".to_owned(), json!({"name": "mine"})),
    ] {
        let answer = house.post(&viewer, &path, &body).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.body);
        assert!(answer.json()["permission"].is_string(), "{path}");
    }
    for path in [
        "/api/v1/audit",
        "/api/v1/audit/verify",
        "/api/v1/audit/export",
        "/api/v1/api-keys",
        "/api/v1/provider-keys",
    ] {
        assert_eq!(house.get(&viewer, path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn nobody_gives_or_takes_roles_beyond_their_own() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let admin = house.member(&ana, "adao@example.com", "admin").await;
    let agent = house.member(&ana, "gil@example.com", "agent").await;
    let place = format!("/api/v1/workspaces/{}/members", house.server.state.workspace);
    let change = async |who: &Person, of: &Person, tag: &str, roles: &[&str]| {
        let body = json!({"roles": roles}).to_string();
        house
            .ask(
                who,
                "PATCH",
                &format!("{place}/{}", of.id),
                &[("if-match", tag)],
                &body,
            )
            .await
    };
    assert_eq!(change(&admin, &agent, "\"v1\"", &["owner"]).await.status, 403);
    assert_eq!(
        change(&admin, &admin, "\"v1\"", &["admin", "owner"]).await.status,
        403,
        "nor to oneself"
    );
    assert_eq!(change(&admin, &ana, "\"v1\"", &["viewer"]).await.status, 403);
    assert_eq!(change(&agent, &agent, "\"v1\"", &["admin"]).await.status, 403);
    assert_eq!(change(&admin, &agent, "\"v7\"", &["manager"]).await.status, 412);
    assert_eq!(change(&admin, &agent, "\"v1\"", &["emperor"]).await.status, 422);
    let changed = change(&admin, &agent, "\"v1\"", &["manager"]).await;
    assert_eq!(
        (changed.status, changed.header("etag")),
        (200, Some("\"v2\"")),
        "{}",
        changed.body
    );
    assert_eq!(changed.json()["email"], "gil@example.com");

    let act = async |who: &Person, method: &str, path: String, tag: &str| {
        house
            .ask(who, method, &path, &[("if-match", tag)], "")
            .await
            .status
    };
    let member = format!("{place}/{}", agent.id);
    assert_eq!(
        act(&admin, "POST", format!("{member}/suspend"), "\"v2\"").await,
        200
    );
    assert_eq!(house.get(&agent, "/api/v1/clients").await.status, 404, "at once");
    assert_eq!(
        act(&admin, "POST", format!("{member}/resume"), "\"v3\"").await,
        200
    );
    assert_eq!(house.get(&agent, "/api/v1/clients").await.status, 200);
    assert_eq!(
        act(&admin, "DELETE", format!("{place}/{}", ana.id), "\"v1\"").await,
        403,
        "an owner"
    );
    assert_eq!(act(&admin, "DELETE", member.clone(), "\"v4\"").await, 204);
    assert_eq!(house.get(&admin, &member).await.status, 404);

    let leave = format!("/api/v1/workspaces/{}/leave", house.server.state.workspace);
    let last = house.post(&ana, &leave, &json!({})).await;
    assert_eq!(
        (last.status, last.json()["errors"][0]["code"].as_str()),
        (422, Some("last_owner"))
    );
    assert_eq!(house.post(&admin, &leave, &json!({})).await.status, 204);
    assert_eq!(house.get(&admin, "/api/v1/clients").await.status, 404);
    let nobody = json!({"user": "usr_0190a8b0c0de7000800000000000000a", "roles": ["viewer"]});
    let answer = house.post(&ana, &place, &nobody).await;
    assert_eq!(
        (answer.status, answer.json()["errors"][0]["field"].as_str()),
        (422, Some("user"))
    );
    let back = house
        .post(&ana, &place, &json!({"user": agent.id, "roles": ["agent"]}))
        .await;
    assert_eq!(back.status, 201, "{}", back.body);
    assert_eq!(
        house
            .post(&ana, &place, &json!({"user": agent.id, "roles": ["agent"]}))
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn nobody_is_taken_into_a_workspace_without_being_asked() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "owner").await;
    let place = format!("/api/v1/workspaces/{}/members", house.server.state.workspace);
    let rui = house
        .post(
            &ana,
            "/api/v1/users",
            &json!({"email": "rui@example.com", "name": "Rui"}),
        )
        .await
        .good(201);
    let rui = rui["user"]["id"].as_str().unwrap();
    let mut told = Vec::new();
    for user in [rui, "usr_0190a8b0c0de7000800000000000000a"] {
        let body = json!({"user": user, "roles": ["viewer"]});
        let answer = house.post(&bia, &place, &body).await;
        let mut problem = answer.problem(403, "forbidden");
        problem.as_object_mut().unwrap().remove("request_id");
        told.push(problem);
    }
    assert_eq!(told[0], told[1], "whom there is, is nobody's business");
    assert_eq!(house.get(&ana, &format!("{place}/{rui}")).await.status, 404);
    let body = json!({"user": rui, "roles": ["viewer"]});
    assert_eq!(
        house.post(&ana, &place, &body).await.status,
        201,
        "an administrator may"
    );
}

#[tokio::test]
async fn calls_act_in_the_workspace_that_somebody_joined_first() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let made = house
        .post(&ana, "/api/v1/clinics", &json!({"name": "Boa Vista"}))
        .await;
    let clinic = made.good(201)["id"].as_str().unwrap().to_owned();
    let invite = async |workspace: &str| {
        let place = format!("/api/v1/workspaces/{workspace}/invitations");
        let body = json!({"email": "bia@example.com", "roles": ["agent"]});
        token_of(&house.post(&ana, &place, &body).await.good(201))
    };
    let body = json!({"token": invite(&clinic).await, "name": "Bia", "password": PASSWORD});
    house.server.post("/api/v1/auth/register", &body).await.good(201);
    let bia = house.signed_in("bia@example.com").await;
    house.clock.advance(Duration::from_secs(60));
    let token = invite(&house.server.state.workspace.to_string()).await;
    let accepted = house
        .post(&bia, "/api/v1/auth/accept", &json!({"token": token}))
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let tokens = house.login(&bia.email, PASSWORD).await.good(200);
    assert_eq!(
        tokens["workspace"]["id"],
        clinic.as_str(),
        "another house changes nothing"
    );
    assert_eq!(tokens["workspaces"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_invitation_to_more_than_ones_own_is_neither_sent_again_nor_taken_back() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let admin = house.member(&ana, "adao@example.com", "admin").await;
    let place = format!("/api/v1/workspaces/{}/invitations", house.server.state.workspace);
    let body = json!({"email": "bia@example.com", "roles": ["owner"]});
    let invited = house.post(&ana, &place, &body).await.good(201);
    let one = format!("{place}/{}", invited["invitation"]["id"].as_str().unwrap());
    let resent = house.post(&admin, &format!("{one}/resend"), &json!({})).await;
    resent.problem(403, "forbidden");
    assert_eq!(house.ask(&admin, "DELETE", &one, &[], "").await.status, 403);
    // The link that Ana has sent is as good as before.
    let body = json!({"token": token_of(&invited), "name": "Bia", "password": PASSWORD});
    house.server.post("/api/v1/auth/register", &body).await.good(201);
    assert_eq!(
        house.ask(&ana, "DELETE", &one, &[], "").await.status,
        404,
        "accepted"
    );
}

#[tokio::test]
async fn a_program_that_may_invite_is_told_that_it_takes_a_person() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let key = house.server.program(&["member:invite"]).await;
    let place = format!("/api/v1/workspaces/{}/invitations", house.server.state.workspace);
    let body = json!({"email": "bia@example.com", "roles": ["viewer"]});
    let headers = [
        ("authorization", key.as_str()),
        ("content-type", "application/json"),
    ];
    let refused = house
        .server
        .send("POST", &place, &headers, &body.to_string())
        .await;
    let problem = refused.problem(403, "forbidden");
    assert!(
        problem["detail"].as_str().unwrap().contains("a person"),
        "{problem}"
    );
    assert_eq!(house.post(&ana, &place, &body).await.status, 201);
}
