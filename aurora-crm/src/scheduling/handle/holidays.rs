use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::exception::dates;
use crate::scheduling::sql::holidays as sql;
use crate::scheduling::{Holiday, HolidayRules, LocalHoliday, LocalHolidayId, NationalHoliday, NewHoliday};

/// Holidays.
impl Scheduling {
    /// Which holidays the workspace closes on, and which it has added.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn holiday_rules(&self, context: &Context) -> Result<HolidayRules, Error> {
        let work = sql::rules(&self.store, context);
        self.store.run(context, "scheduling.holiday_rules", work).await
    }

    /// Every holiday from the first date up to and with the last, at most 366 dates, in order, with whether the workspace
    /// closes.
    ///
    /// # Errors
    /// `Invalid` when the dates are not in order or too many.
    pub async fn holidays(
        &self,
        context: &Context,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<Holiday>, Error> {
        let mut fields = Fields::default();
        drop(dates(&mut fields, from, until));
        fields.finish(())?;
        Ok(self.holiday_rules(context).await?.between(from, until))
    }

    /// Says which of the nation's holidays the workspace closes on; 0 is the version before anything was said.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace; `Conflict` with the stored version.
    pub async fn set_closing(
        &self,
        context: &Context,
        expected_version: i64,
        closes: BTreeSet<NationalHoliday>,
    ) -> Result<HolidayRules, Error> {
        let work = sql::set_closing(&self.store, context, expected_version, closes);
        self.store.run(context, "scheduling.set_closing", work).await
    }

    /// Adds a holiday of the state, the town or the house; a workspace can have 200.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` when there is one on the same days; `NotFound` when there is no such
    /// workspace.
    pub async fn add_holiday(&self, context: &Context, new: NewHoliday) -> Result<LocalHoliday, Error> {
        let holiday = new.check(self.store.now())?;
        let work = sql::add(&self.store, context, holiday);
        self.store.run(context, "scheduling.add_holiday", work).await
    }

    /// Removes a holiday that the workspace has added.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_holiday(&self, context: &Context, id: LocalHolidayId) -> Result<(), Error> {
        let work = sql::remove(&self.store, context, id);
        self.store.run(context, "scheduling.remove_holiday", work).await
    }
}
