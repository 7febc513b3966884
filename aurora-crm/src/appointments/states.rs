//! Which state may follow which, who may bring it about, and when. Nothing here knows the database.

use aurora_core::time::Timestamp;

use super::AppointmentStatus::{
    self, Cancelled, CheckedIn, Completed, Confirmed, Expired, Held, InProgress, NoShow, Rejected, Requested,
};
use super::{Actor, Appointment, AppointmentPolicy};
use crate::clients::OwnerId;
use crate::error::Error;
use crate::leads::refused;

impl AppointmentStatus {
    /// Whether nothing follows, but for a correction by a person.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !self.blocks()
    }

    /// Whether `next` may follow. A change of time is no change of state: see [`AppointmentStatus::may_move`].
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Held => matches!(next, Requested | Confirmed | Cancelled | Expired),
            Requested => matches!(next, Confirmed | Cancelled | Rejected | Expired),
            Confirmed => matches!(next, CheckedIn | InProgress | Cancelled | NoShow),
            CheckedIn => matches!(next, InProgress | Completed | Cancelled | NoShow),
            InProgress => matches!(next, Completed),
            Completed | Cancelled | NoShow | Rejected | Expired => false,
        }
    }

    /// Whether it can be put to another time.
    #[must_use]
    pub const fn may_move(self) -> bool {
        matches!(self, Requested | Confirmed)
    }
}

impl Appointment {
    /// The states that a person of the workspace may give it now, in the order of [`AppointmentStatus::ALL`], but for those that
    /// are brought about by clients (`requested`) and by the clock (`expired`). Empty when nothing follows; a correction is no
    /// next state.
    #[must_use]
    pub fn allowed_to(&self, person: OwnerId, now: Timestamp) -> Vec<AppointmentStatus> {
        let question = Question {
            status: self.status,
            starts_at: self.starts_at,
            hold_expires_at: self.hold_expires_at,
            actor: Actor::Staff(person),
            now,
            // What a workspace allows binds its clients alone.
            policy: &AppointmentPolicy::default(),
            confirms_itself: false,
        };
        AppointmentStatus::ALL
            .into_iter()
            .filter(|next| !matches!(next, Requested | Expired) && question.step(*next).is_ok())
            .collect()
    }
}

/// What is asked, with all that the answer depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) status: AppointmentStatus,
    pub(super) starts_at: Timestamp,
    pub(super) hold_expires_at: Option<Timestamp>,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    pub(super) policy: &'a AppointmentPolicy,
    /// Whether what a client books of this service needs nobody to agree.
    pub(super) confirms_itself: bool,
}

impl Question<'_> {
    /// Whether the appointment may become `next` now, by this actor.
    ///
    /// # Errors
    /// `Invalid` with the code `illegal_transition`, `not_allowed`, `too_early` or `too_late`.
    pub(super) fn step(&self, next: AppointmentStatus) -> Result<(), Error> {
        if !self.status.may_become(next) {
            let message = format_args!("{} is never followed by {next}", self.status);
            return Err(refused("status", "illegal_transition", message));
        }
        let is_actors = match self.actor {
            Actor::Staff(_) => true,
            Actor::Client => match (self.status, next) {
                (Held, Confirmed) => self.confirms_itself,
                (Held, Requested) | (Held | Requested | Confirmed, Cancelled) => true,
                _ => false,
            },
            Actor::Calendar => matches!(next, Cancelled),
            Actor::Clock => matches!(next, Expired),
        };
        if !is_actors {
            let message = format_args!("the {} may not make it {next}", self.actor.as_str());
            return Err(refused("status", "not_allowed", message));
        }
        match next {
            Expired if !self.has_expired() => Err(refused(
                "status",
                "too_early",
                "it has not expired: its hold goes on, or nobody answered and it has not begun",
            )),
            NoShow if self.now < self.starts_at => Err(refused(
                "status",
                "too_early",
                "nobody can be missed before the beginning",
            )),
            Confirmed | Requested if self.status == Held && self.has_expired() => Err(refused(
                "status",
                "too_late",
                "the hold has expired: the time may be another's by now",
            )),
            Cancelled => self.check_notice(),
            _ => Ok(()),
        }
    }

    /// Whether the appointment may be put to another time now by this actor, and the state that it then has: what a client moves
    /// waits for a person again where the service asks for that.
    ///
    /// # Errors
    /// As [`Question::step`].
    pub(super) fn reschedule(&self) -> Result<AppointmentStatus, Error> {
        if !self.status.may_move() {
            let message = format_args!("{} is never put to another time", self.status);
            return Err(refused("status", "illegal_transition", message));
        }
        match self.actor {
            Actor::Clock => Err(refused("status", "not_allowed", "the clock moves nothing")),
            Actor::Staff(_) | Actor::Calendar => Ok(self.status),
            Actor::Client => {
                self.check_notice()?;
                Ok(if self.confirms_itself {
                    self.status
                } else {
                    Requested
                })
            }
        }
    }

    /// Whether the client may say that it comes.
    ///
    /// # Errors
    /// As [`Question::step`].
    pub(super) fn acknowledge(&self) -> Result<(), Error> {
        match self.actor {
            Actor::Clock | Actor::Calendar => Err(refused(
                "status",
                "not_allowed",
                "a client says that it comes, or a person for it",
            )),
            _ if self.status != Confirmed => Err(refused(
                "status",
                "illegal_transition",
                "only what is confirmed can be acknowledged",
            )),
            _ if self.now >= self.starts_at => Err(refused("status", "too_late", "it has begun already")),
            _ => Ok(()),
        }
    }

    /// The state of a new appointment: held, or what the actor may make it at once.
    ///
    /// # Errors
    /// `Invalid` with the code `not_allowed`.
    pub(super) fn first(
        actor: Actor,
        is_held: bool,
        confirms_itself: bool,
    ) -> Result<AppointmentStatus, Error> {
        match actor {
            Actor::Client | Actor::Staff(_) if is_held => Ok(Held),
            Actor::Staff(_) => Ok(Confirmed),
            Actor::Client if confirms_itself => Ok(Confirmed),
            Actor::Client => Ok(Requested),
            Actor::Calendar | Actor::Clock => Err(refused(
                "actor",
                "not_allowed",
                "clients and persons of the workspace book",
            )),
        }
    }

    fn has_expired(&self) -> bool {
        match self.status {
            Held => self.hold_expires_at.is_none_or(|until| until <= self.now),
            _ => self.starts_at <= self.now,
        }
    }

    /// What is agreed is called off or moved by its client up to the notice time alone.
    fn check_notice(&self) -> Result<(), Error> {
        let is_late = self.actor == Actor::Client
            && self.status == Confirmed
            && self.now + self.policy.cancel_notice() > self.starts_at;
        if is_late {
            let message = format_args!(
                "a client changes it up to {} hours before it begins",
                self.policy.cancel_notice_hours
            );
            return Err(refused("starts_at", "too_late", message));
        }
        Ok(())
    }
}

/// Whether a person may correct a state that nothing follows: to any other but those of the clock and of holds.
///
/// # Errors
/// `Invalid` with the code `illegal_transition`.
pub(super) fn correction(from: AppointmentStatus, to: AppointmentStatus) -> Result<(), Error> {
    if from.is_terminal() && from != to && !matches!(to, Held | Expired) {
        return Ok(());
    }
    Err(refused(
        "status",
        "illegal_transition",
        format_args!("{from} is not corrected to {to}"),
    ))
}
