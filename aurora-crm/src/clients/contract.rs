mod lists;

use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::Timestamp;

use self::lists::{filters, pages_hold_everything_once};
use super::{Client, ClientChange, ClientId, NewClient, SqlClients};
use crate::companies::{Cnpj, Cpf};
use crate::context::Context;
use crate::custom_fields::Rules;
use crate::error::{Error, ErrorKind};

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Holds an implementation of [`SqlClients`] to its promises.
///
/// `mine` and `other` are contexts of two different workspaces that exist and hold no client, and `absent` is one of
/// a workspace that does not exist.
///
/// # Panics
/// When the implementation does not keep a promise.
pub(super) async fn client_repository_contract(
    repository: &SqlClients,
    mine: &Context,
    other: &Context,
    absent: &Context,
) {
    what_is_stored_comes_back(repository, mine).await;
    numbers_are_unique_among_the_living(repository, mine, other).await;
    one_of_many_equal_inserts_wins(repository, mine).await;
    a_change_needs_the_current_version(repository, mine).await;
    one_of_many_changes_wins(repository, mine).await;
    the_deleted_are_gone(repository, mine).await;
    another_workspace_sees_nothing(repository, mine, other, absent).await;
    pages_hold_everything_once(repository, other, mine).await;
}

fn client(new: NewClient, at: Timestamp) -> Client {
    new.check(ClientId::new(at), at, &Rules::default()).unwrap()
}

async fn insert(repository: &SqlClients, context: &Context, client: &Client) -> Result<(), Error> {
    repository.insert(context, |_| Ok(client.clone())).await.map(drop)
}

async fn update(
    repository: &SqlClients,
    context: &Context,
    client: &Client,
    expected: i64,
) -> Result<(), Error> {
    repository
        .update(context, client.id, expected, |_, _| Ok(client.clone()))
        .await
        .map(drop)
}

fn company(number: u32) -> Client {
    let cnpj = Cnpj::from_base(&format!("{number:08}0001")).unwrap();
    let at = START + Duration::from_secs(u64::from(number));
    client(
        NewClient::company(format!("Company {number:04}")).cnpj(cnpj.plain()),
        at,
    )
}

fn kind<T>(outcome: Result<T, Error>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

async fn what_is_stored_comes_back(repository: &SqlClients, mine: &Context) {
    let full = NewClient::company("Çedilha & Filhos 'Ltda' \"; --")
        .trade_name("日本 🍞")
        .cnpj("RR.3CC.775/0001-00")
        .email("ana@example.com")
        .phone("(11) 98765-4321")
        .phone("+1 212 555 0100")
        .tag("a")
        .tag("b c")
        .custom("list", vec![1, 2, 3])
        .custom("text", "\u{7}ç\\\"")
        .custom("big", i64::MAX)
        .custom("half", 0.5)
        .custom("none", serde_json::Value::Null);
    for stored in [
        client(full, START + Duration::from_micros(123_456)),
        client(NewClient::person("M"), START),
        client(
            NewClient::person("Cláudia").cpf("529.982.247-25"),
            Timestamp::from_micros(-1),
        ),
    ] {
        insert(repository, mine, &stored).await.unwrap();
        assert_eq!(repository.get(mine, stored.id).await.unwrap(), stored);
        repository.delete(mine, stored.id, 1, START).await.unwrap();
    }
}

async fn numbers_are_unique_among_the_living(repository: &SqlClients, mine: &Context, other: &Context) {
    let cpf = Cpf::from_base("111444777").unwrap();
    let person = || NewClient::person("A").cpf(cpf.plain());
    for (first, mut second) in [
        (company(1), company(1)),
        (client(person(), START), client(person().trade_name("B"), START)),
    ] {
        insert(repository, mine, &first).await.unwrap();
        let error = insert(repository, mine, &second).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(error.existing(), Some(first.id.to_string().as_str()));
        assert_eq!(
            kind(repository.get(mine, second.id).await),
            Some(ErrorKind::NotFound)
        );
        // a change to a number that another has
        let number = (second.cnpj.take(), second.cpf.take());
        insert(repository, mine, &second).await.unwrap();
        (second.cnpj, second.cpf) = number;
        second.version = 2;
        let error = update(repository, mine, &second, 1).await.unwrap_err();
        assert_eq!(error.existing(), Some(first.id.to_string().as_str()), "{error}");
        // in another workspace, and again after the first is deleted
        insert(repository, other, &first).await.unwrap();
        repository.delete(other, first.id, 1, START).await.unwrap();
        repository.delete(mine, first.id, 1, START).await.unwrap();
        update(repository, mine, &second, 1).await.unwrap();
        repository.delete(mine, second.id, 2, START).await.unwrap();
    }
    // a number is not needed
    for _ in 0..2 {
        let nameless = client(NewClient::company("No number"), START);
        insert(repository, mine, &nameless).await.unwrap();
        repository.delete(mine, nameless.id, 1, START).await.unwrap();
    }
}

async fn one_of_many_equal_inserts_wins(repository: &SqlClients, mine: &Context) {
    let clients: Vec<Client> = (0..32).map(|_| company(2)).collect();
    let inserts = clients.iter().map(|client| insert(repository, mine, client));
    let outcomes = futures::future::join_all(inserts).await;
    let winners: Vec<&Client> = clients
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| outcome.is_ok())
        .map(|(client, _)| client)
        .collect();
    assert_eq!(winners.len(), 1);
    let winner = winners.first().unwrap().id;
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(error.existing(), Some(winner.to_string().as_str()), "{error}");
    }
    repository.delete(mine, winner, 1, START).await.unwrap();
}

async fn a_change_needs_the_current_version(repository: &SqlClients, mine: &Context) {
    let first = company(3);
    insert(repository, mine, &first).await.unwrap();
    let change = ClientChange::new().legal_name("Renamed").clear_cnpj().tags(["x"]);
    let second = change
        .apply(&first, START + Duration::from_secs(9), &Rules::default())
        .unwrap();
    update(repository, mine, &second, 1).await.unwrap();
    assert_eq!(repository.get(mine, first.id).await.unwrap(), second);
    assert_eq!(
        (second.version, second.cnpj, second.created_at),
        (2, None, first.created_at)
    );
    for stale in [0, 1, 3] {
        let error = update(repository, mine, &second, stale).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let error = repository.delete(mine, first.id, stale, START).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
    }
    assert_eq!(repository.get(mine, first.id).await.unwrap(), second);
    repository.delete(mine, first.id, 2, START).await.unwrap();
}

async fn one_of_many_changes_wins(repository: &SqlClients, mine: &Context) {
    let first = company(4);
    insert(repository, mine, &first).await.unwrap();
    let changes: Vec<Client> = (0..32)
        .map(|n| {
            ClientChange::new()
                .legal_name(format!("Name {n}"))
                .apply(&first, START, &Rules::default())
                .unwrap()
        })
        .collect();
    let updates = changes.iter().map(|changed| update(repository, mine, changed, 1));
    let outcomes = futures::future::join_all(updates).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for (changed, outcome) in changes.iter().zip(outcomes) {
        match outcome {
            Ok(()) => assert_eq!(&repository.get(mine, first.id).await.unwrap(), changed),
            Err(error) => assert_eq!(error.current_version(), Some(2), "{error}"),
        }
    }
    repository.delete(mine, first.id, 2, START).await.unwrap();
}

async fn the_deleted_are_gone(repository: &SqlClients, mine: &Context) {
    let gone = company(5);
    insert(repository, mine, &gone).await.unwrap();
    repository.delete(mine, gone.id, 1, START).await.unwrap();
    finds_nothing(repository, mine, &gone).await;
    let again = Client {
        id: ClientId::new(START),
        ..gone
    };
    insert(repository, mine, &again).await.unwrap();
    let third = Client {
        id: ClientId::new(START),
        ..again.clone()
    };
    let error = insert(repository, mine, &third).await.unwrap_err();
    assert_eq!(
        error.existing(),
        Some(again.id.to_string().as_str()),
        "the living one is named"
    );
    repository.delete(mine, again.id, 1, START).await.unwrap();
}

/// Sweeps every call that could reach `foreign`.
async fn finds_nothing(repository: &SqlClients, context: &Context, foreign: &Client) {
    let not_found = Some(ErrorKind::NotFound);
    for version in [foreign.version, foreign.version + 1] {
        let changed = Client {
            version: version + 1,
            legal_name: "Taken over".to_owned(),
            ..foreign.clone()
        };
        assert_eq!(
            kind(update(repository, context, &changed, version).await),
            not_found
        );
        assert_eq!(
            kind(repository.delete(context, foreign.id, version, START).await),
            not_found
        );
    }
    assert_eq!(kind(repository.get(context, foreign.id).await), not_found);
    for (filter, _) in filters() {
        let page = repository
            .page(context, &filter, &PageRequest::first(200))
            .await
            .unwrap();
        assert!(page.items.iter().all(|client| client.id != foreign.id));
    }
}

async fn another_workspace_sees_nothing(
    repository: &SqlClients,
    mine: &Context,
    other: &Context,
    absent: &Context,
) {
    let client = company(6);
    insert(repository, mine, &client).await.unwrap();
    finds_nothing(repository, other, &client).await;
    finds_nothing(repository, absent, &client).await;
    assert_eq!(repository.get(mine, client.id).await.unwrap(), client);
    // the same id in two workspaces is two clients
    let namesake = Client {
        legal_name: "Namesake".to_owned(),
        ..client.clone()
    };
    insert(repository, other, &namesake).await.unwrap();
    repository.delete(other, client.id, 1, START).await.unwrap();
    assert_eq!(repository.get(mine, client.id).await.unwrap(), client);
    assert_eq!(
        kind(insert(repository, absent, &client).await),
        Some(ErrorKind::NotFound)
    );
    repository.delete(mine, client.id, 1, START).await.unwrap();
}
