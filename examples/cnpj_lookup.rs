//! A company by its CNPJ: the paid registry fails, the free one answers, the second question is answered by the cache.
//!
//! ```sh
//! cargo run --example cnpj_lookup --features http,config                          # registries in this process
//! cargo run --example cnpj_lookup --features http,config -- 19.131.243/0001-97    # the real ones
//! ```
//!
//! Without a number it needs no key and no network. With one it asks the real registries, the paid one first when
//! `CNPJA_PRIMARY_KEY` is set, here or in `.env`.

use std::time::Duration;

use aurora::core::config::{self, Loader};
use aurora::core::http::Egress;
use aurora::core::resilience::Deadline;
use aurora::core::time::SystemClock;
use aurora::crm::clients::NewClient;
use aurora::crm::companies::{
    Cnpj, CnpjAuth, Companies, CompaniesBuilder, Company, FreeSource, Lookup, PaidSource,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (companies, cnpj) = match std::env::args().nth(1) {
        Some(number) => (from_settings()?.build()?, number.parse::<Cnpj>()?),
        None => {
            println!(
                "No number was given, so registries in this process are asked about an alphanumeric CNPJ.\n"
            );
            (local().await?.build()?, "12.ABC.345/01DE-35".parse()?)
        }
    };

    for question in ["first", "second"] {
        let deadline = Deadline::after(&SystemClock, Duration::from_secs(20));
        let lookup = companies.find(&cnpj, deadline).await?;
        println!(
            "The {question} question about {cnpj}: {}, {} s old.",
            lookup.freshness().as_str(),
            lookup.age().as_secs()
        );
        if question == "first" {
            show(&lookup);
        }
    }

    println!("\nThe sources, in the order in which they are asked:");
    for source in companies.sources() {
        let failure = source.last_error.map_or("", |error| error.class);
        println!(
            "  {:<16} asked {}, answered {}, circuit {} {failure}",
            source.name, source.calls, source.served, source.state
        );
    }
    Ok(())
}

/// The registries as the settings say: `CNPJA_PRIMARY_KEY`, `CNPJA_SECONDARY_KEY`, `CNPJA_AUTH_TYPE`, `CNPJA_PAID_URL`,
/// `CNPJA_FREE_URL`.
fn from_settings() -> Result<CompaniesBuilder, Failure> {
    let cnpj = Loader::from_process(".").load()?.into_settings().cnpj;
    let mut builder = Companies::builder().base(FreeSource::CnpjaOpen, cnpj.free_url);
    if let Some(key) = cnpj.primary_key {
        let auth = match cnpj.auth_type {
            config::CnpjAuth::Bearer => CnpjAuth::Bearer,
            _ => CnpjAuth::Raw,
        };
        let mut paid = PaidSource::new(key).base(cnpj.paid_url).auth(auth);
        if let Some(key) = cnpj.secondary_key {
            paid = paid.secondary_key(key);
        }
        builder = builder.paid(paid);
    }
    Ok(builder)
}

fn show(lookup: &Lookup) {
    let Some(company) = lookup.company() else {
        println!("  There is no such company.");
        return;
    };
    let unknown = || "not told".to_owned();
    let line = |name: &str, value: String| println!("  {name:<15}{value}");
    line("Razão social", company.legal_name.clone());
    line(
        "Nome fantasia",
        company.trade_name.clone().unwrap_or_else(unknown),
    );
    line("Situação", format!("{:?}", company.status));
    line(
        "Desde",
        company.founded.map_or_else(unknown, |date| date.to_string()),
    );
    line("Endereço", address(company));
    line(
        "IBGE",
        company
            .address
            .ibge_code
            .map_or_else(unknown, |code| code.to_string()),
    );
    let phones: Vec<_> = company.phones.iter().map(ToString::to_string).collect();
    line("Telefones", phones.join(", "));
    let activity = company.main_activity.as_ref();
    let activity =
        activity.map(|activity| format!("{} {}", activity.code, activity.text.as_deref().unwrap_or("")));
    line("CNAE", activity.unwrap_or_else(unknown));
    line(
        "Capital",
        company
            .capital
            .map_or_else(unknown, |capital| format!("R$ {capital}")),
    );
    let simples = company
        .simples
        .map(|simples| if simples.is_opted { "sim" } else { "não" });
    line("Simples", simples.map_or_else(unknown, str::to_owned));
    line("Fonte", company.source.clone());
    line(
        "Dados de",
        company.updated_at.map_or_else(unknown, |time| time.to_string()),
    );
    // To be shown in a form, changed by a person, and then created.
    let _proposal = NewClient::from_company(company);
}

fn address(company: &Company) -> String {
    let address = &company.address;
    let parts = [
        &address.street,
        &address.number,
        &address.district,
        &address.city,
        &address.state,
    ];
    let parts: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(", ")
}

/// A paid registry that refuses the first key and has no credits for the second, and a free one that knows everybody.
async fn local() -> Result<CompaniesBuilder, Failure> {
    let paid = serve(|request| {
        if request.contains("authorization: first-key") {
            (
                401,
                json!({"code": 401, "message": "invalid authentication"}).to_string(),
            )
        } else {
            let body = json!({"code": 429, "message": "not enough credits", "required": 1, "remaining": 0});
            (429, body.to_string())
        }
    })
    .await?;
    let open = serve(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let number = path.rsplit('/').next().unwrap_or_default();
        let office = json!({
            "taxId": number, "updated": "2026-11-20T12:34:56.000Z", "alias": "Pão Quente", "founded": "2026-08-03",
            "head": false, "statusDate": "2026-08-03", "status": {"id": 2, "text": "Ativa"},
            "company": {
                "id": number.get(..8), "name": "PADARIA PAO QUENTE LTDA", "equity": 50000,
                "nature": {"id": 2062, "text": "Sociedade Empresária Limitada"},
                "size": {"id": 1, "acronym": "ME", "text": "Microempresa"},
                "simples": {"optant": true, "since": "2026-08-03"}, "members": []
            },
            "address": {"municipality": 3550308, "street": "Rua Augusta", "number": "1500", "district": "Consolação",
                        "city": "São Paulo", "state": "SP", "zip": "01304001", "country": {"id": 76, "name": "Brasil"}},
            "phones": [{"type": "MOBILE", "area": "11", "number": "987654321"}], "emails": [],
            "mainActivity": {"id": 1091102, "text": "Fabricação de produtos de padaria"}, "sideActivities": []
        });
        (200, office.to_string())
    })
    .await?;
    Ok(Companies::builder()
        .egress(Egress::Any) // the usual guard lets nothing out to this machine
        .paid(
            PaidSource::new("first-key")
                .secondary_key("second-key")
                .base(paid),
        )
        .base(FreeSource::CnpjaOpen, open))
}

/// Answers each request of this process alone, on a free port.
async fn serve(answer: fn(&str) -> (u16, String)) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Err(error) = reply(stream, answer).await {
                    eprintln!("a registry in this process failed: {error}");
                }
            });
        }
    });
    Ok(base)
}

async fn reply(mut stream: TcpStream, answer: fn(&str) -> (u16, String)) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let (status, body) = answer(&String::from_utf8_lossy(&head));
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
