mod blocking;
mod duplicates;
mod merge;
mod names;
pub(crate) mod plans;
mod purge;
mod search;
mod upkeep;

use std::time::Duration;

use crate::testing::each_database;
use aurora_core::page::{Cursor, PageRequest};
use aurora_core::resilience::Deadline;
use aurora_core::store::{Database, execute};
use aurora_core::time::{Clock, ManualClock, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::{Address, ClientChange, ClientFilter, ClientId, ClientOrder, NewClient};
use crate::context::Context;
use crate::crm::Crm;
use crate::custom_fields::Rules;
use crate::error::{Error, ErrorKind};
use crate::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

pub(super) async fn crm(database: Database, clock: &ManualClock) -> (Crm, Context) {
    let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
    let context = context(&crm).await;
    (crm, context)
}

pub(super) async fn context(crm: &Crm) -> Context {
    let workspace = crm
        .workspaces()
        .create(NewWorkspace::new(WorkspaceKind::Clinic, "Clínica"))
        .await
        .unwrap();
    Context::new(workspace.id, "test")
}

pub(super) fn kind<T>(outcome: Result<T, Error>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

pub(super) fn wrong(outcome: Result<impl Sized, Error>) -> Vec<(String, &'static str)> {
    let error = outcome.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error
        .fields()
        .iter()
        .map(|field| (field.field.clone(), field.code))
        .collect()
}

#[tokio::test]
async fn both_databases_keep_the_contract() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, mine) = crm(db.database, &clock).await;
        let other = context(&crm).await;
        let absent = Context::new(WorkspaceId::new(clock.now()), "test");
        super::contract::client_repository_contract(&crm.clients().repository, &mine, &other, &absent).await;
    })
    .await;
}

#[tokio::test]
async fn create_change_and_delete_carry_time_and_version() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let new = NewClient::person("  Ana Souza ")
            .cpf("529.982.247-25")
            .phone("11 98765-4321")
            .trade_name(" ");
        let made = clients.create(&context, new).await.unwrap();
        assert_eq!(
            (made.legal_name.as_str(), made.trade_name.as_deref(), made.version),
            ("Ana Souza", None, 1)
        );
        assert_eq!((made.created_at, made.updated_at), (clock.now(), clock.now()));
        clock.advance(Duration::from_secs(5));
        let change = ClientChange::new()
            .email("ana@example.com")
            .phones(["+55 11 3876-5432"]);
        let changed = clients.update(&context, made.id, 1, change).await.unwrap();
        assert_eq!(
            (changed.version, changed.updated_at, changed.created_at),
            (2, clock.now(), made.created_at)
        );
        assert_eq!(changed.cpf, made.cpf);
        assert_eq!(clients.get(&context, made.id).await.unwrap(), changed);
        let stale = clients
            .update(&context, made.id, 1, ClientChange::new())
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        // a clock that was set back does not make a change older than the last
        clock.set_wall(made.created_at - Duration::from_secs(60));
        let later = clients
            .update(&context, made.id, 2, ClientChange::new().clear_email())
            .await
            .unwrap();
        assert_eq!((later.updated_at, later.email), (changed.updated_at, None));
        clients.delete(&context, made.id, 3).await.unwrap();
        assert_eq!(
            clients.get(&context, made.id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    })
    .await;
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let clock = ManualClock::default();
    let check = |new: NewClient| new.check(ClientId::new(clock.now()), clock.now(), &Rules::default());
    let bad = NewClient::person(" ")
        .trade_name("two\nlines")
        .cnpj("12ABC34501DE35")
        .cpf("52998224724")
        .email("nobody")
        .phone("11 98765-4321")
        .phone("98765-4321")
        .phone(" ")
        .tag("")
        .tag("t".repeat(51))
        .custom("deep", json!([[[[[1]]]]]));
    let expected = [
        ("legal_name", "required"),
        ("trade_name", "invalid"),
        ("cpf", "invalid"),
        ("email", "invalid"),
        ("phones[1]", "invalid"),
        ("phones[2]", "required"),
        ("tags[0]", "required"),
        ("tags[1]", "too_long"),
        ("custom", "too_long"),
        ("cnpj", "not_allowed"),
    ];
    assert_eq!(
        wrong(check(bad)),
        expected.map(|(field, code)| (field.to_owned(), code))
    );
    for (new, field, code) in [
        (NewClient::company("x".repeat(201)), "legal_name", "too_long"),
        (NewClient::company("a\0b"), "legal_name", "invalid"),
        (NewClient::company("A").cpf("52998224725"), "cpf", "not_allowed"),
        (NewClient::company("A").cnpj("12ABC34501DE36"), "cnpj", "invalid"),
        (NewClient::company("A").custom("nul", "\0"), "custom", "invalid"),
        (NewClient::company("A").custom("", 1), "custom", "invalid"),
        (
            NewClient::company("A").custom("big", "x".repeat(17_000)),
            "custom",
            "too_long",
        ),
        (
            (0..65).fold(NewClient::company("A"), |new, n| new.custom(n.to_string(), n)),
            "custom",
            "too_many",
        ),
        (
            (0..51).fold(NewClient::company("A"), |new, n| new.tag(n.to_string())),
            "tags",
            "too_many",
        ),
        (
            (0..11).fold(NewClient::company("A"), |new, _| new.phone("1")),
            "phones",
            "too_many",
        ),
    ] {
        assert_eq!(wrong(check(new)), [(field.to_owned(), code)]);
    }
    let edge = NewClient::company("É".repeat(200))
        .tag("a")
        .tag("a")
        .custom("deep", json!([[[[1]]]]));
    assert_eq!(check(edge).unwrap().tags, ["a"]);
    let more = NewClient::company("A")
        .birth_date("1990-01-01")
        .further_email("x")
        .address(Address::new().state("XX").postal_code("1"))
        .source("x".repeat(101));
    let more: NewClient = {
        let mut json = json!({"kind": "person", "legal_name": "A", "owner": "cli_1"});
        assert_eq!(
            wrong(check(more)),
            [
                ("emails[0]", "invalid"),
                ("addresses[0].state", "invalid"),
                ("addresses[0].postal_code", "invalid"),
                ("source", "too_long"),
                ("birth_date", "not_allowed"),
            ]
            .map(|(field, code)| (field.to_owned(), code))
        );
        json["birth_date"] = json!("2999-01-01");
        serde_json::from_value(json).unwrap()
    };
    assert_eq!(
        wrong(check(more)),
        [("birth_date", "invalid"), ("owner", "invalid")].map(|(field, code)| (field.to_owned(), code))
    );
    let client = check(NewClient::person("Ana")).unwrap();
    let change = ClientChange::new()
        .legal_name("")
        .cnpj("12ABC34501DE35")
        .email("x");
    assert_eq!(
        wrong(change.apply(&client, clock.now(), &Rules::default())).len(),
        3
    );
}

#[test]
fn nothing_personal_is_shown_by_debug_or_errors() {
    let clock = ManualClock::default();
    let new = NewClient::person("Ana")
        .cpf("529.982.247-25")
        .email("ana@example.com")
        .phone("11 98765-4321");
    let client = new
        .clone()
        .check(ClientId::new(clock.now()), clock.now(), &Rules::default())
        .unwrap();
    let error = new
        .email("ana@@x")
        .cpf("52998224724")
        .check(client.id, clock.now(), &Rules::default())
        .unwrap_err();
    for shown in [format!("{client:?}"), format!("{error} {error:?}")] {
        for secret in ["Ana", "ana", "529", "9876"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_passed_deadline_ends_the_call_before_it_begins() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let late = context
            .clone()
            .deadline(Deadline::after(&clock, Duration::from_secs(1)));
        crm.clients()
            .create(&late, NewClient::person("In time"))
            .await
            .unwrap();
        clock.advance(Duration::from_secs(1));
        let error = crm
            .clients()
            .create(&late, NewClient::person("Too late"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let page = crm
            .clients()
            .list(&context, &ClientFilter::all(), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_row_is_an_internal_error_that_shows_no_value() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone(), &ManualClock::default()).await;
        let made = crm
            .clients()
            .create(&context, NewClient::person("Ana"))
            .await
            .unwrap();
        for damage in [
            "update clients set cpf = '12345678900'",
            "update clients set phones = '[\"12345678900\"]'",
        ] {
            execute!(db.owner, sqlx::query(damage)).unwrap();
            let error = crm.clients().get(&context, made.id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal);
            assert!(!format!("{error:?}").contains("123456789"), "{error:?}");
            execute!(db.owner, sqlx::query("update clients set cpf = null")).unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_schema_refuses_what_the_domain_would_never_store() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone(), &ManualClock::default()).await;
        crm.clients()
            .create(&context, NewClient::person("Ana").cpf("52998224725"))
            .await
            .unwrap();
        for (damage, constraint) in [
            ("update clients set kind = 'company'", "clients_cpf_of_person"),
            (
                "update clients set kind = 'robot', cpf = null",
                "clients_kind_known",
            ),
            (
                "update clients set cnpj = '12ABC34501DE35'",
                "clients_cnpj_of_company",
            ),
            ("update clients set version = 0", "clients_version_positive"),
            (
                "update clients set legal_name = null",
                "clients_legal_name_not_null",
            ),
        ] {
            let error = execute!(db.owner, sqlx::query(damage)).unwrap_err();
            assert_eq!(error.constraint(), Some(constraint), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_forged_cursor_is_refused_alike_on_both_databases() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let id = ClientId::new(Timestamp::UNIX_EPOCH);
        let newest = ClientFilter::all();
        let by_name = ClientFilter::all().order(ClientOrder::Name);
        let scope = |filter| super::sql::scope(&context, filter);
        for (filter, cursor) in [
            (&newest, Cursor::new(&scope(&newest), &(i64::MAX, id))),
            (&newest, Cursor::new(&scope(&newest), &(i64::MIN, id))),
            (&by_name, Cursor::new(&scope(&by_name), &("a\0b", id))),
        ] {
            let page = PageRequest::default().after(cursor.unwrap());
            let fields = wrong(crm.clients().list(&context, filter, &page).await);
            assert_eq!(fields, [("cursor".to_owned(), "invalid")], "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_in_custom_fields_come_back_as_they_went_in() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        for number in [
            0.1 + 0.2,
            -0.0,
            1e15,
            1e16,
            -9e18,
            1.8e19,
            1e20,
            1e300,
            5e-324,
            f64::MAX,
            1.0 / 3.0,
            31.245_270_191_439_438,
            2.638_344_616_030_823e-256,
        ] {
            let new = NewClient::company("N").custom("n", number);
            let made = crm.clients().create(&context, new).await.unwrap();
            let read = crm.clients().get(&context, made.id).await.unwrap();
            assert_eq!(read.custom, made.custom);
        }
    })
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_input_is_accepted_or_refused_but_never_panics(
        name in "\\PC{0,250}", cnpj in ".{0,20}", email in "\\PC{0,30}", phone in ".{0,20}", tag in ".{0,60}"
    ) {
        let clock = ManualClock::default();
        let new = NewClient::company(name).cnpj(cnpj).email(email).phone(phone).tag(tag);
        if let Ok(client) = new.check(ClientId::new(clock.now()), clock.now(), &Rules::default()) {
            let json = serde_json::to_string(&client).unwrap();
            prop_assert_eq!(serde_json::from_str::<super::Client>(&json).unwrap(), client);
        }
    }
}

#[test]
fn orders_and_kinds_have_stable_names() {
    let filter: ClientFilter = serde_json::from_value(json!({"order": "name", "kind": "company"})).unwrap();
    assert_eq!(
        filter,
        ClientFilter::all()
            .order(ClientOrder::Name)
            .kind(super::ClientKind::Company)
    );
}
