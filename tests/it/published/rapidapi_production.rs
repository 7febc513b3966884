//! *Sistema de Produção RapidAPI*: every path of its dashboard, its actions, and its administration.

use serde_json::{Value, json};

use super::{Person, assert_status, guarded};

#[tokio::test]
async fn the_dashboards_paths_answer_as_published() {
    let (server, setup) = guarded("").await;
    let ana = Person::founder(&server, &setup).await;
    let chat = json!({"prompt": "Is anybody there?"});
    assert_status(&ana.ask(&server, "POST", "/llm/chat", &chat).await, 200);

    let status = assert_status(&ana.get(&server, "/api/status").await, 200);
    assert_eq!(status["health"]["status"], "ok", "{status}");
    let performance = assert_status(&ana.get(&server, "/api/performance").await, 200);
    assert!(performance["totals"].is_object() && performance["targets"].is_array());
    let fallback = assert_status(&ana.get(&server, "/api/fallback").await, 200);
    assert!(!fallback["targets"].as_array().unwrap().is_empty());
    assert_status(&ana.get(&server, "/api/notifications").await, 200);
    assert_status(&ana.get(&server, "/api/alerts").await, 200);
    assert_eq!(server.get("/api/status").await.status, 401, "not for everybody");

    // The six rules of the document are there from the start.
    let rules = assert_status(&ana.get(&server, "/api/v1/alerts/rules").await, 200);
    assert_eq!(rules["items"].as_array().unwrap().len(), 6, "{rules}");

    // Actions.
    let message = json!({"title": "Alerta", "content": "Mensagem de teste", "severity": "warning"});
    let sent = ana
        .ask(&server, "POST", "/api/notifications/send", &message)
        .await;
    assert!(sent.status < 300, "{}", super::text(&sent));
    for action in ["/api/performance/clear", "/api/fallback/reset"] {
        assert!(
            ana.ask(&server, "POST", action, &Value::Null).await.status < 300,
            "{action}"
        );
    }
    let cleared = assert_status(&ana.get(&server, "/api/performance").await, 200);
    assert_eq!(cleared["totals"]["requests"], 0, "{cleared}");

    // Administration takes a second factor; settings show no secret; a restart has to be allowed.
    ana.get(&server, "/admin/config")
        .await
        .problem(401, "step_up_required");
    let ana = ana.with_two_factors(&server).await;
    let config = ana.get(&server, "/admin/config").await;
    assert!([200, 501].contains(&config.status), "{}", super::text(&config));
    ana.ask(&server, "POST", "/admin/restart", &Value::Null)
        .await
        .problem(403, "forbidden");
    server.stopped().await.unwrap();
}
