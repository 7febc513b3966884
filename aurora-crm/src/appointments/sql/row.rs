use aurora_core::store;
use aurora_core::time::Timestamp;
use chrono_tz::Tz;

use crate::appointments::{Appointment, AppointmentId};
use crate::clients::ClientId;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId};

macro_rules! columns {
    () => {
        "id, client_id, service_id, professional_id, room_id, starts_at, ends_at, blocked_from, blocked_until, time_zone,
            status, hold_expires_at, reminded_at, acknowledged_at, reason, note, fee_due, moves, plan, version, created_at,
            updated_at"
    };
}

pub(super) use columns;

/// An appointment with what only its reminders go by.
#[derive(Clone)]
pub(in super::super) struct Stored {
    pub(in super::super) appointment: Appointment,
    pub(in super::super) plan: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: AppointmentId,
    client_id: ClientId,
    service_id: ServiceId,
    professional_id: ProfessionalId,
    room_id: Option<RoomId>,
    pub(super) starts_at: Timestamp,
    ends_at: Timestamp,
    blocked_from: Timestamp,
    blocked_until: Timestamp,
    time_zone: String,
    status: String,
    hold_expires_at: Option<Timestamp>,
    reminded_at: Option<Timestamp>,
    acknowledged_at: Option<Timestamp>,
    reason: Option<String>,
    note: Option<String>,
    fee_due: bool,
    moves: i64,
    plan: i64,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    pub(super) const fn key(&self) -> (i64, AppointmentId) {
        (self.starts_at.as_micros(), self.id)
    }
}

impl TryFrom<Row> for Stored {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let time_zone: Tz = row
            .time_zone
            .parse()
            .map_err(|_| store::Error::corrupt("not a time zone"))?;
        let appointment = Appointment {
            id: row.id,
            client_id: row.client_id,
            service_id: row.service_id,
            professional_id: row.professional_id,
            room_id: row.room_id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            blocked_from: row.blocked_from,
            blocked_until: row.blocked_until,
            time_zone,
            status: row
                .status
                .parse()
                .map_err(|error: &'static str| store::Error::corrupt(error))?,
            hold_expires_at: row.hold_expires_at,
            reminded_at: row.reminded_at,
            acknowledged_at: row.acknowledged_at,
            reason: row.reason,
            note: row.note,
            fee_due: row.fee_due,
            moves: row.moves,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(Self {
            appointment,
            plan: row.plan,
        })
    }
}
