//! What people can do with the calendars of professionals.

use std::fmt;
use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::rng::Random;
use aurora_core::store::outbox::{Schedule, Worker};
use aurora_core::store::{self, Connection};

use super::clients::Clients;
use super::input::{LinkCredentials, NewCalendarLink};
use super::jobs::{QUEUE, Ticket};
use super::link::{CalendarLink, CalendarLinkId};
use super::sql::events;
use super::sql::links::{self as sql, Step, Stored};
use super::sync;
use super::worker::Jobs;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::{ProfessionalId, busy};
use crate::store::{Store, reading, writing};

/// How long a job may take: a whole calendar is read page by page.
const LIMIT: Duration = Duration::from_secs(240);
pub(super) const KIND: &str = "calendar_link";

/// The calendars of professionals at Google; a cheap handle.
///
/// Changes are recorded in the audit log without calendars and credentials.
#[derive(Clone)]
pub struct GoogleCalendar {
    pub(super) store: Store,
    pub(super) clients: Clients,
    pub(super) settings: Settings,
}

/// What was set for all links.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) address: Option<String>,
    pub(super) poll_every: Duration,
    pub(super) horizon: Duration,
    pub(super) concurrency: u32,
    pub(super) title: String,
    pub(super) random: Random,
}

impl fmt::Debug for GoogleCalendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleCalendar").finish_non_exhaustive()
    }
}

impl GoogleCalendar {
    /// Links the calendar of a professional. The worker then writes what is to come into it and reads what stands there.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` when there is no such professional; `AlreadyExists` when it has a calendar;
    /// `Unavailable` when the keeper of the keys does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the link either made or not made.
    pub async fn link(&self, context: &Context, new: NewCalendarLink) -> Result<CalendarLink, Error> {
        let work = async {
            let (new, now) = (new.check()?, self.store.now());
            let id = CalendarLinkId::new(now);
            let sealed = self.clients.seal(context.workspace, id, &new.secret).await?;
            let outcome: Result<CalendarLink, Error> = writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                sql::insert(&mut tx, context, now, id, &new, &sealed).await?;
                let stored = existing(sql::find(&mut tx, context, id).await?)?;
                self.begin(&mut tx, context, &stored).await?;
                let record = Record::new("calendar_link.created", KIND, id, now)
                    .with("professional", new.professional.to_string())
                    .with("direction", new.direction.as_str());
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(stored.link)
            });
            match outcome
                .as_ref()
                .err()
                .and_then(Error::stored)
                .map(store::Error::kind)
            {
                Some(store::ErrorKind::ForeignKey) => Err(Error::not_found("professional")),
                Some(store::ErrorKind::Conflict) => {
                    let found = self.of_professional(context, new.professional).await?;
                    let id = found.map_or_else(String::new, |link| link.id.to_string());
                    Err(Error::already_exists("calendar link", id))
                }
                _ => outcome,
            }
        };
        self.store.run(context, "calendar.link", work).await
    }

    /// Gives a link other credentials; it works again, and everything is read and written anew. They may lead to another
    /// calendar, as `primary` does with another account: what does not stand there is written, and nothing is called off for
    /// that.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field; `Unavailable` when the keeper of the
    /// keys does not answer.
    pub async fn relink(
        &self,
        context: &Context,
        id: CalendarLinkId,
        expected_version: i64,
        credentials: LinkCredentials,
    ) -> Result<CalendarLink, Error> {
        let work = async {
            let (kind, secret) = credentials.check()?;
            let sealed = self.clients.seal(context.workspace, id, &secret).await?;
            let now = self.store.now();
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                let step = Step::Relink {
                    kind,
                    sealed: &sealed,
                };
                sql::step(&mut tx, context, now, (id, expected_version), &step).await?;
                events::unsee(&mut tx, context, id).await?;
                let stored = existing(sql::find(&mut tx, context, id).await?)?;
                self.begin(&mut tx, context, &stored).await?;
                let record = Record::new("calendar_link.relinked", KIND, id, now);
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(stored.link)
            })
        };
        self.store.run(context, "calendar.relink", work).await
    }

    /// Ends a link: what stood in the calendar takes no time any more, its channels are closed and its credentials forgotten.
    /// The events of appointments stay where they are.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn unlink(
        &self,
        context: &Context,
        id: CalendarLinkId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = async {
            let now = self.store.now();
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                sql::step(&mut tx, context, now, (id, expected_version), &Step::End).await?;
                let link = existing(sql::find(&mut tx, context, id).await?)?.link;
                busy::remove(&mut tx, context, link.professional_id, &sync::source(id), None).await?;
                let message = Ticket::end(context.workspace, id)?;
                self.store.outbox().enqueue_in(&mut tx, &message).await?;
                let record = Record::new("calendar_link.ended", KIND, id, now);
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(())
            })
        };
        self.store.run(context, "calendar.unlink", work).await
    }

    /// A link and how it does, also one that has ended.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, context: &Context, id: CalendarLinkId) -> Result<CalendarLink, Error> {
        let work = async { Ok(existing(self.stored(context, id).await?)?.link) };
        self.store.run(context, "calendar.get", work).await
    }

    /// The link of a professional, if it has one.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn of_professional(
        &self,
        context: &Context,
        professional: ProfessionalId,
    ) -> Result<Option<CalendarLink>, Error> {
        let work = async {
            let found = reading!(self.store, context, |tx| {
                sql::of_professional(&mut (&mut *tx).into(), context, professional).await
            })?;
            Ok(found.map(|stored| stored.link))
        };
        self.store.run(context, "calendar.of_professional", work).await
    }

    /// One page of the links that have not ended, the oldest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn links(&self, context: &Context, page: &PageRequest) -> Result<Page<CalendarLink>, Error> {
        let work = async {
            reading!(self.store, context, |tx| {
                sql::page(&mut (&mut *tx).into(), context, page).await
            })
        };
        self.store.run(context, "calendar.links", work).await
    }

    /// Has a calendar read soon, without waiting for its turn.
    ///
    /// # Errors
    /// `NotFound`, also when the link does not work.
    pub async fn sync_soon(&self, context: &Context, id: CalendarLinkId) -> Result<(), Error> {
        let work = async {
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                let stored = existing(sql::find(&mut tx, context, id).await?.filter(Stored::is_active))?;
                let message = Ticket::sync(context.workspace, id, stored.syncs)?;
                self.store.outbox().enqueue_in(&mut tx, &message).await?;
                Ok(())
            })
        };
        self.store.run(context, "calendar.sync_soon", work).await?;
        self.store.outbox().wake();
        Ok(())
    }

    /// A worker that goes to Google for all workspaces. Any number of them can run, in any number of processes: what belongs to
    /// one appointment, and to one calendar, is done in turn.
    ///
    /// # Errors
    /// Never with the settings that were checked when this was made.
    pub fn worker(&self) -> Result<Worker, Error> {
        let worker = self.store.outbox().worker(QUEUE, Jobs(self.clone()));
        Ok(worker
            .concurrency(self.settings.concurrency)
            .deadline(LIMIT)
            .lease(2 * LIMIT)
            .schedule(Schedule::default())
            .random(self.settings.random.clone())
            .build()?)
    }

    pub(super) async fn stored(
        &self,
        context: &Context,
        id: CalendarLinkId,
    ) -> Result<Option<Stored>, Error> {
        reading!(self.store, context, |tx| {
            sql::find(&mut (&mut *tx).into(), context, id).await
        })
    }

    /// Everything that a link that has just begun to work needs.
    async fn begin(&self, tx: &mut Connection<'_>, context: &Context, stored: &Stored) -> Result<(), Error> {
        let (link, workspace, outbox) = (&stored.link, context.workspace, self.store.outbox());
        if link.direction.writes() {
            let fill = Ticket::fill(workspace, link.id, stored.polls)?;
            outbox.enqueue_in(tx, &fill).await?;
        }
        if link.direction.reads() {
            let poll = Ticket::poll(workspace, link.id, (stored.polls, 0), Duration::ZERO)?;
            outbox.enqueue_in(tx, &poll).await?;
        }
        Ok(())
    }
}

pub(super) fn existing(found: Option<Stored>) -> Result<Stored, Error> {
    found.ok_or(Error::not_found("calendar link"))
}
