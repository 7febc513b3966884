//! What services and professionals are called.

use std::collections::HashMap;

use crate::context::Context;
use crate::error::Error;
use crate::scheduling::{CatalogueNames, ProfessionalId, ServiceId};
use crate::store::{Store, reading};

/// How many are named in a statement.
const AT_ONCE: usize = 50;

macro_rules! named {
    ($table:literal) => {
        concat!(
            "select id, name from ",
            $table,
            " where workspace_id = $1 and id in (
                $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40,
                $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51)"
        )
    };
}

aurora_core::store::statements! {
    SERVICES = named!("services");
    PROFESSIONALS = named!("professionals");
}

/// The names of these ids by a statement. The transactions of the engines have no type in common, which is why this is no
/// function.
macro_rules! read_names {
    ($tx:ident, $context:ident, $statement:ident, $ids:ident: $id:ty) => {{
        let mut wanted: Vec<$id> = $ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut names: HashMap<$id, String> = HashMap::with_capacity(wanted.len());
        for some in wanted.chunks(AT_ONCE) {
            let mut query = sqlx::query_as($statement).bind($context.workspace);
            // What is null is nothing's id.
            for slot in 0..AT_ONCE {
                query = query.bind(some.get(slot).copied());
            }
            let rows: Vec<($id, String)> = query.fetch_all(&mut *$tx).await?;
            names.extend(rows);
        }
        names
    }};
}

pub(in crate::scheduling) async fn read(
    store: &Store,
    context: &Context,
    services: &[ServiceId],
    professionals: &[ProfessionalId],
) -> Result<CatalogueNames, Error> {
    if services.is_empty() && professionals.is_empty() {
        return Ok(CatalogueNames::default());
    }
    reading!(store, context, |tx| {
        Ok(CatalogueNames {
            services: read_names!(tx, context, SERVICES, services: ServiceId),
            professionals: read_names!(tx, context, PROFESSIONALS, professionals: ProfessionalId),
        })
    })
}
