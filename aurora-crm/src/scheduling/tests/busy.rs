use std::ops::Range;

use aurora_core::store::Connection;
use aurora_core::time::{Clock as _, Timestamp};

use super::{Clinic, at};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::scheduling::ProfessionalId;
use crate::scheduling::busy::{self, Busy};
use crate::store::{reading, writing};
use crate::testing::each_database;

fn busy(key: &str, from: &str, until: &str) -> Busy {
    Busy {
        key: key.to_owned(),
        time: at(from)..at(until),
    }
}

impl Clinic {
    pub(super) async fn replace_busy(
        &self,
        context: &Context,
        id: ProfessionalId,
        source: &str,
        all: &[Busy],
    ) -> Result<(), Error> {
        let store = self.crm.store();
        writing!(store, context, |tx| {
            busy::replace(&mut Connection::from(&mut *tx), context, id, source, all).await
        })
    }

    pub(super) async fn busy(&self, context: &Context, id: ProfessionalId) -> Vec<Range<Timestamp>> {
        let (store, all) = (
            self.crm.store(),
            at("2026-03-02T00:00:00Z")..at("2026-03-03T00:00:00Z"),
        );
        let found: Result<_, Error> = reading!(store, context, |tx| {
            busy::read(&mut Connection::from(&mut *tx), context, id, all.clone()).await
        });
        found.unwrap()
    }
}

#[tokio::test]
async fn a_calendar_says_when_somebody_is_busy_elsewhere() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (context, ana) = (&clinic.context, clinic.professional("Ana").await.id);
        let bia = clinic.professional("Bia").await.id;
        let first = busy("a", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
        let late = busy("b", "2026-03-02T23:00:00Z", "2026-03-03T02:00:00Z");
        let before = busy("c", "2026-03-01T23:00:00Z", "2026-03-02T00:00:00Z");
        let all = [late.clone(), first.clone(), before];
        clinic.replace_busy(context, ana, "google:1", &all).await.unwrap();
        clinic
            .replace_busy(context, ana, "google:2", std::slice::from_ref(&first))
            .await
            .unwrap();
        let times = [first.time.clone(), first.time.clone(), late.time.clone()];
        assert_eq!(clinic.busy(context, ana).await, times);
        assert_eq!(clinic.busy(context, bia).await, []);

        let moved = busy("a", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z");
        let store = clinic.crm.store();
        let removed: Result<_, Error> = writing!(store, context, |tx| {
            let tx = &mut Connection::from(&mut *tx);
            busy::put(tx, context, ana, "google:1", &moved).await?;
            let none = busy::remove(tx, context, bia, "google:1", Some("b")).await?;
            let one = busy::remove(tx, context, ana, "google:1", Some("b")).await?;
            Ok((none, one, busy::remove(tx, context, ana, "google:2", None).await?))
        });
        assert_eq!(removed.unwrap(), (0, 1, 1));
        assert_eq!(clinic.busy(context, ana).await, [moved.time]);
        clinic.replace_busy(context, ana, "google:1", &[]).await.unwrap();
        assert_eq!(clinic.busy(context, ana).await, []);

        let nobody = ProfessionalId::new(clinic.clock.now());
        let error = clinic
            .replace_busy(context, nobody, "s", std::slice::from_ref(&first))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let empty = busy("a", "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z");
        for wrong in [empty, busy("", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] {
            let error = clinic
                .replace_busy(context, ana, "s", &[wrong])
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        let foreign = super::clinic(&clinic.crm).await;
        let error = clinic
            .replace_busy(&foreign, ana, "s", &[first])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    })
    .await;
}
