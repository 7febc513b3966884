use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::on_reader;
use aurora_core::time::{Clock as _, ManualClock};
use serde_json::json;

use super::{crm, kind, wrong};
use crate::clients::sql::references::{self, REWRITTEN};
use crate::clients::{
    Address, ClientChange, ClientFilter, ClientNoteId, MergeChoices, MergeField, MergeSide, NewClient, Reach,
};
use crate::error::{Error, ErrorKind};
use crate::migrations::MIGRATIONS;
use crate::testing::each_database;

#[tokio::test]
async fn a_merge_takes_everything_along_and_the_old_id_leads_to_the_one_that_stays() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database.clone(), &clock).await;
        let clients = crm.clients();
        let kept = NewClient::company("Azul")
            .email("a@azul.example")
            .phone("11 98765-4321")
            .tag("vip")
            .custom("plan", "gold");
        let kept = clients.create(&context, kept).await.unwrap();
        let lost = NewClient::company("Azul Ltda")
            .trade_name("Azulzinha")
            .cnpj("11222333000181")
            .email("b@azul.example")
            .phone("11 98765-4321")
            .phone("11 3876-5432")
            .tag("vip")
            .tag("novo")
            .address(Address::new().city("Santos").state("SP"))
            .custom("plan", "free")
            .custom("size", 3);
        let lost = clients.create(&context, lost).await.unwrap();
        let note = clients.add_note(&context, lost.id, "importante").await.unwrap();
        clients
            .link(&context, lost.id, &Reach::WhatsAppId("551187654321".to_owned()))
            .await
            .unwrap();
        clock.advance(Duration::from_secs(1));
        let choices = MergeChoices::new().choose(MergeField::LegalName, MergeSide::Lost);
        for stale in [((kept.id, 2), (lost.id, 1)), ((kept.id, 1), (lost.id, 2))] {
            let error = clients
                .merge(&context, stale.0, stale.1, &choices)
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind(), error.current_version()),
                (ErrorKind::Conflict, Some(1))
            );
        }
        let merged = clients
            .merge(&context, (kept.id, 1), (lost.id, 1), &choices)
            .await
            .unwrap();
        assert_eq!(
            (merged.id, merged.version, merged.updated_at),
            (kept.id, 2, clock.now())
        );
        assert_eq!(
            (merged.legal_name.as_str(), merged.trade_name.as_deref()),
            ("Azul Ltda", Some("Azulzinha"))
        );
        assert_eq!((&merged.cnpj, &merged.email), (&lost.cnpj, &kept.email));
        assert_eq!(merged.emails, [lost.email.clone().unwrap()]);
        assert_eq!((merged.phones.len(), merged.addresses.len()), (2, 1));
        assert_eq!(merged.tags, ["vip", "novo"]);
        assert_eq!(json!(merged.custom), json!({"plan": "gold", "size": 3}));
        for id in [kept.id, lost.id] {
            assert_eq!(clients.get(&context, id).await.unwrap(), merged);
        }
        let notes = clients
            .notes(&context, kept.id, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(
            notes.items.iter().map(|n| (n.id, n.client)).collect::<Vec<_>>(),
            [(note.id, kept.id)]
        );
        for reach in [
            Reach::WhatsAppId("5511987654321".to_owned()),
            Reach::Phone("11 3876-5432".parse().unwrap()),
            Reach::Email("B@azul.example".parse().unwrap()),
        ] {
            assert_eq!(
                clients.reached_by(&context, &reach).await.unwrap(),
                [kept.id],
                "{reach:?}"
            );
        }
        let listed = clients
            .list(
                &context,
                &ClientFilter::all().tag("novo"),
                &PageRequest::default(),
            )
            .await
            .unwrap();
        assert_eq!(listed.items, std::slice::from_ref(&merged));
        // nothing can be done to the one that is gone
        assert_eq!(
            kind(clients.update(&context, lost.id, 2, ClientChange::new()).await),
            Some(ErrorKind::NotFound)
        );
        assert_eq!(
            kind(clients.restore(&context, lost.id, 2).await),
            Some(ErrorKind::NotFound)
        );
        assert_eq!(
            kind(clients.purge(&context, lost.id).await),
            Some(ErrorKind::NotFound)
        );
        // merged again: the oldest id leads to the last
        let last = clients
            .create(&context, NewClient::company("Azul Brasil"))
            .await
            .unwrap();
        let last = clients
            .merge(&context, (last.id, 1), (kept.id, 2), &MergeChoices::new())
            .await
            .unwrap();
        assert_eq!(clients.get(&context, lost.id).await.unwrap().id, last.id);
        clients.delete(&context, last.id, 2).await.unwrap();
        assert_eq!(
            kind(clients.get(&context, lost.id).await),
            Some(ErrorKind::NotFound)
        );
        clients.purge(&context, last.id).await.unwrap();
        let actions: Vec<(String,)> = on_reader!(db.owner, |pool| sqlx::query_as(
            "select action from audit_entries where action like 'client.merged%' order by seq"
        )
        .fetch_all(pool))
        .unwrap();
        assert_eq!(actions.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn two_numbers_are_merged_only_by_choice() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let first = clients
            .create(&context, NewClient::company("A").cnpj("11222333000181"))
            .await
            .unwrap();
        let second = clients
            .create(&context, NewClient::company("B").cnpj("00000000000191"))
            .await
            .unwrap();
        let person = clients.create(&context, NewClient::person("C")).await.unwrap();
        let (kept, lost) = ((first.id, 1), (second.id, 1));
        let refused = wrong(clients.merge(&context, kept, lost, &MergeChoices::new()).await);
        assert_eq!(refused, [("cnpj".to_owned(), "conflict")]);
        let refused = wrong(
            clients
                .merge(&context, kept, (person.id, 1), &MergeChoices::new())
                .await,
        );
        assert_eq!(refused, [("lose".to_owned(), "not_allowed")]);
        let refused = wrong(clients.merge(&context, kept, kept, &MergeChoices::new()).await);
        assert_eq!(refused, [("lose".to_owned(), "invalid")]);
        assert_eq!(clients.get(&context, second.id).await.unwrap(), second);
        let choices = MergeChoices::new().choose(MergeField::Document, MergeSide::Lost);
        let merged = clients.merge(&context, kept, lost, &choices).await.unwrap();
        assert_eq!((merged.id, merged.cnpj), (first.id, second.cnpj));
        // the other number is free
        clients
            .create(&context, NewClient::company("D").cnpj("11222333000181"))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_merge_and_changes_at_once_end_as_if_one_came_first() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        for _ in 0..8 {
            let a = clients
                .create(&context, NewClient::company("A").tag("a"))
                .await
                .unwrap();
            let b = clients
                .create(&context, NewClient::company("B").tag("b"))
                .await
                .unwrap();
            let choices = MergeChoices::new();
            let (there, back, changed, noted) = tokio::join!(
                clients.merge(&context, (a.id, 1), (b.id, 1), &choices),
                clients.merge(&context, (b.id, 1), (a.id, 1), &choices),
                clients.update(&context, a.id, 1, ClientChange::new().tags(["changed"])),
                clients.add_note(&context, b.id, "text"),
            );
            assert!(there.is_err() || back.is_err());
            for error in [
                there.as_ref().err(),
                back.as_ref().err(),
                changed.as_ref().err(),
                noted.as_ref().err(),
            ] {
                let kind = error.map(Error::kind);
                assert!(
                    matches!(kind, None | Some(ErrorKind::Conflict | ErrorKind::NotFound)),
                    "{error:?}"
                );
            }
            if let Ok(merged) = &there {
                assert!(changed.is_err() && merged.tags == ["a", "b"]);
            }
            let left = clients.get(&context, b.id).await.unwrap();
            if let Ok(note) = noted {
                let notes = clients
                    .notes(&context, left.id, &PageRequest::default())
                    .await
                    .unwrap();
                let ids: Vec<ClientNoteId> = notes.items.iter().map(|note| note.id).collect();
                assert_eq!(ids, [note.id], "a note is where its client went");
            }
        }
    })
    .await;
}

/// Whoever adds a table with a column `client_id` says what a merge does with it.
#[test]
fn everything_that_refers_to_a_client_is_moved_by_a_merge() {
    let mut missing = Vec::new();
    for step in MIGRATIONS.steps() {
        for table in step.postgres.split("create table ").skip(1) {
            let name = table.split([' ', '(']).next().unwrap();
            let body = table.split(");").next().unwrap();
            let refers = body
                .lines()
                .any(|line| line.trim_start().starts_with("client_id "));
            let moved = references::ALL
                .iter()
                .any(|(_, sql)| sql.starts_with(&format!("update {name} ")));
            if refers && !moved && !REWRITTEN.contains(&name) {
                missing.push(name.to_owned());
            }
        }
    }
    assert!(
        missing.is_empty(),
        "add them to clients/sql/references.rs: {missing:?}"
    );
}
