//! A receptionist without a model.

mod scene;

use async_trait::async_trait;
use aurora_llm::Error;
use aurora_llm::chat::{
    ChatRequest, ChatResponse, ChatStream, FinishReason, Message as Said, Part, Role, StreamEvent, ToolCall,
};
use aurora_llm::provider::{Call, Capabilities, LlmProvider, ProviderId, SIMULATED};
use aurora_llm::usage::Usage;
use serde_json::{Value, json};

use self::scene::Scene;
use super::language::has_phrase;

/// A provider for demonstrations and tests without keys: it understands a handful of words and drives the assistant's tools by rule.
///
/// It is no language model and does not pretend to be one: its [`kind`](LlmProvider::kind) is that of simulated providers, its
/// usage is an estimate of one token for four characters, and whatever it does not understand it answers with what it can do.
/// In Portuguese or English it takes wishes to book (`marcar`, `book`), to move (`remarcar`), to call off (`cancelar`), to see
/// one's appointments, a name (`meu nome é …`, `my name is …`), a `sim` or `yes` to a single offer, and looks every other
/// question up in the knowledge. It asks for the first service that the assistant names when the contact names none.
///
/// # Examples
/// ```
/// use aurora_crm::assistant::Receptionist;
/// use aurora_llm::{LlmClient, chat::ChatRequest};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
/// let client = LlmClient::builder().provider(Receptionist::new("demo"), "receptionist").build()?;
/// let answer = client.chat(ChatRequest::user("<contact>\nOi!\n</contact>")).await?;
/// assert!(answer.text().contains("simulada"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Receptionist {
    id: ProviderId,
}

impl Receptionist {
    /// One of this name.
    #[must_use]
    pub fn new(id: impl Into<ProviderId>) -> Self {
        Self { id: id.into() }
    }

    pub(super) fn reply(call: &Call) -> ChatResponse {
        let request = &*call.request;
        let (parts, finish) = match decide(request) {
            Act::Say(text) => (vec![Part::text(text)], FinishReason::Stop),
            Act::Call(tool, arguments) => {
                let id = format!("call_{}", request.messages.len());
                let call = ToolCall::new(id, tool, arguments.to_string());
                (vec![Part::ToolCall(call)], FinishReason::ToolCalls)
            }
        };
        let said = Said::new(Role::Assistant, parts);
        let heard: usize = request.messages.iter().map(|message| message.text().len()).sum();
        let tokens = |bytes: usize| u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX);
        let usage = Usage::new(tokens(heard), tokens(said.text().len()).max(4));
        ChatResponse::new(
            format!("sim-{}", request.messages.len()),
            &*call.model,
            said,
            finish,
            Some(usage),
        )
    }
}

#[async_trait]
impl LlmProvider for Receptionist {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        SIMULATED
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        Ok(Self::reply(call))
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let answer = Self::reply(call);
        let mut events = vec![StreamEvent::Start {
            id: answer.id.clone(),
            model: answer.model.clone(),
        }];
        for (index, call) in (0..).zip(answer.tool_calls()) {
            let (id, name) = (call.id.clone(), call.name.clone());
            events.push(StreamEvent::ToolCallStart { index, id, name });
            let arguments = call.arguments.clone();
            events.push(StreamEvent::ToolCallDelta { index, arguments });
            events.push(StreamEvent::ToolCallEnd { index });
        }
        if !answer.text().is_empty() {
            events.push(StreamEvent::Text(answer.text()));
        }
        events.push(StreamEvent::Finish {
            reason: answer.finish,
            usage: answer.usage,
        });
        Ok(Box::pin(futures::stream::iter(events.into_iter().map(Ok))))
    }
}

enum Act {
    Say(String),
    Call(&'static str, Value),
}

fn decide(request: &ChatRequest) -> Act {
    let scene = Scene::of(request);
    match &scene.last {
        Some((tool, told)) => after(&scene, tool, told),
        None => opening(&scene),
    }
}

const MOVE: &[&str] = &["remarcar", "mudar", "reschedule", "move"];
const CANCEL: &[&str] = &["cancelar", "desmarcar", "cancel"];
const CONFIRM: &[&str] = &["confirmar", "confirmo", "confirm"];

fn opening(scene: &Scene<'_>) -> Act {
    if let Some(name) = named(&scene.raw).filter(|_| scene.offers("register_client")) {
        let agrees = scene.has(&["aceito", "concordo", "sim", "agree", "yes"]);
        return Act::Call("register_client", json!({"name": name, "agrees": agrees}));
    }
    if let Some(slot) = slot_named(scene) {
        return Act::Call("book_appointment", json!({ "slot": slot }));
    }
    if scene.has(MOVE)
        || scene.has(CANCEL)
        || scene.has(CONFIRM)
        || scene.has(&["minhas consultas", "my appointments"])
    {
        return Act::Call("my_appointments", json!({}));
    }
    if scene.has(&[
        "marcar",
        "agendar",
        "horario",
        "horarios",
        "consulta",
        "book",
        "appointment",
        "times",
    ]) {
        return scene.find(None);
    }
    if scene.has(&[
        "oi",
        "ola",
        "bom dia",
        "boa tarde",
        "boa noite",
        "hi",
        "hello",
        "good morning",
    ]) {
        return scene.say(
            "Olá! Posso ver horários, marcar, remarcar ou cancelar. Como ajudo?",
            "Hello! I can look for times, book, move or cancel. How can I help?",
        );
    }
    if scene.offers("search_knowledge") && !scene.raw.is_empty() {
        return Act::Call("search_knowledge", json!({"query": scene.raw}));
    }
    scene.say(
        "Não entendi. Posso ver horários, marcar, remarcar ou cancelar.",
        "I did not understand. I can look for times, book, move or cancel.",
    )
}

fn after(scene: &Scene<'_>, tool: &str, told: &Value) -> Act {
    if told.get("error").is_some() {
        return failed(scene, tool, told);
    }
    match tool {
        "find_slots" => match told.get("slots").and_then(Value::as_array).map(Vec::len) {
            Some(0) | None => scene.say(
                "Não encontrei horário livre nesses dias. Quer outros dias?",
                "There is no free time on those days. Shall I look on others?",
            ),
            Some(_) => scene.say("Tenho estes horários:", "I have these times:"),
        },
        "my_appointments" => mine(scene, told),
        "book_appointment" | "reschedule_appointment" | "cancel_appointment" | "confirm_appointment" => {
            let when = told
                .as_object()
                .and_then(|told| told.values().next()?.get("when")?.as_str());
            let when = when.unwrap_or_default();
            scene.say(&format!("Pronto: {when}."), &format!("Done: {when}."))
        }
        "register_client" => match slot_named(scene) {
            Some(slot) => Act::Call("book_appointment", json!({ "slot": slot })),
            None => scene.say("Cadastro feito.", "You are registered."),
        },
        "search_knowledge" => {
            let passages = told.get("passages").and_then(Value::as_array);
            let first = passages.and_then(|all| all.first()?.get("passage")?.as_str());
            match first {
                Some(passage) => scene.say(passage, passage),
                None => scene.say(
                    "Isso eu não sei. Quer falar com uma pessoa?",
                    "I do not know that. Would you like to talk to a person?",
                ),
            }
        }
        _ => scene.say("Pronto.", "Done."),
    }
}

fn failed(scene: &Scene<'_>, tool: &str, told: &Value) -> Act {
    let why = told.get("error").and_then(Value::as_str).unwrap_or_default();
    if why.contains("register_client") {
        return scene.say(
            "Para marcar preciso do seu nome completo: escreva \"meu nome é …\".",
            "To book I need your full name: write \"my name is …\".",
        );
    }
    match tool {
        "book_appointment" | "reschedule_appointment" => scene.find(None),
        "register_client" => scene.say(
            "Escreva \"meu nome é …, aceito\" se concordar com o texto de proteção de dados.",
            "Write \"my name is …, I agree\" if you agree to the text on data protection.",
        ),
        _ => scene.say("Não consegui fazer isso.", "I could not do that."),
    }
}

/// What is wanted of the first of the contact's appointments.
fn mine(scene: &Scene<'_>, told: &Value) -> Act {
    let all = told.get("appointments").and_then(Value::as_array);
    let first = all.and_then(|all| all.first());
    let (Some(first), Some(name)) = (first, first.and_then(|first| first.get("ref")?.as_str())) else {
        return scene.say("Você não tem nada marcado.", "You have no appointments.");
    };
    if scene.has(CANCEL) {
        Act::Call("cancel_appointment", json!({"appointment": name, "reason": null}))
    } else if scene.has(MOVE) {
        scene.find(Some(name))
    } else if scene.has(CONFIRM) {
        Act::Call("confirm_appointment", json!({ "appointment": name }))
    } else {
        let when = first.get("when").and_then(Value::as_str).unwrap_or_default();
        scene.say(&format!("Você tem: {when}."), &format!("You have: {when}."))
    }
}

/// The name in "meu nome é Ana Souza, …" or "my name is Ana Souza, …".
fn named(raw: &str) -> Option<String> {
    let lower = raw.to_lowercase();
    let begin = ["meu nome é ", "meu nome e ", "my name is "]
        .iter()
        .find_map(|begin| lower.find(begin).map(|at| at + begin.len()))?;
    let rest: String = raw
        .get(begin..)?
        .split([',', '.', '\n', '!'])
        .next()?
        .trim()
        .to_owned();
    (!rest.is_empty()).then_some(rest)
}

/// The offer that the contact has chosen in words or from the list, or the only one that was made.
fn slot_named(scene: &Scene<'_>) -> Option<String> {
    let users = scene
        .request
        .messages
        .iter()
        .filter(|message| message.role == Role::User);
    let mut chosen = users.filter_map(|message| {
        let text = message.text();
        let rest = text
            .rsplit("[chosen from the list: ")
            .next()
            .filter(|rest| rest.len() < text.len())?;
        Some(rest.split(']').next()?.to_owned())
    });
    if let Some(chosen) = chosen.next_back() {
        let is_fresh = scene.last.is_some() || named(&scene.raw).is_some() || scene.raw.contains("[chosen");
        return is_fresh.then_some(chosen);
    }
    let says = scene
        .request
        .messages
        .iter()
        .rev()
        .filter(|message| message.role == Role::Assistant);
    let offered = says.map(Said::text).find_map(|text| {
        let rest = text.split("[times offered: ").nth(1)?;
        Some(rest.split(']').next()?.to_owned())
    })?;
    let offers: Vec<(&str, &str)> = offered
        .split("; ")
        .filter_map(|offer| offer.split_once(" = "))
        .collect();
    let by_label = offers.iter().find(|(_, label)| has_phrase(&scene.words, label));
    let only = offers
        .first()
        .filter(|_| offers.len() == 1 && scene.has(&["sim", "yes", "pode ser"]));
    by_label.or(only).map(|(name, _)| (*name).to_owned())
}
