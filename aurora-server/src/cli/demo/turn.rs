//! `aurora demo break` and `aurora demo heal`: asks the demo that runs on this machine.

use std::time::Duration;

use aurora_core::http::HttpClient;
use clap::Args;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::cli::block_on;
use crate::cli::output::{Output, refused};
use crate::cli::serve::install_crypto;
use crate::demo::{Turn, Words};
use crate::error::{Error, ErrorKind};

/// For the whole answer; the demo is on the same machine.
const LIMIT: Duration = Duration::from_secs(10);

/// Whom it is about, and where the demo is.
#[derive(Debug, Clone, Args)]
pub(super) struct TurnOptions {
    /// The provider, such as sim-b.
    #[arg(value_name = "TARGET")]
    target: String,
    /// The demo, on this machine.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

/// Breaks or heals a provider of the demo that runs.
///
/// # Errors
/// `Refused` when the address is not on this machine, no demo answers there, or it has no such provider.
pub(super) fn run(options: &TurnOptions, turn: Turn, words: Words, output: Output) -> Result<(), Error> {
    install_crypto();
    let url = address(&options.url, &options.target, turn)?;
    let at = url.origin().ascii_serialization();
    let told = block_on(ask(url))?;
    output.result(&told, |_| {
        format!("{}\n", words.turned(&options.target, turn, &at))
    })
}

/// Where to ask: on loopback alone, because only there is a demo.
fn address(url: &str, target: &str, turn: Turn) -> Result<Url, Error> {
    let wrong = || refused("--url: expected an address on this machine such as http://127.0.0.1:8080");
    let mut url = Url::parse(url).map_err(|_| wrong())?;
    let is_near = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "http" || !is_near || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    url.set_query(None);
    url.set_fragment(None);
    let verb = match turn {
        Turn::Breaks => "break",
        Turn::Heals => "heal",
    };
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .clear()
        .extend(["api", "demo", verb, target]);
    Ok(url)
}

async fn ask(url: Url) -> Result<Value, Error> {
    let client = HttpClient::builder()
        .headers_timeout(LIMIT)
        .timeout(LIMIT)
        .build();
    let client = client
        .map_err(|error| Error::new(ErrorKind::Internal, "no HTTP client can be set up").caused_by(error))?;
    let unreachable = |error| {
        refused("no demo answers there; start one with `aurora demo`, or name its address with --url")
            .caused_by(error)
    };
    let response = client.post(&url).json(&json!({})).send().await;
    let response = response.map_err(unreachable)?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(unreachable);
    }
    let problem: Value = response
        .bytes()
        .await
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok())
        .unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str);
    let detail = detail.unwrap_or("without a reason");
    Err(refused(format!("what runs there answered {status}: {detail}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demo_on_this_machine_is_asked() {
        let of = |url: &str, target: &str| address(url, target, Turn::Breaks).map(|url| url.to_string());
        for good in [
            "http://127.0.0.1:8080",
            "http://localhost:8080/",
            "http://[::1]:8080/x?y#z",
        ] {
            let asked = of(good, "sim-b").unwrap();
            assert!(asked.ends_with(":8080/api/demo/break/sim-b"), "{asked}");
        }
        let strange = of("http://127.0.0.1:8080", "../../fallback/reset").unwrap();
        assert!(
            strange.ends_with("/api/demo/break/..%2F..%2Ffallback%2Freset"),
            "{strange}"
        );
        for bad in [
            "127.0.0.1:8080",
            "https://127.0.0.1",
            "http://aurora.example",
            "http://10.0.0.1",
            "http://user:secret@127.0.0.1",
            "file:///etc/passwd",
        ] {
            let error = of(bad, "sim-b").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused, "{bad}");
        }
    }
}
