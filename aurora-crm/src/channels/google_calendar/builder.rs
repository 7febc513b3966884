//! Settings of calendars.

use std::time::Duration;

use aurora_core::access::seal::Sealer;
use aurora_core::http::Url;
use aurora_core::rng::Random;

use super::Google;
use super::clients::Clients;
use super::handle::{GoogleCalendar, Settings};
use crate::error::Error;
use crate::fields::Fields;
use crate::store::Store;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Settings of [`GoogleCalendar`]; see [`Crm::google_calendar`](crate::Crm::google_calendar).
#[derive(Debug, Clone)]
#[must_use = "call `build` to get it"]
pub struct GoogleCalendarBuilder {
    store: Store,
    google: Google,
    sealer: Sealer,
    address: Option<String>,
    poll_every: Duration,
    horizon: Duration,
    concurrency: u32,
    title: String,
    random: Random,
}

impl GoogleCalendarBuilder {
    pub(crate) fn new(store: Store, google: Google, sealer: Sealer) -> Self {
        Self {
            store,
            google,
            sealer,
            address: None,
            poll_every: Duration::from_secs(600),
            horizon: 400 * DAY,
            concurrency: 8,
            title: "Agendamento".to_owned(),
            random: Random::system(),
        }
    }

    /// Where Google sends notifications: an https address that leads to
    /// [`receive_notification`](GoogleCalendar::receive_notification). Without it calendars are only polled.
    pub fn address(mut self, url: impl Into<String>) -> Self {
        self.address = Some(url.into());
        self
    }

    /// How often calendars are read also without a notification, 1 minute to 24 hours; 10 minutes unless told. Notifications
    /// are not certain to come.
    pub const fn poll_every(mut self, time: Duration) -> Self {
        self.poll_every = time;
        self
    }

    /// How far ahead calendars are read, 1 to 800 days; 400 days unless told.
    pub const fn horizon(mut self, time: Duration) -> Self {
        self.horizon = time;
        self
    }

    /// How many jobs a worker does at once, 1 to 64; 8 unless told.
    pub const fn concurrency(mut self, jobs: u32) -> Self {
        self.concurrency = jobs;
        self
    }

    /// The title of events that say no more than that the time is taken, 1 to 100 characters; `Agendamento` unless told.
    pub fn title(mut self, text: impl Into<String>) -> Self {
        self.title = text.into();
        self
    }

    /// Takes jitter from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Gives it.
    ///
    /// # Errors
    /// `Invalid` with every setting that is out of range.
    pub fn build(self) -> Result<GoogleCalendar, Error> {
        let mut fields = Fields::default();
        for (field, holds, message) in [
            (
                "poll_every",
                (Duration::from_secs(60)..=DAY).contains(&self.poll_every),
                "must be within 1 minute to 24 hours",
            ),
            (
                "horizon",
                (DAY..=800 * DAY).contains(&self.horizon),
                "must be within 1 to 800 days",
            ),
            (
                "concurrency",
                (1..=64).contains(&self.concurrency),
                "must be within 1 to 64",
            ),
        ] {
            if !holds {
                fields.refuse(field, "invalid", message);
            }
        }
        let is_https = |text: &String| Url::parse(text).is_ok_and(|url| url.scheme() == "https");
        if !self.address.as_ref().is_none_or(is_https) {
            fields.refuse("address", "invalid", "must be an https URL");
        }
        let title = fields.line("title", &self.title, 100);
        fields.finish(())?;
        Ok(GoogleCalendar {
            clients: Clients::new(self.google, self.sealer),
            store: self.store,
            settings: Settings {
                address: self.address,
                poll_every: self.poll_every,
                horizon: self.horizon,
                concurrency: self.concurrency,
                title,
                random: self.random,
            },
        })
    }
}
