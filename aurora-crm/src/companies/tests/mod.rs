//! The lookup against fakes of the registries.

mod attempts;
mod fallback;
mod keeping;
mod prefill;
mod settings;
mod telling;

use std::time::Duration;

use aurora_core::http::Egress;
use aurora_core::resilience::Deadline;
use aurora_core::time::ManualClock;
use serde_json::{Value, json};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::registries::tests::fixtures;
use super::{Cnpj, Companies, CompaniesBuilder, FreeSource, Lookup, LookupError, PaidSource};

const NUMBER: &str = "19131243000197";
const LETTERS: &str = "12ABC34501DE35";
const PRIMARY: &str = "primary-27e4642e-34d1-4ff3";
const SECONDARY: &str = "secondary-fc7abaae-a96c-4e63";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The places of the fakes.
const PAID: usize = 0;
const OPEN: usize = 1;
const MINHA: usize = 2;
const BRASIL: usize = 3;
const WS: usize = 4;
const RECEITA: usize = 5;

/// One server for each registry.
struct Fakes(Vec<MockServer>);

impl Fakes {
    /// All of them are down.
    async fn down() -> Self {
        let mut servers = Vec::new();
        for _ in 0..6 {
            let server = MockServer::start().await;
            Mock::given(any())
                .respond_with(ResponseTemplate::new(503))
                .with_priority(9)
                .mount(&server)
                .await;
            servers.push(server);
        }
        Self(servers)
    }

    /// Answers like this from now on.
    async fn answer(&self, which: usize, answer: ResponseTemplate) {
        self.0[which].reset().await;
        Mock::given(any())
            .respond_with(answer)
            .mount(&self.0[which])
            .await;
    }

    /// The paid API answers like this to one key.
    async fn answer_key(&self, key: &str, answer: ResponseTemplate) {
        Mock::given(header("authorization", key))
            .respond_with(answer)
            .mount(&self.0[PAID])
            .await;
    }

    /// Knows every number from now on.
    async fn know(&self, which: usize) {
        self.0[which].reset().await;
        let answer = move |request: &Request| {
            let asked = request.url.path().rsplit('/').next().unwrap();
            let form = match which {
                PAID | OPEN => fixtures::cnpja,
                MINHA | BRASIL => fixtures::minha_receita,
                WS => fixtures::publica_cnpj_ws,
                _ => fixtures::receita_ws,
            };
            ResponseTemplate::new(200).set_body_json(form(asked))
        };
        Mock::given(any())
            .respond_with(answer)
            .mount(&self.0[which])
            .await;
    }

    /// How often each has been asked since its answer was set.
    async fn asked(&self) -> Vec<usize> {
        let mut counts = Vec::new();
        for server in &self.0 {
            counts.push(server.received_requests().await.unwrap().len());
        }
        counts
    }

    fn free(&self, clock: &ManualClock) -> CompaniesBuilder {
        Companies::builder()
            .egress(Egress::Any)
            .clock(clock.clone())
            .base(FreeSource::CnpjaOpen, self.0[OPEN].uri())
            .base(FreeSource::MinhaReceita, self.0[MINHA].uri())
            .base(FreeSource::BrasilApi, self.0[BRASIL].uri())
            .base(FreeSource::PublicaCnpjWs, self.0[WS].uri())
            .base(FreeSource::ReceitaWs, self.0[RECEITA].uri())
    }

    fn all(&self, clock: &ManualClock) -> CompaniesBuilder {
        let paid = PaidSource::new(PRIMARY)
            .secondary_key(SECONDARY)
            .base(self.0[PAID].uri());
        self.free(clock).paid(paid)
    }
}

fn cnpj(text: &str) -> Cnpj {
    text.parse().unwrap()
}

/// Numbers that differ.
fn numbers(count: usize) -> Vec<Cnpj> {
    (0..count)
        .map(|index| Cnpj::from_base(&format!("12ABC{index:03}0001")).unwrap())
        .collect()
}

async fn find(companies: &Companies, number: &str) -> Result<Lookup, LookupError> {
    companies.find(&cnpj(number), Deadline::NONE).await
}

fn source(lookup: &Lookup) -> &str {
    &lookup.company().unwrap().source
}

fn not_registered() -> ResponseTemplate {
    let body = json!({"code": 404, "message": "tax id not registered at revenue service"});
    ResponseTemplate::new(404).set_body_json(body)
}

fn error(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}
