//! A visitor writes, people answer, and whoever listens hears of it.

mod listening;
mod rights;

use aurora_crm::Context;
use aurora_crm::workspaces::{Role, Roles};
use aurora_llm::providers::simulated::Simulated;
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server};

/// A chat on a page, and a visitor of it who has written.
async fn visited(server: &Server, text: &str) -> (String, String) {
    let chat = server.post("/api/v1/webchats", &json!({"name": "Site"})).await;
    assert_eq!(chat.status, 201, "{}", chat.body);
    let channel = chat.json()["id"].as_str().unwrap().to_owned();
    let key = server
        .get(&format!("/api/v1/webchats/{channel}/key"))
        .await
        .json();
    let session = server
        .post("/api/v1/webchat/sessions", &json!({"page_key": key["page_key"]}))
        .await;
    assert_eq!(session.status, 201, "{}", session.body);
    let token = session.json()["token"].as_str().unwrap().to_owned();
    write(server, &token, "m-1", text).await;
    (channel, token)
}

async fn write(server: &Server, token: &str, key: &str, text: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let body = json!({"key": key, "text": text, "name": "Ana"}).to_string();
    let answer = server
        .send(
            "POST",
            "/api/v1/webchat/messages",
            &[("authorization", &bearer)],
            &body,
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

async fn only(server: &Server) -> Value {
    let list = server.get("/api/v1/conversations").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    list["items"][0].clone()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn codes(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|error| {
            format!(
                "{}:{}",
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn what_a_visitor_writes_is_there_and_an_answer_goes_out() {
    let server = Server::with([]).await;
    let (channel, _) = visited(&server, "Olá, há vaga amanhã?").await;
    let conversation = only(&server).await;
    let last = &conversation["last_message"];
    server.assert_shape("LastMessage", last);
    assert_eq!(
        (&last["direction"], &last["words"], &last["delivery"]),
        (&json!("in"), &json!("Olá, há vaga amanhã?"), &Value::Null)
    );
    assert_eq!(conversation["unread"], 1);
    assert_eq!(conversation["contact"]["name"], "Ana");
    let at = format!("/api/v1/conversations/{}", id(&conversation));
    server.assert_shape("Conversation", &server.get(&at).await.good(200));

    let sent = server
        .post(&format!("{at}/messages"), &json!({"text": "Há, às 10h."}))
        .await;
    assert_eq!(sent.status, 201, "{}", sent.body);
    server.assert_shape("Message", &sent.json());
    let place = sent.header("location").unwrap().to_owned();
    server
        .until(&place, |message| message["delivery"] == "accepted")
        .await;
    let buttons =
        json!({"content": {"type": "buttons", "body": "Serve?", "choices": [{"id": "y", "title": "Sim"}]}});
    assert_eq!(server.post(&format!("{at}/messages"), &buttons).await.status, 201);
    assert_eq!(
        server
            .post(&format!("{at}/notes"), &json!({"text": "Liga antes"}))
            .await
            .status,
        201
    );

    let listed = only(&server).await;
    let last = &listed["last_message"];
    assert_eq!(
        (&last["direction"], &last["kind"], &last["words"]),
        (&json!("out"), &json!("buttons"), &json!("Serve?")),
        "notes are no part of it"
    );

    let messages = server.get(&format!("{at}/messages")).await.json();
    assert_eq!(messages["items"].as_array().unwrap().len(), 4);
    messages["items"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|one| server.assert_shape("Message", one));
    let first = server
        .until(&format!("{at}/timeline?after=0"), |seen| {
            seen["items"].as_array().unwrap().len() == 3
        })
        .await;
    server.assert_shape("Timeline", &first);
    let nothing = server
        .get(&format!("{at}/timeline?after={}", first["after"]))
        .await
        .json();
    assert_eq!(nothing["items"], json!([]), "what was seen is not told again");
    let found = server.get("/api/v1/conversations/search?q=VAGA").await.json();
    assert_eq!(found["items"][0]["content"]["body"], "Olá, há vaga amanhã?");

    let last = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["position"].as_i64().unwrap())
        .max();
    let read = server.post(&format!("{at}/read"), &json!({"up_to": last})).await;
    assert_eq!(
        (read.status, &read.json()["unread"]),
        (200, &json!(0)),
        "{}",
        read.body
    );
    let unread = server
        .get(&format!("/api/v1/conversations?unread=true&channel={channel}"))
        .await
        .json();
    assert_eq!(unread["items"], json!([]));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_key_is_the_same_message() {
    let server = Server::with([]).await;
    visited(&server, "Olá").await;
    let at = format!("/api/v1/conversations/{}/messages", id(&only(&server).await));
    let body = json!({"text": "Bom dia"}).to_string();
    let headers = [("idempotency-key", "\"one\"")];
    let (first, second) = (
        server.send("POST", &at, &headers, &body).await.json(),
        server.send("POST", &at, &headers, &body).await.json(),
    );
    assert_eq!(first["id"], second["id"]);
    let long = "k".repeat(201);
    let refused = server
        .send("POST", &at, &[("idempotency-key", &long)], &body)
        .await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_every_reason() {
    let server = Server::with([]).await;
    visited(&server, "Olá").await;
    let at = format!("/api/v1/conversations/{}", id(&only(&server).await));
    for (body, wanted) in [
        (json!({}), "content:required"),
        (
            json!({"text": "a", "content": {"type": "text", "body": "b"}}),
            "content:required",
        ),
        (json!({"text": ""}), "content.body:required"),
        (
            json!({"content": {"type": "notice", "kind": "x", "raw": {}}}),
            "content:not_allowed",
        ),
        (json!({"text": "a", "colour": "red"}), "colour:unknown"),
    ] {
        let answer = server.post(&format!("{at}/messages"), &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        assert_eq!(codes(&answer), [wanted], "{body}");
    }
    let nowhere = "/api/v1/conversations/cnv_0190a8b0c0de7000800000000000000a";
    assert_eq!(
        server
            .post(&format!("{nowhere}/messages"), &json!({"text": "a"}))
            .await
            .status,
        404
    );
    assert_eq!(server.get("/api/v1/conversations/x").await.status, 404);
    let list = server
        .get("/api/v1/conversations?assignee=somebody&status=new&colour=red&limit=201")
        .await;
    assert_eq!(list.status, 400);
    assert_eq!(
        codes(&list),
        [
            "limit:invalid",
            "status:invalid",
            "assignee:invalid",
            "colour:unknown"
        ]
    );
    assert_eq!(server.get("/api/v1/conversations?cursor=x").await.status, 400);
    for query in ["", "?q=%20"] {
        let answer = server.get(&format!("/api/v1/conversations/search{query}")).await;
        answer.problem(400, "invalid_parameter");
        assert_eq!(codes(&answer), ["q:required"]);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn conversations_are_given_handed_over_closed_and_labelled() {
    let server = Server::with([]).await;
    visited(&server, "Quero falar com uma pessoa").await;
    let conversation = only(&server).await;
    let at = format!("/api/v1/conversations/{}", id(&conversation));
    let version = conversation["version"].as_i64().unwrap();
    let to = json!({"to": {"kind": "assistant"}});
    let without = server.post(&format!("{at}/assign"), &to).await;
    assert_eq!(without.status, 428, "{}", without.body);
    let given = server.act(&format!("{at}/assign"), version, &to).await;
    assert_eq!(given.status, 200, "{}", given.body);
    assert_eq!(given.json()["assignee"], json!({"kind": "assistant"}));
    let stale = server.act(&format!("{at}/assign"), version, &to).await;
    assert_eq!(
        (stale.status, stale.json()["current_version"].as_i64()),
        (412, Some(version + 1))
    );

    let person = "usr_0190a8b0c0de7000800000000000000a";
    let over = json!({"to": {"kind": "person", "id": person}, "reason": "pede uma pessoa"});
    let stranger = server.act(&format!("{at}/hand_over"), version + 1, &over).await;
    assert_eq!(codes(&stranger), ["to:unknown"]);
    let (members, context) = (
        server.state.crm.members(),
        Context::new(server.state.workspace, "test"),
    );
    let agent = Roles::of([Role::Agent]);
    members
        .add(&context, person.parse().unwrap(), agent)
        .await
        .unwrap();
    let over = server.act(&format!("{at}/hand_over"), version + 1, &over).await;
    assert_eq!(
        over.json()["assignee"],
        json!({"kind": "person", "id": person}),
        "{}",
        over.body
    );
    let mine = server
        .get(&format!("/api/v1/conversations?assignee={person}"))
        .await
        .json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    let wrong = server
        .act(
            &format!("{at}/hand_over"),
            version + 2,
            &json!({"to": {"kind": "assistant"}, "reason": "x"}),
        )
        .await;
    assert_eq!(codes(&wrong), ["to:not_allowed"]);
    let back = server
        .act(
            &format!("{at}/assign"),
            version + 2,
            &json!({"to": {"kind": "assistant"}, "reason": "resolvido"}),
        )
        .await;
    assert_eq!(
        back.json()["assignee"],
        json!({"kind": "assistant"}),
        "{}",
        back.body
    );
    let counts = server.get("/api/v1/conversations/unread").await.json();
    counts["items"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|one| server.assert_shape("UnreadCount", one));

    let steps = [("close", "closed"), ("reopen", "open"), ("pending", "pending")];
    for (version, (verb, status)) in (version + 3..).zip(steps) {
        let done = server.act(&format!("{at}/{verb}"), version, &json!({})).await;
        assert_eq!(done.json()["status"], status, "{}", done.body);
    }
    let tagged = server
        .post(&format!("{at}/tags"), &json!({"tag": "convênio"}))
        .await;
    assert_eq!(tagged.json()["tags"], json!(["convênio"]), "{}", tagged.body);
    for (text, count) in [("an", 1), ("bia", 0)] {
        let path = format!("/api/v1/conversations?q={text}");
        let found = server.get(&path).await.good(200);
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{text}: {found}");
    }
    let empty = server.get("/api/v1/conversations?q=-").await;
    empty.problem(400, "invalid_parameter");
    assert_eq!(codes(&empty), ["q:required"]);
    let used = server.get("/api/v1/conversations/tags").await.good(200);
    assert_eq!(
        used,
        json!({"items": [{"tag": "convênio", "conversations": 1}]}),
        "{used}"
    );
    let with = server.get("/api/v1/conversations?tag=conv%C3%AAnio").await.json();
    assert_eq!(with["items"].as_array().unwrap().len(), 1);
    let untagged = server
        .send("DELETE", &format!("{at}/tags/conv%C3%AAnio"), &[], "")
        .await;
    assert_eq!(untagged.json()["tags"], json!([]), "{}", untagged.body);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_conversation_is_handed_back_to_an_assistant_that_is_on() {
    let server = Server::with([("one", Simulated::new("one"))]).await;
    let bare = Server::with([]).await;
    for server in [&server, &bare] {
        visited(server, "Obrigado!").await;
        let conversation = only(server).await;
        let refused = hand_back(server, &conversation).await;
        refused.problem(409, "assistant_off");
        assert_eq!(only(server).await["assignee"], conversation["assignee"]);
    }
    let unknown = json!({"id": "cnv_0190a8b0c0de7000800000000000000a", "version": 1});
    hand_back(&server, &unknown).await.problem(404, "not_found");
    let told = json!({"enabled": true, "name": "Lia", "house": "Clínica Sol"});
    server.put("/api/v1/assistant", 0, &told).await.good(200);
    let back = hand_back(&server, &only(&server).await).await.good(200);
    assert_eq!(back["assignee"], json!({"kind": "assistant"}), "{back}");
    server.stop().await.unwrap();
    bare.stop().await.unwrap();
}

async fn hand_back(server: &Server, conversation: &Value) -> Answer {
    let path = format!("/api/v1/conversations/{}/hand_back", id(conversation));
    let version = conversation["version"].as_i64().unwrap();
    server.act(&path, version, &json!({"reason": "resolvido"})).await
}

#[tokio::test]
async fn contacts_are_linked_and_blocked() {
    let server = Server::with([]).await;
    visited(&server, "Olá").await;
    let conversation = only(&server).await;
    let contact = format!("/api/v1/conversations/contacts/{}", id(&conversation["contact"]));
    let client = server
        .post(
            "/api/v1/clients",
            &json!({"kind": "person", "legal_name": "Ana Souza"}),
        )
        .await
        .json();
    let link = json!({"client_id": client["id"]}).to_string();
    let linked = server.send("PUT", &format!("{contact}/client"), &[], &link).await;
    assert_eq!(linked.json()["client_id"], client["id"], "{}", linked.body);
    server.assert_shape("Contact", &linked.json());
    let of_client = server
        .get(&format!("/api/v1/conversations?client={}", id(&client)))
        .await
        .json();
    assert_eq!(of_client["items"].as_array().unwrap().len(), 1);
    let unlinked = server.send("DELETE", &format!("{contact}/client"), &[], "").await;
    assert_eq!(unlinked.json()["client_id"], Value::Null);

    assert!(server.post(&format!("{contact}/block"), &json!({})).await.json()["blocked_at"].is_string());
    let at = format!("/api/v1/conversations/{}/messages", id(&conversation));
    let refused = server.post(&at, &json!({"text": "Olá"})).await;
    assert_eq!(
        (refused.status, codes(&refused)[0].ends_with(":contact_blocked")),
        (422, true),
        "{}",
        refused.body
    );
    assert_eq!(
        server
            .post(&format!("{contact}/unblock"), &json!({}))
            .await
            .json()["blocked_at"],
        Value::Null
    );
    assert_eq!(server.post(&at, &json!({"text": "Olá"})).await.status, 201);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn settings_are_set_as_a_whole() {
    let server = Server::with([]).await;
    let at = "/api/v1/conversations/settings";
    let usual = server.get(at).await.json();
    server.assert_shape("ConversationSettings", &usual);
    assert_eq!(usual["first_assignee"], "nobody");
    let set = server.put(at, 0, &json!({"first_assignee": "assistant"})).await;
    assert_eq!(
        (set.status, set.header("etag")),
        (200, Some("\"v1\"")),
        "{}",
        set.body
    );
    let read = server.get(at).await;
    assert_eq!(read.header("etag"), Some("\"v1\""));
    assert_eq!(read.json()["first_assignee"], "assistant");
    let stale = server.put(at, 0, &json!({})).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 1);
    assert_eq!(server.send("PUT", at, &[], json!({})).await.status, 428);
    let fallback = json!({"fallback": {"name": "", "language": "pt_BR", "places": [], "text": "{text}"}});
    assert_eq!(
        codes(&server.put(at, 0, &fallback).await),
        ["fallback.name:required"]
    );
    let elsewhere = json!({"notices_from": "chn_0190a8b0c0de7000800000000000000a"});
    assert_eq!(
        codes(&server.put(at, 0, &elsewhere).await),
        ["notices_from:unknown"]
    );
    assert_eq!(
        server.get("/api/v1/conversations/paused").await.json(),
        json!({"items": []})
    );
    let nothing = "/api/v1/conversations/channels/chn_0190a8b0c0de7000800000000000000a/resume";
    assert_eq!(server.post(nothing, &json!({})).await.status, 404);
    server.stop().await.unwrap();
}
