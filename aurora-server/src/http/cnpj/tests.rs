use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::resilience::Deadline;
use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::companies::{Cnpj, Companies, Company, CompanyRegistry, RegistryError, RegistryErrorKind};
use serde_json::{Value, json};

use crate::http::testing::Server;

const NUMBER: &str = "11222333000181";
const LETTERS: &str = "12ABC34501DE35";

/// Knows two companies, and fails as it is told.
#[derive(Debug, Clone)]
struct Fake {
    name: &'static str,
    failing: Arc<Mutex<Option<RegistryErrorKind>>>,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            failing: Arc::default(),
            asked: Arc::default(),
        }
    }

    fn fail(&self, how: RegistryErrorKind) {
        *self.failing.lock().unwrap() = Some(how);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl CompanyRegistry for Fake {
    fn name(&self) -> &str {
        self.name
    }

    async fn find(&self, cnpj: &Cnpj, _deadline: Deadline) -> Result<Company, RegistryError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(kind) = *self.failing.lock().unwrap() {
            let wait = Some(Duration::from_secs(7));
            return Err(RegistryError::new(kind).with_retry_after(wait));
        }
        let names = HashMap::from([(NUMBER, "PADARIA PAO QUENTE LTDA"), (LETTERS, "LETRAS LTDA")]);
        let Some(name) = names.get(cnpj.plain()) else {
            return Err(RegistryError::new(RegistryErrorKind::NotRegistered));
        };
        let company = json!({"cnpj": cnpj.plain(), "legal_name": name, "trade_name": null, "establishment": "head_office",
            "status": "active", "status_since": "2020-06-05", "status_reason": null, "founded": "2020-06-05",
            "address": {"street": "RUA A", "number": "1", "city": "SAO PAULO", "ibge_code": 3_550_308, "state": "SP",
                "zip": "01310200"},
            "phones": ["+551138765432"], "emails": ["contato@example.com"],
            "main_activity": {"code": "4721102", "text": "Padaria"}, "side_activities": [], "legal_nature": null,
            "size": "micro", "capital": "10000.50", "partners": [{"name": "ANA", "kind": "person",
                "document": "***112108**", "role": "Sócia", "since": null}],
            "simples": {"is_opted": true, "since": null}, "mei": null, "state_registrations": [],
            "source": self.name, "fetched_at": SystemClock.now(), "updated_at": null, "raw": {"secret_member": 1}});
        Ok(serde_json::from_value(company).unwrap())
    }
}

async fn with(fakes: &[&Fake]) -> Server {
    let mut builder = Companies::builder().without_free();
    for fake in fakes {
        builder = builder.registry((*fake).clone(), None);
    }
    let companies = builder.build().unwrap();
    Server::adapted(|app| app.companies(companies)).await
}

#[tokio::test]
async fn a_company_is_found_in_whatever_way_its_number_is_written() {
    let fake = Fake::new("fake");
    let server = with(&[&fake]).await;
    let answer = server.get("/api/v1/cnpj/11222333000181").await;
    let found = answer.good(200);
    assert_eq!(
        answer
            .header("cache-status")
            .map(|it| it.starts_with("companies")),
        Some(true)
    );
    assert_eq!(
        (&found["cnpj"], &found["legal_name"], &found["source"]),
        (&json!(NUMBER), &json!("PADARIA PAO QUENTE LTDA"), &json!("fake"))
    );
    assert_eq!(
        (&found["freshness"], &found["status"]),
        (&json!("loaded"), &json!("active"))
    );
    assert_eq!(found["capital"], json!({"cents": 1_000_050, "currency": "BRL"}));
    assert_eq!(found["partners"][0]["document"], "***112108**");
    assert_eq!(found["address"]["postal_code"], "01310200");
    assert!(found["age_seconds"].is_u64() && found["fetched_at"].is_string());
    assert!(found.get("raw").is_none() && found.get("prefill").is_none());
    for written in [
        "11.222.333%2F0001-81",
        "11.222.333%2f0001-81",
        "%20112223330001-81",
    ] {
        let again = server.get(&format!("/api/v1/cnpj/{written}")).await.good(200);
        assert_eq!(
            (&again["cnpj"], &again["freshness"]),
            (&json!(NUMBER), &json!("fresh"))
        );
    }
    assert_eq!(fake.asked(), 1, "what is kept is not asked for");
    let raw = server.get("/api/v1/cnpj/11222333000181?raw=true").await.good(200);
    assert_eq!(raw["raw"], json!({"secret_member": 1}));
    for letters in ["12ABC34501DE35", "12abc34501de35", "12.ABC.345%2F01DE-35"] {
        let found = server.get(&format!("/api/v1/cnpj/{letters}")).await.good(200);
        assert_eq!(found["cnpj"], LETTERS);
    }
}

#[tokio::test]
async fn a_draft_can_be_sent_as_it_is() {
    let fake = Fake::new("fake");
    let server = with(&[&fake]).await;
    let path = format!("/api/v1/cnpj/{NUMBER}/prefill");
    let draft = server.send("POST", &path, &[], "").await.good(200);
    assert_eq!(
        draft["client"],
        json!({"kind": "company", "legal_name": "PADARIA PAO QUENTE LTDA", "cnpj": NUMBER, "email": "contato@example.com",
            "phones": ["+551138765432"], "status": "active", "addresses": [{"street": "RUA A", "number": "1",
                "complement": null, "district": null, "city": "SAO PAULO", "state": "SP", "postal_code": "01310200",
                "ibge_code": "3550308", "country": "BR"}]})
    );
    assert_eq!(
        (&draft["duplicates"], &draft["source"]),
        (&json!([]), &json!("fake"))
    );
    let made = server.post("/api/v1/clients", &draft["client"]).await.good(201);
    let asked = format!("/api/v1/cnpj/{NUMBER}?prefill=true&details=true");
    let found = server.get(&asked).await.good(200);
    assert_eq!(found["prefill"]["client"]["custom"]["company"]["size"], "micro");
    assert_eq!(found["prefill"]["duplicates"][0]["id"], made["id"]);
    assert_eq!(found["prefill"]["duplicates"][0]["reasons"][0], "same_document");

    // Who may be the same is for those who may see clients.
    let key = server.program(&["company:lookup"]).await;
    let headers = [("authorization", key.as_str())];
    let found = server.send("GET", &asked, &headers, "").await.good(200);
    assert_eq!(found["prefill"]["client"]["cnpj"], NUMBER);
    assert!(found["prefill"].get("duplicates").is_none());
    let draft = server.send("POST", &path, &headers, "").await.good(200);
    assert!(draft.get("duplicates").is_none());
}

#[tokio::test]
async fn a_wrong_number_leaves_nothing_and_an_unknown_one_is_not_found() {
    let fake = Fake::new("fake");
    let server = with(&[&fake]).await;
    for wrong in ["11222333000182", "1", "11.222.333%2F0001-8A", "0", "%FF"] {
        let answer = server.get(&format!("/api/v1/cnpj/{wrong}")).await;
        if wrong == "%FF" {
            answer.problem(404, "not_found");
        } else {
            answer.problem(422, "invalid");
            assert_eq!(answer.wrong_fields(), ["cnpj"]);
        }
    }
    assert_eq!(fake.asked(), 0);
    server
        .get("/api/v1/cnpj/19131243000197")
        .await
        .problem(404, "not_found");
    let answer = server.get("/api/v1/cnpj/11222333000181?raw=1&colour=1").await;
    answer.problem(400, "invalid_parameter");
    assert_eq!(answer.wrong_fields(), ["raw", "colour"]);
}

/// Whom an answer or a problem says were asked, and how it went.
fn attempts_of(told: &Value) -> Vec<(&str, &str)> {
    let attempts = told["attempts"].as_array().unwrap();
    for it in attempts {
        assert!(
            it["took_ms"].is_u64() && it.as_object().unwrap().len() == 3,
            "{it}"
        );
    }
    attempts
        .iter()
        .map(|it| (it["source"].as_str().unwrap(), it["outcome"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn an_answer_tells_its_attempts_in_their_order_and_one_that_was_kept_has_none() {
    let (first, second, third) = (Fake::new("first"), Fake::new("second"), Fake::new("third"));
    let server = with(&[&first, &second, &third]).await;
    first.fail(RegistryErrorKind::OutOfCredits);
    second.fail(RegistryErrorKind::Unavailable);
    let path = format!("/api/v1/cnpj/{NUMBER}");
    let found = server.get(&path).await.good(200);
    let attempts = [
        ("first", "out_of_credits"),
        ("second", "unavailable"),
        ("third", "found"),
    ];
    assert_eq!(attempts_of(&found), attempts);
    let kept = server.get(&path).await.good(200);
    assert_eq!(
        (&kept["freshness"], &kept["attempts"]),
        (&json!("fresh"), &json!([]))
    );

    // So do a draft, and the answer that there is no such company.
    let server = with(&[&third]).await;
    let draft = server
        .send("POST", &format!("{path}/prefill"), &[], "")
        .await
        .good(200);
    assert_eq!(attempts_of(&draft), [("third", "found")]);
    let answer = server.get("/api/v1/cnpj/19131243000197").await;
    let problem = answer.problem(404, "not_found");
    assert_eq!(attempts_of(&problem), [("third", "not_registered")]);
}

#[tokio::test]
async fn the_next_source_answers_and_failures_name_every_source() {
    let (first, second) = (Fake::new("first"), Fake::new("second"));
    let server = with(&[&first, &second]).await;
    first.fail(RegistryErrorKind::InvalidCredential);
    let found = server.get(&format!("/api/v1/cnpj/{NUMBER}")).await.good(200);
    assert_eq!(found["source"], "second");
    let attempts = [("first", "invalid_credential"), ("second", "found")];
    assert_eq!(attempts_of(&found), attempts);

    let server = with(&[&first, &second]).await;
    second.fail(RegistryErrorKind::Unavailable);
    let answer = server.get(&format!("/api/v1/cnpj/{NUMBER}")).await;
    let problem = answer.problem(502, "registries_failed");
    let attempts = [("first", "invalid_credential"), ("second", "unavailable")];
    assert_eq!(attempts_of(&problem), attempts);
    assert!(!answer.body.contains(NUMBER), "an error shows the number");

    let server = with(&[&first, &second]).await;
    for fake in [&first, &second] {
        fake.fail(RegistryErrorKind::RateLimited);
    }
    let answer = server
        .send("POST", &format!("/api/v1/cnpj/{NUMBER}/prefill"), &[], "")
        .await;
    let problem = answer.problem(429, "too_many_requests");
    let attempts = [("first", "rate_limited"), ("second", "rate_limited")];
    assert_eq!(attempts_of(&problem), attempts);
    assert_eq!(answer.header("retry-after"), Some("7"));
}
