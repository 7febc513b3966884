//! What is booked already with those who do a service, and in its rooms.

use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;

use super::busy;
use crate::context::Context;
use crate::error::Error;
use crate::leads::refused;
use crate::scheduling::slots::{Interval, Taken};
use crate::scheduling::{ProfessionalId, ServiceId};

/// The most appointments that are read for one search.
const MOST: u32 = 100_000;
/// Longer than any appointment with its buffers: what begins before does not reach into a range.
const LONGEST: i64 = 2 * 24 * 3_600 * 1_000_000;

/// Appointments that take time within a range: held ones until they expire. `blocked_from` has a lower bound too, so that
/// those of all the years before are not walked through.
macro_rules! taken {
    ($table:literal, $column:literal, $and:literal) => {
        concat!(
            "select l.",
            $column,
            ", a.blocked_from, a.blocked_until from ",
            $table,
            " l
            join appointments a on a.workspace_id = l.workspace_id and a.",
            $column,
            " = l.",
            $column,
            " and a.blocked_from >= $3 and a.blocked_from < $4 and a.blocked_until > $5
                and a.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
                and (a.status <> 'held' or a.hold_expires_at > $6)
            where l.workspace_id = $1 and l.service_id = $2 ",
            $and,
            " limit $7"
        )
    };
}

aurora_core::store::statements! {
    OF_PROFESSIONALS = taken!(
        "service_professionals",
        "professional_id",
        "and (l.professional_id = $8 or $8 is null)"
    );
    OF_ROOMS = taken!("service_rooms", "room_id", "and a.room_id is not null");
}

pub(in crate::scheduling) async fn of_service(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
    professional: Option<ProfessionalId>,
    range: Interval,
    now: Timestamp,
) -> Result<Taken, Error> {
    let times = [range.from - LONGEST, range.until, range.from].map(Timestamp::from_micros);
    let [earliest, until, from] = times;
    let most = i64::from(MOST) + 1;
    let people: Vec<(ProfessionalId, Timestamp, Timestamp)> =
        on_connection!(tx, |tx| sqlx::query_as(OF_PROFESSIONALS)
            .bind(context.workspace)
            .bind(service)
            .bind(earliest)
            .bind(until)
            .bind(from)
            .bind(now)
            .bind(most)
            .bind(professional)
            .fetch_all(&mut *tx))?;
    let rooms = on_connection!(tx, |tx| sqlx::query_as(OF_ROOMS)
        .bind(context.workspace)
        .bind(service)
        .bind(earliest)
        .bind(until)
        .bind(from)
        .bind(now)
        .bind(most)
        .fetch_all(&mut *tx))?;
    let elsewhere = busy::of_service(tx, context, service, professional, from..until, MOST + 1).await?;
    let taken = Taken {
        people,
        elsewhere,
        rooms,
    };
    let counts = [taken.people.len(), taken.elsewhere.len(), taken.rooms.len()];
    if counts.into_iter().any(|count| count > MOST as usize) {
        // What was not read would look free.
        return Err(refused(
            "until",
            "too_many",
            "too much is booked in this time; search a shorter one",
        ));
    }
    Ok(taken)
}
