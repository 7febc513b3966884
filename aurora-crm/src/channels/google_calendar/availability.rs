//! Asking Google itself whether a time is free, at the moment of booking.

use std::time::Duration;

use aurora_core::resilience::Deadline;
use aurora_core::store::Connection;
use aurora_core::time::Timestamp;

use super::handle::GoogleCalendar;
use super::sql::events;
use super::sql::links::{self, Stored};
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::ProfessionalId;
use crate::store::reading;

/// How long a booking waits for Google.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether a time is free in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Availability {
    /// It is.
    Free,
    /// Something other than our own appointments stands there.
    Taken,
    /// There is no calendar, or Google does not tell in time. What was read of it last still holds.
    Unknown,
}

impl GoogleCalendar {
    /// Asks Google whether a professional is free between two times (`freebusy.query`), for those who do not want to trust what
    /// was read some minutes ago. Call it before booking; the booking itself calls nobody. It waits for 3 s at most, or until the
    /// context's deadline.
    ///
    /// # Errors
    /// Only what keeps the database from answering: a Google that fails is [`Availability::Unknown`].
    pub async fn availability(
        &self,
        context: &Context,
        professional: ProfessionalId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Availability, Error> {
        let work = async {
            let stored = reading!(self.store, context, |tx| {
                links::of_professional(&mut (&mut *tx).into(), context, professional).await
            })?;
            let Some(stored) = stored.filter(Stored::is_active) else {
                return Ok(Availability::Unknown);
            };
            let Ok(client) = self.clients.of(context.workspace, &stored).await else {
                return Ok(Availability::Unknown);
            };
            let deadline = Deadline::after(&**self.store.clock(), PATIENCE).earlier(context.deadline);
            let calendar = stored.link.calendar_id.as_str();
            let told = client.free_busy(&[calendar], (from, to), deadline).await;
            let Some(Ok(busy)) = told.ok().and_then(|mut told| told.remove(calendar)) else {
                return Ok(Availability::Unknown);
            };
            let own = reading!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                Ok(events::present(&mut tx, context, stored.link.id, (from, to)).await?)
            })?;
            let own: Vec<_> = own.iter().map(|known| (known.starts_at, known.ends_at)).collect();
            let busy = busy.iter().map(|busy| (busy.start, busy.end));
            let is_taken = busy.into_iter().any(|busy| is_more_than(busy, &own, (from, to)));
            Ok(if is_taken {
                Availability::Taken
            } else {
                Availability::Free
            })
        };
        self.store.run(context, "calendar.availability", work).await
    }
}

/// Whether a busy time, cut to the question, has a part that none of the own appointments explains.
fn is_more_than(
    (start, end): (Timestamp, Timestamp),
    own: &[(Timestamp, Timestamp)],
    (from, to): (Timestamp, Timestamp),
) -> bool {
    let mut left = vec![(start.max(from), end.min(to))];
    for (own_start, own_end) in own {
        left = left
            .into_iter()
            .flat_map(|(start, end)| [(start, end.min(*own_start)), (start.max(*own_end), end)])
            .filter(|(start, end)| start < end)
            .collect();
    }
    left.iter().any(|(start, end)| start < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_busy_time_without_the_own_appointments() {
        let at = Timestamp::from_secs;
        let range = (at(0), at(100));
        let own = [(at(10), at(20)), (at(20), at(30))];
        for (busy, is_taken) in [
            ((10, 30), false),
            ((12, 18), false),
            ((9, 30), true),
            ((10, 31), true),
            ((40, 50), true),
            ((-50, 0), false),
            ((100, 200), false),
            ((-50, 10), true),
        ] {
            let busy = (at(busy.0), at(busy.1));
            assert_eq!(is_more_than(busy, &own, range), is_taken, "{busy:?}");
        }
        assert!(is_more_than((at(0), at(1)), &[], range));
    }
}
