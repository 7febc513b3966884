//! From a calendar to what it says here: events of others take time, changes of our events become changes of appointments.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use aurora_core::resilience::Deadline;
use aurora_core::store::Connection;
use aurora_core::time::Timestamp;
use chrono_tz::Tz;

use super::client::{Event, EventList, GoogleClient, GoogleError, GoogleErrorKind, Transparency};
use super::handle::GoogleCalendar;
use super::jobs::Ticket;
use super::link::CalendarLinkId;
use super::sql::channels;
use super::sql::events::{self, Whole};
use super::sql::links::{self, Stored, Synced};
use super::worker::Trouble;
use crate::appointments::AppointmentId;
use crate::context::Context;
use crate::scheduling::busy::{self, Busy};
use crate::store::{reading, writing};

/// The most events that are read of a calendar at once.
const MOST_EVENTS: usize = 50_000;
/// The most pages; a page may have no event.
const MOST_PAGES: usize = 1_000;
/// After this long everything is read, so that the range moves along.
const WHOLE_EVERY: Duration = Duration::from_secs(14 * 24 * 3_600);
/// What is over is not read but for this long.
const BACK: Duration = Duration::from_secs(24 * 3_600);
/// A channel is replaced when it has less than this left.
const RENEW_BEFORE: Duration = Duration::from_secs(24 * 3_600);

/// How a link is called as a source of busy times.
pub(super) fn source(link: CalendarLinkId) -> String {
    format!("google/{link}")
}

/// What was read of a calendar.
struct Read {
    /// By their ids: of an event that is told twice the last word counts.
    events: BTreeMap<String, Event>,
    zone: Option<String>,
    token: String,
    /// Of a whole list.
    whole: Option<Whole>,
}

/// What becomes of an event of others.
enum Time {
    Busy(Busy),
    Free,
}

impl GoogleCalendar {
    pub(super) async fn sync(
        &self,
        context: &Context,
        link: CalendarLinkId,
        run: i64,
    ) -> Result<(), Trouble> {
        let stored = writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            links::begin_sync(&mut tx, context, link, run).await?;
            links::find(&mut tx, context, link).await
        })?;
        let is_read = |stored: &Stored| stored.is_active() && stored.link.direction.reads();
        let Some(stored) = stored.filter(is_read) else {
            return Ok(());
        };
        let outcome = self.read_and_apply(context, &stored).await;
        self.tell(context, outcome).await
    }

    async fn read_and_apply(&self, context: &Context, stored: &Stored) -> Result<(), Trouble> {
        let client = self.clients.of(context.workspace, stored).await?;
        let read = self.read(&client, stored).await.map_err(Trouble::of(stored))?;
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for event in read.events.values() {
            match self.appointment(context, stored, event).await? {
                Some(appointment) => own.push((appointment, event)),
                None => others.push(event),
            }
        }
        if let Some(whole) = &read.whole {
            self.sweep(context, (stored, &client), &own, whole).await?;
        }
        for (appointment, event) in &own {
            self.hear(context, stored, *appointment, event).await?;
        }
        let own: Vec<&str> = own.iter().map(|(_, event)| event.id.as_str()).collect();
        self.store_times(context, stored, &read, &own, &others).await
    }

    /// What has changed since the token, or everything where there is none that is good.
    async fn read(&self, client: &GoogleClient, stored: &Stored) -> Result<Read, GoogleError> {
        let now = self.store.now();
        let is_recent = stored.whole_at.is_some_and(|at| now.since(at) < WHOLE_EVERY);
        if let Some(token) = stored.sync_token.as_ref().filter(|_| is_recent) {
            let since = EventList::Since(token.clone());
            match self.pages(client, stored, &since, None).await {
                // Run out; some answer 400 to a token that they do not know any more.
                Err(error)
                    if matches!(
                        error.kind(),
                        GoogleErrorKind::FullSyncRequired | GoogleErrorKind::Invalid
                    ) => {}
                outcome => return outcome,
            }
        }
        let whole = Whole {
            from: now - BACK,
            to: now + self.settings.horizon,
            began: now,
        };
        let list = EventList::Whole(whole.from, whole.to);
        self.pages(client, stored, &list, Some(whole)).await
    }

    async fn pages(
        &self,
        client: &GoogleClient,
        stored: &Stored,
        list: &EventList,
        whole: Option<Whole>,
    ) -> Result<Read, GoogleError> {
        let (mut events, mut next) = (BTreeMap::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let calendar = stored.link.calendar_id.as_str();
            let page = client
                .list(calendar, list, next.as_deref(), Deadline::NONE)
                .await?;
            events.extend(page.items.into_iter().map(|event| (event.id.clone(), event)));
            if events.len() > MOST_EVENTS {
                break;
            }
            match (page.next_page_token, page.next_sync_token) {
                (Some(token), _) => next = Some(token),
                (None, Some(token)) => {
                    return Ok(Read {
                        events,
                        zone: page.time_zone,
                        token,
                        whole,
                    });
                }
                (None, None) => break,
            }
        }
        // More than any person has, or a list without end.
        Err(GoogleError::new(GoogleErrorKind::Unavailable))
    }

    /// A whole list tells nothing of what was deleted. Events of ours that it should hold and does not are asked for one by
    /// one: they may be deleted, moved out of its range, or in another calendar.
    async fn sweep(
        &self,
        context: &Context,
        (stored, client): (&Stored, &GoogleClient),
        own: &[(AppointmentId, &Event)],
        whole: &Whole,
    ) -> Result<(), Trouble> {
        let seen: BTreeSet<&str> = own.iter().map(|(_, event)| event.id.as_str()).collect();
        let mut after = None;
        loop {
            let known = reading!(self.store, context, |tx| {
                Ok(events::listed(&mut (&mut *tx).into(), context, stored.link.id, whole, after).await?)
            })?;
            let Some(last) = known.last() else { return Ok(()) };
            after = Some(last.appointment_id);
            for known in known
                .iter()
                .filter(|known| !seen.contains(known.event_id.as_str()))
            {
                if !self.ask(context, stored, client, known).await? {
                    self.missing(context, known).await?;
                }
            }
        }
    }

    /// Stores what takes time and where to go on, in one transaction: until then the times of before hold.
    async fn store_times(
        &self,
        context: &Context,
        stored: &Stored,
        read: &Read,
        own: &[&str],
        others: &[&Event],
    ) -> Result<(), Trouble> {
        let link = &stored.link;
        let zone = read.zone.as_deref().or(stored.time_zone.as_deref());
        let tz: Tz = zone.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
        let (now, source) = (self.store.now(), source(link.id));
        let mut times: Vec<(&str, Time)> = others
            .iter()
            .map(|event| (event.id.as_str(), time_of(event, tz)))
            .collect();
        // What was somebody else's may be ours by now.
        times.extend(own.iter().map(|id| (*id, Time::Free)));
        let synced = Synced {
            token: &read.token,
            time_zone: zone,
            at: now,
            whole_at: read.whole.map(|_| now),
        };
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            // Linked anew or ended meanwhile: what was read is of no use any more.
            if !links::synced(&mut tx, context, (link.id, link.version), &synced).await? {
                return Ok(());
            }
            let professional = link.professional_id;
            if read.whole.is_some() {
                busy::remove(&mut tx, context, professional, &source, None).await?;
            }
            for (key, time) in &times {
                match time {
                    Time::Busy(it) => busy::put(&mut tx, context, professional, &source, it).await?,
                    Time::Free => {
                        busy::remove(&mut tx, context, professional, &source, Some(key)).await?;
                    }
                }
            }
            Ok(())
        })
        .map_err(Trouble::House)
    }

    /// Has the calendar read, opens a channel where there is none that lasts, and comes again.
    pub(super) async fn poll(
        &self,
        context: &Context,
        link: CalendarLinkId,
        (polls, turn): (i64, u64),
    ) -> Result<(), Trouble> {
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            let is_ours = |stored: &Stored| stored.polls == polls && stored.link.direction.reads();
            let Some(stored) = links::find(&mut tx, context, link).await?.filter(is_ours) else {
                return Ok(());
            };
            // A link that is refused is linked anew, and then has polls of its own.
            if !stored.is_active() {
                return Ok(());
            }
            let (workspace, outbox) = (context.workspace, self.store.outbox());
            let sync = Ticket::sync(workspace, link, stored.syncs)?;
            outbox.enqueue_in(&mut tx, &sync).await?;
            let open = channels::of_link(&mut tx, context, link).await?;
            let lasts = |expires: Timestamp| expires > now + RENEW_BEFORE;
            if self.settings.address.is_some()
                && !open.iter().any(|channel| channel.expires_at.is_some_and(lasts))
            {
                let watch = Ticket::watch(workspace, link, format_args!("{polls}/{turn}"))?;
                outbox.enqueue_in(&mut tx, &watch).await?;
            }
            let next = Ticket::poll(workspace, link, (polls, turn + 1), self.settings.poll_every)?;
            outbox.enqueue_in(&mut tx, &next).await?;
            Ok(())
        })
        .map_err(Trouble::House)
    }
}

/// When an event of others takes time.
fn time_of(event: &Event, zone: Tz) -> Time {
    if event.is_cancelled() || event.is_declined || event.transparency == Transparency::Transparent {
        return Time::Free;
    }
    let instant = |time: Option<super::EventTime>| time.and_then(|time| time.instant(zone));
    match (instant(event.start), instant(event.end)) {
        (Some(start), Some(end)) if start < end => Time::Busy(Busy {
            key: event.id.clone(),
            time: Range { start, end },
        }),
        _ => Time::Free,
    }
}
