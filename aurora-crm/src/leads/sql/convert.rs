use aurora_core::store::{self, Connection};

use super::steps::{lock_first, settle};
use super::{get_in, lock_in, place};
use crate::clients::{Client, ClientId, NewClient, within as clients};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::leads::conversion::{Target, client_of};
use crate::leads::lead::Step;
use crate::leads::pipelines::sql as pipelines;
use crate::leads::{Conversion, Converted, Lead, LeadId, Place, StageKind};
use crate::store::{Store, writing};

/// How often a conversion is tried when somebody changes the lead, or makes the same client, at the same moment.
const ATTEMPTS: u32 = 4;

pub(in crate::leads) async fn convert(
    store: &Store,
    context: &Context,
    id: LeadId,
    how: Conversion,
) -> Result<Converted, Error> {
    let mut attempt = 1;
    loop {
        let outcome: Result<Converted, Error> = writing!(store, context, |tx| {
            convert_in(store, &mut (&mut *tx).into(), context, id, &how).await
        });
        let Err(error) = outcome else { return outcome };
        // A client that was made between looking for it and making it is found the next time.
        let is_taken = error.stored().map(store::Error::kind) == Some(store::ErrorKind::Conflict);
        if attempt == ATTEMPTS || !(is_taken || error.kind() == ErrorKind::Conflict) {
            return Err(error);
        }
        attempt += 1;
    }
}

async fn convert_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: LeadId,
    how: &Conversion,
) -> Result<Converted, Error> {
    let now = store.now();
    let seen = get_in(tx, context, id).await?;
    if let Some(done) = converted(&seen) {
        return Ok(done);
    }
    // A lead that was won already stays in its stage.
    let stage = if seen.status == StageKind::Open {
        let pipeline = pipelines::get_in(tx, context, seen.pipeline_id).await?;
        Some(lock_first(tx, context, &pipeline, StageKind::Won).await?)
    } else {
        None
    };
    // The client before the lead, as everywhere: a merge holds two clients and then takes their leads.
    let target = target(store, tx, context, &seen, how).await?;
    let before = lock_in(tx, context, id).await?;
    if let Some(done) = converted(&before) {
        return Ok(done);
    }
    if before.version != seen.version {
        return Err(Error::conflict("lead", before.version));
    }
    let mut lead = before.clone();
    lead.touch(now);
    if let Some(stage) = &stage {
        Step::Win.check(&before, stage.kind)?;
        let position = place::position(tx, context, stage.id, Place::First, id).await?;
        lead.enter(before.pipeline_id, stage, position, None, now);
    } else if before.status == StageKind::Lost {
        Step::Win.check(&before, StageKind::Won)?;
    }
    let (client, made) = match target {
        Found::Held(client) => (client, None),
        Found::Taken(client) => return Err(Error::already_exists("client", client)),
        Found::Nobody(client) => {
            let record = clients::insert_in(tx, context, &client).await?;
            (client.id, Some(record))
        }
    };
    lead.client_id = Some(client);
    lead.converted_at = Some(now);
    let record = Record::new("lead.converted", "lead", id, now)
        .with("version", lead.version)
        .with("client", client.to_string());
    let is_new = made.is_some();
    let records = made.into_iter().chain([record]).collect();
    let lead = settle(store, tx, context, &before, lead, now, records).await?;
    Ok(Converted { lead, client, is_new })
}

fn converted(lead: &Lead) -> Option<Converted> {
    let client = lead.client_id.filter(|_| lead.converted_at.is_some())?;
    Some(Converted {
        lead: lead.clone(),
        client,
        is_new: false,
    })
}

/// The client that a lead is to become.
enum Found {
    /// One that is there, held until the transaction ends.
    Held(ClientId),
    /// One that has the number, and is not to be linked.
    Taken(ClientId),
    /// Nobody yet; this one is to be made.
    Nobody(Box<Client>),
}

async fn target(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    lead: &Lead,
    how: &Conversion,
) -> Result<Found, Error> {
    let known = match &how.target {
        Target::Existing(client) => Some(*client),
        Target::Lead => lead.client_id,
        Target::New(_) => None,
    };
    if let Some(client) = known {
        return Ok(Found::Held(clients::hold(tx, context, client).await?));
    }
    let rules = clients::rules_in(tx, context).await?;
    let new: NewClient = match &how.target {
        Target::New(new) => (**new).clone(),
        _ => client_of(lead, &rules)?,
    };
    let client = clients::check(new, store.now(), &rules)?;
    if let Some(existing) = clients::holder_in(tx, context, &client).await? {
        if !how.links_existing {
            return Ok(Found::Taken(existing));
        }
        match clients::hold(tx, context, existing).await {
            Ok(held) => return Ok(Found::Held(held)),
            // It was deleted since it was found: its number is free.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Found::Nobody(Box::new(client)))
}
