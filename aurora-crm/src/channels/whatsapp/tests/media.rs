use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, ManualClock, SystemClock};
use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use serde_json::json;

use super::house::{House, SECRET};
use super::*;
use crate::channels::whatsapp::graph::Upload;
use crate::channels::whatsapp::testing::{Fault, Webhooks};
use crate::channels::{Address, AddressKind, DeliveryState, Inbound, Sender};
use crate::clients::{NewClient, OwnerId};
use crate::conversations::{Author, Content, MediaKind, MediaRef, Message, NewMessage};
use crate::files::{File, FileFilter, FileId, NewFile};
use crate::privacy::Anonymisation;
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);
/// The smallest picture.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

/// Ana sends a file.
async fn receive(house: &House, id: &str, file: &str) {
    let image = json!({"type": "image", "image": {"id": file, "mime_type": "image/gif", "caption": "exame"}});
    let posted = Webhooks::new().message(NUMBER, ANA, id, house.clock.now(), image);
    house.post(&posted.signed(&SECRET.into())).await;
    house.work().await;
}

async fn history(house: &House) -> Vec<Message> {
    let conversation = house.conversation().await;
    let talks = house.crm.conversations();
    let page = talks
        .messages(&house.context, conversation.id, &PageRequest::first(20))
        .await;
    page.unwrap().items
}

async fn media(house: &House, id: &str) -> MediaRef {
    let all = history(house).await;
    let found = all.into_iter().find(|one| one.provider_id.as_deref() == Some(id));
    match found.unwrap().content {
        Content::Media { media, .. } => media,
        other => panic!("{other:?}"),
    }
}

async fn lost(house: &House) -> Vec<String> {
    let all = history(house).await.into_iter();
    all.filter_map(|one| match one.content {
        Content::Notice { kind, raw } if kind == "media_lost" => {
            Some(raw["reason"].as_str().unwrap().to_owned())
        }
        _ => None,
    })
    .collect()
}

async fn files(house: &House) -> Vec<File> {
    let page = house
        .files
        .list(&house.context, &FileFilter::all(), &PageRequest::first(10))
        .await;
    page.unwrap().items
}

#[tokio::test]
async fn what_people_send_is_in_the_files_before_meta_forgets_it() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let id = house.graph.put_file(NUMBER, "image/gif", GIF);
        receive(&house, "wamid.1", &id).await;
        assert_eq!(media(&house, "wamid.1").await.file_id, None);
        for fault in [Fault::Page(502), Fault::code(190), Fault::code(130_429)] {
            house.graph.fail_next(fault);
            house.fetch().await;
            assert_eq!(media(&house, "wamid.1").await.file_id, None);
            house.clock.advance(HOUR);
        }
        house.fetch().await;
        let stored: FileId = media(&house, "wamid.1").await.file_id.unwrap().parse().unwrap();
        let download = house.files.download(&house.context, stored, None).await.unwrap();
        let bytes: Vec<Bytes> = download.content.try_collect().await.unwrap();
        assert_eq!(bytes.concat(), GIF);
        house.clock.advance(HOUR);
        assert_eq!(house.fetch().await, 0);
        assert_eq!((files(&house).await.len(), lost(&house).await.len()), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn files_that_will_not_come_are_told_in_the_history() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        receive(&house, "wamid.1", "404").await;
        house.fetch().await;
        assert_eq!(lost(&house).await, ["gone"]);
        let id = house.graph.put_file(
            NUMBER,
            "image/gif",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec(),
        );
        receive(&house, "wamid.2", &id).await;
        house.fetch().await;
        assert_eq!(lost(&house).await.len(), 2);
        // For seven days it is tried.
        let id = house.graph.put_file(NUMBER, "image/gif", GIF);
        receive(&house, "wamid.3", &id).await;
        for _ in 0..2 {
            house.graph.fail_next(Fault::Page(502));
            house.fetch().await;
            house.clock.advance(8 * 24 * HOUR);
        }
        assert!(lost(&house).await.contains(&"expired".to_owned()));
        assert!(files(&house).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn files_of_a_person_go_with_it() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let ana = NewClient::person("Ana").phone("+55 11 98765-4321");
        let ana = house.crm.clients().create(&house.context, ana).await.unwrap();
        let id = house.graph.put_file(NUMBER, "image/gif", GIF);
        receive(&house, "wamid.1", &id).await;
        assert_eq!(house.conversation().await.contact.client_id, Some(ana.id));
        house.fetch().await;
        assert_eq!(files(&house).await.len(), 1);
        let late = house.graph.put_file(NUMBER, "image/gif", GIF);
        receive(&house, "wamid.2", &late).await;
        let privacy = house.crm.privacy().files(house.files.clone());
        privacy
            .anonymise(&house.context, ana.id, &Anonymisation::new())
            .await
            .unwrap();
        assert!(files(&house).await.is_empty());
        // And nothing of it is fetched any more.
        house.fetch().await;
        assert!(files(&house).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn files_of_contacts_that_turn_out_to_be_one_go_with_the_person() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let talks = house.crm.conversations();
        let hear = async |addresses: &[Address], id: &str| {
            let inbound = Inbound {
                channel: house.number.id,
                from: Sender {
                    addresses: addresses.to_vec(),
                    name: None,
                },
                provider_id: id.to_owned(),
                sent_at: house.clock.now(),
                content: Content::text("Oi"),
                reply_to: None,
                extra: None,
            };
            talks.ingest(&house.context, &inbound).await.unwrap().conversation
        };
        let hidden = Address::new(AddressKind::Bsuid, "BR.1502576394655843");
        let kept = hear(std::slice::from_ref(&hidden), "wamid.0").await;
        house.clock.advance(HOUR);
        let ana = NewClient::person("Ana").phone("+55 11 98765-4321");
        let ana = house.crm.clients().create(&house.context, ana).await.unwrap();
        let id = house.graph.put_file(NUMBER, "image/gif", GIF);
        receive(&house, "wamid.1", &id).await;
        house.fetch().await;
        assert_eq!(files(&house).await.len(), 1);
        let lost = house.conversation().await.contact.id;
        let both = [Address::new(AddressKind::WaId, ANA), hidden];
        assert_eq!(hear(&both, "wamid.2").await, kept);
        // One that was on its way meanwhile, for the contact that there was.
        let late = house.graph.put_file(NUMBER, "image/gif", GIF);
        receive(&house, "wamid.3", &late).await;
        let all = history(&house).await;
        let waiting = all
            .iter()
            .find(|one| one.provider_id.as_deref() == Some("wamid.3"));
        let new = NewFile::new("exame.gif").subject(lost);
        let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(GIF))]);
        let file = house.files.upload(&house.context, new, body).await.unwrap();
        talks
            .media_stored(&house.context, waiting.unwrap().id, &file.id.to_string())
            .await
            .unwrap();
        assert_eq!(files(&house).await.len(), 2);
        let privacy = house.crm.privacy().files(house.files.clone());
        privacy
            .anonymise(&house.context, ana.id, &Anonymisation::new())
            .await
            .unwrap();
        assert!(files(&house).await.is_empty());
    })
    .await;
}

async fn post(house: &House, kind: MediaKind, file: &str) -> Message {
    let conversation = house.conversation().await;
    let content = Content::Media {
        kind,
        media: MediaRef {
            file_id: Some(file.to_owned()),
            ..MediaRef::default()
        },
        caption: None,
        file_name: None,
    };
    let person = Author::Person(OwnerId::from_uuid(conversation.id.uuid()));
    let new = NewMessage::new(person, content);
    house
        .crm
        .conversations()
        .post(&house.context, conversation.id, new)
        .await
        .unwrap()
}

async fn settled(house: &House, message: &Message) -> (Option<DeliveryState>, String) {
    let talks = house.crm.conversations();
    let message = talks.message(&house.context, message.id).await.unwrap();
    (message.delivery, message.failure.unwrap_or_default())
}

#[tokio::test]
async fn a_file_of_the_house_is_uploaded_and_sent() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        house.hear("wamid.1", "Manda a receita?").await;
        let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"duas vezes ao dia"))]);
        let new = NewFile::new("receita.txt");
        let file = house.files.upload(&house.context, new, body).await.unwrap();
        let message = post(&house, MediaKind::Document, &file.id.to_string()).await;
        // An upload whose answer is lost is made once more: it was not the message.
        house.graph.fail_next(Fault::LoseAnswer);
        house.send().await;
        assert_eq!(settled(&house, &message).await.0, Some(DeliveryState::Queued));
        house.clock.advance(HOUR);
        house.send().await;
        assert_eq!(settled(&house, &message).await.0, Some(DeliveryState::Accepted));
        let sent = house.graph.messages();
        assert_eq!((sent.len(), sent[0]["type"].as_str()), (1, Some("document")));
        assert_eq!(sent[0]["document"]["filename"], "receita.txt");
        let id = sent[0]["document"]["id"].as_str().unwrap();
        assert_eq!(house.graph.file(id).unwrap(), b"duas vezes ao dia");
        // What cannot be had fails at once, and says why.
        let body = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'a'; 600 * 1024]))]);
        let large = house
            .files
            .upload(&house.context, NewFile::new("a.txt"), body)
            .await
            .unwrap();
        for (file, code) in [("fil_0", "no_file"), (&large.id.to_string(), "file_too_large")] {
            let message = post(&house, MediaKind::Sticker, file).await;
            house.send().await;
            let (delivery, failure) = settled(&house, &message).await;
            assert_eq!(delivery, Some(DeliveryState::Failed));
            assert!(failure.starts_with(code), "{failure}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_upload_has_as_long_as_its_size_needs() {
    let clock = ManualClock::default();
    let graph = graph().await;
    let client = settings(&graph).clock(clock.clone()).build().unwrap();
    let piece = 512 * 1024;
    let upload = Upload {
        filename: "a.pdf".to_owned(),
        mime_type: "application/pdf".to_owned(),
        size: 8 * piece,
    };
    // It takes 4 s for each piece; the answer comes after more than the 30 s of other requests.
    let pieces = stream::unfold((0_u64, clock.clone()), move |(sent, clock)| async move {
        if sent == 8 {
            return None;
        }
        clock.advance(Duration::from_secs(5));
        SystemClock.sleep(Duration::from_millis(20)).await;
        let bytes = Bytes::from(vec![7; usize::try_from(piece).unwrap()]);
        Some((Ok(bytes), (sent + 1, clock)))
    });
    let id = client.upload(&access(), &upload, pieces).await.unwrap();
    assert_eq!(graph.file(&id).unwrap().len(), 4 * 1024 * 1024);
}
