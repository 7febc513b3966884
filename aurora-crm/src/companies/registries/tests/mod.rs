//! What each registry is asked, and what its answers mean.

mod companies;
mod damaged;
mod errors;
pub(crate) mod fixtures;
mod requests;

use std::sync::Arc;

use aurora_core::http::HttpClient;
use aurora_core::resilience::Deadline;
use aurora_core::time::{ManualClock, SystemClock, Timestamp};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{CnpjAuth, CnpjaOpen, CnpjaPaid, MinhaReceita, PublicaCnpjWs, ReceitaWs};
use crate::companies::{Cnpj, Company, CompanyRegistry, RegistryError};

pub(super) const NUMERIC: &str = "19131243000197";
/// The official example, and one of Receita Federal's with letters in the branch.
pub(super) const LETTERS: [&str; 2] = ["12ABC34501DE35", "SY99M4WL1G7A66"];
pub(super) const KEY: &str = "27e4642e-34d1-4ff3-bc26-e34321d96326-fc7abaae";

pub(super) fn cnpj(text: &str) -> Cnpj {
    text.parse().unwrap()
}

/// Makes an answer about a number.
pub(super) type Form = fn(&str) -> Value;

/// A moment shortly before the one in the fixture of CNPJ.ws.
pub(super) fn clock() -> ManualClock {
    ManualClock::at(Timestamp::parse("2021-06-03T16:14:20-03:00").unwrap())
}

/// Every registry at `base`, with the form of its answers.
pub(super) fn all(base: &str) -> Vec<(Box<dyn CompanyRegistry>, Form)> {
    let http = HttpClient::new().unwrap();
    let key = KEY.into();
    let paid = CnpjaPaid::new("cnpja/primary", &http, base, &key, CnpjAuth::Raw, SystemClock).unwrap();
    vec![
        (Box::new(paid), fixtures::cnpja),
        (
            Box::new(CnpjaOpen::new(&http, base, SystemClock).unwrap()),
            fixtures::cnpja,
        ),
        (
            Box::new(MinhaReceita::new(&http, base, SystemClock).unwrap()),
            fixtures::minha_receita,
        ),
        (
            Box::new(MinhaReceita::brasil_api(&http, &format!("{base}/api/cnpj/v1"), SystemClock).unwrap()),
            fixtures::minha_receita,
        ),
        (
            Box::new(PublicaCnpjWs::new(&http, base, SystemClock).unwrap()),
            fixtures::publica_cnpj_ws,
        ),
        (
            Box::new(ReceitaWs::new(&http, base, SystemClock).unwrap()),
            fixtures::receita_ws,
        ),
    ]
}

/// Which of them to ask.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    Paid,
    Open,
    MinhaReceita,
    BrasilApi,
    PublicaCnpjWs,
    ReceitaWs,
}

/// What the registry makes of this answer to a question about [`NUMERIC`], at the time of [`clock`].
pub(super) async fn told(which: Which, answer: ResponseTemplate) -> Result<Company, RegistryError> {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let (http, clock) = (HttpClient::new().unwrap(), Arc::new(clock()));
    let base = server.uri();
    let registry: Box<dyn CompanyRegistry> = match which {
        Which::Paid => Box::new(
            CnpjaPaid::new("cnpja/primary", &http, &base, &KEY.into(), CnpjAuth::Raw, clock).unwrap(),
        ),
        Which::Open => Box::new(CnpjaOpen::new(&http, &base, clock).unwrap()),
        Which::MinhaReceita => Box::new(MinhaReceita::new(&http, &base, clock).unwrap()),
        Which::BrasilApi => Box::new(MinhaReceita::brasil_api(&http, &base, clock).unwrap()),
        Which::PublicaCnpjWs => Box::new(PublicaCnpjWs::new(&http, &base, clock).unwrap()),
        Which::ReceitaWs => Box::new(ReceitaWs::new(&http, &base, clock).unwrap()),
    };
    registry.find(&cnpj(NUMERIC), Deadline::NONE).await
}
