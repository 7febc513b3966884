//! Logging in: the password, and the second factor where there is one.

use std::fmt;

use aurora_core::access::api_key::ApiKey;
use aurora_core::access::policy::Assurance;
use aurora_core::access::recovery;
use aurora_core::access::refresh::{self, RefreshKey};
use aurora_core::access::totp::{Attempt, Challenge};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;

use super::input::Device;
use super::registration::address;
use super::session::network_of;
use super::sql::{self, Counted, FactorState, Opening, Spent};
use super::tokens::hash_of;
use super::{
    Accounts, Answer, Login, Proof, Session, SessionId, SignedIn, User, UserId, of_installation, place,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// What a device shows at its next login.
const DEVICE: &str = "device";
/// What a login shows with its second factor.
const CHALLENGE: &str = "login";

/// What came of a right password.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LoginOutcome {
    /// A session.
    SignedIn(Box<SignedIn>),
    /// The second factor is asked for: answer with [`Accounts::answer`].
    SecondFactor(ChallengeOpened),
}

/// A login that waits for its second factor: five tries within five minutes, from the same network.
#[derive(Clone)]
#[non_exhaustive]
pub struct ChallengeOpened {
    /// What to show with the code.
    pub token: Secret,
    /// The first instant at which no code is accepted.
    pub expires_at: Timestamp,
}

impl fmt::Debug for ChallengeOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeOpened").finish_non_exhaustive()
    }
}

/// Who logs in, once the password was right.
struct Entering<'a> {
    user: User,
    epoch: i64,
    methods: Vec<String>,
    assurance: Assurance,
    device: &'a Device,
    is_known_device: bool,
    counted: Counted,
    answered: Option<(Spent, sql::Waiting)>,
}

impl Accounts {
    /// Logs somebody in.
    ///
    /// Five wrong passwords are free; each further attempt waits 1, 2, 4 … up to 900 s after the one before, and is
    /// refused as a wrong one until then. A device that shows what it got at its last login has a count of its own, so
    /// that somebody who guesses cannot keep its owner out. How often a network may try is for the caller's limiter.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown address, a wrong password, a disabled user and a wait alike, after the same
    /// work; `Unavailable` with [`Error::retry_after`] when too many passwords wait to be hashed.
    ///
    /// # Cancel safety
    /// Dropped, the attempt may be counted, and a session may be open that nobody has the token of.
    pub async fn login(&self, context: &Context, login: Login) -> Result<LoginOutcome, Error> {
        let context = &of_installation(context);
        self.inner
            .store
            .run(context, "accounts.login", self.enter(context, &login))
            .await
    }

    async fn enter(&self, context: &Context, login: &Login) -> Result<LoginOutcome, Error> {
        let store = &self.inner.store;
        let folded = address(login.email.expose());
        let found = sql::credentials_by_email(store, context, &folded).await?;
        let subject = found
            .as_ref()
            .map_or_else(|| sql::place_of(&folded), |it| it.user.id);
        let device = self
            .known_device(context, subject, login.device.token.as_ref())
            .await?;
        let counted = device.map_or(Counted::Password(subject), Counted::Device);
        self.prove_password(context, found.as_ref(), counted, &login.password)
            .await?;
        let known = found.ok_or(Error::new(ErrorKind::Internal))?;
        let methods = vec!["pwd".to_owned()];
        if known.has_factor {
            let opened = self.open_challenge(context, &known, methods, counted).await?;
            return Ok(LoginOutcome::SecondFactor(opened));
        }
        let entering = Entering {
            user: known.user,
            epoch: known.epoch,
            methods,
            assurance: Assurance::Aal1,
            device: &login.device,
            is_known_device: device.is_some(),
            counted,
            answered: None,
        };
        Ok(LoginOutcome::SignedIn(Box::new(
            self.open(context, entering).await?,
        )))
    }

    /// Answers the challenge of a login with its second factor, from the same network.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong or spent code, and for a challenge that is unknown, answered, expired, spent by
    /// five tries, or of another network, alike.
    ///
    /// # Cancel safety
    /// Dropped, the try may be counted, and a session may be open that nobody has the token of.
    pub async fn answer(&self, context: &Context, answer: &Answer) -> Result<SignedIn, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let refused = || Error::new(ErrorKind::Unauthenticated);
            let hash = hash_of(CHALLENGE, &answer.challenge)?;
            let mut waiting = sql::challenge(store, context, &hash).await?.ok_or_else(refused)?;
            let (seen, bound) = (waiting.challenge.attempts, waiting.id.to_string());
            let attempt = waiting
                .challenge
                .attempt(&bound, &network_of(context.origin), store.now());
            if attempt != Attempt::Allowed || !sql::count_try(store, context, waiting.id, seen).await? {
                return Err(refused());
            }
            let credentials = sql::credentials(store, context, waiting.user)
                .await?
                .ok_or_else(refused)?;
            let (spent, method) = self.prove_factor(context, waiting.user, &answer.proof).await?;
            let mut methods = waiting.methods.clone();
            methods.push(method.to_owned());
            let known = self
                .known_device(context, waiting.user, answer.device.token.as_ref())
                .await?;
            let entering = Entering {
                user: credentials.user,
                epoch: waiting.epoch,
                methods,
                assurance: Assurance::Aal2,
                device: &answer.device,
                is_known_device: known.is_some(),
                counted: Counted::Factor(waiting.user),
                answered: Some((spent, waiting)),
            };
            self.open(context, entering).await
        };
        self.inner.store.run(context, "accounts.answer", work).await
    }

    async fn known_device(
        &self,
        context: &Context,
        user: UserId,
        device: Option<&Secret>,
    ) -> Result<Option<sql::DeviceId>, Error> {
        let Some(hash) = device.and_then(|device| hash_of(DEVICE, device).ok()) else {
            return Ok(None);
        };
        sql::device(&self.inner.store, context, user, &hash).await
    }

    async fn open_challenge(
        &self,
        context: &Context,
        known: &sql::Credentials,
        methods: Vec<String>,
        counted: Counted,
    ) -> Result<ChallengeOpened, Error> {
        let now = self.inner.store.now();
        let key = ApiKey::generate(CHALLENGE)?;
        let id = UserId::new(now).uuid();
        let challenge = Challenge::open(&id.to_string(), &network_of(context.origin), now);
        let new = sql::NewChallenge {
            id,
            hash: *key.hash().as_bytes(),
            user: known.user.id,
            epoch: known.epoch,
            binding: challenge.binding,
            methods: &methods,
            counted,
            now,
        };
        sql::insert_challenge(&self.inner.store, context, &new).await?;
        Ok(ChallengeOpened {
            token: Secret::new(key.expose()),
            expires_at: now + Challenge::LIFE,
        })
    }

    /// What proves the second factor of a user, to be spent with what it allows. The attempt is counted before the
    /// code is looked at.
    pub(super) async fn prove_factor(
        &self,
        context: &Context,
        user: UserId,
        proof: &Proof,
    ) -> Result<(Spent, &'static str), Error> {
        let store = &self.inner.store;
        let now = store.now();
        let may = sql::count_attempt(store, context, Counted::Factor(user), now).await?;
        let found = match proof {
            Proof::Code(code) => {
                let factor = sql::factor(store, context, user, FactorState::Active).await?;
                let factor = factor.ok_or(Error::new(ErrorKind::Unauthenticated))?;
                let step = self.matching_step(&factor, code, now).await?;
                step.map(|step| {
                    (
                        Spent::Step {
                            factor: factor.id,
                            step,
                        },
                        "otp",
                    )
                })
            }
            Proof::RecoveryCode(code) => {
                let unused = sql::unused_codes(store, context, user).await?;
                let (ids, hashes): (Vec<_>, Vec<_>) = unused.into_iter().unzip();
                let index = recovery::find(&self.inner.passwords, code.expose(), &hashes).await?;
                let id = index.and_then(|index| ids.get(index).copied());
                id.map(|id| (Spent::Code(id), "recovery_code"))
            }
        };
        if let Some(found) = found.filter(|_| may) {
            return Ok(found);
        }
        sql::note_refusal(store, context, user, now).await?;
        Err(Error::new(ErrorKind::Unauthenticated))
    }

    async fn open(&self, context: &Context, entering: Entering<'_>) -> Result<SignedIn, Error> {
        let store = &self.inner.store;
        let now = store.now();
        let session = Session {
            id: SessionId::new(now),
            user: entering.user.id,
            assurance: entering.assurance,
            methods: entering.methods,
            authenticated_at: now,
            network: network_of(context.origin),
            agent: entering.device.agent.clone(),
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.inner.settings.absolute,
        };
        let key = RefreshKey::generate()?;
        let place = place("sessions", session.id, "refresh_key");
        let known = entering
            .device
            .token
            .as_ref()
            .filter(|_| entering.is_known_device);
        let device = match known {
            Some(device) => device.clone(),
            None => Secret::new(ApiKey::generate(DEVICE)?.expose()),
        };
        let opening = Opening {
            session: &session,
            epoch: entering.epoch,
            key: self.inner.sealer.seal(&place, key.expose()).await?,
            device: hash_of(DEVICE, &device)?,
            is_known_device: entering.is_known_device,
            counted: entering.counted,
            answered: entering.answered.map(|(spent, waiting)| (waiting.id, spent)),
        };
        sql::open_session(store, context, &opening).await?;
        Ok(SignedIn {
            refresh_token: refresh::encode(session.id, 0, &key),
            user: entering.user,
            session,
            device,
        })
    }
}
