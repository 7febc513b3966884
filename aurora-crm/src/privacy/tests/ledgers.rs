use aurora_core::store::{execute, on_reader};
use aurora_core::time::Clock as _;
use sha2::{Digest as _, Sha256};

use super::{DAY, World};
use crate::clients::{MergeChoices, NewClient};
use crate::error::ErrorKind;
use crate::leads::{Conversion, NewLead};
use crate::privacy::{DataRequestKind, DataRequestState, DataSubject, NewConsent, NewDataShare, Outcome};
use crate::testing::each_database;

#[tokio::test]
async fn a_consent_holds_until_the_moment_it_is_revoked() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let text = "Aceito receber ofertas por WhatsApp.";
        assert_eq!(
            privacy
                .current_consent(context, world.person, "marketing")
                .await
                .unwrap(),
            None
        );
        let given =
            NewConsent::given(world.person, "marketing", "whatsapp", "2026-01", text).evidence("msg_1");
        let given = privacy.record_consent(context, given).await.unwrap();
        assert_eq!(given.text_hash.as_deref(), Some(&*Sha256::digest(text)));
        let current = privacy
            .current_consent(context, world.person, "marketing")
            .await
            .unwrap();
        assert_eq!(current, Some(given.clone()));
        assert_eq!(
            privacy
                .current_consent(context, world.person, "research")
                .await
                .unwrap(),
            None
        );
        // In the same microsecond.
        let revoked = NewConsent::revoked(world.person, "marketing", "phone");
        privacy.record_consent(context, revoked).await.unwrap();
        assert_eq!(
            privacy
                .current_consent(context, world.person, "marketing")
                .await
                .unwrap(),
            None
        );
        assert_eq!(privacy.consents(context, world.person).await.unwrap().len(), 2);
        world.clock.advance(DAY);
        let again = NewConsent::given(world.person, "marketing", "form", "2026-02", text);
        privacy.record_consent(context, again).await.unwrap();
        assert!(
            privacy
                .current_consent(context, world.person, "marketing")
                .await
                .unwrap()
                .is_some()
        );

        for sql in ["update consents set act = 'given'", "delete from consents"] {
            assert!(execute!(db.owner, sqlx::query(sql)).is_err(), "{sql}");
        }
        if db.owner.engine_name() == "postgres" {
            let granted: Vec<bool> = on_reader!(db.database, |pool| {
                sqlx::query_scalar(
                "select has_table_privilege('consents', p) from unnest(array['insert', 'update', 'delete']) p"
            )
            .fetch_all(pool)
            })
            .unwrap();
            assert_eq!(granted, [true, false, false]);
        }
        let wrong = NewConsent::given(world.person, " ", "", "v", text);
        let error = privacy.record_consent(context, wrong).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["purpose", "channel"]);
        let absent = crate::clients::ClientId::new(world.clock.now());
        let error = privacy
            .record_consent(context, NewConsent::revoked(absent, "a", "b"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_consent_follows_its_person_through_conversion_and_merge() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context, clients) = (world.crm.privacy(), &world.context, world.crm.clients());
        let lead = NewLead::new("Consulta").contact_name("Bruno Lima");
        let lead = world.crm.leads().create(context, lead).await.unwrap().id;
        let given = |subject: DataSubject| NewConsent::given(subject, "marketing", "form", "v1", "Aceito");
        privacy.record_consent(context, given(lead.into())).await.unwrap();
        let how = Conversion::new_client(NewClient::person("Bruno Lima"));
        let bruno = world
            .crm
            .leads()
            .convert(context, lead, how)
            .await
            .unwrap()
            .client;
        let is_given = async |subject: DataSubject| {
            let current = privacy.current_consent(context, subject, "marketing").await;
            current.unwrap().is_some()
        };
        assert!(is_given(bruno.into()).await, "given on the lead");
        let revoked = NewConsent::revoked(lead, "marketing", "phone");
        world.clock.advance(DAY);
        privacy.record_consent(context, revoked).await.unwrap();
        assert!(!is_given(bruno.into()).await, "revoked on the lead");
        world.clock.advance(DAY);
        privacy
            .record_consent(context, given(bruno.into()))
            .await
            .unwrap();
        assert!(is_given(lead.into()).await, "given on the client");

        let kept = clients
            .create(context, NewClient::person("Bruno Lima"))
            .await
            .unwrap();
        let version = clients.get(context, bruno).await.unwrap().version;
        clients
            .merge(context, (kept.id, 1), (bruno, version), &MergeChoices::new())
            .await
            .unwrap();
        world.clock.advance(DAY);
        let revoked = NewConsent::revoked(kept.id, "marketing", "phone");
        privacy.record_consent(context, revoked).await.unwrap();
        for subject in [DataSubject::from(kept.id), bruno.into(), lead.into()] {
            assert!(!is_given(subject).await, "revoked on what is left: {subject}");
            assert_eq!(privacy.consents(context, subject).await.unwrap().len(), 4);
        }
    })
    .await;
}

#[tokio::test]
async fn requests_are_due_after_fifteen_days_and_closed_once() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let now = world.clock.now();
        let late = privacy
            .open_request(context, world.person, DataRequestKind::Access, now)
            .await
            .unwrap();
        let urgent = privacy
            .open_request(context, world.lost, DataRequestKind::Erasure, now - DAY)
            .await
            .unwrap();
        assert_eq!(late.due_at, now + 15 * DAY);
        let open = privacy.open_requests(context, None).await.unwrap();
        assert_eq!(open, [urgent.clone(), late.clone()]);
        let soon = privacy
            .open_requests(context, Some(now + 14 * DAY))
            .await
            .unwrap();
        assert_eq!(soon, std::slice::from_ref(&urgent));
        world.clock.advance(DAY);
        let outcome = Outcome::Answered("copy handed over".to_owned());
        let closed = privacy
            .close_request(context, late.id, 1, &outcome)
            .await
            .unwrap();
        assert_eq!((closed.state, closed.version), (DataRequestState::Answered, 2));
        assert_eq!(closed.answered_at, Some(world.clock.now()));
        let error = privacy
            .close_request(context, late.id, 2, &outcome)
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        assert_eq!(privacy.open_requests(context, None).await.unwrap(), [urgent]);
        let future = world.clock.now() + DAY;
        let error = privacy
            .open_request(context, world.person, DataRequestKind::Access, future)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn whom_data_was_shared_with_is_known() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (privacy, context) = (world.crm.privacy(), &world.context);
        let share = NewDataShare::new(world.person, "Meta", "messages")
            .category("phone")
            .category("name");
        let share = privacy.record_share(context, share).await.unwrap();
        assert_eq!(privacy.shares(context, world.person).await.unwrap(), [share]);
        let nothing = NewDataShare::new(world.person, "Meta", "messages");
        assert_eq!(
            privacy.record_share(context, nothing).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
    })
    .await;
}
