use aurora_core::store::{self, Connection, execute_on, on_connection};
use chrono::NaiveDate;
use sqlx::types::Json;

use super::hours::date;
use super::{professionals, rooms};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::exception::ExceptionId;
use crate::scheduling::{HoursException, ProfessionalId, RoomId, ServiceId, WallSpan, Whose};
use crate::store::{Store, reading, writing};
use crate::workspaces::WorkspaceId;

/// More of one house on the dates that are searched than it can have: 366 dates of 100 people and 100 rooms and the house.
const MOST: i64 = 73_566;

/// The exceptions on some dates; `$4` is the professional or room.
macro_rules! of {
    ($and:literal) => {
        concat!(
            "select professional_id, room_id, date, open, reason from hours_exceptions
                where workspace_id = $1 and date between $2 and $3 and ",
            $and,
            " order by date limit $5"
        )
    };
}
macro_rules! lift {
    ($and:literal) => {
        concat!(
            "delete from hours_exceptions where workspace_id = $1 and date between $2 and $3 and ",
            $and
        )
    };
}

aurora_core::store::statements! {
    OF_WORKSPACE = of!("professional_id is null and room_id is null and (professional_id = $4 or $4 is null)");
    OF_PROFESSIONAL = of!("professional_id = $4");
    OF_ROOM = of!("room_id = $4");
    OF_PROFESSIONALS = "select e.professional_id, e.room_id, e.date, e.open, e.reason from service_professionals l
        join hours_exceptions e on e.workspace_id = l.workspace_id and e.professional_id = l.professional_id
            and e.date between $2 and $3
        where l.workspace_id = $1 and l.service_id = $4 limit $5";
    OF_ROOMS = "select e.professional_id, e.room_id, e.date, e.open, e.reason from service_rooms l
        join hours_exceptions e on e.workspace_id = l.workspace_id and e.room_id = l.room_id
            and e.date between $2 and $3
        where l.workspace_id = $1 and l.service_id = $4 limit $5";
    LIFT_OF_WORKSPACE = lift!("professional_id is null and room_id is null and (professional_id = $4 or $4 is null)");
    LIFT_OF_PROFESSIONAL = lift!("professional_id = $4");
    LIFT_OF_ROOM = lift!("room_id = $4");
    ADD = "insert into hours_exceptions (workspace_id, id, professional_id, room_id, date, open, reason, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Exceptions of the house are changed by one at a time.
    LOCK_WORKSPACE = "update workspaces set version = version where id = $1";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    professional_id: Option<ProfessionalId>,
    room_id: Option<RoomId>,
    date: String,
    open: Json<Vec<WallSpan>>,
    reason: Option<String>,
}

impl TryFrom<Row> for HoursException {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        Ok(Self {
            whose: Whose::from_columns(row.professional_id, row.room_id),
            date: date(&row.date)?,
            open: row.open.0,
            reason: row.reason,
        })
    }
}

impl Whose {
    fn uuid(self) -> Option<sqlx::types::Uuid> {
        match self {
            Self::Workspace => None,
            Self::Professional(id) => Some(id.uuid()),
            Self::Room(id) => Some(id.uuid()),
        }
    }

    /// What was done with the hours of one.
    fn record(
        self,
        workspace: WorkspaceId,
        actions: [&'static str; 3],
        now: aurora_core::time::Timestamp,
    ) -> Record {
        let [house, professional, room] = actions;
        match self {
            Self::Workspace => Record::new(house, "workspace", workspace, now),
            Self::Professional(id) => Record::new(professional, "professional", id, now),
            Self::Room(id) => Record::new(room, "room", id, now),
        }
    }
}

pub(in crate::scheduling) async fn list(
    store: &Store,
    context: &Context,
    whose: Whose,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<HoursException>, Error> {
    reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        match whose {
            Whose::Workspace => {}
            Whose::Professional(id) => drop(professionals::get_in(tx, context, id).await?),
            Whose::Room(id) => drop(rooms::get_in(tx, context, id).await?),
        }
        of(tx, context, whose, from, until).await
    })
}

pub(in crate::scheduling) async fn of(
    tx: &mut Connection<'_>,
    context: &Context,
    whose: Whose,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<HoursException>, Error> {
    let statement = match whose {
        Whose::Workspace => OF_WORKSPACE,
        Whose::Professional(_) => OF_PROFESSIONAL,
        Whose::Room(_) => OF_ROOM,
    };
    read(tx, context, statement, whose.uuid(), from, until).await
}

/// Those of everybody who does a service.
pub(in crate::scheduling) async fn of_professionals(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<HoursException>, Error> {
    read(tx, context, OF_PROFESSIONALS, Some(service.uuid()), from, until).await
}

/// Those of every room where a service is done.
pub(in crate::scheduling) async fn of_rooms(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<HoursException>, Error> {
    read(tx, context, OF_ROOMS, Some(service.uuid()), from, until).await
}

async fn read(
    tx: &mut Connection<'_>,
    context: &Context,
    statement: &'static str,
    id: Option<sqlx::types::Uuid>,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<HoursException>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(statement)
        .bind(context.workspace)
        .bind(from.to_string())
        .bind(until.to_string())
        .bind(id)
        .bind(MOST)
        .fetch_all(&mut *tx))?;
    Ok(rows
        .into_iter()
        .map(HoursException::try_from)
        .collect::<Result<_, _>>()?)
}

/// Locks whose hours they are, and removes the exceptions of the dates.
async fn clear(
    tx: &mut Connection<'_>,
    context: &Context,
    whose: Whose,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<u64, Error> {
    let statement = match whose {
        Whose::Workspace => {
            let locked = execute_on!(tx, sqlx::query(LOCK_WORKSPACE).bind(context.workspace))?;
            if locked == 0 {
                return Err(Error::not_found("workspace"));
            }
            LIFT_OF_WORKSPACE
        }
        Whose::Professional(id) => {
            professionals::lock(tx, context, id).await?;
            LIFT_OF_PROFESSIONAL
        }
        Whose::Room(id) => {
            rooms::lock(tx, context, id).await?;
            LIFT_OF_ROOM
        }
    };
    Ok(execute_on!(
        tx,
        sqlx::query(statement)
            .bind(context.workspace)
            .bind(from.to_string())
            .bind(until.to_string())
            .bind(whose.uuid())
    )?)
}

/// Puts exceptions of dates in a row in the place of those that there are.
pub(in crate::scheduling) async fn replace(
    store: &Store,
    context: &Context,
    whose: Whose,
    all: Vec<HoursException>,
) -> Result<Vec<HoursException>, Error> {
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Ok(all);
    };
    let (from, until) = (first.date, last.date);
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        clear(tx, context, whose, from, until).await?;
        let (professional, room) = whose.columns();
        for exception in &all {
            execute_on!(
                tx,
                sqlx::query(ADD)
                    .bind(context.workspace)
                    .bind(ExceptionId::new(now))
                    .bind(professional)
                    .bind(room)
                    .bind(exception.date.to_string())
                    .bind(Json(&exception.open))
                    .bind(exception.reason.as_deref())
                    .bind(now)
            )?;
        }
        let actions = [
            "workspace.hours_excepted",
            "professional.hours_excepted",
            "room.hours_excepted",
        ];
        let record = whose
            .record(context.workspace, actions, now)
            .with("from", from.to_string())
            .with("until", until.to_string());
        store.record(tx, context, now, &[record]).await?;
        Ok(all)
    })
}

pub(in crate::scheduling) async fn lift(
    store: &Store,
    context: &Context,
    whose: Whose,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<u64, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let lifted = clear(tx, context, whose, from, until).await?;
        let actions = [
            "workspace.hours_restored",
            "professional.hours_restored",
            "room.hours_restored",
        ];
        let record = whose
            .record(context.workspace, actions, now)
            .with("from", from.to_string())
            .with("until", until.to_string());
        if lifted > 0 {
            store.record(tx, context, now, &[record]).await?;
        }
        Ok(lifted)
    })
}
