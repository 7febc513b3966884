use super::{DAY, SECRETS, World, left, verified_chain};
use crate::clients::NewClient;
use crate::error::ErrorKind;
use crate::leads::NewLead;
use crate::privacy::{Anonymisation, DataSubject, NewLegalHold, RecordClass};
use crate::testing::each_database;
use aurora_core::store::{execute, on_reader};
use aurora_core::time::Clock as _;

#[tokio::test]
async fn nothing_of_a_person_is_left_in_any_byte_and_figures_stay() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let before = left(&db).await;
        for secret in SECRETS.iter().filter(|secret| **secret != "zenaidina") {
            assert!(
                before.iter().any(|found| found.starts_with(secret)),
                "{secret} is looked for in vain"
            );
        }
        let figures = world.figures().await;
        let report = privacy
            .anonymise(context, world.person, &Anonymisation::new())
            .await
            .unwrap();
        privacy
            .anonymise(context, world.lost, &Anonymisation::new())
            .await
            .unwrap();

        assert_eq!(left(&db).await, [""; 0]);
        assert_eq!(world.figures().await, figures, "figures stay what they were");

        let client = world.crm.clients().get(context, world.person).await.unwrap();
        assert_eq!(
            (client.legal_name.as_str(), client.source.as_deref()),
            ("Anonimizado", Some("indicacao"))
        );
        assert!(client.addresses.is_empty() && client.tags.is_empty() && client.cpf.is_none());
        let lead = world.crm.leads().get(context, world.lead).await.unwrap();
        assert_eq!(
            (lead.title.as_str(), lead.value.cents, lead.client_id),
            ("Anonimizado", 500_000, Some(world.person))
        );
        assert_eq!(
            world.crm.tasks().get(context, world.task).await.unwrap().note,
            None
        );

        for table in [
            "clients",
            "client_contacts",
            "client_words",
            "client_notes",
            "leads",
            "activities",
            "tasks",
        ] {
            assert!(report.rows.contains_key(table), "{table}: {:?}", report.rows);
        }
        assert_eq!((report.signed_by.as_str(), report.kept.len()), ("usr_dpo", 0));
        let expected = (db.owner.engine_name() == "sqlite").then_some(true);
        assert_eq!(report.log_emptied, expected);
        let chain = verified_chain(&db.owner, context).await;
        let signed = chain
            .iter()
            .find(|(action, _)| action == "subject.anonymised")
            .unwrap();
        assert!(signed.1.contains(&report.sha256), "the report is in the chain");
        let stored = privacy.erasures(context, world.person).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(
            (stored[0].id, &stored[0].sha256, &stored[0].rows),
            (report.id, &report.sha256, &report.rows)
        );
    })
    .await;
}

/// The control of the test above: it finds what is left where nothing overwrites it.
#[tokio::test]
async fn without_overwriting_the_file_would_keep_what_was_deleted() {
    each_database(|db| async move {
        if db.owner.engine_name() != "sqlite" {
            return;
        }
        execute!(db.owner, sqlx::query("pragma secure_delete = off")).unwrap();
        let world = World::new(&db).await;
        let privacy = world.crm.privacy();
        for subject in [DataSubject::from(world.person), world.lost.into()] {
            privacy
                .anonymise(&world.context, subject, &Anonymisation::new())
                .await
                .unwrap();
        }
        assert_ne!(left(&db).await, [""; 0]);
        privacy.scrub(&world.context).await.unwrap();
        assert_eq!(left(&db).await, [""; 0], "a file from before can be made clean");
    })
    .await;
}

#[tokio::test]
async fn place_and_labels_stay_by_setting() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let how = Anonymisation::new().keep_place(true).keep_tags(true);
        let report = world
            .crm
            .privacy()
            .anonymise(&world.context, world.person, &how)
            .await
            .unwrap();
        assert!(report.tags_kept && report.place_kept);
        let client = world
            .crm
            .clients()
            .get(&world.context, world.person)
            .await
            .unwrap();
        assert_eq!(client.tags, ["vip-secreto"]);
        let address = &client.addresses[0];
        assert_eq!(
            (address.city.as_deref(), address.state.as_deref()),
            (Some("Campinas"), Some("SP"))
        );
        assert_eq!(
            (&address.street, &address.number, &address.postal_code),
            (&None, &None, &None)
        );
    })
    .await;
}

#[tokio::test]
async fn what_the_law_holds_is_refused_unless_it_is_kept() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let basis = "Lei 13.787/2018, art. 6: prontuário, 20 anos";
        let until = world.clock.now() + 7_305 * DAY;
        let hold = NewLegalHold::new(world.person, RecordClass::Notes, basis).until(until);
        let hold = privacy.hold(context, hold).await.unwrap();
        assert_eq!(
            privacy.holds(context, world.person).await.unwrap(),
            std::slice::from_ref(&hold)
        );

        let error = privacy
            .anonymise(context, world.person, &Anonymisation::new())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.fields()[0].code),
            (ErrorKind::Invalid, "legal_hold")
        );
        assert_eq!(
            world
                .crm
                .clients()
                .get(context, world.person)
                .await
                .unwrap()
                .legal_name,
            "Zenaide Quixaba"
        );

        let how = Anonymisation::new().keep(RecordClass::Notes);
        let report = privacy.anonymise(context, world.person, &how).await.unwrap();
        assert_eq!(report.kept.len(), 1);
        assert_eq!(
            (report.kept[0].basis.as_deref(), report.kept[0].until),
            (Some(basis), Some(until))
        );
        let page = aurora_core::page::PageRequest::default();
        let notes = world
            .crm
            .clients()
            .notes(context, world.person, &page)
            .await
            .unwrap();
        assert!(notes.items[0].text.contains("dipirona"));

        privacy.release_hold(context, hold.id).await.unwrap();
        let error = privacy.release_hold(context, hold.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        privacy
            .anonymise(context, world.person, &Anonymisation::new())
            .await
            .unwrap();
        let notes = world
            .crm
            .clients()
            .notes(context, world.person, &page)
            .await
            .unwrap();
        assert!(notes.items.is_empty());
    })
    .await;
}

#[tokio::test]
async fn words_of_notes_are_found_as_long_as_the_notes_are_kept() {
    each_database(|db| async move {
        for (kept, found) in [
            (RecordClass::Notes, ["dipirona"]),
            (RecordClass::Client, ["zenaide"]),
        ] {
            let world = World::new(&db).await;
            let (clients, context) = (world.crm.clients(), &world.context);
            let how = Anonymisation::new().keep(kept);
            world
                .crm
                .privacy()
                .anonymise(context, world.person, &how)
                .await
                .unwrap();
            let page = aurora_core::page::PageRequest::default();
            for word in ["dipirona", "zenaide"] {
                let hits = clients.search(context, word, &page).await.unwrap().items.len();
                assert_eq!(hits, usize::from(found.contains(&word)), "{word} with {kept:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_hold_ends_by_itself_and_reaches_the_lead_of_its_client() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let hold =
            NewLegalHold::new(world.person, RecordClass::Leads, "processo").until(world.clock.now() + DAY);
        privacy.hold(context, hold).await.unwrap();
        let error = privacy
            .anonymise(context, world.lead, &Anonymisation::new())
            .await
            .unwrap_err();
        assert_eq!(error.fields()[0].code, "legal_hold");
        world.clock.advance(DAY);
        privacy
            .anonymise(context, world.lead, &Anonymisation::new())
            .await
            .unwrap();
        let past = NewLegalHold::new(world.person, RecordClass::Leads, "x").until(world.clock.now());
        assert_eq!(
            privacy.hold(context, past).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
    })
    .await;
}

/// Whoever came first is what counts: nothing is erased that was held before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_and_an_erasure_at_the_same_moment_see_each_other() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        for of_client in [false, true, false, true, false, true] {
            let mut new = NewLead::new("Consulta").contact_name("Carla");
            let client = world.crm.clients().create(context, NewClient::person("Carla"));
            let client = client.await.unwrap().id;
            if of_client {
                new = new.client(client);
            }
            let lead = world.crm.leads().create(context, new).await.unwrap().id;
            let how = Anonymisation::new();
            // Of a lead that has a client, the client is made anonymous, and the lead with it.
            let subject = if of_client {
                DataSubject::from(client)
            } else {
                lead.into()
            };
            let (held, erased) = futures::join!(
                privacy.hold(context, NewLegalHold::new(lead, RecordClass::Leads, "processo")),
                privacy.anonymise(context, subject, &how),
            );
            held.unwrap();
            let name = world.crm.leads().get(context, lead).await.unwrap().contact_name;
            let acts = "select action from audit_entries where workspace_id = $1 and subject_id in ($2, $3)
                and action in ('subject.held', 'subject.anonymised') order by seq";
            let acts: Vec<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(acts)
                .bind(context.workspace)
                .bind(lead)
                .bind(client)
                .fetch_all(pool))
            .unwrap();
            match erased {
                Ok(_) => {
                    assert_eq!((acts[0].as_str(), acts.len()), ("subject.anonymised", 2));
                    assert_eq!(name, None);
                }
                Err(error) => {
                    assert_eq!(error.fields()[0].code, "legal_hold", "{error}");
                    assert_eq!(
                        (acts, name.as_deref()),
                        (vec!["subject.held".to_owned()], Some("Carla"))
                    );
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn scrubbing_leaves_everything_readable() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        world.crm.privacy().scrub(&world.context).await.unwrap();
        world
            .crm
            .clients()
            .get(&world.context, world.person)
            .await
            .unwrap();
    })
    .await;
}
