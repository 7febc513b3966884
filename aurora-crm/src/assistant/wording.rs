//! What is said without a model, in Portuguese and English.

use super::language::Language;
use super::offer::Offer;
use super::settings::AssistantSettings;
use super::tools::Effect;
use crate::conversations::{Choice, Content, ListSection};

/// The most characters of a question with a list (WhatsApp Cloud API, interactive list messages).
const LIST_BODY: usize = 1_024;
const ROW_TITLE: usize = 24;
const ROW_DESCRIPTION: usize = 72;

impl Language {
    const fn of(self, portuguese: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Portuguese => portuguese,
            Self::English => english,
        }
    }

    pub(super) const fn hands_over(self) -> &'static str {
        self.of(
            "Vou passar a conversa para uma pessoa da equipe, que responde por aqui assim que puder.",
            "I am handing over to somebody of our staff, who will answer here as soon as possible.",
        )
    }

    pub(super) const fn cannot_answer(self) -> &'static str {
        self.of(
            "Não estou conseguindo responder agora. Uma pessoa da equipe já foi avisada e responde por aqui.",
            "I cannot answer at the moment. Somebody of our staff has been told and will answer here.",
        )
    }

    pub(super) const fn regrets(self) -> &'static str {
        self.of(
            "Com isso eu não posso ajudar por aqui. Posso ver horários, marcar, remarcar ou cancelar, ou chamar uma pessoa da equipe.",
            "I cannot help with that here. I can look for times, book, move or cancel, or call somebody of our staff.",
        )
    }

    const fn list_button(self) -> &'static str {
        self.of("Ver horários", "See times")
    }
}

/// The reply to something that was done, where no model's words are at hand.
pub(super) fn done(effect: &Effect, language: Language) -> Option<String> {
    let portuguese = language == Language::Portuguese;
    let text = match effect {
        Effect::Booked {
            service, when, waits, ..
        } => match (portuguese, waits) {
            (true, false) => format!("Pronto! {service} marcado(a) para {when}. Até lá!"),
            (true, true) => {
                format!("Recebi o seu pedido: {service}, {when}. A equipe confirma por aqui.")
            }
            (false, false) => format!("Done! {service} is booked for {when}. See you then!"),
            (false, true) => {
                format!("I have your request: {service}, {when}. Our staff will confirm it here.")
            }
        },
        Effect::Moved { service, when, .. } if portuguese => {
            format!("Pronto! {service} remarcado(a) para {when}.")
        }
        Effect::Moved { service, when, .. } => format!("Done! {service} is moved to {when}."),
        Effect::Cancelled { service, when, .. } if portuguese => {
            format!("Certo, {service} de {when} foi cancelado(a). Quer ver outro horário?")
        }
        Effect::Cancelled { service, when, .. } => {
            format!("All right, {service} on {when} is cancelled. Shall I look for another time?")
        }
        Effect::Confirmed { service, when, .. } if portuguese => {
            format!("Obrigado por confirmar! Esperamos você: {service}, {when}.")
        }
        Effect::Confirmed { service, when, .. } => {
            format!("Thank you for confirming! See you: {service}, {when}.")
        }
        Effect::Registered { .. } if portuguese => "Pronto, o seu cadastro está feito.".to_owned(),
        Effect::Registered { .. } => "Done, you are registered.".to_owned(),
        Effect::Waiting if portuguese => "Pronto! Você está na lista de espera.".to_owned(),
        Effect::Waiting => "Done! You are on the waiting list.".to_owned(),
        Effect::Nothing | Effect::Offered { .. } | Effect::Found { .. } | Effect::HandOver { .. } => {
            return None;
        }
    };
    Some(text)
}

/// A reply under which times are offered as a list, where it fits.
pub(super) fn with_offers(text: String, offers: &[Offer], service: &str, language: Language) -> Content {
    if offers.is_empty() || text.chars().nth(LIST_BODY).is_some() {
        return Content::Text { body: text };
    }
    let rows = offers
        .iter()
        .map(|offer| Choice {
            id: offer.choice(),
            title: offer.label.chars().take(ROW_TITLE).collect(),
            description: Some(service.chars().take(ROW_DESCRIPTION).collect()),
        })
        .collect();
    Content::List {
        body: text,
        button: language.list_button().to_owned(),
        sections: vec![ListSection { title: None, rows }],
    }
}

/// What is said when the conversation is handed over, if anything.
pub(super) fn notice(language: Language) -> Content {
    Content::text(language.hands_over())
}

/// What is said outside of the hours, if anything.
pub(super) fn away(settings: &AssistantSettings) -> Option<Content> {
    match &settings.away {
        super::settings::Away::Say(text) => Some(Content::text(text.trim())),
        super::settings::Away::Wait => None,
    }
}
