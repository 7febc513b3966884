use aurora_core::page::{Page, PageRequest};

use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::sql::offerings as sql;
use crate::scheduling::{Listed, NewService, Service, ServiceChange, ServiceId};

/// Services.
impl Scheduling {
    /// Makes a service.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` when an active one has the name; `NotFound` for a workspace, professional or room that there
    /// is not.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it either made or not made, as with every change here.
    pub async fn create_service(&self, context: &Context, new: NewService) -> Result<Service, Error> {
        let service = new.check(self.store.now())?;
        let work = sql::insert(&self.store, context, service);
        self.store.run(context, "scheduling.create_service", work).await
    }

    /// One service, active or not.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn service(&self, context: &Context, id: ServiceId) -> Result<Service, Error> {
        let work = sql::get(&self.store, context, id);
        self.store.run(context, "scheduling.service", work).await
    }

    /// One page of services, in order of their names without regard to case.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn services(
        &self,
        context: &Context,
        listed: Listed,
        page: &PageRequest,
    ) -> Result<Page<Service>, Error> {
        let work = sql::page(&self.store, context, listed, page);
        self.store.run(context, "scheduling.services", work).await
    }

    /// Changes a service that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`, also of a professional or room; `Conflict` with the stored version; `Invalid` with every wrong field; `AlreadyExists` when another active one
    /// has the name.
    pub async fn update_service(
        &self,
        context: &Context,
        id: ServiceId,
        expected_version: i64,
        change: ServiceChange,
    ) -> Result<Service, Error> {
        let apply = |service: &Service| change.apply(service);
        let work = sql::change(
            &self.store,
            context,
            id,
            expected_version,
            "service.updated",
            apply,
        );
        self.store.run(context, "scheduling.update_service", work).await
    }

    /// Makes it bookable, or not bookable any more; what is booked stays.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `AlreadyExists` when another active one has the name by now.
    pub async fn set_service_active(
        &self,
        context: &Context,
        id: ServiceId,
        expected_version: i64,
        active: bool,
    ) -> Result<Service, Error> {
        let action = if active {
            "service.activated"
        } else {
            "service.deactivated"
        };
        let apply = |service: &Service| {
            let mut changed = service.clone();
            changed.active = active;
            Ok(changed)
        };
        let work = sql::change(&self.store, context, id, expected_version, action, apply);
        self.store
            .run(context, "scheduling.set_service_active", work)
            .await
    }

    /// Deletes a service that nothing was ever booked of; otherwise deactivate it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with `id` `in_use` when something refers to it.
    pub async fn delete_service(
        &self,
        context: &Context,
        id: ServiceId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "scheduling.delete_service", work).await
    }
}
