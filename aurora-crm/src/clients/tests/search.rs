use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::{execute, on_reader};
use aurora_core::time::ManualClock;

use super::{crm, wrong};
use crate::clients::{Address, ClientChange, Clients, MergeChoices, NewClient};
use crate::context::Context;
use crate::testing::each_database;

async fn found(clients: &Clients, context: &Context, text: &str) -> Vec<String> {
    let page = clients
        .search(context, text, &PageRequest::first(200))
        .await
        .unwrap();
    page.items.into_iter().map(|client| client.legal_name).collect()
}

#[tokio::test]
async fn clients_are_found_by_what_is_known_of_them() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let bakery = NewClient::company("Padaria Pão Quente Ltda")
            .trade_name("Seu Joaquim")
            .cnpj("12.ABC.345/01DE-35")
            .email("Contato@Quente.example")
            .further_email("nfe2@quente.example")
            .phone("(11) 98765-4321")
            .tag("Atacado")
            .address(Address::new().city("Ribeirão Preto").state("SP"));
        let bakery = clients.create(&context, bakery).await.unwrap();
        let ana = NewClient::person("Ana Conceição").cpf("529.982.247-25");
        clients.create(&context, ana).await.unwrap();
        clients
            .add_note(
                &context,
                bakery.id,
                "Prefere ligação de manhã.\nAlérgico a glúten",
            )
            .await
            .unwrap();
        for text in [
            "pao",
            "PÃO quente",
            "quente padaria",
            "pad qu",
            "joaquim",
            "12.abc.345/01de-35",
            "12ABC34501DE35",
            "12abc",
            "contato@quente.example",
            "nfe2@quente.example",
            "98765-4321",
            "(11) 98765-4321",
            "+55 11 98765-4321",
            "11987654321",
            "4321",
            "atacado",
            "ribeirao",
            "glúten",
            "alergico manha pao",
        ] {
            assert_eq!(
                found(clients, &context, text).await,
                ["Padaria Pão Quente Ltda"],
                "{text}"
            );
        }
        for text in ["conceicao", "529.982.247-25", "52998224725", "an con"] {
            assert_eq!(found(clients, &context, text).await, ["Ana Conceição"], "{text}");
        }
        for text in ["pao ana", "uente", "98765-4322", "*", "ana NOT x"] {
            let page = clients.search(&context, text, &PageRequest::first(200)).await;
            assert!(page.map_or(true, |page| page.items.is_empty()), "{text}");
        }
        let other = super::context(&crm).await;
        assert_eq!(found(clients, &other, "pao").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_is_found_follows_every_change() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let first = clients
            .create(&context, NewClient::person("Beatriz").tag("antiga"))
            .await
            .unwrap();
        let second = clients
            .create(&context, NewClient::person("Carla").tag("outra"))
            .await
            .unwrap();
        let note = clients.add_note(&context, first.id, "cachorro").await.unwrap();
        let change = ClientChange::new().legal_name("Berenice").tags(["nova"]);
        let first = clients.update(&context, first.id, 1, change).await.unwrap();
        assert!(found(clients, &context, "beatriz").await.is_empty());
        assert!(found(clients, &context, "antiga").await.is_empty());
        assert_eq!(
            found(clients, &context, "berenice nova cachorro").await,
            ["Berenice"]
        );
        let note = clients.change_note(&context, note.id, 1, "gato").await.unwrap();
        assert!(found(clients, &context, "cachorro").await.is_empty());
        // merged: the words of the one that goes lead to the one that stays
        let kept = (second.id, 1);
        clients
            .merge(&context, kept, (first.id, 2), &MergeChoices::new())
            .await
            .unwrap();
        assert!(found(clients, &context, "berenice").await.is_empty());
        assert_eq!(found(clients, &context, "carla nova outra gato").await, ["Carla"]);
        clients.delete_note(&context, note.id, 2).await.unwrap();
        assert!(found(clients, &context, "gato").await.is_empty());
        clients.delete(&context, second.id, 2).await.unwrap();
        assert!(found(clients, &context, "carla").await.is_empty());
        clients.restore(&context, second.id, 3).await.unwrap();
        assert_eq!(found(clients, &context, "carla").await, ["Carla"]);
        clients.delete(&context, second.id, 4).await.unwrap();
        clients.purge(&context, second.id).await.unwrap();
        for table in [
            "client_words",
            "client_facets",
            "client_bands",
            "client_contacts",
            "client_notes",
            "clients",
        ] {
            let count = format!("select count(*) from {table}");
            let left: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(sqlx::AssertSqlSafe(
                count.as_str()
            ))
            .fetch_one(pool))
            .unwrap();
            assert_eq!(left, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_best_come_first_and_pages_hold_each_once() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let noted = clients
            .create(&context, NewClient::person("Zulmira"))
            .await
            .unwrap();
        clients
            .add_note(&context, noted.id, "amiga da silva")
            .await
            .unwrap();
        clients
            .create(&context, NewClient::person("Rosa").tag("silva"))
            .await
            .unwrap();
        clients
            .create(&context, NewClient::person("Ana Silvana"))
            .await
            .unwrap();
        clients
            .create(&context, NewClient::person("Bia Silva"))
            .await
            .unwrap();
        let all = found(clients, &context, "silva").await;
        assert_eq!(all, ["Bia Silva", "Ana Silvana", "Rosa", "Zulmira"]);
        for n in 0..20 {
            clients
                .create(&context, NewClient::person(format!("Silva {n}")))
                .await
                .unwrap();
        }
        let mut seen = Vec::new();
        let mut request = PageRequest::first(3);
        loop {
            let page = clients.search(&context, "silva", &request).await.unwrap();
            seen.extend(page.items.into_iter().map(|client| client.id));
            let Some(next) = page.next else { break };
            // as good as the best, and newer
            clock.advance(Duration::from_secs(1));
            clients
                .create(&context, NewClient::person("Silva"))
                .await
                .unwrap();
            assert!(
                clients
                    .search(&context, "rosa", &request.clone().after(next.clone()))
                    .await
                    .is_err()
            );
            request = PageRequest::first(3).after(next);
        }
        let met = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), met), (24, 24));
    })
    .await;
}

#[tokio::test]
async fn hostile_input_finds_nothing_or_is_refused() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        clients.create(&context, NewClient::person("Ana")).await.unwrap();
        let long = "a".repeat(10_000);
        let many = "a b c d e f g h i";
        for text in [
            "",
            " \t",
            "\0",
            "*",
            "\"",
            "'",
            "--",
            "()",
            "%_\\",
            "\u{10ffff}",
            long.as_str(),
            many,
        ] {
            let refused = wrong(clients.search(&context, text, &PageRequest::default()).await);
            assert_eq!(refused.len(), 1, "{text:.20}");
            assert_eq!(refused[0].0, "text");
        }
        for text in ["\"ana\"", "ana*", "'ana' -- ", "ANA\0", "{ana}", "^ana:"] {
            assert_eq!(found(clients, &context, text).await, ["Ana"], "{text}");
        }
        for text in [
            "ana OR 1",
            "NEAR(ana x)",
            "a' or '1'='1",
            "ﷺ",
            "日本",
            "_na",
            "%na",
        ] {
            let page = clients
                .search(&context, text, &PageRequest::default())
                .await
                .unwrap();
            assert!(page.items.is_empty(), "{text}");
        }
    })
    .await;
}

/// More words than a search weighs come before those of the client that is looked for.
#[tokio::test]
async fn neither_deleted_clients_nor_those_without_the_other_words_stand_in_the_way() {
    const FILL: &str = "insert into client_words (workspace_id, client_id, source_id, word, weight)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5500)
        select c.workspace_id, c.id, c.id, $2 || cast(n.i as text), 1 from n cross join clients c where c.id = $1";
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let mut made = Vec::new();
        for (name, stem) in [("Gone", "abr"), ("One", "mar"), ("Other", "sil")] {
            let client = clients.create(&context, NewClient::person(name)).await.unwrap();
            execute!(db.owner, sqlx::query(FILL).bind(client.id).bind(stem)).unwrap();
            made.push(client);
        }
        clients.delete(&context, made[0].id, 1).await.unwrap();
        for name in ["Abrzz", "Marz Silz"] {
            clients.create(&context, NewClient::person(name)).await.unwrap();
        }
        assert_eq!(found(clients, &context, "abr").await, ["Abrzz"]);
        assert_eq!(found(clients, &context, "mar sil").await, ["Marz Silz"]);
        assert_eq!(found(clients, &context, "sil mar").await, ["Marz Silz"]);
    })
    .await;
}
