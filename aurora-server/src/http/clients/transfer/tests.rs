use serde_json::json;

use crate::http::testing::{Answer, Server};

const CSV: [(&str, &str); 1] = [("content-type", "text/csv; charset=utf-8")];

const FILE: &str = "Razão social;CNPJ;E-mail;Observação interna\n\
    Padaria Pão Quente Ltda;11.222.333/0001-81;contato@example.com;a\n\
    Errada Ltda;11.222.333/0001-82;não é;b\n\
    =cmd();;;c\n";

#[tokio::test]
async fn a_file_is_planned_tried_imported_and_not_imported_twice() {
    let server = Server::with([]).await;
    let plan = server
        .send("POST", "/api/v1/clients/import/plan", &CSV, FILE)
        .await
        .good(200);
    assert_eq!(plan["dialect"]["separator"], "semicolon");
    assert_eq!(plan["columns"][0]["target"], "legal_name");
    assert_eq!(plan["columns"][3]["decided"], "unknown");

    let dry = server
        .send("POST", "/api/v1/clients/import?dry_run=true", &CSV, FILE)
        .await
        .good(200);
    assert_eq!(
        (dry["dry_run"].as_bool(), dry["counts"]["refused"].as_i64()),
        (Some(true), Some(1))
    );
    let errors: Vec<(i64, i64, &str)> = dry["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["line"].as_i64().unwrap(),
                error["column"].as_i64().unwrap(),
                error["field"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(errors, [(3, 2, "cnpj"), (3, 3, "email")]);
    assert!(
        !dry.to_string().contains("11.222.333/0001-82"),
        "a cell is repeated"
    );
    let none = server.get("/api/v1/clients").await.good(200);
    assert_eq!(none["items"], json!([]), "a dry run changes nothing");

    let id = dry["import_id"].as_str().unwrap();
    let import = format!("/api/v1/clientes/import?import_id={id}");
    let report = server.send("POST", &import, &CSV, FILE).await.good(200);
    assert_eq!(
        (report["counts"]["created"].as_i64(), report["finished"].as_bool()),
        (Some(2), Some(true))
    );
    assert_eq!(report["file_sha256"], dry["file_sha256"]);
    let again = server.send("POST", &import, &CSV, FILE).await.good(200);
    assert_eq!(again["counts"]["created"], 2, "the same import");
    let all = server.get("/api/v1/clients").await.good(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let seen = server
        .get(&format!("/api/v1/clients/imports/{id}"))
        .await
        .good(200);
    assert_eq!((&seen["finished"], &seen["rows"]), (&json!(true), &json!(3)));

    let columns = "/api/v1/clients/import?dry_run=true&duplicates=update&column=Observa%C3%A7%C3%A3o%20interna=custom.obs";
    let told = server.send("POST", columns, &CSV, FILE).await.good(200);
    assert_eq!(
        told["counts"]["updated"], 1,
        "by its CNPJ, with a field of its own"
    );
}

#[tokio::test]
async fn what_is_no_file_or_no_option_is_told() {
    let server = Server::with([]).await;
    let answer = server
        .send(
            "POST",
            "/api/v1/clients/import?dry_run=maybe&duplicates=all&column=x&identities=name&events=none",
            &CSV,
            FILE,
        )
        .await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(
        answer.wrong_fields(),
        ["dry_run", "duplicates", "events", "identities", "column"]
    );
    let answer = server
        .send("POST", "/api/v1/clients/import", &CSV, "a;b\n1;2\n")
        .await;
    let problem = answer.problem(422, "invalid");
    assert_eq!(
        (&problem["errors"][0]["field"], &problem["errors"][0]["code"]),
        (&json!("file"), &json!("no_name"))
    );
    assert!(problem["import_id"].is_string());
    let answer = server.send("POST", "/api/v1/clients/import", &CSV, "").await;
    assert_eq!(answer.problem(422, "invalid")["errors"][0]["code"], "empty");
    let answer = server.send("POST", "/api/v1/clients/import", &[], "{}").await;
    answer.problem(415, "unsupported_media_type");
    server
        .get("/api/v1/clients/imports/imp_0190a8b0c0de7000800000000000000a")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn an_export_is_safe_to_open_and_comes_back() {
    let server = Server::with([]).await;
    server
        .send("POST", "/api/v1/clients/import", &CSV, FILE)
        .await
        .good(200);
    let answer = server.get("/api/v1/clients/export?order=name").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"clients.csv\"")
    );
    assert!(answer.header("content-type").unwrap().starts_with("text/csv"));
    assert!(answer.body.starts_with('\u{feff}'));
    assert!(answer.body.contains("Razão social"), "{}", answer.body);
    assert!(answer.body.contains("'=cmd()"), "a spreadsheet would run it");
    let other = Server::with([]).await;
    let report = other
        .send("POST", "/api/v1/clients/import", &CSV, &answer.body)
        .await
        .good(200);
    assert_eq!(report["counts"]["created"], 2, "{report}");
    assert_eq!(
        names(&other.get("/api/v1/clients?order=name").await),
        names(&server.get("/api/v1/clients?order=name").await)
    );

    let few = "/api/v1/clients/export?columns=legal_name,custom.n,id&separator=comma&language=en&encoding=utf-8&kind=person";
    let few = server.get(few).await;
    assert_eq!(few.body, "legal_name,n,_id\r\n", "nobody is a person");
    let wrong = server
        .get("/api/v1/clients/export?columns=legal_name,age&encoding=latin&separator=dot&city=Santos")
        .await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(wrong.wrong_fields(), ["encoding", "separator", "columns"]);
    let wrong = server.get("/api/v1/clients/export?city=Santos").await;
    wrong.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn an_export_of_a_search_has_what_the_list_finds() {
    let server = Server::with([]).await;
    for name in ["Padaria Pão Quente", "Mercado Bom Preço", "Pão e Companhia"] {
        let new = json!({"kind": "company", "legal_name": name});
        server.post("/api/v1/clients", &new).await.good(201);
    }
    let found = names(&server.get("/api/v1/clients?q=pao").await);
    assert_eq!(found.len(), 2);
    let path = "/api/v1/clients/export?q=pao&columns=legal_name&encoding=utf-8&language=en";
    let file = server.get(path).await;
    assert_eq!(file.status, 200);
    let written: Vec<&str> = file.body.lines().skip(1).collect();
    assert_eq!(written, found);
    for wrong in ["q=*", "q=pao&kind=person", "q=pao&blocked=only"] {
        let answer = server.get(&format!("/api/v1/clients/export?{wrong}")).await;
        answer.problem(400, "invalid_parameter");
        assert!(
            !answer.wrong_fields().iter().any(|field| field == "text"),
            "{wrong}"
        );
    }
    let answer = server.get("/api/v1/clients/export?q=*").await;
    assert_eq!(answer.wrong_fields(), ["q"]);
}

fn names(answer: &Answer) -> Vec<String> {
    let page = answer.good(200);
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["legal_name"].as_str().unwrap().to_owned())
        .collect()
}
