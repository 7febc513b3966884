use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::on_reader;
use aurora_core::time::{Clock as _, ManualClock};

use super::{crm, kind, wrong};
use crate::clients::{ClientChange, ClientFilter, ClientNoteId, MergeChoices, NewClient, Reach};
use crate::context::Context;
use crate::error::ErrorKind;
use crate::privacy::Anonymisation;
use crate::testing::each_database;

#[tokio::test]
async fn what_was_deleted_comes_back_unless_its_number_is_taken() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let new = || NewClient::person("Ana").cpf("52998224725").tag("vip");
        for _ in 0..8 {
            let first = clients.create(&context, new()).await.unwrap();
            clients.delete(&context, first.id, 1).await.unwrap();
            assert_eq!(
                kind(clients.restore(&context, first.id, 1).await),
                Some(ErrorKind::Conflict)
            );
            let (restored, created) = tokio::join!(
                clients.restore(&context, first.id, 2),
                clients.create(&context, new())
            );
            assert!(restored.is_ok() != created.is_ok(), "one of two");
            let (living, version) = match (&restored, &created) {
                (Ok(client), Err(error)) | (Err(error), Ok(client)) => {
                    assert_eq!(error.existing(), Some(client.id.to_string().as_str()), "{error}");
                    (client.id, client.version)
                }
                _ => unreachable!(),
            };
            let page = clients
                .list(&context, &ClientFilter::all().tag("vip"), &PageRequest::default())
                .await
                .unwrap();
            assert_eq!(page.items.iter().map(|c| c.id).collect::<Vec<_>>(), [living]);
            clients.delete(&context, living, version).await.unwrap();
            clock.advance(Duration::from_secs(1));
        }
        let old = clients.deleted_before(&context, clock.now()).await.unwrap();
        assert!(old.len() >= 8);
        let (mut ids, mut page) = (Vec::new(), PageRequest::first(3));
        loop {
            let Page { items, next } = clients.deleted(&context, Some(clock.now()), &page).await.unwrap();
            ids.extend(items.iter().map(|client| client.id));
            let Some(next) = next else { break };
            page = page.after(next);
        }
        ids.reverse();
        assert_eq!(ids, old);
        for id in &old {
            clients.purge(&context, *id).await.unwrap();
            assert_eq!(
                kind(clients.restore(&context, *id, 2).await),
                Some(ErrorKind::NotFound)
            );
        }
        assert!(
            clients
                .deleted_before(&context, clock.now())
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn deleted_clients_have_their_names_unless_they_were_blocked_or_are_nobody_any_more() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let company = NewClient::company("Clínica Sorriso Ltda").trade_name("Sorriso");
        for (new, name) in [
            (company, Some("Clínica Sorriso Ltda")),
            (NewClient::person("Bia Souza"), None),
            (NewClient::person("Caio Lima"), Some("Anonimizado")),
        ] {
            let client = clients.create(&context, new).await.unwrap();
            let mut version = 1;
            if name.is_none() {
                version = clients
                    .block(&context, client.id, 1, "pedido")
                    .await
                    .unwrap()
                    .version;
            }
            if name == Some("Anonimizado") {
                let how = Anonymisation::new();
                crm.privacy().anonymise(&context, client.id, &how).await.unwrap();
                version = clients.get(&context, client.id).await.unwrap().version;
            }
            clients.delete(&context, client.id, version).await.unwrap();
            let page = PageRequest::default();
            let deleted = clients.deleted(&context, None, &page).await.unwrap().items;
            let found = deleted.iter().find(|it| it.id == client.id).unwrap();
            assert_eq!(found.legal_name.as_deref(), name);
            let is_company = name == Some("Clínica Sorriso Ltda");
            assert_eq!(found.trade_name.as_deref(), is_company.then_some("Sorriso"));
            assert!(!format!("{found:?}").contains("Sorriso"));
        }
    })
    .await;
}

#[tokio::test]
async fn an_identity_of_a_channel_belongs_to_one_client_and_a_phone_may_be_shared() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let mother = clients
            .create(&context, NewClient::person("Mãe").phone("11 98765-4321"))
            .await
            .unwrap();
        clock.advance(Duration::from_secs(1));
        let child = clients
            .create(&context, NewClient::person("Filho").phone("11 98765-4321"))
            .await
            .unwrap();
        let without_ninth = Reach::WhatsAppId("551187654321".to_owned());
        assert_eq!(
            clients.reached_by(&context, &without_ninth).await.unwrap(),
            [mother.id, child.id]
        );
        let attempts = [mother.id, child.id].map(|id| {
            let reach = Reach::WhatsAppId("5511987654321".to_owned());
            let (clients, context) = (clients.clone(), context.clone());
            async move { clients.link(&context, id, &reach).await }
        });
        let outcomes = futures::future::join_all(attempts).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let winner = if outcomes[0].is_ok() { mother.id } else { child.id };
        let error = outcomes.into_iter().find_map(Result::err).unwrap();
        assert_eq!(error.existing(), Some(winner.to_string().as_str()));
        // linking again changes nothing, and the fixed number that differs by a nine is another
        clients.link(&context, winner, &without_ninth).await.unwrap();
        let fixed = Reach::WhatsAppId("551138765432".to_owned());
        assert!(clients.reached_by(&context, &fixed).await.unwrap().is_empty());
        // a change of the client's own numbers leaves it
        clients
            .update(&context, winner, 1, ClientChange::new().phones(["11 3876-5432"]))
            .await
            .unwrap();
        assert!(
            clients
                .reached_by(&context, &without_ninth)
                .await
                .unwrap()
                .contains(&winner)
        );
        clients.delete(&context, winner, 2).await.unwrap();
        let other = if winner == mother.id { child.id } else { mother.id };
        clients.link(&context, other, &without_ninth).await.unwrap();
        let error = clients.restore(&context, winner, 3).await.unwrap_err();
        assert_eq!(error.existing(), Some(other.to_string().as_str()), "{error}");
        let user = Reach::WhatsAppUser("BR.13491208655302741918".to_owned());
        clients.link(&context, other, &user).await.unwrap();
        assert_eq!(clients.reached_by(&context, &user).await.unwrap(), [other]);
        assert_eq!(
            wrong(
                clients
                    .link(&context, other, &Reach::WhatsAppId("+55".to_owned()))
                    .await
            )
            .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn labels_are_counted_renamed_and_removed_everywhere() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        for n in 0..105 {
            let new = NewClient::person(format!("P{n}"))
                .tag("old")
                .tag(format!("t{}", n % 2));
            clients.create(&context, new).await.unwrap();
        }
        let both = clients
            .create(&context, NewClient::person("Both").tag("old").tag("new"))
            .await
            .unwrap();
        let gone = clients
            .create(&context, NewClient::person("Gone").tag("old"))
            .await
            .unwrap();
        clients.delete(&context, gone.id, 1).await.unwrap();
        let counts = async || -> Vec<(String, i64)> {
            let tags = clients.tags(&context, None).await.unwrap();
            tags.into_iter().map(|count| (count.tag, count.clients)).collect()
        };
        let named = |pairs: &[(&str, i64)]| {
            pairs
                .iter()
                .map(|(t, n)| ((*t).to_owned(), *n))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            counts().await,
            named(&[("new", 1), ("old", 106), ("t0", 53), ("t1", 52)])
        );
        assert_eq!(clients.tags(&context, Some("old")).await.unwrap().len(), 2);
        assert_eq!(clients.rename_tag(&context, "old", "new").await.unwrap(), 106);
        assert_eq!(counts().await, named(&[("new", 106), ("t0", 53), ("t1", 52)]));
        let both = clients.get(&context, both.id).await.unwrap();
        assert_eq!((both.tags, both.version), (vec!["new".to_owned()], 2));
        assert_eq!(clients.remove_tag(&context, "t1").await.unwrap(), 52);
        assert_eq!(clients.remove_tag(&context, "t1").await.unwrap(), 0);
        assert_eq!(counts().await, named(&[("new", 106), ("t0", 53)]));
        assert_eq!(
            wrong(clients.rename_tag(&context, "new", " ").await),
            [("new".to_owned(), "required")]
        );
    })
    .await;
}

#[tokio::test]
async fn notes_are_kept_per_client() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, context) = crm(db.database, &clock).await;
        let clients = crm.clients();
        let client = clients.create(&context, NewClient::person("Ana")).await.unwrap();
        let mut made = Vec::new();
        for n in 0..7 {
            clock.advance(Duration::from_secs(n % 2));
            made.push(
                clients
                    .add_note(&context, client.id, &format!(" note {n}\n"))
                    .await
                    .unwrap(),
            );
        }
        assert_eq!(
            (made[3].text.as_str(), made[3].author.as_str()),
            ("note 3", "test")
        );
        assert!(clients.note(&context, made[3].id).await.unwrap() == made[3]);
        let absent = ClientNoteId::new(clock.now());
        let error = clients.note(&context, absent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let (mut seen, mut request) = (Vec::new(), PageRequest::first(3));
        loop {
            let page = clients.notes(&context, client.id, &request).await.unwrap();
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            clock.advance(Duration::from_secs(1));
            clients.add_note(&context, client.id, "newer").await.unwrap();
            request = PageRequest::first(3).after(next);
        }
        made.sort_by_key(|note| std::cmp::Reverse((note.created_at, note.id)));
        assert_eq!(seen, made);
        let note = clients
            .change_note(&context, made[0].id, 1, "changed")
            .await
            .unwrap();
        assert_eq!(note.version, 2);
        assert_eq!(
            kind(clients.change_note(&context, note.id, 1, "x").await),
            Some(ErrorKind::Conflict)
        );
        assert_eq!(
            kind(clients.delete_note(&context, note.id, 1).await),
            Some(ErrorKind::Conflict)
        );
        for (text, code) in [("", "required"), ("a\0", "invalid"), ("\u{7}x", "invalid")] {
            assert_eq!(
                wrong(clients.add_note(&context, client.id, text).await),
                [("text".to_owned(), code)]
            );
        }
        let long = "é ".repeat(5_001);
        assert_eq!(
            wrong(clients.add_note(&context, client.id, &format!("{long}.")).await).len(),
            1
        );
        let words: String = (0..1_400).map(|n| format!("w{n} ")).collect();
        clients.add_note(&context, client.id, &words).await.unwrap();
        clients.delete(&context, client.id, 1).await.unwrap();
        assert_eq!(
            kind(clients.add_note(&context, client.id, "x").await),
            Some(ErrorKind::NotFound)
        );
    })
    .await;
}

#[tokio::test]
async fn another_workspace_finds_nothing_by_any_call() {
    each_database(|db| async move {
        let (crm, mine) = crm(db.database, &ManualClock::default()).await;
        let theirs: Context = super::context(&crm).await;
        let clients = crm.clients();
        let new = || {
            NewClient::person("Ana Souza")
                .cpf("52998224725")
                .phone("11 98765-4321")
                .tag("vip")
        };
        let client = clients.create(&mine, new()).await.unwrap();
        let second = clients.create(&mine, NewClient::person("Bia")).await.unwrap();
        let gone = clients.create(&mine, NewClient::person("Gone")).await.unwrap();
        clients.delete(&mine, gone.id, 1).await.unwrap();
        let note = clients.add_note(&mine, client.id, "secret").await.unwrap();
        let user = Reach::WhatsAppUser("BR.1".to_owned());
        clients.link(&mine, client.id, &user).await.unwrap();
        let here = clients.create(&theirs, NewClient::person("Here")).await.unwrap();
        let page = PageRequest::default();
        let not_found = Some(ErrorKind::NotFound);
        let choices = MergeChoices::new();
        assert_eq!(kind(clients.get(&theirs, client.id).await), not_found);
        assert_eq!(
            kind(clients.update(&theirs, client.id, 1, ClientChange::new()).await),
            not_found
        );
        assert_eq!(kind(clients.delete(&theirs, client.id, 1).await), not_found);
        assert_eq!(kind(clients.restore(&theirs, gone.id, 2).await), not_found);
        assert_eq!(kind(clients.purge(&theirs, gone.id).await), not_found);
        assert_eq!(
            kind(
                clients
                    .merge(&theirs, (client.id, 1), (second.id, 1), &choices)
                    .await
            ),
            not_found
        );
        assert_eq!(
            kind(
                clients
                    .merge(&theirs, (here.id, 1), (client.id, 1), &choices)
                    .await
            ),
            not_found
        );
        assert_eq!(kind(clients.duplicates_of(&theirs, client.id).await), not_found);
        assert_eq!(kind(clients.add_note(&theirs, client.id, "x").await), not_found);
        assert_eq!(kind(clients.notes(&theirs, client.id, &page).await), not_found);
        assert_eq!(
            kind(clients.change_note(&theirs, note.id, 1, "x").await),
            not_found
        );
        assert_eq!(kind(clients.delete_note(&theirs, note.id, 1).await), not_found);
        assert_eq!(kind(clients.link(&theirs, client.id, &user).await), not_found);
        assert!(clients.duplicates(&theirs, &new()).await.unwrap().is_empty());
        let deleted = clients.deleted(&theirs, None, &page).await.unwrap();
        assert!(deleted.items.is_empty());
        assert!(
            clients
                .deleted_before(&theirs, client.created_at + Duration::from_secs(9))
                .await
                .unwrap()
                .is_empty()
        );
        assert!(clients.reached_by(&theirs, &user).await.unwrap().is_empty());
        assert!(clients.tags(&theirs, None).await.unwrap().is_empty());
        assert_eq!(clients.rename_tag(&theirs, "vip", "x").await.unwrap(), 0);
        assert_eq!(clients.remove_tag(&theirs, "vip").await.unwrap(), 0);
        for text in ["ana", "secret", "52998224725", "vip"] {
            assert!(
                clients
                    .search(&theirs, text, &page)
                    .await
                    .unwrap()
                    .items
                    .is_empty()
            );
        }
        let listed = clients.list(&theirs, &ClientFilter::all(), &page).await.unwrap();
        assert_eq!(listed.items, [here]);
        // and nothing was touched
        assert_eq!(clients.get(&mine, client.id).await.unwrap(), client);
        assert_eq!(
            clients.notes(&mine, client.id, &page).await.unwrap().items,
            [note]
        );
        // the same person may be a client of both, under the same identity
        let same = clients.create(&theirs, new()).await.unwrap();
        clients.link(&theirs, same.id, &user).await.unwrap();
        assert_eq!(clients.reached_by(&theirs, &user).await.unwrap(), [same.id]);
    })
    .await;
}

#[tokio::test]
async fn changes_are_recorded_by_the_names_of_fields_alone() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let client = clients
            .create(&context, NewClient::person("Ana Souza").cpf("52998224725"))
            .await
            .unwrap();
        let change = ClientChange::new()
            .legal_name("Ana Lima")
            .email("ana@example.com")
            .tags(["segredo"]);
        clients.update(&context, client.id, 1, change).await.unwrap();
        clients.add_note(&context, client.id, "alergia").await.unwrap();
        let details: Vec<(String,)> = on_reader!(db.owner, |pool| sqlx::query_as(
            "select detail from audit_entries union all select data from events"
        )
        .fetch_all(pool))
        .unwrap();
        let all: String = details.into_iter().map(|(detail,)| detail).collect();
        assert!(
            all.contains(r#""changed":["legal_name","email","tags"]"#),
            "{all}"
        );
        for secret in ["Ana", "529982", "example", "segredo", "alergia"] {
            assert!(!all.contains(secret), "{secret}");
        }
    })
    .await;
}
