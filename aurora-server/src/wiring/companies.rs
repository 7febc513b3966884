//! The lookup of companies: CNPJá with the keys of the settings, then without, then the other public registries.

use std::net::IpAddr;
use std::sync::Arc;

use aurora_core::cache::RedisCache;
use aurora_core::config::{CnpjAuth as Auth, Settings};
use aurora_core::http::Egress;
use aurora_core::time::Clock;
use aurora_crm::companies::{CnpjAuth, Companies, FreeSource, PaidSource};

use crate::error::{Error, ErrorKind};

/// The lookup; what was found is kept in `cache`, else in this process.
pub(crate) fn companies(
    settings: &Settings,
    cache: Option<RedisCache>,
    clock: &Arc<dyn Clock>,
) -> Result<Companies, Error> {
    let cnpj = &settings.cnpj;
    let mut builder = Companies::builder()
        .base(FreeSource::CnpjaOpen, cnpj.free_url.clone())
        .clock(Arc::clone(clock));
    if let Some(key) = &cnpj.primary_key {
        let auth = match cnpj.auth_type {
            Auth::Bearer => CnpjAuth::Bearer,
            _ => CnpjAuth::Raw,
        };
        let mut paid = PaidSource::new(key.clone())
            .base(cnpj.paid_url.clone())
            .auth(auth);
        if let Some(key) = &cnpj.secondary_key {
            paid = paid.secondary_key(key.clone());
        }
        builder = builder.paid(paid);
    }
    // An installation of one's own may stand in one's own network; else questions go to public addresses alone.
    if [&cnpj.paid_url, &cnpj.free_url]
        .into_iter()
        .any(|url| is_inside(url))
    {
        builder = builder.egress(Egress::Any);
    }
    if let Some(cache) = cache {
        builder = builder.cache(cache);
    }
    builder.build().map_err(|source| {
        Error::new(
            ErrorKind::Settings,
            "the lookup of companies (cnpj.*) cannot be set up",
        )
        .caused_by(source)
    })
}

/// Whether a URL names a host of this machine or of a private network.
fn is_inside(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => !host.is_empty() && !host.contains('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::is_inside;

    #[test]
    fn only_hosts_that_are_inside_lift_the_guard() {
        for inside in [
            "http://127.0.0.1:8080",
            "http://[::1]/x",
            "https://10.1.2.3",
            "http://localhost:1",
            "http://cnpja-mirror:8080",
        ] {
            assert!(is_inside(inside), "{inside}");
        }
        for outside in [
            "https://api.cnpja.com",
            "http://open.cnpja.com",
            "https://8.8.8.8",
            "https://localhost.example.com",
            "no url",
        ] {
            assert!(!is_inside(outside), "{outside}");
        }
    }
}
