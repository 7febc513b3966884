use std::fmt;

use serde::{Deserialize, Serialize};

use crate::assistant::language::Language;

/// Something that is answered with a fixed text before any model is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Topic {
    /// A word for records, up to 40 characters of `a–z 0–9 _`.
    pub name: String,
    /// What shows that it is meant: words or phrases, compared without case and accents, whole words alone. Up to 100.
    pub phrases: Vec<String>,
    /// What is said in Portuguese, up to 1,000 characters.
    pub reply_pt: String,
    /// What is said in English, up to 1,000 characters.
    pub reply_en: String,
    /// Whether a person takes over then.
    pub hands_over: bool,
}

impl Topic {
    /// A topic that a person takes over.
    #[must_use]
    pub fn new(name: impl Into<String>, reply_pt: impl Into<String>, reply_en: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            phrases: Vec::new(),
            reply_pt: reply_pt.into(),
            reply_en: reply_en.into(),
            hands_over: true,
        }
    }

    /// One more word or phrase.
    #[must_use]
    pub fn phrase(mut self, text: impl Into<String>) -> Self {
        self.phrases.push(text.into());
        self
    }

    /// A medical emergency (`urgência`): the public ambulance service SAMU is rung at 192 (Portaria GM/MS 1.010/2012).
    #[must_use]
    pub fn emergency() -> Self {
        let topic = Self::new(
            "emergency",
            "Se isto é uma emergência, ligue agora para o SAMU: 192, ou vá ao pronto-socorro mais próximo. \
             Já chamei uma pessoa da equipe para ver a sua mensagem.",
            "If this is an emergency, ring the ambulance now (SAMU: 192), or go to the nearest emergency room. \
             I have called somebody of our staff to see your message.",
        );
        EMERGENCY
            .iter()
            .fold(topic, |topic, phrase| topic.phrase(*phrase))
    }

    /// Thoughts of suicide: the line of the Centro de Valorização da Vida is 188, day and night and free of charge.
    #[must_use]
    pub fn despair() -> Self {
        let topic = Self::new(
            "despair",
            "Sinto muito que você esteja passando por isso. Você pode falar agora, de graça, com o CVV pelo 188. \
             Em perigo imediato, ligue 192. Já chamei uma pessoa da equipe.",
            "I am sorry that you are going through this. You can talk to somebody now, free of charge: CVV, 188. \
             In immediate danger ring 192. I have called somebody of our staff.",
        );
        DESPAIR.iter().fold(topic, |topic, phrase| topic.phrase(*phrase))
    }

    pub(in crate::assistant) fn reply(&self, language: Language) -> &str {
        match language {
            Language::Portuguese => &self.reply_pt,
            Language::English => &self.reply_en,
        }
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("name", &self.name)
            .field("hands_over", &self.hands_over)
            .finish_non_exhaustive()
    }
}

const EMERGENCY: &[&str] = &[
    "emergência",
    "dor no peito",
    "dor forte no peito",
    "falta de ar",
    "não consigo respirar",
    "não está respirando",
    "infarto",
    "infartando",
    "avc",
    "derrame",
    "convulsão",
    "convulsionando",
    "desmaiou",
    "inconsciente",
    "sangrando muito",
    "hemorragia",
    "overdose",
    "envenenamento",
    "engasgado",
    "emergency",
    "chest pain",
    "cannot breathe",
    "can't breathe",
    "heart attack",
    "stroke",
    "seizure",
    "unconscious",
    "bleeding heavily",
    "choking",
];

const DESPAIR: &[&str] = &[
    "suicídio",
    "me matar",
    "quero morrer",
    "tirar minha vida",
    "acabar com a minha vida",
    "suicide",
    "kill myself",
    "want to die",
    "end my life",
];
