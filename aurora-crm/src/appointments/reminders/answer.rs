use crate::appointments::{Appointment, AppointmentId};
use crate::conversations::Content;

/// What a client can answer to a reminder or an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// It comes; of an offer: it takes it.
    Confirm,
    /// It wants another time.
    Move,
    /// It does not come; of an offer: it does not take it.
    Cancel,
}

impl Answer {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Confirm, Self::Move, Self::Cancel];

    const fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Move => "move",
            Self::Cancel => "cancel",
        }
    }
}

/// The id of the button with this answer: `apt:<id>:confirm`.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_crm::appointments::{Answer, AppointmentId, answer_of, choice_id};
/// use aurora_crm::conversations::Content;
///
/// let id = AppointmentId::new(Timestamp::UNIX_EPOCH);
/// let chosen = Content::Chosen { id: choice_id(id, Answer::Cancel), title: "Cancelar".to_owned() };
/// assert_eq!(answer_of(&chosen), Some((id, Answer::Cancel)));
/// assert_eq!(answer_of(&Content::text("apt:1:confirm")), None);
/// ```
#[must_use]
pub fn choice_id(id: AppointmentId, answer: Answer) -> String {
    format!("apt:{id}:{}", answer.word())
}

/// The appointment that a message of a contact answers about, and what it says; `None` when it is no such answer. Anybody can send any
/// id: [`Appointments::respond`](crate::appointments::Appointments::respond) looks whose appointment it is.
#[must_use]
pub fn answer_of(content: &Content) -> Option<(AppointmentId, Answer)> {
    let Content::Chosen { id, .. } = content else {
        return None;
    };
    let (id, word) = id.strip_prefix("apt:")?.rsplit_once(':')?;
    let answer = Answer::ALL.into_iter().find(|answer| answer.word() == word)?;
    Some((id.parse().ok()?, answer))
}

/// What an answer has led to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answered {
    /// It is written down that the client comes.
    Acknowledged(Appointment),
    /// The offered time is the client's: confirmed, or requested where a person has yet to agree.
    Taken(Appointment),
    /// It is cancelled; an offer goes to the next.
    Cancelled(Appointment),
    /// The client wants another time: nothing has changed yet, offer it some.
    WantsToMove(Appointment),
}
