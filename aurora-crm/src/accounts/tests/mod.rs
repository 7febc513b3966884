mod check;
mod factors;
mod interop;
mod keys;
mod login;
mod sessions;
mod tokens;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::access::password::{Passwords, Strength};
use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_core::secret::Secret;
use aurora_core::store::{Database, on_reader};
use aurora_core::time::{Clock, ManualClock, Timestamp};

use super::{Accounts, AccountsBuilder, Login, LoginOutcome, NewUser, SignedIn, User};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::testing::{TestDatabase, each_database};

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "tres pratos de trigo";

/// Accounts on one database with a clock that stands still.
struct Desk {
    db: TestDatabase,
    crm: Crm,
    accounts: Accounts,
    keys: LocalKeys,
    clock: ManualClock,
    context: Context,
    hashes: Hashes,
}

impl Desk {
    async fn open(db: TestDatabase) -> Self {
        let (clock, hashes) = (ManualClock::default(), Hashes::default());
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let keys = LocalKeys::generate("test").unwrap();
        let builder = Accounts::builder(&crm, Sealer::new(keys.clone()));
        Self {
            accounts: builder.passwords(passwords(&hashes)).build().unwrap(),
            context: Context::installation("test"),
            db,
            crm,
            keys,
            clock,
            hashes,
        }
    }

    /// Accounts of another replica, on connections of its own.
    async fn replica(&self) -> (Accounts, Database) {
        let database = Database::open(&self.db.url).await.unwrap();
        let crm = Crm::builder(database.clone())
            .clock(self.clock.clone())
            .build()
            .await
            .unwrap();
        let builder = Accounts::builder(&crm, Sealer::new(self.keys.clone()));
        (
            builder.passwords(passwords(&self.hashes)).build().unwrap(),
            database,
        )
    }

    fn builder(&self) -> AccountsBuilder {
        Accounts::builder(&self.crm, Sealer::new(self.keys.clone())).passwords(passwords(&self.hashes))
    }

    async fn ana(&self) -> User {
        let new = NewUser::new(EMAIL, "Ana Souza");
        self.accounts
            .create(&self.context, new, &PASSWORD.into())
            .await
            .unwrap()
    }

    async fn login(&self, password: &str) -> Result<LoginOutcome, Error> {
        self.accounts
            .login(&self.context, Login::new(EMAIL, password))
            .await
    }

    /// Ana, who has no second factor.
    async fn signed_in(&self) -> SignedIn {
        signed_in(self.login(PASSWORD).await)
    }

    /// What opens when Ana, who has a second factor, gives her password.
    async fn challenged(&self) -> Secret {
        let LoginOutcome::SecondFactor(opened) = self.login(PASSWORD).await.unwrap() else {
            panic!("no second factor was asked for");
        };
        opened.token
    }

    /// Gives Ana a second factor; the secret of her authenticator, her session and her recovery codes.
    async fn enrolled(&self) -> (TotpSecret, SignedIn, Vec<Secret>) {
        let signed_in = self.signed_in().await;
        let (context, session) = (&self.context, signed_in.session.id);
        let enrolment = self.accounts.enrol_factor(context, session).await.unwrap();
        let secret = TotpSecret::from_base32(enrolment.secret.expose()).unwrap();
        let code = self.code(&secret);
        let codes = self
            .accounts
            .activate_factor(context, session, &code)
            .await
            .unwrap();
        (secret, signed_in, codes.0)
    }

    fn code(&self, secret: &TotpSecret) -> Secret {
        Totp::default().code(secret, self.clock.now())
    }

    async fn count(&self, select: &'static str) -> i64 {
        on_reader!(self.db.database, |pool| sqlx::query_scalar(select)
            .fetch_one(pool))
        .unwrap()
    }
}

async fn each_desk<F: Future<Output = ()> + Send>(test: impl Fn(Desk) -> F + Send + Sync) {
    each_database(|db| async { test(Desk::open(db).await).await }).await;
}

fn signed_in(outcome: Result<LoginOutcome, Error>) -> SignedIn {
    let LoginOutcome::SignedIn(signed_in) = outcome.unwrap() else {
        panic!("a second factor was asked for");
    };
    *signed_in
}

fn is_refused<T>(outcome: Result<T, Error>) -> bool {
    outcome.err().map(|error| error.kind()) == Some(ErrorKind::Unauthenticated)
}

/// Whether what was shown within a session is refused at its field, so that the session is not renewed for it.
fn is_not_accepted<T>(outcome: Result<T, Error>, field: &str) -> bool {
    let Some(error) = outcome.err() else { return false };
    let told = error.fields().first().map(|it| (it.field.as_str(), it.code));
    error.kind() == ErrorKind::Invalid && told == Some((field, "not_accepted"))
}

/// As cheap as a hash may be, and counted.
fn passwords(hashes: &Hashes) -> Passwords {
    let cheap = Strength::new(12, 3, 1).unwrap();
    let builder = Passwords::builder().strength(cheap).permits(2).queue(200);
    builder.clock(hashes.clone()).build().unwrap()
}

/// The clock by which hashes are measured: it is asked twice for each.
#[derive(Debug, Clone, Default)]
struct Hashes(Arc<AtomicU64>);

impl Hashes {
    /// How many were worked on since the last call.
    fn taken(&self) -> u64 {
        self.0.swap(0, Ordering::AcqRel) / 2
    }
}

#[async_trait]
impl Clock for Hashes {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        self.0.fetch_add(1, Ordering::AcqRel);
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_shown() {
    each_desk(|desk| async move {
        desk.ana().await;
        let (secret, signed_in, codes) = desk.enrolled().await;
        let challenge = desk.login(PASSWORD).await.unwrap();
        let issued = desk.accounts.request_reset(&desk.context, EMAIL).await.unwrap();
        let error = desk.login("wrong one entirely").await.unwrap_err();
        let login = Login::new(EMAIL, PASSWORD);
        let new = NewUser::new(EMAIL, "Ana Souza");
        let shown = format!(
            "{signed_in:?} {challenge:?} {issued:?} {error:?} {error} {login:?} {new:?} {:?}",
            desk.accounts
        );
        let (code, refresh) = (codes[0].expose(), signed_in.refresh_token.expose());
        for hidden in [
            "ana@",
            "Ana",
            PASSWORD,
            secret.base32().expose(),
            code,
            refresh,
            "argon2id",
            "aur_",
        ] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
        // what lies in the database opens nothing
        for column in [
            "secret from second_factors",
            "refresh_key from sessions",
            "hash from single_use_tokens",
        ] {
            let select = sqlx::AssertSqlSafe(format!("select {column}"));
            let stored: Vec<u8> = on_reader!(desk.db.database, |pool| sqlx::query_scalar(select)
                .fetch_one(pool))
            .unwrap();
            let holds = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
            assert!(!holds(secret.expose()) && !holds(refresh.as_bytes()), "{column}");
        }
    })
    .await;
}

#[tokio::test]
async fn settings_out_of_their_range_are_told_at_once() {
    each_desk(|desk| async move {
        let builder = desk
            .builder()
            .idle(Duration::ZERO)
            .check_for(Duration::from_secs(2))
            .product(" ");
        let error = builder.build().unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["idle", "check_for", "product"]);
    })
    .await;
}
