//! *Manual Técnico* of Aurora Platform: 6.1 registering a client, 6.2 looking up a CNPJ, 6.3 signing in with two factors, and
//! `/api/v1/admin`, which takes both.

use serde_json::{Value, json};

use super::{Person, assert_status, guarded};

#[tokio::test]
async fn a_client_is_registered_once_and_administration_takes_two_factors() {
    // It signs in more often than five times a minute.
    let (server, setup) = guarded("[limits]\nauth_per_minute = 0").await;
    let ana = Person::founder(&server, &setup).await;

    // 6.1: sent, validated, checked for duplicates, stored, returned.
    let bakery =
        json!({"kind": "company", "legal_name": "Padaria Pão Quente Ltda", "cnpj": "11.222.333/0001-81"});
    let made = ana.ask(&server, "POST", "/api/v1/clientes", &bakery).await;
    let client = assert_status(&made, 201);
    assert_eq!(client["cnpj"], "11222333000181");
    assert_eq!(made.header("etag"), Some("\"v1\""));
    let location = made.header("location").unwrap().to_owned();
    assert!(location.starts_with("/api/v1/clientes/"), "{location}");
    let again = ana.ask(&server, "POST", "/api/v1/clients", &bakery).await;
    assert_eq!(again.problem(409, "duplicate")["existing_id"], client["id"]);
    let wrong = json!({"kind": "company", "legal_name": "", "cnpj": "11.222.333/0001-80", "email": "nobody"});
    let refused = ana.ask(&server, "POST", "/api/v1/clientes", &wrong).await;
    refused.problem(422, "invalid");
    assert_eq!(refused.wrong_fields().len(), 3, "{:?}", refused.wrong_fields());
    assert_eq!(
        ana.get(&server, &location).await.json()["legal_name"],
        "Padaria Pão Quente Ltda"
    );

    // 6.2: a number that cannot be is refused before anybody is asked.
    ana.get(&server, "/api/v1/cnpj/11222333000180")
        .await
        .problem(422, "invalid");

    // 6.3 and 5.1: without a second factor no administration.
    let administration = "/api/v1/admin/users";
    let refused = ana.get(&server, administration).await;
    refused.problem(401, "step_up_required");
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication") && challenge.contains("aal2"),
        "{challenge}"
    );
    let ana = ana.with_two_factors(&server).await;
    let users = assert_status(&ana.get(&server, administration).await, 200);
    assert_eq!(users["items"][0]["email"], super::EMAIL);

    // A wrong password and somebody unknown are answered alike.
    let told = async |email: &str| {
        let login = json!({"email": email, "password": "um outro prato de trigo"}).to_string();
        let answer = server.post("/api/v1/auth/login", &login).await;
        let mut problem = answer.problem(401, "unauthenticated");
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    assert_eq!(told(super::EMAIL).await, told("nobody@example.com").await);
    let leads = ana.ask(&server, "GET", "/api/v1/leads", &Value::Null).await;
    assert_eq!(assert_status(&leads, 200)["items"], json!([]));
    server.stopped().await.unwrap();
}
