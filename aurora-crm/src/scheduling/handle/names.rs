use std::collections::HashMap;

use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::sql::names as sql;
use crate::scheduling::{ProfessionalId, ServiceId};

/// What services and professionals are called, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueNames {
    /// Of services.
    pub services: HashMap<ServiceId, String>,
    /// Of professionals.
    pub professionals: HashMap<ProfessionalId, String>,
}

/// Names for lists.
impl Scheduling {
    /// What these services and professionals are called, active or not; ids that name nothing are left out.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn names(
        &self,
        context: &Context,
        services: &[ServiceId],
        professionals: &[ProfessionalId],
    ) -> Result<CatalogueNames, Error> {
        let work = sql::read(&self.store, context, services, professionals);
        self.store.run(context, "scheduling.names", work).await
    }
}
