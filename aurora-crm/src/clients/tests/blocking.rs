use aurora_core::page::PageRequest;
use aurora_core::store::on_reader;
use aurora_core::time::ManualClock;

use super::{context, crm, kind, wrong};
use crate::clients::{
    BlockedClients, ClientChange, ClientFilter, ClientId, ClientOrder, MergeChoices, NewClient,
};
use crate::error::ErrorKind;
use crate::privacy::Anonymisation;
use crate::testing::each_database;

const REASON: &str = "pedido de Bia de 3 de março";

#[tokio::test]
async fn a_blocked_client_is_kept_and_shown_to_whoever_asks_for_it_alone() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let make = |name: &str| clients.create(&context, NewClient::person(name).tag("vip"));
        let (ana, bia) = (make("Ana Souza").await.unwrap(), make("Bia Souza").await.unwrap());
        let seen = async |filter: ClientFilter| {
            let page = clients
                .list(&context, &filter, &PageRequest::default())
                .await
                .unwrap();
            let mut ids: Vec<ClientId> = page.items.iter().map(|client| client.id).collect();
            ids.sort();
            ids
        };
        let mut both = vec![ana.id, bia.id];
        both.sort();
        assert_eq!(seen(ClientFilter::all()).await, both);

        let blocked = clients.block(&context, bia.id, 1, REASON).await.unwrap();
        let told = blocked.blocked.as_ref().unwrap();
        assert_eq!(
            (told.reason.as_str(), told.at, blocked.version),
            (REASON, blocked.updated_at, 2)
        );
        assert_eq!(clients.get(&context, bia.id).await.unwrap(), blocked);
        assert!(!format!("{blocked:?} {told:?}").contains("Bia"));
        for order in [ClientOrder::Newest, ClientOrder::Name, ClientOrder::Updated] {
            for filter in [ClientFilter::all(), ClientFilter::all().tag("vip")] {
                let filter = filter.order(order);
                assert_eq!(seen(filter.clone()).await, [ana.id], "{order:?}");
                assert_eq!(seen(filter.clone().blocked(BlockedClients::Shown)).await, both);
                assert_eq!(seen(filter.blocked(BlockedClients::Only)).await, [bia.id]);
            }
        }
        let found = async |all: bool| {
            let page = PageRequest::default();
            let found = if all {
                clients.search_with_blocked(&context, "souza", &page).await
            } else {
                clients.search(&context, "souza", &page).await
            };
            found.unwrap().items.len()
        };
        assert_eq!((found(false).await, found(true).await), (1, 2));
        // What is changed meanwhile leaves it blocked.
        let change = ClientChange::new().trade_name("Bia");
        let changed = clients.update(&context, bia.id, 2, change).await.unwrap();
        assert_eq!(changed.blocked, blocked.blocked);
        assert_eq!(
            seen(ClientFilter::all().blocked(BlockedClients::Only)).await,
            [bia.id]
        );

        let open = clients.unblock(&context, bia.id, 3).await.unwrap();
        assert_eq!((open.blocked.as_ref(), open.version), (None, 4));
        assert_eq!(seen(ClientFilter::all()).await, both);
        assert_eq!(seen(ClientFilter::all().blocked(BlockedClients::Only)).await, []);
        assert_eq!(found(false).await, 2);
        let entries =
            "select action from audit_entries where workspace_id = $1 and subject_id = $2 order by seq";
        let entries: Vec<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(entries)
            .bind(context.workspace)
            .bind(bia.id)
            .fetch_all(pool))
        .unwrap();
        let all = [
            "client.created",
            "subject.blocked",
            "client.updated",
            "subject.unblocked",
        ];
        assert_eq!(entries, all);
        let details = "select count(*) from audit_entries where detail like '%março%'";
        let details: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(details).fetch_one(pool)).unwrap();
        assert_eq!(details, 0, "why is nobody's business but the client's");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_a_blocked_client_is_not_merged() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, mine) = crm(db.database, &clock).await;
        let other = context(&crm).await;
        let clients = crm.clients();
        let make = |name: &str| clients.create(&mine, NewClient::person(name));
        let (ana, bia) = (make("Ana").await.unwrap().id, make("Bia").await.unwrap().id);
        for outcome in [
            clients.block(&other, ana, 1, REASON).await,
            clients.unblock(&other, ana, 1).await,
        ] {
            assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
        }
        let field = |name: &str, code| [(name.to_owned(), code)];
        let stale = clients.block(&mine, ana, 7, REASON).await;
        assert_eq!(kind(stale), Some(ErrorKind::Conflict));
        let empty = clients.block(&mine, ana, 1, " ").await;
        assert_eq!(wrong(empty), field("reason", "required"));
        let open = clients.unblock(&mine, ana, 1).await;
        assert_eq!(wrong(open), field("id", "not_allowed"));
        clients.block(&mine, ana, 1, REASON).await.unwrap();
        let twice = clients.block(&mine, ana, 2, REASON).await;
        assert_eq!(wrong(twice), field("id", "not_allowed"));
        let choices = MergeChoices::new();
        let merged = clients.merge(&mine, (ana, 2), (bia, 1), &choices).await;
        assert_eq!(wrong(merged), field("kept", "blocked"));
        let merged = clients.merge(&mine, (bia, 1), (ana, 2), &choices).await;
        assert_eq!(wrong(merged), field("lost", "blocked"));
        // Whose data is gone has none that could be blocked.
        crm.privacy()
            .anonymise(&mine, ana, &Anonymisation::new())
            .await
            .unwrap();
        assert_eq!(clients.get(&mine, ana).await.unwrap().blocked, None);
        let all = ClientFilter::all().blocked(BlockedClients::Only);
        let page = clients.list(&mine, &all, &PageRequest::default()).await.unwrap();
        assert!(page.items.is_empty());
    })
    .await;
}
