//! One transaction that reads all that free times depend on.

use aurora_core::store::Connection;
use aurora_core::time::Timestamp;

use super::{exceptions, holidays, hours, offerings, professionals, rooms, taken};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::slots::{Days, Gathered, Interval, MINUTE, dates};
use crate::scheduling::within;
use crate::scheduling::{Professional, RoomId, Service, Slot, SlotQuery, Terms, Whose, Wish};
use crate::store::{Store, reading};

pub(in crate::scheduling) async fn terms(
    store: &Store,
    context: &Context,
    wish: &Wish,
) -> Result<Terms, Error> {
    reading!(store, context, |tx| {
        within::terms(&mut (&mut *tx).into(), context, store.now(), wish).await
    })
}

pub(in crate::scheduling) async fn free(
    store: &Store,
    context: &Context,
    query: &SlotQuery,
) -> Result<Vec<Slot>, Error> {
    let now = store.now();
    let gathered = reading!(store, context, |tx| {
        gather(&mut (&mut *tx).into(), context, query, now).await
    })?;
    Ok(gathered.map_or_else(Vec::new, |(begins, gathered)| gathered.slots(query, begins)))
}

/// `None` when nothing can begin in the time that is searched.
async fn gather(
    tx: &mut Connection<'_>,
    context: &Context,
    query: &SlotQuery,
    now: Timestamp,
) -> Result<Option<(Interval, Gathered)>, Error> {
    let service = offerings::get_in(tx, context, query.service).await?;
    let (people, rooms) = choices(tx, context, query, &service).await?;
    let begins = query.begins(&service, now);
    if begins.from >= begins.until {
        return Ok(None);
    }
    let minutes = |count: u32| i64::from(count) * MINUTE;
    let range = Interval::new(
        begins.from - minutes(service.buffer_before_minutes),
        begins.until + minutes(service.duration_minutes) + minutes(service.buffer_after_minutes),
    );
    let (from, until) = dates(range);
    let mut all = exceptions::of(tx, context, Whose::Workspace, from, until).await?;
    all.extend(exceptions::of_professionals(tx, context, service.id, (from, until)).await?);
    all.extend(exceptions::of_rooms(tx, context, service.id, (from, until)).await?);
    let days = Days::new(all, &holidays::rules_in(tx, context).await?, (from, until));
    let weeks = hours::of_service(tx, context, service.id).await?;
    let taken = taken::of_service(tx, context, service.id, query.professional, range, now).await?;
    let gathered = Gathered {
        service,
        people,
        rooms,
        weeks,
        days,
        taken,
    };
    Ok(Some((begins, gathered)))
}

/// With whom it can be, and where.
async fn choices(
    tx: &mut Connection<'_>,
    context: &Context,
    query: &SlotQuery,
    service: &Service,
) -> Result<(Vec<Professional>, Vec<RoomId>), Error> {
    let mut people = professionals::of_service(tx, context, service.id).await?;
    let mut places = rooms::of_service(tx, context, service.id).await?;
    let mut fields = Fields::default();
    if !service.active {
        fields.refuse("service", "not_allowed", "cannot be booked any more");
    }
    if let Some(id) = query.professional {
        professionals::get_in(tx, context, id).await?;
        people.retain(|professional| professional.id == id);
        if people.is_empty() {
            fields.refuse("professional", "not_allowed", "does not do this service");
        }
    }
    if let Some(id) = query.room {
        rooms::get_in(tx, context, id).await?;
        places.retain(|room| *room == id);
        if places.is_empty() {
            fields.refuse("room", "not_allowed", "the service cannot be done there");
        }
    }
    fields.finish((people, places))
}
