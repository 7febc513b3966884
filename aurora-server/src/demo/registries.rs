//! Simulated registries of companies: a paid one whose credits are used up, and a free one that answers. Nothing leaves this
//! machine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::resilience::Deadline;
use aurora_core::time::Clock;
use aurora_crm::companies::{
    Activity, Cnpj, Companies, Company, CompanyAddress, CompanyRegistry, Establishment, RegistrationStatus,
    RegistryError, RegistryErrorKind,
};
use serde_json::json;

use super::companies::COMPANIES;
use crate::error::{Error, ErrorKind};

const PAID: &str = "sim-cnpj-paid";
const FREE: &str = "sim-cnpj-free";
/// How long a registry takes, so that one sees what the cache saves.
const TAKES: Duration = Duration::from_millis(300);

/// The lookup of the demo: the paid registry refuses, the free one answers, and what it answered is kept.
///
/// # Errors
/// `Internal` when the lookup cannot be set up.
pub(super) fn lookup(clock: &Arc<dyn Clock>) -> Result<Companies, Error> {
    Companies::builder()
        .without_free()
        .registry(Paid, None)
        .registry(
            Free {
                clock: Arc::clone(clock),
            },
            None,
        )
        .clock(Arc::clone(clock))
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                "the demo's lookup of companies cannot be made",
            )
            .caused_by(error)
        })
}

/// What was paid for is used up.
#[derive(Debug)]
struct Paid;

#[async_trait]
impl CompanyRegistry for Paid {
    fn name(&self) -> &str {
        PAID
    }

    async fn find(&self, _cnpj: &Cnpj, _deadline: Deadline) -> Result<Company, RegistryError> {
        Err(RegistryError::new(RegistryErrorKind::OutOfCredits))
    }
}

/// Knows the companies of the demo, and makes up one for any other number.
#[derive(Debug)]
struct Free {
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl CompanyRegistry for Free {
    fn name(&self) -> &str {
        FREE
    }

    async fn find(&self, cnpj: &Cnpj, _deadline: Deadline) -> Result<Company, RegistryError> {
        self.clock.sleep(TAKES).await;
        let known = COMPANIES
            .iter()
            .find(|company| company.cnpj().is_ok_and(|number| number == *cnpj));
        let (legal_name, trade_name, city, state, (code, text)) = match known {
            Some(company) => (
                company.name.to_owned(),
                Some(company.trade_name.to_owned()),
                company.city,
                company.state,
                company.activity,
            ),
            None => (
                format!("Empresa Inventada {} Ltda", cnpj.plain()),
                None,
                "São Paulo",
                "SP",
                ("6201501", "Desenvolvimento de programas de computador"),
            ),
        };
        Ok(Company {
            cnpj: *cnpj,
            legal_name,
            trade_name,
            establishment: Some(Establishment::HeadOffice),
            status: RegistrationStatus::Active,
            status_since: None,
            status_reason: None,
            founded: None,
            address: CompanyAddress {
                city: Some(city.to_owned()),
                state: Some(state.to_owned()),
                ..CompanyAddress::default()
            },
            phones: Vec::new(),
            emails: Vec::new(),
            main_activity: Some(Activity {
                code: code.to_owned(),
                text: Some(text.to_owned()),
            }),
            side_activities: Vec::new(),
            legal_nature: None,
            size: None,
            capital: None,
            partners: Vec::new(),
            simples: None,
            mei: None,
            state_registrations: Vec::new(),
            source: FREE.to_owned(),
            fetched_at: self.clock.now(),
            updated_at: None,
            raw: json!({"simulated": true}),
        })
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::cache::Freshness;
    use aurora_core::time::SystemClock;

    use super::*;

    #[tokio::test]
    async fn the_free_registry_answers_where_the_paid_one_refuses_and_the_cache_the_second_time() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let companies = lookup(&clock).unwrap();
        let deadline = Deadline::after(&*clock, Duration::from_secs(20));
        for (base, name) in [
            ("12ABC34501DE", "Aurora Boreal Viagens Ltda"),
            ("191312430001", "Empresa Inventada 19131243000197 Ltda"),
        ] {
            let cnpj = Cnpj::from_base(base).unwrap();
            for freshness in [Freshness::Loaded, Freshness::Fresh] {
                let found = Box::pin(companies.find(&cnpj, deadline)).await.unwrap();
                assert_eq!(found.freshness(), freshness);
                let company = found.company().unwrap();
                assert_eq!((&*company.legal_name, &*company.source), (name, FREE));
            }
        }
    }
}
