//! The words of reminders and offers, in Portuguese and English.

use aurora_core::time::Timestamp;
use chrono::Datelike as _;
use chrono_tz::Tz;

use super::{Answer, choice_id, local};
use crate::appointments::AppointmentId;
use crate::conversations::Choice;

/// The language that a client is written to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// Brazilian Portuguese.
    Portuguese,
    /// English.
    English,
}

impl Language {
    /// That of a BCP 47 tag such as `pt-BR`; English for what is not Portuguese.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let is_portuguese = tag
            .get(..2)
            .is_some_and(|language| language.eq_ignore_ascii_case("pt"));
        if is_portuguese {
            Self::Portuguese
        } else {
            Self::English
        }
    }

    /// As templates name it: `pt_BR` or `en`.
    #[must_use]
    pub const fn template_code(self) -> &'static str {
        match self {
            Self::Portuguese => "pt_BR",
            Self::English => "en",
        }
    }

    const fn reminder(self) -> &'static str {
        match self {
            Self::Portuguese => {
                "Olá, {client}! Lembrete: {service} com {professional}, {day} às {time}. Podemos contar com você?"
            }
            Self::English => {
                "Hello, {client}! A reminder: {service} with {professional}, {day} at {time}. Will you be there?"
            }
        }
    }

    const fn offer(self) -> &'static str {
        match self {
            Self::Portuguese => {
                "Olá, {client}! Abriu um horário para {service} com {professional}: {day} às {time}. Quer ficar com ele? \
                 Guardamos até {until}."
            }
            Self::English => {
                "Hello, {client}! A time for {service} with {professional} is free: {day} at {time}. Would you like it? \
                 We keep it for you until {until}."
            }
        }
    }

    const fn title(self, answer: Answer) -> &'static str {
        match (self, answer) {
            (Self::Portuguese, Answer::Confirm) => "Confirmar",
            (Self::Portuguese, Answer::Move) => "Remarcar",
            (Self::Portuguese, Answer::Cancel) => "Cancelar",
            (Self::English, Answer::Confirm) => "Confirm",
            (Self::English, Answer::Move) => "Another time",
            (Self::English, Answer::Cancel) => "Cancel",
        }
    }

    const fn offer_title(self, takes: bool) -> &'static str {
        match (self, takes) {
            (Self::Portuguese, true) => "Quero",
            (Self::Portuguese, false) => "Não, obrigado",
            (Self::English, true) => "I take it",
            (Self::English, false) => "No, thank you",
        }
    }

    const fn weekday(self, weekday: chrono::Weekday) -> &'static str {
        let names = match self {
            Self::Portuguese => [
                "segunda-feira",
                "terça-feira",
                "quarta-feira",
                "quinta-feira",
                "sexta-feira",
                "sábado",
                "domingo",
            ],
            Self::English => [
                "Monday",
                "Tuesday",
                "Wednesday",
                "Thursday",
                "Friday",
                "Saturday",
                "Sunday",
            ],
        };
        match weekday {
            chrono::Weekday::Mon => names[0],
            chrono::Weekday::Tue => names[1],
            chrono::Weekday::Wed => names[2],
            chrono::Weekday::Thu => names[3],
            chrono::Weekday::Fri => names[4],
            chrono::Weekday::Sat => names[5],
            chrono::Weekday::Sun => names[6],
        }
    }

    /// `segunda-feira, 08/03` or `Monday, 8 March`, on the clocks of `zone`.
    fn day(self, time: Timestamp, zone: Tz) -> String {
        let date = local(time, zone).date_naive();
        let weekday = self.weekday(date.weekday());
        match self {
            Self::Portuguese => format!("{weekday}, {}", date.format("%d/%m")),
            Self::English => format!("{weekday}, {}", date.format("%-d %B")),
        }
    }
}

/// What fills the places of a text.
#[derive(Clone)]
pub(in super::super) struct Words {
    pub(in super::super) language: Language,
    /// The first name of the client.
    pub(in super::super) client: String,
    pub(in super::super) service: String,
    pub(in super::super) professional: String,
    pub(in super::super) starts_at: Timestamp,
    pub(in super::super) zone: Tz,
    /// Until when an offer stands.
    pub(in super::super) until: Option<Timestamp>,
}

impl Words {
    /// The text of a reminder, by the rule's own words where it has some.
    pub(in super::super) fn reminder(&self, own: Option<&str>) -> String {
        self.fill(own.unwrap_or(self.language.reminder()))
    }

    /// The text of an offer.
    pub(in super::super) fn offer(&self) -> String {
        self.fill(self.language.offer())
    }

    /// What fills the places of a template.
    pub(in super::super) fn body(&self) -> Vec<String> {
        let when = match self.language {
            Language::Portuguese => format!("{} às {}", self.day(), self.time(self.starts_at)),
            Language::English => format!("{} at {}", self.day(), self.time(self.starts_at)),
        };
        vec![
            self.client.clone(),
            self.service.clone(),
            self.professional.clone(),
            when,
        ]
    }

    /// What fills the places of the template of an offer: the same, and until when it is kept.
    pub(in super::super) fn offer_body(&self) -> Vec<String> {
        let mut body = self.body();
        body.extend(self.until.map(|until| self.time(until)));
        body
    }

    /// The buttons of a reminder.
    pub(in super::super) fn choices(&self, id: AppointmentId) -> Vec<Choice> {
        let choice = |answer| Choice {
            id: choice_id(id, answer),
            title: self.language.title(answer).to_owned(),
            description: None,
        };
        Answer::ALL.map(choice).into()
    }

    /// The buttons of an offer.
    pub(in super::super) fn offer_choices(&self, id: AppointmentId) -> Vec<Choice> {
        let choice = |answer| Choice {
            id: choice_id(id, answer),
            title: self.language.offer_title(answer == Answer::Confirm).to_owned(),
            description: None,
        };
        [Answer::Confirm, Answer::Cancel].map(choice).into()
    }

    fn day(&self) -> String {
        self.language.day(self.starts_at, self.zone)
    }

    fn time(&self, time: Timestamp) -> String {
        local(time, self.zone).format("%H:%M").to_string()
    }

    /// One pass, so that a name with braces in it is left as it is.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            filled.push_str(before);
            let place = from.find('}').map(|close| from.split_at(close + 1));
            let value = place.and_then(|(name, after)| Some((self.place(name)?, after)));
            match value {
                Some((value, after)) => {
                    filled.push_str(&value);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = from.get(1..).unwrap_or_default();
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    fn place(&self, name: &str) -> Option<String> {
        Some(match name {
            "{client}" => self.client.clone(),
            "{service}" => self.service.clone(),
            "{professional}" => self.professional.clone(),
            "{day}" => self.day(),
            "{time}" => self.time(self.starts_at),
            "{until}" => self.time(self.until?),
            _ => return None,
        })
    }
}
