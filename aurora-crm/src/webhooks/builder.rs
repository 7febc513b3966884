//! Settings of webhooks.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::seal::Sealer;
use aurora_core::http::{Egress, HttpClient};
use aurora_core::rng::Random;
use aurora_core::store::outbox::Schedule;

use super::handle::Webhooks;
use super::input::Rules;
use super::secrets::Secrets;
use super::sending::Sender;
use super::slots::Slots;
use super::worker::Attempts;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::store::Store;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Settings of [`Webhooks`]; see [`Crm::webhooks`](crate::Crm::webhooks).
#[derive(Debug, Clone)]
#[must_use = "call `build` to get webhooks"]
pub struct WebhooksBuilder {
    store: Store,
    sealer: Sealer,
    egress: Egress,
    allow_http: bool,
    timeout: Duration,
    concurrency: u32,
    concurrency_per_endpoint: u32,
    schedule: Schedule,
    disable_after: (u32, Duration),
    secret_overlap: Duration,
    user_agent: String,
    random: Random,
}

impl WebhooksBuilder {
    pub(crate) fn new(store: Store, sealer: Sealer) -> Self {
        Self {
            store,
            sealer,
            egress: Egress::PublicOnly,
            allow_http: false,
            timeout: Duration::from_secs(15),
            concurrency: 16,
            concurrency_per_endpoint: 4,
            schedule: Schedule::standard_webhooks(),
            disable_after: (3, 5 * DAY),
            secret_overlap: DAY,
            user_agent: concat!("aurora-webhooks/", env!("CARGO_PKG_VERSION")).to_owned(),
            random: Random::system(),
        }
    }

    /// Where requests may go: public addresses alone unless told. `Egress::Any` lets every workspace reach the own
    /// network.
    pub const fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// Takes `http` addresses too, where anybody on the way can read what is sent.
    pub const fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// How long a receiver may take to answer, 1 to 60 s; 15 s unless told.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How many requests a worker makes at once, 1 to 256; 16 unless told.
    pub const fn concurrency(mut self, requests: u32) -> Self {
        self.concurrency = requests;
        self
    }

    /// How many of them go to one endpoint, 1 to 256; 4 unless told.
    pub const fn concurrency_per_endpoint(mut self, requests: u32) -> Self {
        self.concurrency_per_endpoint = requests;
        self
    }

    /// When the next attempt is made; [`Schedule::standard_webhooks`] unless told.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Disables an endpoint when `deliveries` have failed with their last attempt and nothing has succeeded for `span`;
    /// 3 and 5 days unless told. At least 1; a span of at most 366 days.
    pub const fn disable_after(mut self, deliveries: u32, span: Duration) -> Self {
        self.disable_after = (deliveries, span);
        self
    }

    /// How long the secret before a change signs as well, up to 30 days; 24 hours unless told.
    pub const fn secret_overlap(mut self, overlap: Duration) -> Self {
        self.secret_overlap = overlap;
        self
    }

    /// The `user-agent` header; `aurora-webhooks/<version>` unless told.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Takes jitter from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Gives the webhooks.
    ///
    /// # Errors
    /// `Invalid` with every setting that is out of range.
    pub fn build(self) -> Result<Webhooks, Error> {
        let mut fields = Fields::default();
        let seconds = Duration::from_secs(1)..=Duration::from_secs(60);
        let (deliveries, span) = self.disable_after;
        for (field, holds, message) in [
            (
                "timeout",
                seconds.contains(&self.timeout),
                "must be within 1 to 60 s",
            ),
            (
                "concurrency",
                (1..=256).contains(&self.concurrency),
                "must be within 1 to 256",
            ),
            (
                "concurrency_per_endpoint",
                (1..=256).contains(&self.concurrency_per_endpoint),
                "must be within 1 to 256",
            ),
            (
                "disable_after",
                deliveries > 0 && span <= 366 * DAY,
                "must be at least one delivery and at most 366 days",
            ),
            (
                "secret_overlap",
                self.secret_overlap <= 30 * DAY,
                "must be at most 30 days",
            ),
        ] {
            if !holds {
                fields.refuse(field, "invalid", message);
            }
        }
        let clock = self.store.clock();
        let http = HttpClient::builder()
            .egress(self.egress)
            .headers_timeout(self.timeout)
            .timeout(self.timeout)
            .user_agent(self.user_agent)
            .clock(Arc::clone(clock))
            .build();
        if http.is_err() {
            fields.refuse(
                "user_agent",
                "invalid",
                "must be a header value, and the system must have CA certificates",
            );
        }
        let secrets = Secrets(self.sealer);
        let rules = Rules {
            egress: self.egress,
            allow_http: self.allow_http,
        };
        let Ok(http) = http else {
            return Err(fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal)));
        };
        fields.finish(())?;
        let sender = Sender {
            http,
            secrets: secrets.clone(),
            rules,
            clock: Arc::clone(clock),
        };
        let attempts = Attempts {
            store: self.store.clone(),
            sender,
            slots: Slots::new(self.concurrency_per_endpoint),
            schedule: self.schedule,
            random: self.random,
            disable_after: (i64::from(deliveries), span),
        };
        Ok(Webhooks {
            store: self.store,
            secrets,
            rules,
            secret_overlap: self.secret_overlap,
            attempts,
            concurrency: self.concurrency,
            timeout: self.timeout,
        })
    }
}
