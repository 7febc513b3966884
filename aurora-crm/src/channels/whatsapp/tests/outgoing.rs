use serde_json::json;

use super::*;
use crate::channels::whatsapp::outgoing::{
    Body, ContactCard, Header, Interactive, Labelled, Outgoing, OutgoingMedia, Parameter, Recipient, Reply,
    Row, Section, Source, Template, TemplateButton, read_mark,
};
use crate::channels::whatsapp::webhook::MediaKind;

fn meta(name: &str) -> Value {
    let requests: Value = serde_json::from_str(include_str!("meta_requests.json")).unwrap();
    let mut request = requests[name].clone();
    assert!(request.is_object(), "{name}");
    if request.get("status").is_none() {
        request["recipient_type"] = json!("individual");
    }
    request
}

pub(super) fn to(body: Body) -> Outgoing {
    Outgoing::new(Recipient::number("+16505551234"), body)
}

pub(super) fn media(kind: MediaKind, source: Source) -> OutgoingMedia {
    OutgoingMedia::new(kind, source)
}

pub(super) fn id(id: &str) -> Source {
    Source::Id(id.to_owned())
}

pub(super) fn link(url: &str) -> Source {
    Source::Link(url.to_owned())
}

#[test]
fn requests_are_those_of_metas_examples() {
    use MediaKind::{Audio, Document, Image, Sticker, Video};
    let text = Outgoing::text(Recipient::number("16505551234"), "text-message-content");
    let picture = |source| to(Body::Media(media(Image, source)));
    let cases = [
        ("Send Text Message", text),
        (
            "Send Reply to Text Message",
            Outgoing::text(Recipient::number("16505551234"), "<TEXT_MSG_CONTENT>")
                .reply_to("<MSGID_OF_PREV_MSG>"),
        ),
        ("Send Image Message by ID", picture(id("<IMAGE_OBJECT_ID>"))),
        (
            "Send Image Message by URL",
            picture(link("https://example.com/a.jpg")),
        ),
        (
            "Send Audio Message by ID",
            to(Body::Media(media(Audio, id("<AUDIO_OBJECT_ID>")))),
        ),
        (
            "Send Audio Message by URL",
            to(Body::Media(media(Audio, link("https://example.com/a.ogg")))),
        ),
        (
            "Send Sticker Message by ID",
            to(Body::Media(media(Sticker, id("<MEDIA_OBJECT_ID>")))),
        ),
        (
            "Send Document Message by ID",
            to(Body::Media(
                media(Document, id("<DOCUMENT_OBJECT_ID>"))
                    .caption("<DOCUMENT_CAPTION_TO_SEND>")
                    .filename("<DOCUMENT_FILENAME>"),
            )),
        ),
        (
            "Send Document Message by URL",
            to(Body::Media(
                media(Document, link("https://example.com/a.pdf")).caption("<DOCUMENT-CAPTION-TEXT>"),
            )),
        ),
        (
            "Send Video Message by URL",
            to(Body::Media(
                media(Video, link("https://example.com/a.mp4")).caption("<VIDEO_CAPTION_TEXT>"),
            )),
        ),
        (
            "Send Reply to Video Message by URL",
            to(Body::Media(
                media(Video, link("https://example.com/a.mp4")).caption("<VIDEO_CAPTION_TEXT>"),
            ))
            .reply_to("<MSGID_OF_MSG_YOU_ARE_REPLYING_TO>"),
        ),
        (
            "Send Location Message",
            to(Body::Location {
                latitude: 37.758_056,
                longitude: -122.425_332,
                name: Some("META HQ".to_owned()),
                address: Some("1 Hacker Way, Menlo Park, CA 94025".to_owned()),
            }),
        ),
        (
            "Send Reply with Reaction Message",
            to(Body::Reaction {
                message_id: "wamid.HBgLM...".to_owned(),
                emoji: "😀".to_owned(),
            }),
        ),
        (
            "Send Reply Button",
            to(Body::Interactive(
                Interactive::buttons("<BUTTON_TEXT>")
                    .button(Reply::new("<UNIQUE_BUTTON_ID_1>", "<BUTTON_TITLE_1>"))
                    .button(Reply::new("<UNIQUE_BUTTON_ID_2>", "<BUTTON_TITLE_2>")),
            )),
        ),
        (
            "Send Test Message",
            to(Body::Template(Template::new("hello_world", "en_US"))),
        ),
    ];
    for (name, message) in cases {
        assert_eq!(message.to_json().unwrap(), meta(name), "{name}");
    }
    let read = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=";
    assert_eq!(
        read_mark(read, true).unwrap(),
        meta("Send typing indicator and read receipt")
    );
}

/// The blanks of the example, within the limits that the same vendor documents.
fn shorter(value: Value) -> Value {
    let text = value.to_string();
    let text = text
        .replace("<LIST_SECTION_1_ROW_", "<1_ROW_")
        .replace("<LIST_SECTION_2_ROW_", "<2_ROW_");
    serde_json::from_str(
        &text
            .replace("<SECTION_1_ROW_", "<1_ROW_")
            .replace("<SECTION_2_ROW_", "<2_ROW_"),
    )
    .unwrap()
}

#[test]
fn lists_and_templates_are_those_of_metas_examples() {
    let section = |at: u8| {
        let row = |row: u8| {
            Row::new(format!("<{at}_ROW_{row}_ID>"), format!("<{at}_ROW_{row}_TITLE>"))
                .description(format!("<{at}_ROW_{row}_DESC>"))
        };
        Section::new(format!("<LIST_SECTION_{at}_TITLE>"))
            .row(row(1))
            .row(row(2))
    };
    let list = Interactive::list("<BODY_TEXT>", "<BUTTON_TEXT>")
        .header(Header::Text("<HEADER_TEXT>".to_owned()))
        .footer("<FOOTER_TEXT>")
        .section(section(1))
        .section(section(2));
    let written = to(Body::Interactive(list)).to_json().unwrap();
    assert_eq!(written, shorter(meta("Send List Message")));

    let currency = Parameter::Currency {
        fallback: "$100.99".to_owned(),
        code: "USD".to_owned(),
        amount_1000: 100_990,
    };
    let template = Template::new("template-name".replace('-', "_"), "en_US")
        .header(Parameter::Media(
            MediaKind::Image,
            link("https://example.com/a.jpg"),
        ))
        .body(Parameter::text("text-string"))
        .body(currency)
        .body(Parameter::DateTime {
            fallback: "February 25, 1977".to_owned(),
        })
        .button(TemplateButton::QuickReply {
            index: 0,
            payload: "aGlzIHRoaXMgaXMgY29v".to_owned(),
        })
        .button(TemplateButton::QuickReply {
            index: 1,
            payload: "9rwnB8RbYmPF5t2Mn09x4h".to_owned(),
        });
    let mut example = meta("Send Message Template Interactive");
    example["template"]["name"] = json!("template_name");
    example["template"]["language"]["code"] = json!("en_US");
    // Its parts beside the text are deprecated: Meta shows the fallback.
    example["template"]["components"][1]["parameters"][2]["date_time"] =
        json!({"fallback_value": "February 25, 1977"});
    assert_eq!(to(Body::Template(template)).to_json().unwrap(), example);
}

#[test]
fn a_card_has_what_the_example_has() {
    let mut card = ContactCard::new("John Smith");
    card.first_name = Some("John".to_owned());
    card.last_name = Some("Smith".to_owned());
    card.phones = vec![Labelled::new("+1 (940) 555-1234", "HOME")];
    card.emails = vec![
        Labelled::new("test@fb.com", "WORK"),
        Labelled::new("test@whatsapp.com", "HOME"),
    ];
    card.urls = vec![
        Labelled::new("https://www.facebook.com", "WORK"),
        Labelled::new("https://www.whatsapp.com", "HOME"),
    ];
    card.birthday = Some("2012-08-18".to_owned());
    let written = to(Body::Contacts(vec![card])).to_json().unwrap();
    let (written, example) = (
        &written["contacts"][0],
        &meta("Send Contact Message")["contacts"][0],
    );
    for key in ["emails", "urls", "birthday"] {
        assert_eq!(written[key], example[key], "{key}");
    }
    assert_eq!(written["phones"][0], example["phones"][0]);
    for key in ["formatted_name", "first_name", "last_name"] {
        assert_eq!(written["name"][key], example["name"][key], "{key}");
    }
}

#[test]
fn user_ids_and_callback_data_go_where_meta_takes_them() {
    let message =
        Outgoing::text(Recipient::User("BR.1502576394655843".to_owned()), "Olá").callback_data("msg_1");
    let written = message.to_json().unwrap();
    assert_eq!(written["recipient"], "BR.1502576394655843");
    assert_eq!(written.get("to"), None);
    assert_eq!(written["biz_opaque_callback_data"], "msg_1");
}
