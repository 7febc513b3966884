use chrono::NaiveDate;

use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::exception::dates;
use crate::scheduling::hours::check_week;
use crate::scheduling::sql::{exceptions, hours};
use crate::scheduling::{HoursException, NewException, Professional, ProfessionalId, Whose, WorkingHours};

/// Working hours and their exceptions.
impl Scheduling {
    /// The weekly hours of a professional, in the order in which a week passes.
    ///
    /// # Errors
    /// `NotFound` when there is no such professional.
    pub async fn hours(&self, context: &Context, id: ProfessionalId) -> Result<Vec<WorkingHours>, Error> {
        let work = hours::list(&self.store, context, id);
        self.store.run(context, "scheduling.hours", work).await
    }

    /// Sets the whole week of a professional that is still at the version that the caller has seen: at most 100 intervals,
    /// on the clock on the wall in the professional's zone. Appointments stay as they are.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every interval that is wrong or overlaps another.
    pub async fn set_hours(
        &self,
        context: &Context,
        id: ProfessionalId,
        expected_version: i64,
        week: Vec<WorkingHours>,
    ) -> Result<Professional, Error> {
        let week = check_week(week)?;
        let work = hours::replace(&self.store, context, id, expected_version, week);
        self.store.run(context, "scheduling.set_hours", work).await
    }

    /// Makes dates exceptions, in the place of those that they were before. The answer tells each date.
    ///
    /// # Errors
    /// `NotFound` when there is no such professional or room; `Invalid` with every wrong field.
    pub async fn except(&self, context: &Context, new: NewException) -> Result<Vec<HoursException>, Error> {
        let whose = new.whose;
        let all = new.check()?;
        let work = exceptions::replace(&self.store, context, whose, all);
        self.store.run(context, "scheduling.except", work).await
    }

    /// The exceptions from the first date up to and with the last, at most 366 dates, in order.
    ///
    /// # Errors
    /// `NotFound` when there is no such professional or room; `Invalid` when the dates are not in order or too many.
    pub async fn exceptions(
        &self,
        context: &Context,
        whose: Whose,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<HoursException>, Error> {
        let mut fields = Fields::default();
        drop(dates(&mut fields, from, until));
        fields.finish(())?;
        let work = exceptions::list(&self.store, context, whose, from, until);
        self.store.run(context, "scheduling.exceptions", work).await
    }

    /// Makes dates as usual again, from the first up to and with the last, at most 366. How many were exceptions.
    ///
    /// # Errors
    /// As [`exceptions`](Self::exceptions).
    pub async fn lift(
        &self,
        context: &Context,
        whose: Whose,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<u64, Error> {
        let mut fields = Fields::default();
        drop(dates(&mut fields, from, until));
        fields.finish(())?;
        let work = exceptions::lift(&self.store, context, whose, from, until);
        self.store.run(context, "scheduling.lift", work).await
    }
}
