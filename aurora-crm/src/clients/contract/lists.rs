//! What lists of clients promise.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::page::{Cursor, PageRequest};

use super::{START, client, insert, kind};
use crate::clients::name::name_key;
use crate::clients::{
    Address, Client, ClientFilter, ClientId, ClientKind, ClientOrder, ClientStatus, NewClient, OwnerId,
    Presence, SqlClients,
};
use crate::companies::Cnpj;
use crate::context::Context;
use crate::error::ErrorKind;

fn owner() -> OwnerId {
    OwnerId::from_uuid(ClientId::new(START).uuid())
}

/// A filter with what it means.
pub(super) type Meant = (ClientFilter, fn(&Client) -> bool);

/// Each thing to filter by.
pub(super) fn filters() -> Vec<Meant> {
    let all = ClientFilter::all();
    let at = |secs| START + Duration::from_secs(secs);
    let narrowed: Vec<Meant> = vec![
        (all.clone(), |_| true),
        (all.clone().kind(ClientKind::Company), |c| {
            c.kind == ClientKind::Company
        }),
        (all.clone().kind(ClientKind::Person), |c| {
            c.kind == ClientKind::Person
        }),
        (all.clone().status(ClientStatus::Blocked), |c| {
            c.status == ClientStatus::Blocked
        }),
        (all.clone().tag("vip"), |c| c.tags.iter().any(|t| t == "vip")),
        (
            all.clone().tag("vip").tag("two words").kind(ClientKind::Company),
            |c| c.tags.len() == 2 && c.kind == ClientKind::Company,
        ),
        (all.clone().state("SP"), |c| {
            c.addresses.iter().any(|a| a.state.as_deref() == Some("SP"))
        }),
        (all.clone().city("SP", "sao paulo"), |c| {
            c.addresses.iter().any(|a| a.city.as_deref() == Some("São Paulo"))
        }),
        (all.clone().document(Presence::Present), |c| {
            c.cnpj.is_some() || c.cpf.is_some()
        }),
        (all.clone().document(Presence::Absent), |c| {
            c.cnpj.is_none() && c.cpf.is_none()
        }),
        (all.clone().created_from(at(3)).created_before(at(7)), |c| {
            (3..7).contains(&(c.created_at.as_secs() - START.as_secs()))
        }),
        (
            all.clone().updated_from(at(2)).updated_before(at(5)).tag("vip"),
            |c| {
                (2..5).contains(&(c.updated_at.as_secs() - START.as_secs()))
                    && c.tags.iter().any(|t| t == "vip")
            },
        ),
        (all.clone().custom("plan", "gold"), |c| {
            c.custom.get("plan").is_some_and(|v| v == "gold")
        }),
        (all.clone().custom("plan", "gold").custom("size", 3), |c| {
            c.custom.get("plan").is_some_and(|v| v == "gold") && c.custom.get("size").is_some_and(|v| v == 3)
        }),
        (all.clone().tag("nobody's"), |_| false),
    ];
    let orders = [ClientOrder::Newest, ClientOrder::Name, ClientOrder::Updated];
    let ordered = narrowed
        .into_iter()
        .flat_map(|(filter, means)| orders.map(|order| (filter.clone().order(order), means)));
    ordered.collect()
}

/// A client that differs from its neighbours in everything that can be filtered by.
fn varied(n: usize, name: &str) -> Client {
    let kind = if n.is_multiple_of(3) {
        ClientKind::Person
    } else {
        ClientKind::Company
    };
    let mut new = NewClient::new(kind, name).custom("size", i64::try_from(n % 4).unwrap());
    if n.is_multiple_of(2) {
        new = new
            .tag("vip")
            .address(Address::new().city("São Paulo").state("SP"));
    }
    if n.is_multiple_of(5) {
        new = new.tag("two words").owner(owner()).status(ClientStatus::Blocked);
    }
    if n.is_multiple_of(7) {
        new = new
            .custom("plan", "gold")
            .address(Address::new().city("Campinas").state("SP"));
    }
    if kind == ClientKind::Company && n.is_multiple_of(4) {
        let base = format!("{:08}0001", n + 1);
        new = new.cnpj(Cnpj::from_base(&base).unwrap().plain());
    }
    // several made in the same instant
    client(new, START + Duration::from_secs(u64::try_from(n / 4).unwrap()))
}

pub(super) async fn pages_hold_everything_once(repository: &SqlClients, mine: &Context, other: &Context) {
    let names = [
        "água", "Agua", "ÁGUA", "beta", "Çedro", "cedro", "Zeta", "éter", "Eter", "_x", "1a",
    ];
    let mut clients = Vec::new();
    for (n, name) in names.iter().cycle().take(44).enumerate() {
        let client = varied(n, name);
        insert(repository, mine, &client).await.unwrap();
        clients.push(client);
    }
    for (filter, means) in filters() {
        let wanted: BTreeSet<ClientId> = clients.iter().filter(|c| means(c)).map(|c| c.id).collect();
        for limit in [7, 200] {
            let seen = walk(repository, mine, &filter, limit).await;
            let ids: BTreeSet<ClientId> = seen.iter().map(|c| c.id).collect();
            assert_eq!(
                (seen.len(), &ids),
                (wanted.len(), &wanted),
                "{filter:?} by {limit}"
            );
            let in_order = match filter.order {
                ClientOrder::Newest => seen.is_sorted_by_key(|c| std::cmp::Reverse((c.created_at, c.id))),
                ClientOrder::Updated => seen.is_sorted_by_key(|c| std::cmp::Reverse((c.updated_at, c.id))),
                ClientOrder::Name => seen.is_sorted_by_key(|c| (name_key(&c.legal_name), c.id)),
            };
            assert!(in_order, "{filter:?} by {limit}");
        }
    }
    let owned = repository
        .page(
            mine,
            &ClientFilter::all().owner(owner()),
            &PageRequest::first(200),
        )
        .await;
    assert!(owned.unwrap().items.is_empty(), "another owner");
    let known = clients.iter().find_map(|c| c.owner).unwrap();
    let owned = repository
        .page(mine, &ClientFilter::all().owner(known), &PageRequest::first(200))
        .await;
    assert_eq!(owned.unwrap().items.len(), 1);
    a_cursor_serves_its_own_list(repository, mine, other).await;
    for client in clients {
        repository.delete(mine, client.id, 1, START).await.unwrap();
    }
}

/// Reads a whole list, while clients that do not belong to it yet are made and deleted.
async fn walk(repository: &SqlClients, mine: &Context, filter: &ClientFilter, limit: u32) -> Vec<Client> {
    let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
    loop {
        let page = repository.page(mine, filter, &request).await.unwrap();
        assert!(page.items.len() <= usize::try_from(limit).unwrap());
        seen.extend(page.items);
        let Some(next) = page.next else { return seen };
        request = PageRequest::first(limit).after(next);
        // newer than all and first by name: before the cursor in either order
        let disturbing = client(
            NewClient::company("  !first"),
            START + Duration::from_secs(1_000_000),
        );
        insert(repository, mine, &disturbing).await.unwrap();
        repository.delete(mine, disturbing.id, 1, START).await.unwrap();
    }
}

async fn a_cursor_serves_its_own_list(repository: &SqlClients, mine: &Context, other: &Context) {
    let newest = ClientFilter::all();
    let companies = newest.clone().kind(ClientKind::Company);
    let by_name = newest.clone().order(ClientOrder::Name);
    let page = repository
        .page(mine, &newest, &PageRequest::first(1))
        .await
        .unwrap();
    let cursor = page.next.unwrap();
    for (context, filter) in [(mine, &companies), (mine, &by_name), (other, &newest)] {
        let foreign = repository
            .page(context, filter, &PageRequest::first(1).after(cursor.clone()))
            .await;
        let error = foreign.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(
            error.fields().first().map(|field| field.field.as_str()),
            Some("cursor")
        );
    }
    let damaged: Cursor = "AAAA".parse().unwrap();
    let outcome = repository
        .page(mine, &newest, &PageRequest::first(1).after(damaged))
        .await;
    assert_eq!(kind(outcome), Some(ErrorKind::Invalid));
}
