//! Appointments of the contact: made, moved, called off, confirmed, listed.

use serde_json::json;

use super::Effect;
use super::arguments::{BookAppointment, CancelAppointment, ConfirmAppointment, RescheduleAppointment};
use super::visit::{Refusal, Told, Visit, reference};
use crate::appointments::{Appointment, AppointmentStatus};
use crate::assistant::offer::Offer;
use crate::clients::ClientId;

impl Visit<'_> {
    pub(super) async fn book(&self, asked: BookAppointment) -> Told {
        let client = self.client()?;
        let offer = self.offer(&asked.slot).await?;
        if let Some(moved) = offer.moves {
            // It was offered for an appointment that there is: another one beside it was not asked for.
            return self.move_to(&reference(moved), &offer).await;
        }
        let made = match self.booked(client, &offer).await? {
            Some(there) => there,
            None => self.desk.book(self.context, client, &offer, self.key).await?,
        };
        let waits = made.status == AppointmentStatus::Requested;
        Ok((
            json!({"booked": self.told(&made)}),
            Effect::Booked {
                appointment: made.id,
                service: self.service_name(&made),
                when: self.when(&made),
                waits,
            },
        ))
    }

    /// The appointment that the client has at that very time: a list stays where it is, and is tapped twice.
    async fn booked(&self, client: ClientId, offer: &Offer) -> Result<Option<Appointment>, Refusal> {
        let own = self.desk.appointments(self.context, client).await?;
        // A time that is only held for the client has yet to be booked.
        let is_live = |it: &Appointment| it.status.blocks() && it.status != AppointmentStatus::Held;
        Ok(own.into_iter().find(|it| {
            it.client_id == client
                && it.service_id == offer.service_id
                && it.professional_id == offer.professional_id
                && it.starts_at == offer.starts_at
                && is_live(it)
        }))
    }

    pub(super) async fn reschedule(&self, asked: RescheduleAppointment) -> Told {
        let offer = self.offer(&asked.slot).await?;
        self.move_to(&asked.appointment, &offer).await
    }

    async fn move_to(&self, name: &str, offer: &Offer) -> Told {
        let appointment = self.own(name).await?;
        if appointment.service_id != offer.service_id {
            return Err(Refusal::told("that time was offered for another service"));
        }
        // It was moved already, and only writing that down had failed.
        let is_there =
            appointment.starts_at == offer.starts_at && appointment.professional_id == offer.professional_id;
        let moved = if is_there {
            appointment
        } else {
            self.desk.reschedule(self.context, &appointment, offer).await?
        };
        Ok((
            json!({"moved": self.told(&moved)}),
            Effect::Moved {
                appointment: moved.id,
                service: self.service_name(&moved),
                when: self.when(&moved),
            },
        ))
    }

    pub(super) async fn cancel(&self, asked: CancelAppointment) -> Told {
        let appointment = self.own(&asked.appointment).await?;
        let reason: Option<String> = asked.reason.map(|reason| reason.chars().take(200).collect());
        let cancelled = if appointment.status == AppointmentStatus::Cancelled {
            appointment
        } else {
            self.desk
                .cancel(self.context, &appointment, reason.as_deref())
                .await?
        };
        Ok((
            json!({"cancelled": self.told(&cancelled)}),
            Effect::Cancelled {
                appointment: cancelled.id,
                service: self.service_name(&cancelled),
                when: self.when(&cancelled),
            },
        ))
    }

    pub(super) async fn confirm(&self, asked: ConfirmAppointment) -> Told {
        let appointment = self.own(&asked.appointment).await?;
        let confirmed = if appointment.acknowledged_at.is_some() {
            appointment
        } else {
            self.desk.confirm(self.context, &appointment).await?
        };
        Ok((
            json!({"confirmed": self.told(&confirmed)}),
            Effect::Confirmed {
                appointment: confirmed.id,
                service: self.service_name(&confirmed),
                when: self.when(&confirmed),
            },
        ))
    }

    pub(super) async fn mine(&self) -> Told {
        let client = self.client()?;
        let mut own = self.desk.appointments(self.context, client).await?;
        own.retain(|appointment| {
            appointment.client_id == client && appointment.status.blocks() && appointment.ends_at > self.now
        });
        own.sort_by_key(|appointment| appointment.starts_at);
        let told: Vec<_> = own
            .iter()
            .take(20)
            .map(|appointment| self.told(appointment))
            .collect();
        Ok((json!({"appointments": told}), Effect::Nothing))
    }

    fn told(&self, appointment: &Appointment) -> serde_json::Value {
        let professionals = &self.catalogue.professionals;
        let with = professionals
            .iter()
            .find(|it| it.id == appointment.professional_id);
        json!({
            "ref": reference(appointment.id),
            "when": self.when(appointment),
            "service": self.service_name(appointment),
            "professional": with.map(|professional| professional.name.as_str()),
            "status": appointment.status.as_str(),
        })
    }
}
