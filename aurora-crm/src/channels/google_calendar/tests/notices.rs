//! Notifications, and the channels that they come through.

use std::collections::BTreeSet;

use aurora_core::store::on_reader;
use aurora_core::time::Clock as _;

use super::clinic::{ADDRESS, CALENDAR, Clinic, DAY, HOUR, MINUTE};
use crate::channels::google_calendar::LinkState;
use crate::channels::google_calendar::testing::{Fault, Notification, Operation};
use crate::error::{Error, ErrorKind};
use crate::store::writing;
use crate::testing::each_database;

impl Clinic {
    pub(super) async fn receive(&self, notification: &Notification) -> Result<(), ErrorKind> {
        let headers = notification
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let received = self.calendar.receive_notification(headers).await;
        received.map_err(|error| error.kind())
    }
}

#[tokio::test]
async fn notifications_lead_to_one_reading_and_forged_ones_to_none() {
    each_database(|db| async move {
        let (clinic, _) = Clinic::linked(db.database).await;
        let lists = || clinic.fake.count(Operation::List);
        let [open] = clinic.fake.notifications().try_into().unwrap();
        assert_eq!(
            (open.address.as_str(), clinic.receive(&open).await),
            (ADDRESS, Ok(()))
        );
        let before = lists();
        assert_eq!(clinic.work().await, 0, "that it is open says nothing of changes");
        for hour in 12..15 {
            clinic
                .fake
                .add(CALENDAR, "x", clinic.at(hour), clinic.at(hour + 1));
        }
        let mut told = clinic.fake.notifications();
        assert_eq!(told.len(), 3);
        told.reverse();
        for notification in told.iter().chain(&told) {
            assert_eq!(clinic.receive(notification).await, Ok(()));
        }
        assert_eq!(
            (clinic.work().await, lists()),
            (1, before + 1),
            "six notifications, one reading"
        );
        assert_eq!(clinic.busy().await.len(), 3);
        assert_eq!(clinic.receive(&told[0]).await, Ok(()));
        assert_eq!(
            (clinic.work().await, lists()),
            (1, before + 2),
            "late ones read once more"
        );
        let forged = |name: &str, value: &str| {
            let mut forged = told[0].clone();
            forged.headers.retain(|(it, _)| it != name);
            forged.headers.push((name.to_lowercase(), value.to_owned()));
            forged
        };
        let id = told[0]
            .headers
            .iter()
            .find(|(name, _)| name == "X-Goog-Channel-ID")
            .unwrap()
            .1
            .clone();
        let swapped = id
            .split_at_checked(32)
            .map(|(head, tail)| format!("{tail}{head}"))
            .unwrap();
        for forged in [
            forged("X-Goog-Channel-Token", "guess"),
            forged("X-Goog-Channel-Token", ""),
            forged("X-Goog-Channel-ID", "nonsense"),
            forged("X-Goog-Channel-ID", &swapped),
            forged("X-Goog-Resource-ID", "another"),
        ] {
            assert_eq!(
                clinic.receive(&forged).await,
                Err(ErrorKind::Unauthenticated),
                "{forged:?}"
            );
        }
        assert_eq!(clinic.work().await, 0);
        // They do not wait for who writes.
        let guess = forged("X-Goog-Channel-Token", "guess");
        let (store, context) = (clinic.crm.store(), &clinic.context);
        let told: Result<_, Error> = writing!(store, context, |_tx| { Ok(clinic.receive(&guess).await) });
        assert_eq!(told.unwrap(), Err(ErrorKind::Unauthenticated));
    })
    .await;
}

#[tokio::test]
async fn channels_are_renewed_before_they_end_and_polling_goes_on_without_them() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let first: BTreeSet<String> = clinic.fake.channels().into_iter().collect();
        assert_eq!(first.len(), 1);
        // Almost a week, a poll at a time.
        for _ in 0..27 {
            clinic.clock.advance(6 * HOUR);
            clinic.work().await;
            assert_eq!(clinic.fake.channels().len(), 1, "always one, and no gap");
        }
        let second: BTreeSet<String> = clinic.fake.channels().into_iter().collect();
        assert!(first.is_disjoint(&second));
        assert_eq!(
            (
                clinic.fake.count(Operation::Watch),
                clinic.fake.count(Operation::Stop)
            ),
            (2, 1)
        );
        assert!(clinic.fake.count(Operation::List) > 27);
        // Nobody tells: the poll finds it.
        drop(clinic.fake.notifications());
        let start = clinic.clock.now() + HOUR;
        clinic.fake.add(CALENDAR, "x", start, start + HOUR);
        clinic.clock.advance(10 * MINUTE);
        clinic.work().await;
        assert_eq!(clinic.busy().await, [(start, start + HOUR)]);
        // An answer that is lost leaves a channel that is listened to, and another is opened.
        clinic.clock.advance(6 * DAY + 12 * HOUR);
        drop(clinic.fake.notifications());
        clinic.fake.fail_next(Operation::Watch, Fault::Lost);
        for _ in 0..3 {
            clinic.work().await;
            clinic.clock.advance(MINUTE);
        }
        assert!(!clinic.fake.channels().is_empty());
        for notification in clinic.fake.notifications() {
            assert_eq!(clinic.receive(&notification).await.err(), None);
        }
        assert_eq!(clinic.linked_as(&link).await.state, LinkState::Active);
    })
    .await;
}

#[tokio::test]
async fn channels_of_which_no_answer_comes_do_not_pile_up() {
    each_database(|db| async move {
        let (clinic, link) = Clinic::linked(db.database).await;
        let rows = async || {
            let query = "select count(*) from calendar_channels";
            let rows: i64 = on_reader!(db.owner, |pool| sqlx::query_scalar(query).fetch_one(pool)).unwrap();
            rows
        };
        let watch = async || clinic.calendar.watch(&clinic.context, link.id).await;
        // Certainly not opened: forgotten at once.
        clinic.fake.fail_next(Operation::Watch, Fault::TooMany(None));
        assert!(watch().await.is_err());
        clinic.fake.end_access_tokens();
        clinic.fake.fail_next(Operation::Token, Fault::Status(503));
        assert!(watch().await.is_err());
        assert_eq!(rows().await, 1);
        // It may be open: listened to for a day.
        for _ in 0..120 {
            clinic.fake.fail_next(Operation::Watch, Fault::Status(503));
            assert!(watch().await.is_err());
        }
        assert_eq!(rows().await, 121);
        watch().await.unwrap();
        assert_eq!((clinic.fake.channels().len(), rows().await), (1, 121));
        // It is found among all of them, and no other is opened.
        let opened = clinic.fake.count(Operation::Watch);
        for _ in 0..3 {
            clinic.clock.advance(10 * MINUTE);
            clinic.work().await;
        }
        assert_eq!(clinic.fake.count(Operation::Watch), opened);
        clinic.clock.advance(DAY);
        watch().await.unwrap();
        assert_eq!((clinic.fake.channels().len(), rows().await), (1, 1));
    })
    .await;
}
