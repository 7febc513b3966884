use aurora_core::page::{Page, PageRequest};

use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::sql::professionals as sql;
use crate::scheduling::{Listed, NewProfessional, Professional, ProfessionalChange, ProfessionalId};

/// Professionals.
impl Scheduling {
    /// Makes a professional.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` when an active one has the name; `NotFound` for a workspace that there
    /// is not.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it either made or not made, as with every change here.
    pub async fn create_professional(
        &self,
        context: &Context,
        new: NewProfessional,
    ) -> Result<Professional, Error> {
        let now = self.store.now();
        let work = sql::insert(&self.store, context, new, now);
        self.store
            .run(context, "scheduling.create_professional", work)
            .await
    }

    /// One professional, active or not.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn professional(&self, context: &Context, id: ProfessionalId) -> Result<Professional, Error> {
        let work = sql::get(&self.store, context, id);
        self.store.run(context, "scheduling.professional", work).await
    }

    /// One page of professionals, in order of their names without regard to case.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn professionals(
        &self,
        context: &Context,
        listed: Listed,
        page: &PageRequest,
    ) -> Result<Page<Professional>, Error> {
        let work = sql::page(&self.store, context, listed, page);
        self.store.run(context, "scheduling.professionals", work).await
    }

    /// Changes a professional that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field; `AlreadyExists` when another active one
    /// has the name.
    pub async fn update_professional(
        &self,
        context: &Context,
        id: ProfessionalId,
        expected_version: i64,
        change: ProfessionalChange,
    ) -> Result<Professional, Error> {
        let apply = |professional: &Professional| change.apply(professional);
        let work = sql::change(
            &self.store,
            context,
            id,
            expected_version,
            "professional.updated",
            apply,
        );
        self.store
            .run(context, "scheduling.update_professional", work)
            .await
    }

    /// Makes it bookable, or not bookable any more; what is booked stays.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `AlreadyExists` when another active one has the name by now.
    pub async fn set_professional_active(
        &self,
        context: &Context,
        id: ProfessionalId,
        expected_version: i64,
        active: bool,
    ) -> Result<Professional, Error> {
        let action = if active {
            "professional.activated"
        } else {
            "professional.deactivated"
        };
        let apply = |professional: &Professional| {
            let mut changed = professional.clone();
            changed.active = active;
            Ok(changed)
        };
        let work = sql::change(&self.store, context, id, expected_version, action, apply);
        self.store
            .run(context, "scheduling.set_professional_active", work)
            .await
    }

    /// Deletes a professional that nothing was ever booked with; otherwise deactivate it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with `id` `in_use` when something refers to it.
    pub async fn delete_professional(
        &self,
        context: &Context,
        id: ProfessionalId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store
            .run(context, "scheduling.delete_professional", work)
            .await
    }
}
