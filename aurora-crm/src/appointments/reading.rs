use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use chrono::{Days, NaiveDate, NaiveTime};

use super::reminders::at;
use super::{
    Appointment, AppointmentChange, AppointmentFilter, AppointmentId, AppointmentStatus, Appointments, sql,
};
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;
use crate::leads::refused;
use crate::scheduling::ProfessionalId;

/// The most appointments of a day's agenda.
const MOST_OF_DAY: u32 = PageRequest::MAX_LIMIT;

/// What is there.
impl Appointments {
    /// One appointment.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, context: &Context, id: AppointmentId) -> Result<Appointment, Error> {
        let work = sql::get(&self.store, context, id);
        self.store.run(context, "appointments.get", work).await
    }

    /// One appointment of this client.
    ///
    /// # Errors
    /// `NotFound`, also when it is somebody else's.
    pub async fn get_of(
        &self,
        context: &Context,
        client: ClientId,
        id: AppointmentId,
    ) -> Result<Appointment, Error> {
        let work = sql::get_of(&self.store, context, client, id);
        self.store.run(context, "appointments.get_of", work).await
    }

    /// One page of appointments, in the order in which they begin.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list, or a time is out of range.
    pub async fn list(
        &self,
        context: &Context,
        filter: &AppointmentFilter,
        page: &PageRequest,
    ) -> Result<Page<Appointment>, Error> {
        let work = sql::list::page(&self.store, context, filter, page);
        self.store.run(context, "appointments.list", work).await
    }

    /// What a professional has on a day (`agenda do dia`), midnight to midnight where it works, without what was called off; at most 200.
    ///
    /// # Errors
    /// `NotFound` when there is no such professional; `Invalid` for a day that no clock shows.
    pub async fn day(
        &self,
        context: &Context,
        professional: ProfessionalId,
        day: NaiveDate,
    ) -> Result<Vec<Appointment>, Error> {
        let work = async {
            let zone = sql::list::zone(&self.store, context, professional).await?;
            let midnight = |day: NaiveDate| at(day.and_time(NaiveTime::MIN), zone);
            let range = midnight(day).zip(day.checked_add_days(Days::new(1)).and_then(midnight));
            let (from, until) = range.ok_or_else(|| refused("day", "invalid", "no clock shows it"))?;
            let filter = AppointmentFilter::all()
                .professional(professional)
                .begins(from..until);
            let page =
                sql::list::page(&self.store, context, &filter, &PageRequest::first(MOST_OF_DAY)).await?;
            let was_called_off = |appointment: &Appointment| {
                matches!(
                    appointment.status,
                    AppointmentStatus::Cancelled | AppointmentStatus::Rejected | AppointmentStatus::Expired
                )
            };
            let mut agenda = page.items;
            agenda.retain(|appointment| !was_called_off(appointment));
            Ok(agenda)
        };
        self.store.run(context, "appointments.day", work).await
    }

    /// Up to 50 appointments of a client: those that are still to come in order, or all of them with the latest first.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn of_client(
        &self,
        context: &Context,
        client: ClientId,
        upcoming: bool,
    ) -> Result<Vec<Appointment>, Error> {
        let work = sql::list::of_client(&self.store, context, client, upcoming);
        self.store.run(context, "appointments.of_client", work).await
    }

    /// How often a client did not come since a time.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn no_shows(
        &self,
        context: &Context,
        client: ClientId,
        since: Timestamp,
    ) -> Result<u64, Error> {
        let work = sql::no_shows(&self.store, context, client, since);
        self.store.run(context, "appointments.no_shows", work).await
    }

    /// The changes of an appointment, the last one first; at most 500.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn history(
        &self,
        context: &Context,
        id: AppointmentId,
    ) -> Result<Vec<AppointmentChange>, Error> {
        let work = sql::history::of(&self.store, context, id);
        self.store.run(context, "appointments.history", work).await
    }
}
