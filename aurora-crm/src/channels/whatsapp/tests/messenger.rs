use std::time::Duration;

use serde_json::json;

use super::house::{House, OTHER, new_number, workspace};
use super::*;
use crate::channels::whatsapp::testing::Fault;
use crate::channels::{Address, AddressKind, Messenger as _, Outgoing, SendError, SendErrorKind};
use crate::conversations::{Choice, Content, ListSection, MediaKind, MediaRef, MessageId};
use crate::testing::each_database;

fn message(house: &House, content: Content) -> Outgoing {
    Outgoing {
        message: MessageId::new(AT),
        channel: house.number.id,
        to: vec![
            Address::new(AddressKind::WaId, ANA),
            Address::new(AddressKind::Bsuid, "BR.1"),
        ],
        content,
        reply_to: None,
        attempt: 1,
    }
}

async fn send(house: &House, content: Content) -> Result<String, SendError> {
    let outgoing = message(house, content);
    let receipt = house.whatsapp.messenger().send(&house.context, &outgoing).await?;
    Ok(receipt.provider_id)
}

fn choice(id: &str, title: &str) -> Choice {
    Choice {
        id: id.to_owned(),
        title: title.to_owned(),
        description: None,
    }
}

fn media(kind: MediaKind, media: MediaRef) -> Content {
    Content::Media {
        kind,
        media,
        caption: None,
        file_name: Some("a.pdf".to_owned()),
    }
}

#[tokio::test]
async fn every_kind_that_can_go_out_does_and_the_others_are_refused() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let sent = [
            Content::text("Olá"),
            media(MediaKind::Document, MediaRef::at_provider("44")),
            media(MediaKind::Voice, MediaRef::link("https://example.com/a.ogg")),
            Content::Location { latitude: -23.5, longitude: -46.6, name: None, address: None },
            Content::Contacts { cards: json!([{"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": [{"phone": "+55"}]}]) },
            Content::Buttons { body: "Confirma?".to_owned(), choices: vec![choice("y", "Sim"), choice("n", "Não")] },
            Content::List {
                body: "Escolha".to_owned(),
                button: "Horários".to_owned(),
                sections: vec![ListSection { title: None, rows: vec![choice("9", "09:00")] }],
            },
            Content::Reaction { to: "wamid.0".to_owned(), emoji: None },
            Content::Template {
                name: "lembrete".to_owned(),
                language: "pt_BR".to_owned(),
                body: vec!["Ana".to_owned()],
                payloads: vec!["confirm:1".to_owned()],
                text: "Olá Ana".to_owned(),
            },
        ];
        let kinds: Vec<&str> = sent.iter().map(Content::kind).collect();
        for content in sent.clone() {
            send(&house, content).await.unwrap();
        }
        let bodies = house.graph.messages();
        let types: Vec<&str> = bodies.iter().map(|body| body["type"].as_str().unwrap()).collect();
        let expected = ["text", "document", "audio", "location", "contacts", "interactive", "interactive", "reaction", "template"];
        assert_eq!(types, expected, "{kinds:?}");
        assert!(bodies.iter().all(|body| body["biz_opaque_callback_data"].as_str().unwrap().starts_with("msg_")));
        assert_eq!(bodies[1]["document"]["filename"], "a.pdf");
        assert_eq!(bodies[2]["audio"], json!({"link": "https://example.com/a.ogg", "voice": true}));
        assert_eq!(bodies[8]["template"]["components"][1]["parameters"][0]["payload"], "confirm:1");
        for content in [
            media(MediaKind::Image, MediaRef::default()),
            Content::Chosen { id: "1".to_owned(), title: "x".to_owned() },
            Content::Notice { kind: "x".to_owned(), raw: json!({}) },
            Content::text(""),
        ] {
            assert_eq!(send(&house, content).await.unwrap_err().kind, SendErrorKind::Rejected);
        }
        assert_eq!(house.graph.messages().len(), 9);
    })
    .await;
}

#[tokio::test]
async fn what_is_to_be_done_about_a_failure_is_told() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let throttled = |seconds| SendErrorKind::Throttled(Some(Duration::from_secs(seconds)));
        for (fault, kind, code) in [
            (Fault::LoseAnswer, SendErrorKind::Unknown, "no_answer"),
            (Fault::Page(502), SendErrorKind::Unknown, "no_answer"),
            (Fault::code(131_000), SendErrorKind::Retry(None), "131000"),
            (Fault::code(131_056), throttled(6), "131056"),
            (Fault::code(131_047), SendErrorKind::WindowClosed, "131047"),
            (Fault::code(131_026), SendErrorKind::Rejected, "131026"),
            (Fault::code(190), SendErrorKind::Account, "190"),
            (Fault::code(130_429), throttled(5), "130429"),
        ] {
            house.graph.fail_next(fault);
            let error = send(&house, Content::text("Olá")).await.unwrap_err();
            assert_eq!((error.kind, error.code.as_str()), (kind, code));
            assert!(!format!("{error:?} {error}").contains(ANA));
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_told_to_wait_asks_nothing_for_longer_each_time() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        house.graph.add_number(OTHER, "token");
        let other = house
            .whatsapp
            .add(&house.context, new_number(OTHER))
            .await
            .unwrap();
        let throttled = |seconds| SendErrorKind::Throttled(Some(Duration::from_secs(seconds)));
        for (code, wait) in [(131_048, 60), (131_048, 120), (80_007, 240)] {
            house.graph.fail_next(Fault::code(code));
            let error = send(&house, Content::text("Olá")).await.unwrap_err();
            assert_eq!(error.kind, throttled(wait));
            // Neither messages nor read marks go out, and those of another number do.
            let seen = house.graph.seen().len();
            house.clock.advance(Duration::from_secs(wait - 1));
            let error = send(&house, Content::text("Olá")).await.unwrap_err();
            assert_eq!((error.kind, error.code.as_str()), (throttled(1), "number_limit"));
            let (messenger, mut outgoing) =
                (house.whatsapp.messenger(), message(&house, Content::text("Olá")));
            let mark = messenger
                .mark_read(&house.context, house.number.id, "wamid.1", false)
                .await;
            assert_eq!(mark.unwrap_err().kind, throttled(1));
            assert_eq!(house.graph.seen().len(), seen);
            outgoing.channel = other.id;
            messenger.send(&house.context, &outgoing).await.unwrap();
            house.clock.advance(Duration::from_secs(1));
        }
        // A good answer ends it.
        send(&house, Content::text("Olá")).await.unwrap();
        house.graph.fail_next(Fault::code(131_048));
        let error = send(&house, Content::text("Olá")).await.unwrap_err();
        assert_eq!(error.kind, throttled(60));
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_not_the_tokens_is_a_problem_of_the_account() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        house.graph.add_number(OTHER, "of somebody else");
        let foreign = house
            .whatsapp
            .add(&house.context, new_number(OTHER))
            .await
            .unwrap();
        let mut outgoing = message(&house, Content::text("Olá"));
        outgoing.channel = foreign.id;
        let error = house
            .whatsapp
            .messenger()
            .send(&house.context, &outgoing)
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (SendErrorKind::Account, "100"));
        assert!(error.detail.contains("100/33"), "{}", error.detail);
        house.graph.fail_next(Fault::code(100));
        let error = send(&house, Content::text("Olá")).await.unwrap_err();
        assert_eq!(error.kind, SendErrorKind::Rejected);
    })
    .await;
}

#[tokio::test]
async fn the_receipt_tells_under_which_number_whatsapp_knows_the_contact() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let messenger = house.whatsapp.messenger();
        let mut outgoing = message(&house, Content::text("Olá"));
        outgoing.reply_to = Some("wamid.0".to_owned());
        assert_eq!(
            messenger.send(&house.context, &outgoing).await.unwrap().address,
            None
        );
        assert_eq!(house.graph.messages()[0]["context"]["message_id"], "wamid.0");
        house.graph.know_as(ANA, "551187654321");
        let receipt = messenger.send(&house.context, &outgoing).await.unwrap();
        assert_eq!(
            receipt.address,
            Some(Address::new(AddressKind::WaId, "551187654321"))
        );
        outgoing.to.remove(0);
        messenger.send(&house.context, &outgoing).await.unwrap();
        assert_eq!(house.graph.messages()[2]["recipient"], "BR.1");
        messenger
            .mark_read(&house.context, house.number.id, "wamid.1", true)
            .await
            .unwrap();
        assert_eq!(house.graph.seen()[3].body["status"], "read");
        // Another workspace cannot send from it.
        let stranger = workspace(&house.crm).await;
        let error = messenger.send(&stranger, &outgoing).await.unwrap_err();
        assert_eq!(error.code, "no_number");
        assert_eq!(house.graph.seen().len(), 4);
    })
    .await;
}
