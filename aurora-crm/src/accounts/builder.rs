//! Settings of accounts.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::password::{Passwords, Rules};
use aurora_core::access::refresh::Reuse;
use aurora_core::access::seal::Sealer;
use aurora_core::access::totp::Totp;
use aurora_core::cache::{MemoryCache, ReadThrough};
use aurora_core::time::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Accounts, Inner};
use crate::error::{Error, FieldError};
use crate::fields::Fields;
use crate::store::Store;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// Bytes of sessions, and of API keys, that are kept in the process; some hundred bytes each.
const KEPT: usize = 8 << 20;

/// Settings of [`Accounts`].
#[derive(Debug, Clone)]
#[must_use = "call `build` to get accounts"]
pub struct AccountsBuilder {
    store: Store,
    sealer: Sealer,
    passwords: Option<Passwords>,
    rules: Rules,
    settings: Settings,
}

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) product: String,
    pub(super) environment: String,
    pub(super) idle: Duration,
    pub(super) absolute: Duration,
    pub(super) check_for: Duration,
    pub(super) reuse: Reuse,
    pub(super) step_up_within: Duration,
    pub(super) reset_life: Duration,
    pub(super) verify_life: Duration,
    pub(super) invite_life: Duration,
    pub(super) totp: Totp,
}

impl AccountsBuilder {
    pub(super) fn new(store: Store, sealer: Sealer) -> Self {
        Self {
            store,
            sealer,
            passwords: None,
            rules: Rules::default(),
            settings: Settings {
                product: "Aurora".to_owned(),
                environment: "live".to_owned(),
                idle: DAY * 7,
                absolute: DAY * 30,
                check_for: Duration::from_secs(1),
                reuse: Reuse::default(),
                step_up_within: MINUTE * 10,
                reset_life: MINUTE * 30,
                verify_life: DAY,
                invite_life: DAY * 7,
                totp: Totp::default(),
            },
        }
    }

    /// The queue of password hashes, which the whole process shares. One of its own with the defaults unless told.
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// Which passwords may be chosen.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// The name of the product, as an authenticator shows it. `Aurora` unless told.
    pub fn product(mut self, name: impl Into<String>) -> Self {
        self.settings.product = name.into();
        self
    }

    /// The environment that API keys name, 2 to 12 lower-case letters. `live` unless told.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.settings.environment = name.into();
        self
    }

    /// After how long without a refresh a session ends, 1 min to 1 year. 7 days unless told.
    pub fn idle(mut self, time: Duration) -> Self {
        self.settings.idle = time;
        self
    }

    /// After how long a session ends however much it is used, 1 min to 1 year. 30 days unless told.
    pub fn absolute(mut self, time: Duration) -> Self {
        self.settings.absolute = time;
        self
    }

    /// For how long the process remembers that a session is alive, 1 ms to 1 s: by then an end has reached every
    /// replica. 1 s unless told.
    pub fn check_for(mut self, time: Duration) -> Self {
        self.settings.check_for = time;
        self
    }

    /// How a refresh token that is not the newest is met.
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.settings.reuse = reuse;
        self
    }

    /// How recently a session must have proven itself to change what protects the account, 1 s to 1 day. 10 min unless
    /// told.
    pub fn step_up_within(mut self, time: Duration) -> Self {
        self.settings.step_up_within = time;
        self
    }

    /// For how long a forgotten password can be replaced, 1 min to 1 day. 30 min unless told.
    pub fn reset_life(mut self, time: Duration) -> Self {
        self.settings.reset_life = time;
        self
    }

    /// For how long an invitation can be accepted, 1 min to 30 days. 7 days unless told.
    pub fn invite_life(mut self, time: Duration) -> Self {
        self.settings.invite_life = time;
        self
    }

    /// How one-time codes are made. 6 digits, 30 s, SHA-1 unless told, which every authenticator reads.
    pub fn totp(mut self, totp: Totp) -> Self {
        self.settings.totp = totp;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// `Invalid` with every setting that is out of its range.
    pub fn build(self) -> Result<Accounts, Error> {
        let settings = self.settings;
        let mut fields = Fields::default();
        let year = DAY * 365;
        let millisecond = Duration::from_millis(1);
        for (field, value, least, most) in [
            ("idle", settings.idle, MINUTE, year),
            ("absolute", settings.absolute, MINUTE, year),
            ("check_for", settings.check_for, millisecond, millisecond * 1_000),
            (
                "step_up_within",
                settings.step_up_within,
                millisecond * 1_000,
                DAY,
            ),
            ("reset_life", settings.reset_life, MINUTE, DAY),
            ("invite_life", settings.invite_life, MINUTE, DAY * 30),
        ] {
            if !(least..=most).contains(&value) {
                fields.refuse(field, "invalid", format_args!("must be {least:?} to {most:?}"));
            }
        }
        fields.line("product", &settings.product, 64);
        let environment = &settings.environment;
        let is_word = environment.bytes().all(|letter| letter.is_ascii_lowercase());
        if !is_word || !(2..=12).contains(&environment.len()) {
            fields.refuse("environment", "invalid", "must be 2 to 12 lower-case letters");
        }
        let settings = fields.finish(settings)?;
        let clock = self.store.clock().clone();
        let passwords = match self.passwords {
            Some(passwords) => passwords,
            None => Passwords::builder().clock(clock.clone()).build()?,
        };
        let alive = remembered("session", settings.check_for, &clock)?;
        let programs = remembered("api_key", settings.check_for, &clock)?;
        Ok(Accounts {
            inner: Arc::new(Inner {
                store: self.store,
                sealer: self.sealer,
                passwords,
                rules: self.rules,
                settings,
                alive,
                programs,
            }),
        })
    }
}

/// What the process remembers of good credentials for a moment.
fn remembered<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
    what: &'static str,
    time: Duration,
    clock: &Arc<dyn Clock>,
) -> Result<ReadThrough<T>, Error> {
    let kept = MemoryCache::builder().capacity(KEPT).clock(clock.clone()).build();
    let built = ReadThrough::builder(kept, what, 1)
        .fresh_for(time)
        .negative_for(time)
        .jitter(0.0)
        .clock(clock.clone())
        .build();
    built.map_err(|error| {
        Error::invalid(vec![FieldError {
            field: "check_for".to_owned(),
            code: "invalid",
            message: error.to_string(),
        }])
    })
}
