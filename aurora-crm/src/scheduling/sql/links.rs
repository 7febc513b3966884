//! Who does what, and where.

use aurora_core::store::{Connection, execute_on, on_connection};

use crate::context::Context;
use crate::error::Error;
use crate::scheduling::{ProfessionalId, RoomId, Service, ServiceId};

/// The services of a page of names, as the page itself finds them.
macro_rules! of_page {
    ($column:literal, $table:literal) => {
        concat!(
            "select l.service_id, l.",
            $column,
            " from (select id from services where workspace_id = $1 and active = $2 and (name_key, id) > ($3, $4)
                order by name_key, id limit $5) s
            join ",
            $table,
            " l on l.workspace_id = $1 and l.service_id = s.id order by l.service_id, l.",
            $column
        )
    };
}

aurora_core::store::statements! {
    PROFESSIONALS = "select professional_id from service_professionals where workspace_id = $1 and service_id = $2
        order by professional_id";
    ROOMS = "select room_id from service_rooms where workspace_id = $1 and service_id = $2 order by room_id";
    PROFESSIONALS_OF_PAGE = of_page!("professional_id", "service_professionals");
    ROOMS_OF_PAGE = of_page!("room_id", "service_rooms");
    REMOVE_PROFESSIONALS = "delete from service_professionals where workspace_id = $1 and service_id = $2";
    REMOVE_ROOMS = "delete from service_rooms where workspace_id = $1 and service_id = $2";
    ADD_PROFESSIONAL = "insert into service_professionals (workspace_id, service_id, professional_id)
        values ($1, $2, $3)";
    ADD_ROOM = "insert into service_rooms (workspace_id, service_id, room_id) values ($1, $2, $3)";
}

/// Who does a service, and where.
pub(in crate::scheduling) async fn of(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
) -> Result<(Vec<ProfessionalId>, Vec<RoomId>), Error> {
    let professionals = on_connection!(tx, |tx| sqlx::query_scalar(PROFESSIONALS)
        .bind(context.workspace)
        .bind(service)
        .fetch_all(&mut *tx))?;
    let rooms = on_connection!(tx, |tx| sqlx::query_scalar(ROOMS)
        .bind(context.workspace)
        .bind(service)
        .fetch_all(&mut *tx))?;
    Ok((professionals, rooms))
}

/// Writes who does a service, and where, for what is not as it was.
pub(super) async fn set(
    tx: &mut Connection<'_>,
    context: &Context,
    before: Option<&Service>,
    service: &Service,
) -> Result<(), Error> {
    if before.is_none_or(|before| before.professionals != service.professionals) {
        execute_on!(
            tx,
            sqlx::query(REMOVE_PROFESSIONALS)
                .bind(context.workspace)
                .bind(service.id)
        )?;
        for id in &service.professionals {
            let added = execute_on!(
                tx,
                sqlx::query(ADD_PROFESSIONAL)
                    .bind(context.workspace)
                    .bind(service.id)
                    .bind(*id)
            );
            added.map_err(|error| missing(error.into(), "professional"))?;
        }
    }
    if before.is_none_or(|before| before.rooms != service.rooms) {
        execute_on!(
            tx,
            sqlx::query(REMOVE_ROOMS).bind(context.workspace).bind(service.id)
        )?;
        for id in &service.rooms {
            let added = execute_on!(
                tx,
                sqlx::query(ADD_ROOM)
                    .bind(context.workspace)
                    .bind(service.id)
                    .bind(*id)
            );
            added.map_err(|error| missing(error.into(), "room"))?;
        }
    }
    Ok(())
}

fn missing(error: Error, what: &'static str) -> Error {
    if super::is_missing(&error) {
        Error::not_found(what)
    } else {
        error
    }
}
