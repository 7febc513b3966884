use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Shift;
use crate::activities::paragraphs;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::ServiceId;

/// Names a rule of reminders: `rrl_` and 32 hexadecimal digits.
pub type ReminderRuleId = Id<ReminderRule>;

const MAX_TEXT: usize = 900;
/// As long as the name of a template can be.
pub(in super::super) const MAX_TEMPLATE: usize = 512;
/// 30 days.
const LONGEST: u32 = 30 * 24 * 60;

/// When clients are reminded, and in which words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReminderRule {
    /// Its name for programs.
    pub id: ReminderRuleId,
    /// Of this service alone; otherwise of every service that has no rules of its own.
    pub service_id: Option<ServiceId>,
    /// How many minutes before the beginning, 5 to 43,200.
    pub minutes_before: u32,
    /// Where it goes when that is in quiet hours.
    pub shift: Shift,
    /// What the approved template is called that is sent when free texts are not allowed. Its body has four places: the client,
    /// the service, the professional, day and time; its three quick replies confirm, move and cancel.
    pub template: Option<String>,
    /// The words in Portuguese; those of the program unless told.
    pub text_pt: Option<String>,
    /// The words in English; those of the program unless told.
    pub text_en: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl IdKind for ReminderRule {
    const PREFIX: &'static str = "rrl";
}

/// What is needed to make a rule.
///
/// # Examples
/// ```
/// use aurora_crm::appointments::NewReminderRule;
///
/// let day_before = NewReminderRule::before(24 * 60).template("lembrete_consulta");
/// let soon = NewReminderRule::before(2 * 60)
///     .text_pt("{client}, {service} é hoje às {time} com {professional}.");
/// # drop((day_before, soon));
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReminderRule {
    minutes_before: u32,
    #[serde(default)]
    service: Option<ServiceId>,
    #[serde(default)]
    shift: Shift,
    #[serde(default)]
    template: Option<String>,
    #[serde(default)]
    text_pt: Option<String>,
    #[serde(default)]
    text_en: Option<String>,
}

impl NewReminderRule {
    /// So many minutes before the beginning, 5 to 43,200.
    #[must_use]
    pub const fn before(minutes: u32) -> Self {
        Self {
            minutes_before: minutes,
            service: None,
            shift: Shift::Earlier,
            template: None,
            text_pt: None,
            text_en: None,
        }
    }

    /// Of this service alone. A service with rules of its own has those and no others.
    #[must_use]
    pub const fn service(mut self, id: ServiceId) -> Self {
        self.service = Some(id);
        self
    }

    /// Where it goes when its time is in quiet hours; earlier unless told.
    #[must_use]
    pub const fn shift(mut self, shift: Shift) -> Self {
        self.shift = shift;
        self
    }

    /// The approved template for when free texts are not allowed.
    #[must_use]
    pub fn template(mut self, name: impl Into<String>) -> Self {
        self.template = Some(name.into());
        self
    }

    /// The words in Portuguese, up to 900 characters, with `{client}`, `{service}`, `{professional}`, `{day}` and `{time}` for
    /// what they stand for.
    #[must_use]
    pub fn text_pt(mut self, text: impl Into<String>) -> Self {
        self.text_pt = Some(text.into());
        self
    }

    /// The words in English.
    #[must_use]
    pub fn text_en(mut self, text: impl Into<String>) -> Self {
        self.text_en = Some(text.into());
        self
    }

    pub(in super::super) fn check(self, now: Timestamp) -> Result<ReminderRule, Error> {
        let mut fields = Fields::default();
        if !(5..=LONGEST).contains(&self.minutes_before) {
            fields.refuse(
                "minutes_before",
                "invalid",
                format_args!("must be within 5 and {LONGEST}"),
            );
        }
        let template = fields.optional_line("template", self.template.as_deref(), MAX_TEMPLATE);
        let mut words = |field: &str, text: Option<String>| {
            text.and_then(|text| paragraphs(&mut fields, field, &text, MAX_TEXT))
        };
        let text_pt = words("text_pt", self.text_pt);
        let text_en = words("text_en", self.text_en);
        fields.finish(ReminderRule {
            id: ReminderRuleId::new(now),
            service_id: self.service,
            minutes_before: self.minutes_before,
            shift: self.shift,
            template,
            text_pt,
            text_en,
            created_at: now,
        })
    }
}

impl fmt::Debug for NewReminderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewReminderRule")
            .field("minutes_before", &self.minutes_before)
            .finish_non_exhaustive()
    }
}
