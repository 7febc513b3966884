//! pywa, a client of other people, reads, sends and signs the same, where Python is provided
//! (`tests/python/requirements.txt`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::*;
use crate::channels::whatsapp::graph::{Advice, advice};
use crate::channels::whatsapp::outgoing::{
    Body, ContactCard, Header, Interactive, Labelled, Outgoing, OutgoingMedia, Parameter, Recipient, Reply,
    Row, Section, Source, Template, TemplateButton, read_mark,
};
use crate::channels::whatsapp::testing::{Fault, Webhooks};
use crate::channels::whatsapp::webhook::{Content, MediaKind, sign};

/// The answer of `tests/python/whatsapp.py`; nothing where Python is not provided.
fn ask(request: &Value) -> Option<Value> {
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/whatsapp.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(request.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{request}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

async fn ask_beside(request: Value) -> Option<Value> {
    tokio::task::spawn_blocking(move || ask(&request)).await.unwrap()
}

/// Without what is null or empty, and with the names of components as Meta writes them.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("type" | "sub_type", Value::String(text)) if text == "BODY" || text == "QUICK_REPLY" => {
                    (key.clone(), text.to_lowercase().into())
                }
                ("index", Value::Number(number)) => (key.clone(), number.to_string().into()),
                _ => (key.clone(), bare(value)),
            })
            .filter(|(_, value)| !value.is_null() && *value != json!([]))
            .collect(),
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

fn to(body: Body) -> Outgoing {
    Outgoing::new(Recipient::number(ANA), body)
}

fn ours() -> Vec<Outgoing> {
    let text = |text: &str| Outgoing::text(Recipient::number(ANA), text);
    let file = || Source::Id("4490709327384033".to_owned());
    let question = Interactive::buttons("Confirma?")
        .header(Header::Text("Consulta".to_owned()))
        .footer("Clínica")
        .button(Reply::new("yes", "Sim"))
        .button(Reply::new("no", "Não"));
    let list = Interactive::list("Escolha", "Horários")
        .section(Section::new("Manhã").row(Row::new("09", "09:00").description("Dra. Ana")))
        .section(Section::new("Tarde").row(Row::new("14", "14:00")));
    let mut card = ContactCard::new("Ana Souza");
    card.first_name = Some("Ana".to_owned());
    card.phones = vec![Labelled::new("+55 11 98765-4321", "WORK")];
    let template = Template::new("lembrete_consulta", "pt_BR")
        .body(Parameter::text("Ana"))
        .body(Parameter::text("amanhã às 10h"))
        .button(TemplateButton::QuickReply {
            index: 0,
            payload: "confirm:1".to_owned(),
        });
    vec![
        text("Olá").callback_data("msg_1"),
        text("Sim").reply_to("wamid.1"),
        to(Body::Interactive(question)),
        to(Body::Interactive(list)),
        to(Body::Interactive(Interactive::link(
            "Veja",
            "Mapa",
            "https://example.com/m",
        ))),
        to(Body::Location {
            latitude: -23.5,
            longitude: -46.6,
            name: Some("Clínica".to_owned()),
            address: Some("Av. Paulista, 1".to_owned()),
        }),
        to(Body::Reaction {
            message_id: "wamid.1".to_owned(),
            emoji: "👍".to_owned(),
        }),
        to(Body::Media(
            OutgoingMedia::new(MediaKind::Image, file()).caption("Raio X"),
        )),
        to(Body::Media(
            OutgoingMedia::new(MediaKind::Document, file())
                .caption("Laudo")
                .filename("laudo.pdf"),
        )),
        to(Body::Contacts(vec![card])),
        to(Body::Template(template)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_sends_is_what_is_written_here_and_the_fake_satisfies_it() {
    let graph = graph().await;
    let request = json!({"request": "send", "base": graph.base(), "token": "token", "to": ANA});
    let Some(theirs) = ask_beside(request).await else {
        return;
    };
    let ids = theirs["ids"].as_array().unwrap();
    assert!(ids.iter().all(|id| id.as_str().unwrap().starts_with("wamid.")));
    let sent = graph.messages();
    let ours = ours();
    assert_eq!((sent.len(), ids.len()), (ours.len(), ours.len()));
    for (theirs, ours) in sent.iter().zip(&ours) {
        assert_eq!(bare(theirs), bare(&ours.to_json().unwrap()));
    }
    let last = graph.seen().pop().unwrap();
    assert_eq!(last.body, read_mark("wamid.1", false).unwrap());
    assert!(last.path.starts_with("/v26.0/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_understands_errors_and_files_of_the_fake() {
    let graph = graph().await;
    graph.fail_next(Fault::code(131_047));
    let request = json!({"request": "fails", "base": graph.base(), "token": "token", "to": ANA});
    let Some(error) = ask_beside(request).await else {
        return;
    };
    assert_eq!(
        (&error["code"], &error["name"]),
        (&json!(131_047), &json!("ReEngagementMessage"))
    );
    let request = json!({"request": "files", "base": graph.base(), "token": "token", "text": "prontuário"});
    let file = ask_beside(request).await.unwrap();
    assert_eq!(file["back"], "prontuário");
    assert_eq!(
        graph.file(file["id"].as_str().unwrap()).unwrap(),
        "prontuário".as_bytes()
    );
}

#[test]
fn the_client_takes_what_is_signed_here_for_metas() {
    let secret = "app secret".into();
    let posted = Webhooks::new()
        .text(NUMBER, ANA, "wamid.1", AT, "Olá")
        .signed(&secret);
    let body = String::from_utf8(posted.body).unwrap();
    assert_eq!(posted.signature, sign(&secret, body.as_bytes()));
    let request = |body: &str| json!({"request": "accepts", "secret": "app secret", "body": body, "header": posted.signature});
    let Some(answer) = ask(&request(&body)) else {
        return;
    };
    assert_eq!(answer["accepted"], true);
    assert_eq!(ask(&request(&format!("{body} "))).unwrap()["accepted"], false);
}

#[test]
fn the_client_reads_the_same_out_of_a_webhook() {
    let contact = json!({"profile": {"name": "Ana"}, "wa_id": ANA, "user_id": "BR.1"});
    let bodies = [
        json!({"type": "text", "text": {"body": "Olá, às 10h?"}}),
        json!({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "sha256": "x", "caption": "Raio X"}}),
    ];
    for mut rest in bodies {
        rest["id"] = json!("wamid.1");
        rest["from"] = json!(ANA);
        rest["timestamp"] = json!("1750000000");
        let value = json!({"contacts": [contact], "messages": [rest]});
        let body = Webhooks::new().value(NUMBER, value).signed(&"s".into()).body;
        let items = Notification::read(&body).unwrap().items;
        let ours = message(&items[0]);
        let request = json!({"request": "read", "body": String::from_utf8(body).unwrap()});
        let Some(theirs) = ask(&request) else { return };
        let (text, caption) = match &ours.content {
            Content::Text { body } => (Some(body.as_str()), None),
            Content::Media(media) => (None, media.caption.as_deref()),
            _ => (None, None),
        };
        let ours = json!({
            "id": ours.id, "kind": ours.kind, "at": 1_750_000_000.0, "text": text, "caption": caption,
            "wa_id": ours.party.wa_id, "user_id": ours.party.user_id, "name": ours.party.name,
        });
        assert_eq!(ours, theirs);
    }
}

/// The client sorts codes into groups; where ours means something else, the reason is told here.
#[test]
fn every_code_that_the_client_knows_has_a_meaning_that_fits_its_group() {
    let Some(known) = ask(&json!({"request": "codes"})) else {
        return;
    };
    let known: BTreeMap<i64, (String, String)> = serde_json::from_value(known).unwrap();
    assert!(known.len() > 150, "{}", known.len());
    for (code, (group, name)) in known {
        let ours = advice(code);
        let fits = match group.as_str() {
            "AuthorizationError" => ours == Advice::Account,
            "ThrottlingError" => matches!(ours, Advice::WaitForNumber | Advice::WaitForPair),
            // A country that the account may not write to: others can be written to.
            "IntegrityError" => ours == Advice::Account || code == 130_497,
            "SendMessageError" => match code {
                131_000 | 131_016 | 131_057 => ours == Advice::Retry,
                131_047 => ours == Advice::UseTemplate,
                131_005 | 131_037 | 131_042 | 131_044 | 131_045 => ours == Advice::Account,
                _ => ours == Advice::Stop,
            },
            "GroupError" => ours == Advice::Stop || code == 131_208,
            "BlockUserError" => ours == Advice::Stop || code == 139_103,
            "CallingError" => ours == Advice::Stop || code == 613,
            _ => ours == Advice::Stop,
        };
        assert!(fits, "{code} {name}: {ours:?}");
    }
}
