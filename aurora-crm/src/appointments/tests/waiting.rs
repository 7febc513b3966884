use aurora_core::store::outbox::Handler as _;
use aurora_core::time::Clock as _;

use super::{Clinic, DAY, HOUR, MINUTE, Sink, code, time};
use crate::appointments::{
    Answer, Answered, AppointmentFilter, AppointmentStatus, NewWaitingEntry, NoticeKind, QUEUE, WaitingEntry,
    WaitingStatus,
};
use crate::clients::{ClientId, NewClient};
use crate::leads::tests::{field, wrong};
use crate::scheduling::PartOfDay;
use crate::testing::each_database;

impl Clinic {
    pub(super) fn wish(&self, client: ClientId) -> NewWaitingEntry {
        NewWaitingEntry::new(client, self.checkup.id, time("02T00:00")..time("09T00:00"))
    }

    pub(super) async fn waits(&self, wish: NewWaitingEntry) -> WaitingEntry {
        self.crm.appointments().wait(&self.context, wish).await.unwrap()
    }

    pub(super) async fn client(&self, name: &str) -> ClientId {
        let new = NewClient::person(name);
        self.crm.clients().create(&self.context, new).await.unwrap().id
    }

    pub(super) async fn entry(&self, entry: &WaitingEntry) -> WaitingEntry {
        self.crm
            .appointments()
            .waiting_entry(&self.context, entry.id)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn who_is_first_in_line_and_fits_gets_the_time_that_became_free() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let appointments = clinic.crm.appointments();
        let worker = appointments.worker(sink.clone());
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        // Does not fit: another part of the day, another professional, too late.
        let evening = clinic
            .waits(
                clinic
                    .wish(clinic.bruno)
                    .part_of_day(PartOfDay::Evening)
                    .priority(1),
            )
            .await;
        let reis = clinic
            .waits(clinic.wish(clinic.bruno).professional(clinic.reis.id).priority(1))
            .await;
        let later = NewWaitingEntry::new(
            clinic.bruno,
            clinic.checkup.id,
            time("04T00:00")..time("09T00:00"),
        );
        let later = clinic.waits(later.priority(1)).await;
        clinic.clock.advance(MINUTE);
        let carla = clinic.client("Carla").await;
        let second = clinic.waits(clinic.wish(carla)).await;
        clinic.clock.advance(MINUTE);
        let davi = clinic.client("Davi").await;
        let third = clinic.waits(clinic.wish(davi)).await;
        let eva = clinic.client("Eva").await;
        let first = clinic
            .waits(clinic.wish(eva).priority(2).part_of_day(PartOfDay::Morning))
            .await;
        clinic.cancelled(&made).await;
        clinic.work(&worker).await;

        let told = sink.take();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].kind, told[0].appointment.client_id),
            (NoticeKind::Offer, eva)
        );
        assert_eq!(
            told[0].text,
            "Olá, Eva! Abriu um horário para Consulta com Dra. Lima: quarta-feira, 03/03 às 10:00. \
             Quer ficar com ele? Guardamos até 09:02."
        );
        let offered = clinic.entry(&first).await;
        assert_eq!((offered.status, offered.offers), (WaitingStatus::Offered, 1));
        let held = clinic.now(&told[0].appointment).await;
        assert_eq!(held.status, AppointmentStatus::Held);
        assert_eq!(code(clinic.book(clinic.checkup("03T10:00")).await), "slot_taken");
        // she does not answer: the next in line
        clinic.pass(&worker, HOUR).await;
        let told = sink.kinds();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1.client_id, carla);
        assert_eq!(clinic.now(&held).await.status, AppointmentStatus::Expired);
        let passed = clinic.entry(&first).await;
        assert_eq!(
            (passed.status, passed.appointment_id),
            (WaitingStatus::Waiting, None)
        );
        // he does not want it: the one after
        let hers = told[0].1.id;
        let refused = appointments
            .respond(&clinic.context, carla, hers, Answer::Cancel)
            .await
            .unwrap();
        assert!(matches!(refused, Answered::Cancelled(_)));
        clinic.work(&worker).await;
        let told = sink.kinds();
        assert_eq!((told.len(), told[0].1.client_id), (1, davi));
        // and he takes it
        let taken = appointments
            .respond(&clinic.context, davi, told[0].1.id, Answer::Confirm)
            .await
            .unwrap();
        assert!(matches!(taken, Answered::Taken(it) if it.status == AppointmentStatus::Confirmed));
        let booked = clinic.entry(&third).await;
        assert_eq!(
            (booked.status, booked.appointment_id),
            (WaitingStatus::Booked, Some(told[0].1.id))
        );
        clinic.pass(&worker, 2 * HOUR).await;
        assert_eq!(sink.take(), [], "it is taken, and nobody hears of it again");
        let waiting = appointments.waiting(&clinic.context, None).await.unwrap();
        let ids: std::collections::BTreeSet<_> = waiting.iter().map(|entry| entry.id).collect();
        let expected = [&evening, &reis, &later, &first, &second].map(|entry| entry.id);
        assert_eq!(ids, expected.into());
    })
    .await;
}

#[tokio::test]
async fn two_times_at_once_are_offered_to_two_and_one_time_to_one() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let made = [
            clinic.booked(clinic.checkup("03T10:00")).await,
            clinic.booked(clinic.checkup("03T11:00")).await,
        ];
        for name in ["C", "D", "E"] {
            let client = clinic.client(name).await;
            clinic.waits(clinic.wish(client)).await;
        }
        for appointment in &made {
            clinic.cancelled(appointment).await;
        }
        let outbox = clinic.crm.store().outbox();
        let due = outbox.claim(QUEUE, 50, MINUTE).await.unwrap();
        assert_eq!(due.len(), 2);
        // Each message twice, all at once: as when a lease was lost.
        let all = due.iter().chain(&due).map(|delivery| worker.handle(delivery));
        drop(futures::future::join_all(all).await);
        clinic.work(&worker).await;
        let told = sink.kinds();
        let mut times: Vec<_> = told.iter().map(|(_, it)| it.starts_at).collect();
        times.sort_unstable();
        assert_eq!(times, [time("03T10:00"), time("03T11:00")]);
        assert_ne!(told[0].1.client_id, told[1].1.client_id);
        let held = AppointmentFilter::all().status(AppointmentStatus::Held);
        let page = aurora_core::page::PageRequest::default();
        let held = clinic
            .crm
            .appointments()
            .list(&clinic.context, &held, &page)
            .await
            .unwrap();
        assert_eq!(held.items.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn three_offers_are_made_and_no_more() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let appointments = clinic.crm.appointments();
        let worker = appointments.worker(sink.clone());
        let entry = clinic.waits(clinic.wish(clinic.bruno)).await;
        for day in ["03", "04", "05", "06"] {
            let made = clinic.booked(clinic.checkup(&format!("{day}T15:00"))).await;
            clinic.cancelled(&made).await;
            clinic.pass(&worker, 2 * HOUR).await;
        }
        assert_eq!(sink.take().len(), 3);
        let lapsed = clinic.entry(&entry).await;
        assert_eq!((lapsed.status, lapsed.offers), (WaitingStatus::Lapsed, 3));
        appointments
            .stop_waiting(&clinic.context, entry.id, lapsed.version)
            .await
            .unwrap();
        assert_eq!(clinic.entry(&entry).await.status, WaitingStatus::Removed);
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_checked_and_taken_off_the_list() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let appointments = clinic.crm.appointments();
        let past = clinic.clock.now() - DAY;
        let bad = NewWaitingEntry::new(clinic.ana, clinic.checkup.id, past..past + HOUR).priority(6);
        let told = wrong(appointments.wait(&clinic.context, bad).await);
        assert_eq!(
            told,
            [field("priority", "invalid"), field("wanted_until", "too_late")]
        );
        let entry = clinic.waits(clinic.wish(clinic.ana)).await;
        assert_eq!(clinic.entry(&entry).await, entry);
        let stale = appointments
            .stop_waiting(&clinic.context, entry.id, 2)
            .await
            .unwrap_err();
        assert_eq!(stale.current_version(), Some(1));
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        clinic.cancelled(&made).await;
        let worker = appointments.worker(Sink::default());
        clinic.work(&worker).await;
        let offered = appointments.stop_waiting(&clinic.context, entry.id, 3).await;
        assert_eq!(wrong(offered), [field("status", "not_allowed")]);
        let held = clinic.entry(&entry).await.appointment_id.unwrap();
        appointments
            .respond(&clinic.context, clinic.ana, held, Answer::Cancel)
            .await
            .unwrap();
        appointments
            .stop_waiting(&clinic.context, entry.id, 4)
            .await
            .unwrap();
        assert_eq!(appointments.waiting(&clinic.context, None).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn nobody_waits_twice_for_the_same() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let at_once = (0..8).map(|_| clinic.waits(clinic.wish(clinic.bruno)));
        let made = futures::future::join_all(at_once).await;
        assert!(made.iter().all(|entry| entry.id == made[0].id), "{made:?}");
        // What differs, or is somebody else's, is another wish.
        clinic
            .waits(clinic.wish(clinic.bruno).part_of_day(PartOfDay::Morning))
            .await;
        clinic
            .waits(clinic.wish(clinic.bruno).professional(clinic.reis.id))
            .await;
        let carla = clinic.client("Carla").await;
        clinic.waits(clinic.wish(carla)).await;
        let appointments = clinic.crm.appointments();
        let waiting = appointments.waiting(&clinic.context, None).await.unwrap();
        assert_eq!(waiting.len(), 4);

        // Who left the list may come back to it, at the end.
        let first = waiting.iter().find(|entry| entry.id == made[0].id).unwrap();
        appointments
            .stop_waiting(&clinic.context, first.id, first.version)
            .await
            .unwrap();
        assert_ne!(clinic.waits(clinic.wish(clinic.bruno)).await.id, made[0].id);
    })
    .await;
}
