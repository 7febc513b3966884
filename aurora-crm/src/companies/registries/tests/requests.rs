//! What goes out.

use std::time::Duration;

use aurora_core::http::HttpClient;
use aurora_core::resilience::Deadline;
use aurora_core::time::SystemClock;
use serde_json::json;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{CnpjAuth, CnpjaPaid, Form, KEY, LETTERS, NUMERIC, all, cnpj, fixtures};
use crate::companies::registries::PaidOptions;
use crate::companies::{CompanyRegistry, RegistryErrorKind, Strategy, company_registry_contract};

const UNKNOWN: &str = "00000000000191";

/// A server that knows every number but [`UNKNOWN`], in the form of each registry.
async fn server(form: Form) -> MockServer {
    let server = MockServer::start().await;
    let negative = json!({
        "code": 404, "status": 404, "titulo": "Não encontrado", "detalhes": "CNPJ não encontrado",
        "message": "CNPJ 00.000.000/0001-91 não encontrado."
    });
    let answer = move |request: &Request| {
        let asked = request.url.path().rsplit('/').next().unwrap().to_owned();
        let is_receita_ws = request.url.path().starts_with("/v1/cnpj/");
        match asked.as_str() {
            UNKNOWN if is_receita_ws => ResponseTemplate::new(200)
                .set_body_json(json!({"status": "ERROR", "message": "CNPJ rejeitado pela Receita Federal"})),
            UNKNOWN => ResponseTemplate::new(404).set_body_json(&negative),
            asked => ResponseTemplate::new(200).set_body_json(form(asked)),
        }
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn every_registry_keeps_the_contract_with_and_without_letters() {
    for index in 0..6 {
        let form = all("http://localhost").remove(index).1;
        let server = server(form).await;
        let registry = all(&server.uri()).remove(index).0;
        for known in [NUMERIC, LETTERS[0], LETTERS[1]] {
            company_registry_contract(&*registry, &cnpj(known), &cnpj(UNKNOWN)).await;
        }
    }
}

#[tokio::test]
async fn each_registry_is_asked_where_it_documents() {
    let expected = [
        ("/office/", true),
        ("/office/", false),
        ("/", false),
        ("/api/cnpj/v1/", false),
        ("/cnpj/", false),
        ("/v1/cnpj/", false),
    ];
    for (index, (prefix, is_paid)) in expected.into_iter().enumerate() {
        let server = MockServer::start().await;
        let (registry, form) = all(&server.uri()).remove(index);
        for number in [NUMERIC, LETTERS[0]] {
            Mock::given(method("GET"))
                .and(path(format!("{prefix}{number}")))
                .respond_with(ResponseTemplate::new(200).set_body_json(form(number)))
                .mount(&server)
                .await;
            let deadline = Deadline::after(&SystemClock, Duration::from_secs(60));
            let company = registry.find(&cnpj(number), deadline).await.unwrap();
            assert_eq!(company.cnpj, cnpj(number));
        }
        for request in server.received_requests().await.unwrap() {
            let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("authorization"), is_paid.then_some(KEY));
            assert_eq!(header("accept"), Some("application/json"));
            assert_eq!(
                header("x-request-timeout-ms"),
                None,
                "strangers are told a deadline of ours"
            );
            let query = request.url.query();
            assert_eq!(query, is_paid.then_some("simples=true&registrations=BR"));
        }
    }
}

#[tokio::test]
async fn the_paid_api_gets_the_key_and_the_options_that_were_set() {
    let server = server(fixtures::cnpja).await;
    let http = HttpClient::new().unwrap();
    // With a path and a slash of its own, as behind a gateway.
    let base = format!("{}/gateway/", server.uri());
    let options = PaidOptions {
        auth: CnpjAuth::Bearer,
        with_simples: false,
        with_registrations: true,
        strategy: Some(Strategy::CacheIfFresh),
        max_age: Some(Duration::from_secs(30 * 86_400)),
    };
    let clock = std::sync::Arc::new(SystemClock);
    let registry = CnpjaPaid::with(
        "cnpja/secondary".to_owned(),
        &http,
        &base,
        &KEY.into(),
        options,
        clock,
    )
    .unwrap();
    let company = registry.find(&cnpj(LETTERS[1]), Deadline::NONE).await.unwrap();
    assert_eq!(company.source, "cnpja/secondary");
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].url.path(), "/gateway/office/SY99M4WL1G7A66");
    assert_eq!(
        requests[0].url.query(),
        Some("registrations=BR&strategy=CACHE_IF_FRESH&maxAge=30")
    );
    let sent = requests[0]
        .headers
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap();
    assert_eq!(sent, format!("Bearer {KEY}"));
}

#[tokio::test]
async fn what_a_cache_does_not_hold_is_not_a_company_that_does_not_exist() {
    let server = server(fixtures::cnpja).await;
    let http = HttpClient::new().unwrap();
    let options = PaidOptions {
        strategy: Some(Strategy::Cache),
        ..PaidOptions::default()
    };
    let clock = std::sync::Arc::new(SystemClock);
    let registry = CnpjaPaid::with(
        "cnpja/primary".to_owned(),
        &http,
        &server.uri(),
        &KEY.into(),
        options,
        clock,
    )
    .unwrap();
    let error = registry.find(&cnpj(UNKNOWN), Deadline::NONE).await.unwrap_err();
    assert_eq!(error.kind(), RegistryErrorKind::Unavailable);
}

#[tokio::test]
async fn nothing_is_sent_after_the_deadline() {
    let server = server(fixtures::minha_receita).await;
    for (registry, _) in all(&server.uri()) {
        let past = Deadline::after(&SystemClock, Duration::ZERO);
        assert!(past.remaining(&SystemClock).unwrap().is_zero());
        let error = registry.find(&cnpj(NUMERIC), past).await.unwrap_err();
        assert_eq!(error.kind(), RegistryErrorKind::Timeout);
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[test]
fn a_base_that_is_no_address_is_refused() {
    let http = HttpClient::new().unwrap();
    for base in [
        "",
        "api.cnpja.com",
        "ftp://api.cnpja.com",
        "https://user:password@api.cnpja.com",
        "https://api.cnpja.com?key=1",
        "https://api.cnpja.com#x",
    ] {
        let made = CnpjaPaid::new("cnpja", &http, base, &KEY.into(), CnpjAuth::Raw, SystemClock);
        let error = made.unwrap_err();
        assert_eq!(error.fields()[0].field, "base", "{base}");
        assert!(!error.to_string().contains("password"));
    }
}
