//! What others run: model providers, channels, mail, the registry of companies.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::config::{CnpjAuth, Settings};
use aurora_core::http::Egress;
use aurora_core::monitor::Monitor;
use aurora_core::resilience::Deadline;
use aurora_core::time::{Clock, SystemClock};
use aurora_crm::companies::{Companies, FreeSource, PaidSource};
use aurora_llm::LlmClient;
use aurora_llm::chat::ChatRequest;
use aurora_llm::client::Verdict;
use tokio::net::TcpStream;

use super::{Finding, told};
use crate::cli::alerts::{channels, try_channels};
use crate::wiring;

const LIMIT: Duration = Duration::from_secs(10);
/// Banco do Brasil, which every registry knows.
const KNOWN_COMPANY: &str = "00.000.000/0001-91";

/// Registries that no setting names.
const OTHER_REGISTRIES: [FreeSource; 4] = [
    FreeSource::MinhaReceita,
    FreeSource::BrasilApi,
    FreeSource::PublicaCnpjWs,
    FreeSource::ReceitaWs,
];

pub(super) async fn look(settings: &Settings, sends: bool) -> Vec<Finding> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut findings = providers(settings, &clock, sends).await;
    findings.extend(notifications(settings, &clock, sends).await);
    findings.push(companies(settings, &clock, sends).await);
    findings
}

async fn providers(settings: &Settings, clock: &Arc<dyn Clock>, sends: bool) -> Vec<Finding> {
    const NAME: &str = "providers";
    let client = match wiring::llm_client(settings, &Monitor::new(Arc::clone(clock)), clock) {
        Ok(Some(client)) => client,
        Ok(None) => {
            return vec![
                Finding::warn(NAME, "none is configured: the model endpoints answer 503")
                    .next("aurora setup"),
            ];
        }
        Err(error) => return vec![Finding::fail(NAME, told(&error)).next("mend the settings below llm.")],
    };
    let mut findings = Vec::new();
    for checkup in client.check().await {
        let name = format!("provider {}", checkup.target);
        let took = format!("{} ms", checkup.elapsed.as_millis());
        findings.push(if checkup.provider.as_str() == "simulated" {
            Finding::warn(name, "SIMULATED: its answers are made up").next("aurora setup")
        } else if sends {
            asked(&client, &checkup.target).await
        } else {
            match checkup.verdict {
                Verdict::Healthy => Finding::ok(name, format!("lists its models, {took}")),
                Verdict::Unhealthy(kind) => {
                    Finding::fail(name, kind.as_str()).next("mend its key or address below llm.")
                }
                _ => Finding::warn(name, "cannot be tried without a call that costs")
                    .next("aurora check --send"),
            }
        });
    }
    findings
}

/// A question of one token.
async fn asked(client: &LlmClient, target: &str) -> Finding {
    let name = format!("provider {target}");
    let mut request = ChatRequest::user("Say OK.").model(target);
    request.max_tokens = Some(1);
    match client.chat(request).await {
        Ok(answer) => Finding::ok(name, format!("answered, US$ {}", cost(&answer))),
        Err(error) => Finding::fail(name, told(&error)).next("mend its key or address below llm."),
    }
}

fn cost(answer: &aurora_llm::client::Answer) -> String {
    answer
        .cost()
        .amount()
        .map_or_else(|| "unknown".to_owned(), |amount| amount.to_string())
}

async fn notifications(settings: &Settings, clock: &Arc<dyn Clock>, sends: bool) -> Vec<Finding> {
    let engine = match wiring::tryable(settings, clock) {
        Ok(engine) => engine,
        Err(error) => return vec![Finding::fail("channels", told(&error))],
    };
    let known = channels(&engine);
    let mut findings = Vec::new();
    if known.is_empty() {
        let detail = "none is configured: alerts are told in this terminal alone";
        findings.push(Finding::warn("channels", detail).next("aurora setup"));
    }
    if sends {
        match try_channels(settings, &[]).await {
            Ok(tried) => findings.extend(tried.into_iter().map(|one| {
                let name = format!("channel {}", one.channel);
                match one.outcome {
                    Ok(()) => Finding::ok(name, "took a message"),
                    Err(error) => {
                        Finding::fail(name, error).next(format!("aurora alerts test {}", one.channel))
                    }
                }
            })),
            Err(error) => findings.push(Finding::fail("channels", told(&error))),
        }
        return findings;
    }
    for channel in known {
        let name = format!("channel {channel}");
        findings.push(match (channel.as_str(), &settings.email.host) {
            ("email", Some(host)) => mail_server(name, host, settings.email.port).await,
            _ => Finding::ok(name, "configured; not tried").next(format!("aurora alerts test {channel}")),
        });
    }
    if settings.email.host.is_none() {
        let detail = "no mail server: invitations and resets are not mailed";
        findings.push(Finding::warn("mail", detail).next("aurora setup"));
    }
    findings
}

/// Whether somebody listens where mail is handed in.
async fn mail_server(name: String, host: &str, port: u16) -> Finding {
    let connected = tokio::select! {
        connected = TcpStream::connect((host, port)) => Some(connected),
        () = SystemClock.sleep(LIMIT) => None,
    };
    match connected {
        Some(Ok(_)) => {
            Finding::ok(name, format!("{host}:{port} takes connections")).next("aurora alerts test email")
        }
        Some(Err(error)) => {
            Finding::fail(name, format!("{host}:{port}: {error}")).next("mend email.host and email.port")
        }
        None => Finding::fail(name, format!("{host}:{port} does not answer"))
            .next("mend email.host and email.port"),
    }
}

async fn companies(settings: &Settings, clock: &Arc<dyn Clock>, sends: bool) -> Finding {
    const NAME: &str = "CNPJ registry";
    let cnpj = &settings.cnpj;
    if cnpj.primary_key.is_some() && !sends {
        return Finding::ok(NAME, "keys are set; not asked, because that can cost a credit")
            .next("aurora check --send");
    }
    // The operator named the address: it may be in their own network.
    let mut builder = Companies::builder().egress(Egress::Any).clock(Arc::clone(clock));
    for source in OTHER_REGISTRIES {
        builder = builder.without(source);
    }
    builder = builder.base(FreeSource::CnpjaOpen, cnpj.free_url.as_str());
    if let Some(key) = &cnpj.primary_key {
        let auth = match cnpj.auth_type {
            CnpjAuth::Bearer => aurora_crm::companies::CnpjAuth::Bearer,
            _ => aurora_crm::companies::CnpjAuth::Raw,
        };
        let mut paid = PaidSource::new(key.clone())
            .base(cnpj.paid_url.as_str())
            .auth(auth);
        if let Some(second) = &cnpj.secondary_key {
            paid = paid.secondary_key(second.clone());
        }
        builder = builder.paid(paid);
    }
    let companies = match builder.build() {
        Ok(companies) => companies,
        Err(error) => return Finding::fail(NAME, told(&error)).next("mend the settings below cnpj."),
    };
    let Ok(known) = KNOWN_COMPANY.parse() else {
        return Finding::fail(NAME, "the number that is asked for is none");
    };
    match companies.find(&known, Deadline::after(&**clock, LIMIT)).await {
        Ok(lookup) => match lookup.company() {
            Some(company) => Finding::ok(NAME, format!("{} answers", company.source)),
            None => Finding::warn(NAME, "does not know a company that there is").next("mend cnpj.free_url"),
        },
        // Others are asked then.
        Err(error) => Finding::warn(NAME, told(&error)).next("mend cnpj.free_url, or try again later"),
    }
}
