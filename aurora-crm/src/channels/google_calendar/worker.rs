//! Does what messages ask for, and tells people what only they can repair.

use async_trait::async_trait;
use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::page::PageRequest;
use aurora_core::store::Connection;
use aurora_core::store::outbox::{Delivery, Failed, Handler};

use super::client::{GoogleError, GoogleErrorKind};
use super::handle::{GoogleCalendar, KIND};
use super::jobs::{Job, Ticket};
use super::link::CalendarLinkId;
use super::sql::events;
use super::sql::links::{self, Stored};
use crate::appointments::{AppointmentFilter, Appointments};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{reading, writing};

/// Who it is in the audit log.
pub(super) const PRINCIPAL: &str = "google calendar";

/// The handler of the queue.
#[derive(Debug, Clone)]
pub(super) struct Jobs(pub(super) GoogleCalendar);

#[async_trait]
impl Handler for Jobs {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery
            .json()
            .map_err(|_| Failed::rejected("the message is not one of a calendar"))?;
        let context = Context::new(ticket.workspace, PRINCIPAL);
        let calendar = &self.0;
        let outcome = match ticket.job {
            Job::Push { appointment } => calendar.push(&context, appointment).await,
            Job::Sync { link, run } => calendar.sync(&context, link, run).await,
            Job::Poll { link, polls, turn } => calendar.poll(&context, link, (polls, turn)).await,
            Job::Watch { link } => calendar.watch(&context, link).await,
            Job::Fill { link, polls } => calendar.fill(&context, link, polls).await,
            Job::End { link } => {
                let is_last = delivery.attempt >= delivery.max_attempts;
                calendar.end(&context, link, is_last).await
            }
        };
        outcome.map_err(failed)
    }
}

/// What keeps a job from being done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Our own house.
    House(Error),
    /// Google, asked for a link.
    Google(Box<Stuck>, GoogleError),
}

/// The link that Google was asked for, as it was then.
#[derive(Debug)]
pub(super) struct Stuck {
    link: CalendarLinkId,
    version: i64,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::House(error)
    }
}

impl From<aurora_core::store::Error> for Trouble {
    fn from(error: aurora_core::store::Error) -> Self {
        Self::House(error.into())
    }
}

impl Trouble {
    pub(super) fn of(stored: &Stored) -> impl Fn(GoogleError) -> Self + Send + Sync {
        let (link, version) = (stored.link.id, stored.link.version);
        move |error| Self::Google(Box::new(Stuck { link, version }), error)
    }
}

/// Whether it is worth another attempt: a Google that stumbles, and an application of ours that somebody has to set right.
pub(super) fn is_waited_for(error: &GoogleError) -> bool {
    error.is_retryable() || error.kind() == GoogleErrorKind::App
}

/// Our own database, keys and application, and a Google that stumbles, are waited for; what Google refuses is not asked again.
fn failed(trouble: Trouble) -> Failed {
    match trouble {
        Trouble::House(error) => {
            let class = error.class();
            let class = if class.is_retryable() {
                class
            } else {
                FailureClass::Transient
            };
            Failed::again(class, error.to_string())
        }
        Trouble::Google(_, error) if is_waited_for(&error) => {
            let class = match error.class() {
                class if class.is_retryable() => class,
                _ => FailureClass::Transient,
            };
            let failed = Failed::again(class, error.to_string());
            match error.retry_after() {
                Some(wait) => failed.after(wait),
                None => failed,
            }
        }
        Trouble::Google(_, error) => Failed::rejected(error.to_string()),
    }
}

/// Whether only a person can repair it.
fn is_refusal(kind: GoogleErrorKind) -> bool {
    matches!(
        kind,
        GoogleErrorKind::Grant
            | GoogleErrorKind::Unauthenticated
            | GoogleErrorKind::Forbidden
            | GoogleErrorKind::NotFound
    )
}

impl GoogleCalendar {
    /// Ends a job that Google refuses for good by telling people; gives back what is worth another attempt.
    pub(super) async fn tell<T: Default + Send>(
        &self,
        context: &Context,
        outcome: Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        match outcome {
            Err(Trouble::Google(stuck, error)) if is_refusal(error.kind()) => {
                let problem = error.reason().unwrap_or("refused").to_owned();
                let (link, now) = ((stuck.link, stuck.version), self.store.now());
                let told: Result<bool, Error> = writing!(self.store, context, |tx| {
                    let mut tx = Connection::from(&mut *tx);
                    let is_new = links::refuse(&mut tx, context, link, &problem, now).await?;
                    if is_new {
                        let record = Record::new("calendar_link.refused", KIND, link.0, now)
                            .with("problem", problem.as_str());
                        self.store.record(&mut tx, context, now, &[record]).await?;
                    }
                    Ok(is_new)
                });
                if told? {
                    tracing::warn!(link = %link.0, problem, "Google refuses a calendar: it must be connected again");
                }
                Ok(T::default())
            }
            Err(Trouble::Google(stuck, error)) => {
                if error.kind() == GoogleErrorKind::App {
                    let problem = error.reason().unwrap_or("none is set");
                    tracing::error!(link = %stuck.link, problem, "Google refuses the OAuth application");
                }
                Err(Trouble::Google(stuck, error))
            }
            other => other,
        }
    }

    /// Enqueues a push of every appointment that is still to come, and of those that have changed since they were written,
    /// page by page: called off, moved to another professional, or over.
    async fn fill(&self, context: &Context, link: CalendarLinkId, polls: i64) -> Result<(), Trouble> {
        let Some(stored) = self
            .stored(context, link)
            .await?
            .filter(|stored| stored.polls == polls)
        else {
            return Ok(());
        };
        let filter = AppointmentFilter {
            blocking: true,
            from: Some(self.store.now()),
            ..AppointmentFilter::all().professional(stored.link.professional_id)
        };
        let appointments = Appointments::new(self.store.clone());
        let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
        loop {
            let page = appointments.list(context, &filter, &request).await?;
            let messages: Vec<_> = page
                .items
                .iter()
                .map(|item| Ticket::push(context.workspace, item.id, format_args!("{link}/{polls}")))
                .collect::<Result<_, _>>()?;
            self.store.outbox().enqueue_all(&messages).await?;
            match page.next {
                Some(next) => request = PageRequest::first(PageRequest::MAX_LIMIT).after(next),
                None => break,
            }
        }
        let mut after = None;
        loop {
            let behind = reading!(self.store, context, |tx| {
                Ok(events::behind(&mut (&mut *tx).into(), context, link, after).await?)
            })?;
            let messages: Vec<_> = behind
                .iter()
                .map(|id| Ticket::push(context.workspace, *id, format_args!("{link}/{polls}")))
                .collect::<Result<_, _>>()?;
            self.store.outbox().enqueue_all(&messages).await?;
            match behind.last() {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }
}
