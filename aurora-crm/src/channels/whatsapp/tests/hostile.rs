use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::channels::whatsapp::testing::Webhooks;
use crate::channels::whatsapp::webhook::{MAX_BODY, Unreadable};

#[test]
fn what_is_too_large_too_deep_or_something_else_is_refused() {
    let mut large = Webhooks::new()
        .text(NUMBER, ANA, "wamid.1", AT, "Olá")
        .signed(&"s".into())
        .body;
    large.resize(MAX_BODY + 1, b' ');
    assert_eq!(Notification::read(&large), Err(Unreadable::TooLarge));
    assert_eq!(Notification::read(&large[..MAX_BODY]).unwrap().items.len(), 1);
    let deep = format!("{{\"object\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [&b""[..], b"null ", b"\xff", b"{", deep.as_bytes()] {
        let refused = Notification::read(body).unwrap_err();
        assert!(matches!(refused, Unreadable::NotJson | Unreadable::Other));
    }
    for body in [
        json!([]),
        json!({}),
        json!({"object": "page"}),
        json!("whatsapp_business_account"),
    ] {
        assert_eq!(
            Notification::read(body.to_string().as_bytes()),
            Err(Unreadable::Other)
        );
    }
    let empty = json!({"object": "whatsapp_business_account"});
    assert_eq!(read(&empty).len(), 0);
}

#[test]
fn what_postgresql_cannot_store_is_left_out_of_what_was_read() {
    let posted = Webhooks::new()
        .text(NUMBER, ANA, "wamid.1", AT, "a\u{0}b")
        .signed(&"s".into());
    let items = Notification::read(&posted.body).unwrap().items;
    let text = crate::channels::whatsapp::webhook::Content::Text {
        body: "ab".to_owned(),
    };
    assert_eq!(message(&items[0]).content, text);
}

/// The names that the reader looks for, so that it gets far.
const NAMES: [&str; 30] = [
    "object",
    "entry",
    "id",
    "changes",
    "field",
    "value",
    "metadata",
    "phone_number_id",
    "contacts",
    "messages",
    "statuses",
    "errors",
    "type",
    "text",
    "body",
    "image",
    "interactive",
    "edit",
    "message",
    "original_message_id",
    "system",
    "from",
    "timestamp",
    "code",
    "status",
    "reaction",
    "message_id",
    "profile",
    "wa_id",
    "nfm_reply",
];

fn json_value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(&NAMES[..]).prop_map(Value::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word,
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        let name = prop::sample::select(&NAMES[..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|entries| {
                let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::from(entries.collect::<Map<_, _>>())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body: Vec<u8>) {
        drop(Notification::read(&body));
    }

    #[test]
    fn no_value_makes_it_panic_or_loses_the_message_beside_it(value in json_value(), item in json_value()) {
        let body = json!({"object": "whatsapp_business_account", "entry": [value.clone(), {"changes": [value.clone(), {
            "field": "messages", "value": {"metadata": {"phone_number_id": NUMBER}, "contacts": value, "messages": [
                item.clone(), {"id": "wamid.whole", "from": ANA, "type": "text", "text": {"body": "ok"}}, item,
            ]},
        }]}]});
        let items = read(&body);
        let whole = items.iter().filter(|received| {
            matches!(&received.item, Item::Message(message) if message.id == "wamid.whole")
        });
        prop_assert_eq!(whole.count(), 1);
    }

    #[test]
    fn a_damaged_example_never_panics(index in 0_usize..16, at: prop::sample::Index, byte: u8) {
        let bodies = meta_webhooks();
        let body = bodies.values().nth(index % bodies.len()).unwrap().to_string();
        let mut bytes = body.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        drop(Notification::read(&bytes));
    }
}
