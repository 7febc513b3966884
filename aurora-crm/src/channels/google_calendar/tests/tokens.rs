//! Access tokens and what they are given for.

use std::time::Duration;

use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::{Clock as _, ManualClock};
use futures::future::join_all;

use super::super::testing::{FakeGoogle, Fault, Operation};
use super::super::{Credentials, EventList, Google, GoogleClient, GoogleErrorKind, ServiceAccount};
use crate::error::ErrorKind;

const CALENDAR: &str = "agenda@clinic.example";

struct World {
    fake: FakeGoogle,
    google: Google,
    clock: ManualClock,
}

impl World {
    async fn new() -> Self {
        let clock = ManualClock::default();
        let fake = FakeGoogle::start(clock.clone()).await.unwrap();
        fake.calendar(CALENDAR, chrono_tz::America::Sao_Paulo);
        let google = fake.settings().build().unwrap();
        Self { fake, google, clock }
    }

    fn client(&self) -> GoogleClient {
        self.google.client(self.fake.service_account().unwrap())
    }

    async fn ask(&self, client: &GoogleClient) -> Result<(), GoogleErrorKind> {
        let now = self.clock.now();
        let list = EventList::Whole(now, now + Duration::from_secs(60));
        let page = client.list(CALENDAR, &list, None, Deadline::NONE).await;
        page.map(drop).map_err(|error| error.kind())
    }

    fn tokens(&self) -> usize {
        self.fake.count(Operation::Token)
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_until_a_minute_before_its_end() {
    let world = World::new().await;
    let client = world.client();
    let all = join_all((0..20).map(|_| world.ask(&client))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(world.tokens(), 1, "twenty calls at once wait for one token");
    world.clock.advance(Duration::from_secs(3_599 - 61));
    world.ask(&client).await.unwrap();
    assert_eq!(world.tokens(), 1);
    world.clock.advance(Duration::from_secs(1));
    world.ask(&client.clone()).await.unwrap();
    assert_eq!(world.tokens(), 2, "not in its last minute");
}

#[tokio::test]
async fn who_waits_gets_a_token_also_when_the_one_who_asked_goes_away() {
    let world = World::new().await;
    let client = world.client();
    {
        let mut first = Box::pin(world.ask(&client));
        assert!(futures::poll!(first.as_mut()).is_pending());
    }
    world.ask(&client).await.unwrap();
    assert_eq!(world.tokens(), 1);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_one_that_never_works_is_told() {
    let world = World::new().await;
    let client = world.client();
    world.ask(&client).await.unwrap();
    world.fake.end_access_tokens();
    world.ask(&client).await.unwrap();
    assert_eq!((world.tokens(), world.fake.count(Operation::List)), (2, 3));
    for _ in 0..2 {
        world.fake.fail_next(Operation::List, Fault::Unauthorized);
    }
    assert_eq!(world.ask(&client).await, Err(GoogleErrorKind::Unauthenticated));
    assert_eq!(world.fake.count(Operation::List), 5, "twice, and not for ever");
}

#[tokio::test]
async fn a_revoked_grant_is_final_and_says_so_without_what_google_wrote() {
    let world = World::new().await;
    let client = world.client();
    world.fake.revoke();
    let now = world.clock.now();
    let list = EventList::Whole(now, now + Duration::from_secs(60));
    let error = client
        .list(CALENDAR, &list, None, Deadline::NONE)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (GoogleErrorKind::Grant, Some("invalid_grant"))
    );
    assert!(!error.is_retryable());
    assert_eq!(world.tokens(), 1, "not repeated");
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("connect the calendar again") && !shown.contains("joao"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_token_endpoint_that_stumbles_is_asked_again() {
    let world = World::new().await;
    let client = world.client();
    world.fake.fail_next(Operation::Token, Fault::Status(503));
    world.fake.fail_next(Operation::Token, Fault::Unseen);
    let waiting = super::client::moving(&world.clock, world.ask(&client));
    waiting.await.unwrap();
    assert_eq!(world.tokens(), 3);
}

#[tokio::test]
async fn a_service_account_acts_for_a_person_when_that_was_delegated() {
    let world = World::new().await;
    let account = || ServiceAccount::from_json(&world.fake.key_file()).unwrap();
    assert_eq!(account().email(), "agenda@clinic.iam.gserviceaccount.com");
    let acting = account().acting_for("ana@clinic.example").unwrap();
    let client = world.google.client(Credentials::ServiceAccount(Box::new(acting)));
    assert_eq!(
        world.ask(&client).await,
        Err(GoogleErrorKind::Grant),
        "unauthorized_client"
    );
    world.fake.delegate("ana@clinic.example");
    world.ask(&client).await.unwrap();
    assert!(account().acting_for("not an address").is_err());
}

#[tokio::test]
async fn key_files_that_are_none_are_refused_without_repeating_them() {
    let world = World::new().await;
    let file: serde_json::Value = serde_json::from_str(world.fake.key_file().expose()).unwrap();
    let with = |name: &str, value: &str| {
        let mut file = file.clone();
        file[name] = value.into();
        Secret::new(file.to_string())
    };
    let ed25519 = aurora_core::access::jwt::SigningKey::generate()
        .unwrap()
        .to_pem()
        .unwrap();
    let cases = [
        (Secret::new("{"), "key"),
        (with("type", "authorized_user"), "type"),
        (with("client_email", "nobody"), "client_email"),
        (with("private_key", "hunter2"), "private_key"),
        (with("private_key", ed25519.expose()), "private_key"),
        (with("private_key_id", ""), "private_key"),
    ];
    for (file, field) in cases {
        let error = ServiceAccount::from_json(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.fields()[0].field, field);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    let shown = format!("{:?} {:?}", world.fake.service_account().unwrap(), world.client());
    assert!(!shown.contains("agenda"), "{shown}");
}

#[tokio::test]
async fn a_person_gives_access_and_the_code_serves_once() {
    let world = World::new().await;
    let going = world.google.authorize_person(Some("ana@clinic.example")).unwrap();
    let (state, code) = world.fake.agree(&going.url).unwrap();
    assert!(going.state.matches(&state));
    let wrong = Secret::new("not the verifier");
    let refused = world.google.exchange_code(&code, &wrong, Deadline::NONE).await;
    assert_eq!(refused.unwrap_err().kind(), GoogleErrorKind::Grant);
    let going = world.google.authorize_person(None).unwrap();
    let (_, code) = world.fake.agree(&going.url).unwrap();
    let given = world
        .google
        .exchange_code(&code, &going.verifier, Deadline::NONE)
        .await;
    let client = world.google.client(given.unwrap());
    world.ask(&client).await.unwrap();
    world.clock.advance(Duration::from_secs(3_600));
    world.ask(&client).await.unwrap();
    let again = world
        .google
        .exchange_code(&code, &going.verifier, Deadline::NONE)
        .await;
    assert_eq!(again.unwrap_err().kind(), GoogleErrorKind::Grant);
    // Two who begin get two states and two verifiers.
    let (one, two) = (
        world.google.authorize_person(None),
        world.google.authorize_person(None),
    );
    assert!(!one.unwrap().state.matches(two.unwrap().state.expose()));
}

#[tokio::test]
async fn without_an_application_only_service_accounts_connect() {
    let google = Google::builder().build().unwrap();
    assert_eq!(
        google.authorize_person(None).unwrap_err().kind(),
        ErrorKind::Setup
    );
    let wrong = Google::builder()
        .endpoints(
            "http://127.0.0.1/calendar/v3",
            "ftp://x",
            "https://a:b@example.com",
        )
        .timeout(Duration::ZERO)
        .build();
    let fields: Vec<String> = wrong
        .unwrap_err()
        .fields()
        .iter()
        .map(|field| field.field.clone())
        .collect();
    assert_eq!(fields, ["timeout", "api", "token", "authorize"]);
}
