use serde_json::json;

use super::*;
use crate::channels::DeliveryState;
use crate::channels::whatsapp::testing::Webhooks;
use crate::channels::whatsapp::webhook::{Content, MediaKind, ReceivedStatus, StatusUpdate, SystemChange};

#[test]
fn every_example_of_meta_is_read_as_what_it_is() {
    for (name, body) in meta_webhooks() {
        let items = read(&body);
        assert_eq!(items.len(), 1, "{name}");
        let received = &items[0];
        assert_eq!(received.number_id.as_deref(), Some(NUMBER), "{name}");
        let expected = match name.as_str() {
            "Text Message" | "Text Message with Context (Product Inquiry)" => "text",
            "Text Message from Click to WhatsApp Ad" => "text",
            "Reaction Message" => "reaction",
            "Image Message" => "image",
            "Location Message" => "location",
            "Contact Sharing Message" => "contacts",
            "Unsupported Message" => "unsupported",
            "Button Message" => "button",
            "Interactive List Reply Message" => "list_reply",
            "Interactive Button Reply Message" => "button_reply",
            "Order Message" => "order",
            "System Message" => "system",
            _ => {
                assert!(received.field.starts_with("group_"), "{name}");
                assert!(matches!(received.item, Item::Other(_)), "{name}");
                continue;
            }
        };
        let message = message(received);
        assert_eq!(message.content.name(), expected, "{name}");
        assert_eq!(message.party.wa_id.as_deref(), Some("16505551234"), "{name}");
        assert!(message.at.is_some() && message.id.starts_with("wamid."), "{name}");
        let original = &body["entry"][0]["changes"][0]["value"]["messages"][0];
        assert_eq!(message.raw.0, *original, "{name}");
    }
}

#[test]
fn what_the_examples_say_is_all_there() {
    let bodies = meta_webhooks();
    let of = |name: &str| message(&read(&bodies[name])[0]).clone();
    let text = of("Text Message");
    assert_eq!(text.at, Some(Timestamp::from_secs(1_749_416_383)));
    assert_eq!(text.party.name.as_deref(), Some("Sheena Nelson"));
    let Content::Media(image) = of("Image Message").content else {
        panic!()
    };
    assert_eq!(
        (image.kind, image.id.as_str()),
        (MediaKind::Image, "1003383421387256")
    );
    assert_eq!(image.caption.as_deref(), Some("Taj Mahal"));
    let Content::Location(place) = of("Location Message").content else {
        panic!()
    };
    assert!((place.latitude - 37.442_214_965_82).abs() < 1e-12);
    let Content::Contacts(cards) = of("Contact Sharing Message").content else {
        panic!()
    };
    assert_eq!(cards[0].name.as_deref(), Some("Lucía Gómez"));
    assert_eq!(
        cards[0].phones,
        [("+1 (983) 555-2319".to_owned(), Some("19835552319".to_owned()))]
    );
    let Content::Order(order) = of("Order Message").content else {
        panic!()
    };
    assert_eq!(order.items.len(), 2);
    assert_eq!(
        (order.items[0].quantity, order.items[0].price),
        (Some(2.0), Some(30.0))
    );
    assert_eq!(of("Unsupported Message").errors[0].code, 131_051);
    let product = of("Text Message with Context (Product Inquiry)")
        .context
        .unwrap()
        .product;
    assert_eq!(product.unwrap().1, "di9ozbzfi4");
    let referral = of("Text Message from Click to WhatsApp Ad").referral.unwrap();
    assert_eq!(referral.source_id.as_deref(), Some("120226305854810726"));
    let moved = SystemChange::Moved {
        wa_id: Some("12195555358".to_owned()),
        user_id: None,
        parent_user_id: None,
    };
    assert_eq!(of("System Message").content, Content::System(moved));
}

fn content(mut rest: Value) -> Content {
    rest["id"] = json!("wamid.1");
    rest["from"] = json!(ANA);
    let body = Webhooks::new()
        .value(NUMBER, json!({"messages": [rest]}))
        .signed(&"s".into())
        .body;
    let items = Notification::read(&body).unwrap().items;
    message(&items[0]).content.clone()
}

#[test]
fn types_beyond_the_examples_are_read_and_unknown_ones_are_kept() {
    let voice = content(
        json!({"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg; codecs=opus", "voice": true}}),
    );
    assert!(matches!(voice, Content::Media(media) if media.is_voice && media.kind == MediaKind::Audio));
    for emoji in [
        json!({"message_id": "wamid.0", "emoji": ""}),
        json!({"message_id": "wamid.0"}),
    ] {
        let gone = Content::Reaction {
            message_id: "wamid.0".to_owned(),
            emoji: None,
        };
        assert_eq!(content(json!({"type": "reaction", "reaction": emoji})), gone);
    }
    let form = content(
        json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply":
        {"name": "flow", "body": "Sent", "response_json": "{\"rating\":\"4\"}"}}}),
    );
    assert!(matches!(form, Content::FlowReply(form) if form.response == Some(json!({"rating": "4"}))));
    let edited = content(json!({"type": "edit", "edit": {"original_message_id": "wamid.0",
        "message": {"type": "text", "text": {"body": "novo"}}}}));
    assert!(
        matches!(edited, Content::Edited { original_id, content } if original_id == "wamid.0" && content.name() == "text")
    );
    let revoked = content(json!({"type": "revoke", "revoke": {"original_message_id": "wamid.0"}}));
    assert!(matches!(revoked, Content::Revoked { .. }));
    let call = json!({"type": "call_permission_reply", "call_permission_reply": {"response": "reject"}});
    let call = content(json!({"type": "interactive", "interactive": call}));
    assert_eq!(call, Content::CallPermission { is_granted: false });
    assert_eq!(
        content(json!({"type": "request_welcome"})),
        Content::RequestWelcome
    );
    let changed =
        content(json!({"type": "system", "system": {"type": "user_changed_user_id", "user_id": "BR.9"}}));
    assert!(
        matches!(changed, Content::System(SystemChange::Moved { user_id: Some(id), .. }) if id == "BR.9")
    );
    for odd in [
        json!({"type": "hologram", "hologram": {"id": "1"}}),
        json!({"type": "text"}),
        json!({"type": "text", "text": {"body": 7.5}, "hologram": null}),
        json!({"type": "interactive"}),
        json!({"type": 7}),
        json!({}),
    ] {
        let is_read = matches!(content(odd.clone()), Content::Unknown | Content::Text { .. });
        assert!(is_read, "{odd}");
    }
}

#[test]
fn a_batch_is_read_whole_and_a_malformed_item_costs_no_other() {
    let posted = Webhooks::new()
        .value(NUMBER, json!({"messages": [
            {"from": ANA, "id": "wamid.1", "timestamp": "1750000000", "type": "text", "text": {"body": "um"}},
            {"from": ANA, "timestamp": "1750000000", "type": "text", "text": {"body": "sem id"}},
            "nothing",
            {"from": ANA, "id": "wamid.2", "timestamp": "soon", "type": "text", "text": {"body": "dois"}},
        ], "statuses": [{"id": "wamid.9", "status": "read"}, {"status": "read"}], "errors": [{"code": 131_000}, {}]}))
        .text("206540352242922", ANA, "wamid.3", AT, "três")
        .change("account_update", json!({"event": "ACCOUNT_DELETED"}))
        .change("messages", json!(null))
        .signed(&"s".into());
    let items = Notification::read(&posted.body).unwrap().items;
    let names: Vec<&str> = items
        .iter()
        .map(|received| match &received.item {
            Item::Message(message) => message.id.as_str(),
            Item::Status(status) => status.message_id.as_str(),
            Item::Error(_) => "error",
            Item::Other(_) => "other",
            Item::Malformed { reason, .. } => reason,
            Item::Echo(_) => "echo",
        })
        .collect();
    let (no_id, no_status) = (
        "the message has no id",
        "the status lacks its message or what it says",
    );
    let expected = [
        "wamid.1",
        no_id,
        no_id,
        "wamid.2",
        "wamid.9",
        no_status,
        "error",
        "the error has no code",
        "wamid.3",
        "other",
        "the change has no value",
    ];
    assert_eq!(names, expected);
    assert_eq!(items[8].number_id.as_deref(), Some("206540352242922"));
    assert_eq!(message(&items[3]).at, None);
}

fn status(update: Value) -> StatusUpdate {
    let body = Webhooks::new()
        .value(NUMBER, json!({"statuses": [update]}))
        .signed(&"s".into())
        .body;
    match Notification::read(&body).unwrap().items.remove(0).item {
        Item::Status(status) => *status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn statuses_tell_what_became_of_a_message() {
    let failed = status(
        json!({"id": "wamid.1", "status": "failed", "timestamp": "1689380458", "recipient_id": "972987654321",
        "errors": [{"code": 130_472, "title": "User's number is part of an experiment",
        "error_data": {"details": "Failed to send message"}}], "biz_opaque_callback_data": "msg_1"}),
    );
    assert_eq!(failed.status, ReceivedStatus::Failed);
    assert_eq!(failed.errors[0].code, 130_472);
    assert_eq!(failed.callback_data.as_deref(), Some("msg_1"));
    let paid = status(
        json!({"id": "wamid.1", "status": "sent", "timestamp": "1698266945", "recipient_id": "972987654321",
        "conversation": {"id": "7270", "origin": {"type": "service"}},
        "pricing": {"billable": true, "pricing_model": "CBP", "category": "service"}}),
    );
    assert_eq!(
        (paid.is_billable, paid.category.as_deref()),
        (Some(true), Some("service"))
    );
    let group = status(
        json!({"id": "wamid.1", "status": "read", "recipient_id": "group", "recipient_type": "group",
        "recipient_participant_id": ANA, "recipient_participant_user_id": "BR.1"}),
    );
    assert_eq!(group.recipient.wa_id.as_deref(), Some(ANA));
    for (name, state) in [
        ("sent", Some(DeliveryState::Sent)),
        ("delivered", Some(DeliveryState::Delivered)),
        ("read", Some(DeliveryState::Read)),
        ("played", Some(DeliveryState::Played)),
        ("failed", Some(DeliveryState::Failed)),
        ("deleted", None),
        ("warning", None),
    ] {
        let read = status(json!({"id": "wamid.1", "status": name})).status;
        assert_eq!((read.as_str(), read.delivery()), (name, state));
    }
}

#[test]
fn people_are_known_by_number_by_user_id_or_by_both() {
    let party = |contact: Value, mut who: Value| {
        who["id"] = json!("wamid.1");
        let value = json!({"contacts": [contact], "messages": [who]});
        let body = Webhooks::new().value(NUMBER, value).signed(&"s".into()).body;
        message(&Notification::read(&body).unwrap().items[0])
            .party
            .clone()
    };
    let contact = json!({"profile": {"name": "Ana", "username": "ana"}, "wa_id": ANA, "user_id": "BR.1", "parent_user_id": "BR.ENT.2"});
    let both = party(contact.clone(), json!({"from": ANA, "from_user_id": "BR.1"}));
    assert_eq!(
        (both.wa_id.as_deref(), both.user_id.as_deref()),
        (Some(ANA), Some("BR.1"))
    );
    assert_eq!(
        (both.parent_user_id.as_deref(), both.username.as_deref()),
        (Some("BR.ENT.2"), Some("ana"))
    );
    assert_eq!(both.phone().unwrap().as_str(), "+5511987654321");
    let by_number = party(contact.clone(), json!({"from": ANA}));
    assert_eq!(by_number, both);
    let hidden = json!({"profile": {"name": "Ana", "username": "ana"}, "user_id": "BR.1"});
    let hidden = party(hidden, json!({"from_user_id": "BR.1"}));
    assert_eq!((hidden.wa_id, hidden.user_id.as_deref()), (None, Some("BR.1")));
    // Of somebody else: nothing is taken over.
    let other = party(contact, json!({"from": "5511900000000"}));
    assert_eq!((other.user_id, other.name), (None, None));
    let old = party(json!({}), json!({"from": "551187654321"}));
    assert_eq!(old.wa_id.as_deref(), Some("551187654321"));
    assert_eq!(old.phone().unwrap().as_str(), "+5511987654321");
    assert!(!party(json!({}), json!({})).is_known());
}

#[test]
fn nothing_that_people_say_is_shown_by_debug() {
    for (name, body) in meta_webhooks() {
        let shown = format!("{:?}", read(&body));
        for personal in ["Sheena", "16505551234", "another color", "Philz", "Lucía", "Taj"] {
            assert!(!shown.contains(personal), "{name}: {shown}");
        }
    }
}
