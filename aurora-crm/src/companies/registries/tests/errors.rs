//! What answers without a company mean.

use std::time::Duration;

use aurora_core::failure::{Failure as _, FailureClass};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{Form, KEY, NUMERIC, Which, fixtures, told};
use crate::companies::RegistryErrorKind::{
    InvalidCredential, Malformed, NotRegistered, OutOfCredits, RateLimited, Refused, Unavailable,
};

fn json(status: u16, body: serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>nginx</html>", "text/html")
}

#[tokio::test]
async fn each_documented_error_means_what_it_should() {
    use Which::{BrasilApi, MinhaReceita, Open, Paid, PublicaCnpjWs, ReceitaWs};
    let limit = "Excedido o limite máximo de 3 consultas por minuto.";
    let cases = [
        (
            Paid,
            json(
                400,
                json!({"code": 400, "message": "request validation failed", "constraints": [
            "taxId must be a string that obeys cnpj verification algorithm"]}),
            ),
            Refused,
        ),
        (
            Paid,
            json(401, json!({"code": 401, "message": "invalid authentication"})),
            InvalidCredential,
        ),
        (
            Paid,
            json(
                404,
                json!({"code": 404, "message": "tax id not registered at revenue service"}),
            ),
            NotRegistered,
        ),
        (
            Paid,
            json(
                429,
                json!({"code": 429, "message": "not enough credits", "required": 10, "remaining": 7}),
            ),
            OutOfCredits,
        ),
        (
            Paid,
            json(429, json!({"code": 429, "message": "rate limit exceeded"})),
            RateLimited,
        ),
        (
            Paid,
            json(500, json!({"code": 500, "message": "unexpected error"})),
            Unavailable,
        ),
        (
            Paid,
            json(503, json!({"code": 503, "message": "revenue service is offline"})),
            Unavailable,
        ),
        (
            Open,
            json(
                404,
                json!({"code": 404, "message": "tax id not registered at revenue service"}),
            ),
            NotRegistered,
        ),
        (
            Open,
            json(429, json!({"code": 429, "message": "rate limit exceeded"})),
            RateLimited,
        ),
        (
            Open,
            json(401, json!({"code": 401, "message": "invalid authentication"})),
            Unavailable,
        ),
        (
            MinhaReceita,
            json(400, json!({"message": "CNPJ 12ABC34501DE35 inválido."})),
            Refused,
        ),
        (
            MinhaReceita,
            json(404, json!({"message": "CNPJ 19.131.243/0001-97 não encontrado."})),
            NotRegistered,
        ),
        (
            MinhaReceita,
            json(405, json!({"message": "Essa URL aceita apenas o método GET."})),
            Unavailable,
        ),
        (
            MinhaReceita,
            json(408, json!({"message": "Tempo esgotado"})),
            Unavailable,
        ),
        (
            BrasilApi,
            json(
                400,
                json!({"message": "CNPJ 123 inválido.", "name": "BadRequestError",
            "type": "bad_request"}),
            ),
            Refused,
        ),
        (
            BrasilApi,
            json(
                404,
                json!({"message": "CNPJ 19.131.243/0001-97 não encontrado.", "name": "NotFoundError",
            "type": "not_found"}),
            ),
            NotRegistered,
        ),
        (
            PublicaCnpjWs,
            json(
                400,
                json!({"status": 400, "titulo": "Requisição inválida", "detalhes": "CNPJ inválido",
            "validacao": []}),
            ),
            Refused,
        ),
        (
            PublicaCnpjWs,
            json(
                404,
                json!({"status": 404, "titulo": "Não encontrado", "detalhes": "CNPJ não encontrado",
            "validacao": []}),
            ),
            NotRegistered,
        ),
        (
            PublicaCnpjWs,
            json(
                429,
                json!({"status": 429, "titulo": "Muitas requisições", "detahes": limit}),
            ),
            RateLimited,
        ),
        (
            PublicaCnpjWs,
            json(500, json!({"status": 500, "titulo": "Erro interno"})),
            Unavailable,
        ),
        (
            ReceitaWs,
            json(
                200,
                json!({"status": "ERROR", "message": "CNPJ rejeitado pela Receita Federal"}),
            ),
            NotRegistered,
        ),
        (
            ReceitaWs,
            json(200, json!({"status": "ERROR", "message": "CNPJ inválido"})),
            Refused,
        ),
        (
            ReceitaWs,
            json(200, json!({"status": "ERROR", "message": "Timeout"})),
            Unavailable,
        ),
        (
            ReceitaWs,
            ResponseTemplate::new(429).set_body_string("Too many requests, please try again later."),
            RateLimited,
        ),
        (ReceitaWs, page(504), Unavailable),
    ];
    for (which, answer, expected) in cases {
        let error = told(which, answer).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{which:?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains(KEY) && !shown.contains("http") && !shown.contains(NUMERIC),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_neither_a_company_nor_a_negative_answer() {
    use Which::{BrasilApi, MinhaReceita, Open, Paid, PublicaCnpjWs, ReceitaWs};
    let other = "33683111000280";
    let forms: [(Which, Form, &str); 6] = [
        (Paid, fixtures::cnpja, "/company/name"),
        (Open, fixtures::cnpja, "/status/id"),
        (MinhaReceita, fixtures::minha_receita, "/razao_social"),
        (BrasilApi, fixtures::minha_receita, "/razao_social"),
        (
            PublicaCnpjWs,
            fixtures::publica_cnpj_ws,
            "/estabelecimento/situacao_cadastral",
        ),
        (ReceitaWs, fixtures::receita_ws, "/nome"),
    ];
    for (which, form, required) in forms {
        let mut without = form(NUMERIC);
        *without.pointer_mut(required).unwrap() = serde_json::Value::Null;
        let broken = form(NUMERIC).to_string();
        let half: String = broken.chars().take(broken.chars().count() / 2).collect();
        for answer in [
            page(200),
            page(404), // a wrong path, or a proxy
            json(
                404,
                json!({"message": "Cannot GET /office", "error": "Not Found", "statusCode": 404}),
            ),
            json(200, json!([])),
            json(200, json!({})),
            json(200, form(other)),
            json(200, without),
            ResponseTemplate::new(200).set_body_raw(half, "application/json"),
            ResponseTemplate::new(302).insert_header("location", "https://example.com/"),
        ] {
            let error = told(which, answer).await.unwrap_err();
            assert_eq!(error.kind(), Malformed, "{which:?}");
            assert_eq!(error.class(), FailureClass::Transient);
        }
    }
}

#[tokio::test]
async fn how_long_to_stay_away_is_read_in_both_forms() {
    let minute = Some(Duration::from_secs(60));
    let header = || {
        json(429, json!({"code": 429, "message": "rate limit exceeded"})).insert_header("retry-after", "60")
    };
    for which in [
        Which::Paid,
        Which::Open,
        Which::MinhaReceita,
        Which::PublicaCnpjWs,
        Which::ReceitaWs,
    ] {
        let error = told(which, header()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (RateLimited, minute),
            "{which:?}"
        );
    }
    for (key, text, expected) in [
        (
            "detahes",
            "Excedido o limite máximo de 3 consultas por minuto. Liberação ocorrerá em Thu Jun 03 2021 \
          16:15:00 GMT-0300 (Horário Padrão de Brasília)",
            Some(Duration::from_secs(40)),
        ),
        (
            "detalhes",
            "Liberação ocorrerá em Thu Jun 03 2021 19:15:20 GMT+0000 (UTC)",
            minute,
        ),
        (
            "detahes",
            "Liberação ocorrerá em Thu Jun 03 2021 16:00:00 GMT-0300 (já passou)",
            Some(Duration::ZERO),
        ),
        ("detahes", "Liberação ocorrerá em breve", None),
        ("detahes", "", None),
    ] {
        let body = json!({"status": 429, "titulo": "Muitas requisições", key: text});
        let error = told(Which::PublicaCnpjWs, json(429, body)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (RateLimited, expected),
            "{text}"
        );
    }
    let credits = json!({"code": 429, "message": "not enough credits", "required": 1, "remaining": 0});
    let error = told(Which::Paid, json(429, credits)).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::Credential);
}
