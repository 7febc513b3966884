use super::outgoing::{id, link, media, to};
use crate::channels::whatsapp::outgoing::{
    Body, Header, Interactive, Outgoing, Parameter, Recipient, Reply, Row, Section, Template,
};
use crate::channels::whatsapp::webhook::MediaKind;
use crate::error::ErrorKind;

fn wrong(message: &Outgoing) -> Vec<(String, &'static str)> {
    let error = message.to_json().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error
        .fields()
        .iter()
        .map(|field| (field.field.clone(), field.code))
        .collect()
}

#[test]
fn every_limit_holds_at_its_edge() {
    let text = |length: usize| {
        to(Body::Text {
            text: "á".repeat(length),
            preview_url: false,
        })
    };
    assert!(text(4_096).to_json().is_ok());
    assert_eq!(wrong(&text(4_097)), [("text.body".to_owned(), "too_long")]);
    assert_eq!(wrong(&text(0)), [("text.body".to_owned(), "required")]);
    let buttons = |count: usize, title: usize| {
        let question = Interactive::buttons("b".repeat(1_024));
        let all = (0..count).fold(question, |question, at| {
            question.button(Reply::new(
                at.to_string(),
                format!("{at}{}", "t".repeat(title - 1)),
            ))
        });
        to(Body::Interactive(all))
    };
    assert!(buttons(3, 20).to_json().is_ok());
    assert_eq!(
        wrong(&buttons(4, 1)),
        [("interactive.action.buttons".to_owned(), "too_many")]
    );
    assert_eq!(
        wrong(&buttons(0, 1)),
        [("interactive.action.buttons".to_owned(), "required")]
    );
    assert_eq!(
        wrong(&buttons(1, 21)),
        [("interactive.action.buttons[0].reply.title".to_owned(), "too_long")]
    );
    let rows = |count: usize| {
        let half = Section::new("a");
        let half = (0..count / 2).fold(half, |section, at| section.row(Row::new(at.to_string(), "r")));
        let rest = (count / 2..count).fold(Section::new("b"), |section, at| {
            section.row(Row::new(at.to_string(), "r"))
        });
        to(Body::Interactive(
            Interactive::list("l".repeat(4_096), "Abrir")
                .section(half)
                .section(rest),
        ))
    };
    assert!(rows(10).to_json().is_ok());
    assert_eq!(
        wrong(&rows(11)),
        [("interactive.action.sections[].rows".to_owned(), "too_many")]
    );
    let data = |length: usize| text(1).callback_data("d".repeat(length));
    assert!(data(512).to_json().is_ok());
    assert_eq!(
        wrong(&data(513)),
        [("biz_opaque_callback_data".to_owned(), "too_long")]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let bad = Interactive::buttons("")
        .header(Header::Text("h".repeat(61)))
        .footer("f".repeat(61))
        .button(Reply::new(" a", "Sim"))
        .button(Reply::new(" a", "Sim"));
    let message = Outgoing::new(Recipient::number("11 98765"), Body::Interactive(bad)).reply_to("a b");
    let fields: Vec<String> = wrong(&message).into_iter().map(|(field, _)| field).collect();
    for field in [
        "to",
        "interactive.header.text",
        "interactive.body.text",
        "interactive.footer.text",
        "interactive.action.buttons[0].reply.id",
        "interactive.action.buttons[1].reply.id",
        "interactive.action.buttons[1].reply.title",
        "context.message_id",
    ] {
        assert!(fields.iter().any(|known| known == field), "{field}: {fields:?}");
    }
    let odd = [
        (
            to(Body::Media(media(MediaKind::Sticker, id("1")).caption("c"))),
            "sticker.caption",
        ),
        (
            to(Body::Media(media(MediaKind::Image, link("ftp://x/y")))),
            "image.link",
        ),
        (
            to(Body::Media(media(MediaKind::Image, id("1")).filename("a.jpg"))),
            "image.filename",
        ),
        (
            to(Body::Media(media(MediaKind::Video, id("1")).voice())),
            "video.voice",
        ),
        (
            to(Body::Location {
                latitude: f64::NAN,
                longitude: 0.0,
                name: None,
                address: None,
            }),
            "location.latitude",
        ),
        (
            to(Body::Location {
                latitude: 0.0,
                longitude: 180.1,
                name: None,
                address: None,
            }),
            "location.longitude",
        ),
        (
            to(Body::Reaction {
                message_id: "wamid.1".to_owned(),
                emoji: "ok".to_owned(),
            }),
            "reaction.emoji",
        ),
        (to(Body::Contacts(Vec::new())), "contacts"),
        (
            to(Body::Template(Template::new("Name", "pt_BR"))),
            "template.name",
        ),
        (
            to(Body::Template(Template::new("name", "pt-BR"))),
            "template.language.code",
        ),
        (
            to(Body::Template(
                Template::new("name", "pt_BR").body(Parameter::text("a\nb")),
            )),
            "template.body[0]",
        ),
        (
            to(Body::Template(
                Template::new("name", "pt_BR").body(Parameter::text("a     b")),
            )),
            "template.body[0]",
        ),
        (
            Outgoing::text(Recipient::User("5511".to_owned()), "x"),
            "recipient",
        ),
    ];
    for (message, field) in odd {
        assert_eq!(wrong(&message)[0].0, field);
    }
    assert!(
        to(Body::Reaction {
            message_id: "wamid.1".to_owned(),
            emoji: String::new()
        })
        .to_json()
        .is_ok()
    );
}
