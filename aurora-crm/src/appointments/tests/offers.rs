//! Offers of the waiting list that cannot be told, that come at night, and of less than what has become free.

use aurora_core::store::outbox::Handler as _;
use aurora_core::time::Clock as _;

use super::{Clinic, HOUR, MINUTE, Sink, time};
use crate::appointments::{
    Appointment, AppointmentFilter, AppointmentPolicy, AppointmentStatus, NewWaitingEntry, QUEUE,
    WaitingEntry, WaitingStatus,
};
use crate::clients::ClientId;
use crate::conversations::Content;
use crate::testing::each_database;

impl Clinic {
    /// Everything that was ever booked or held for a client, by beginning.
    async fn all_of(&self, client: ClientId) -> Vec<Appointment> {
        let filter = AppointmentFilter::all().client(client);
        let page = aurora_core::page::PageRequest::default();
        let appointments = self.crm.appointments();
        appointments
            .list(&self.context, &filter, &page)
            .await
            .unwrap()
            .items
    }

    /// Whether it waits as if nothing had ever been offered to it.
    async fn keeps_its_place(&self, entry: &WaitingEntry) -> bool {
        let now = self.entry(entry).await;
        let is_waiting = now.status == WaitingStatus::Waiting && now.appointment_id.is_none();
        is_waiting && now.offers == 0 && now.created_at == entry.created_at
    }

    async fn blocked(&self, client: ClientId) {
        let clients = self.crm.clients();
        let version = clients.get(&self.context, client).await.unwrap().version;
        clients
            .block(&self.context, client, version, "oposição")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_offer_that_cannot_be_told_goes_to_the_next_at_once_and_does_not_count() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let [carla, davi] = [clinic.client("Carla").await, clinic.client("Davi").await];
        let first = clinic.waits(clinic.wish(clinic.bruno).priority(1)).await;
        let second = clinic.waits(clinic.wish(carla).priority(2)).await;
        let third = clinic.waits(clinic.wish(davi)).await;
        sink.set_unreachable(&[clinic.bruno, carla]);
        // More often than offers are made to one.
        for hour in ["10", "11", "12", "13"] {
            let made = clinic.booked(clinic.checkup(&format!("03T{hour}:00"))).await;
            clinic.cancelled(&made).await;
        }
        clinic.work(&worker).await;
        let told = sink.kinds();
        assert_eq!(told.len(), 1, "the others wait for nobody");
        assert_eq!(told[0].1.client_id, davi);
        assert_eq!(clinic.entry(&third).await.offers, 1);
        for (entry, client) in [(&first, clinic.bruno), (&second, carla)] {
            assert!(clinic.keeps_its_place(entry).await);
            assert_eq!(clinic.entry(entry).await.untold_at, Some(clinic.clock.now()));
            for held in clinic.all_of(client).await {
                assert_eq!(held.status, AppointmentStatus::Cancelled);
                assert_eq!(
                    held.reason.as_deref(),
                    Some("the client could not be told of the offer")
                );
            }
        }
        // Within the hour it is not tried again; after it, it is, and who can be told by then is told.
        sink.set_unreachable(&[]);
        let again = clinic.booked(clinic.checkup("04T10:00")).await;
        clinic.cancelled(&again).await;
        clinic.work(&worker).await;
        assert_eq!(sink.take(), []);
        clinic.pass(&worker, HOUR).await;
        let told = sink.kinds();
        assert_eq!((told.len(), told[0].1.client_id), (1, clinic.bruno));
        let now = clinic.entry(&first).await;
        assert_eq!(
            (now.offers, now.told_at, now.untold_at),
            (1, Some(clinic.clock.now()), None)
        );
    })
    .await;
}

#[tokio::test]
async fn nothing_is_held_for_a_client_whose_data_may_not_be_used() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let [carla, davi] = [clinic.client("Carla").await, clinic.client("Davi").await];
        clinic.waits(clinic.wish(clinic.bruno).priority(1)).await;
        let second = clinic.waits(clinic.wish(carla).priority(2)).await;
        clinic.waits(clinic.wish(davi)).await;
        clinic.blocked(clinic.bruno).await;
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        clinic.cancelled(&made).await;
        let outbox = clinic.crm.store().outbox();
        let freed = outbox.claim(QUEUE, 50, MINUTE).await.unwrap();
        assert_eq!(freed.len(), 1);
        worker.handle(&freed[0]).await.unwrap();
        assert_eq!(clinic.all_of(clinic.bruno).await, []);
        assert_eq!(clinic.all_of(carla).await.len(), 1);
        // Between the offer and the message: the next one is told.
        clinic.blocked(carla).await;
        clinic.work(&worker).await;
        let told = sink.kinds();
        assert_eq!((told.len(), told[0].1.client_id), (1, davi));
        assert!(clinic.keeps_its_place(&second).await);
    })
    .await;
}

#[tokio::test]
async fn an_offer_that_nobody_could_send_in_time_does_not_count() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let entry = clinic.waits(clinic.wish(clinic.bruno)).await;
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        clinic.cancelled(&made).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let outbox = clinic.crm.store().outbox();
        let freed = outbox.claim(QUEUE, 50, MINUTE).await.unwrap();
        worker.handle(&freed[0]).await.unwrap();
        // What sends is down for longer than the offer stands.
        clinic.clock.advance(2 * HOUR);
        clinic.work(&worker).await;
        assert_eq!(sink.take(), []);
        assert!(clinic.keeps_its_place(&entry).await);
        let held = clinic.all_of(clinic.bruno).await;
        assert_eq!(held[0].status, AppointmentStatus::Expired);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_offered_anything_at_night() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let entry = clinic.waits(clinic.wish(clinic.bruno)).await;
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        let late = clinic.booked(clinic.checkup("02T08:00")).await;
        clinic.booked(clinic.checkup("02T08:40")).await;
        clinic.clock.advance(time("02T02:30").since(clinic.clock.now()));
        clinic.cancelled(&late).await;
        clinic.cancelled(&made).await;
        clinic
            .pass(&worker, time("02T07:50").since(clinic.clock.now()))
            .await;
        assert_eq!(sink.take(), []);
        assert_eq!(
            clinic.all_of(clinic.bruno).await,
            [],
            "nothing is held for who sleeps"
        );
        clinic.pass(&worker, 10 * MINUTE).await;
        let told = sink.take();
        assert_eq!(told.len(), 1, "8:00 has begun and is offered no more");
        assert_eq!(told[0].appointment.starts_at, time("03T10:00"));
        assert!(told[0].text.ends_with("Guardamos até 09:00."), "{}", told[0].text);

        // Offered in the last minute, and to be told in the first quiet one: in the morning.
        clinic.pass(&worker, HOUR).await;
        assert_eq!(clinic.entry(&entry).await.offers, 1);
        let made = clinic.booked(clinic.checkup("04T10:00")).await;
        clinic.clock.advance(time("02T20:59").since(clinic.clock.now()));
        clinic.cancelled(&made).await;
        let outbox = clinic.crm.store().outbox();
        let freed = outbox.claim(QUEUE, 50, MINUTE).await.unwrap();
        worker.handle(&freed[0]).await.unwrap();
        assert_eq!(clinic.entry(&entry).await.status, WaitingStatus::Offered);
        clinic.pass(&worker, MINUTE).await;
        assert_eq!(
            (sink.take(), clinic.entry(&entry).await.status),
            (vec![], WaitingStatus::Waiting)
        );
        clinic.pass(&worker, 11 * HOUR).await;
        let told = sink.kinds();
        assert_eq!((told.len(), told[0].1.starts_at), (1, time("04T10:00")));
        assert_eq!(clinic.clock.now(), time("03T08:00"));
    })
    .await;
}

#[tokio::test]
async fn what_an_offer_leaves_of_a_freed_time_is_offered_too() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let mut made = Vec::new();
        for at in ["03T10:00", "03T11:00"] {
            made.push(clinic.booked(clinic.surgery(at)).await);
        }
        for name in ["Carla", "Davi", "Eva"] {
            let client = clinic.client(name).await;
            clinic.waits(clinic.wish(client)).await;
        }
        clinic.cancelled(&made[0]).await;
        clinic.work(&worker).await;
        // 30 minutes and 10 after them: no second one as long as 11:00 is taken
        let mut told = sink.kinds();
        assert_eq!(told.len(), 1);
        clinic.cancelled(&made[1]).await;
        clinic.work(&worker).await;
        told.extend(sink.kinds());
        let mut starts: Vec<_> = told.iter().map(|(_, it)| it.starts_at).collect();
        starts.sort_unstable();
        assert_eq!(starts, [time("03T10:00"), time("03T11:00"), time("03T11:40")]);
        let freed = clinic.booked(clinic.surgery("05T10:00")).await;
        let client = clinic.client("Fábio").await;
        let later = NewWaitingEntry::new(client, clinic.checkup.id, time("05T10:20")..time("05T10:40"));
        clinic.waits(later.priority(1)).await;
        clinic.cancelled(&freed).await;
        clinic.work(&worker).await;
        let told = sink.kinds();
        let starts: Vec<_> = told
            .iter()
            .map(|(_, it)| (it.client_id == client, it.starts_at))
            .collect();
        assert_eq!(
            starts,
            [(true, time("05T10:20"))],
            "within what is free, when it is wanted"
        );
    })
    .await;
}

#[tokio::test]
async fn one_long_time_is_offered_to_several_who_wait_for_a_short_one() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let long = crate::scheduling::NewService::new("Implante", 120)
            .professional(clinic.lima.id)
            .confirms_itself();
        let long = clinic
            .crm
            .scheduling()
            .create_service(&clinic.context, long)
            .await
            .unwrap();
        let mut booking = clinic.checkup("03T10:00");
        booking.service = long.id;
        let made = clinic.booked(booking).await;
        let after = clinic.booked(clinic.checkup("03T12:00")).await;
        let mut wishes = Vec::new();
        for name in ["Carla", "Davi", "Eva", "Fábio", "Gil"] {
            let client = clinic.client(name).await;
            wishes.push(clinic.waits(clinic.wish(client)).await);
            clinic.clock.advance(MINUTE);
        }
        clinic.cancelled(&made).await;
        clinic.work(&worker).await;
        let told = sink.kinds();
        let starts: Vec<_> = told.iter().map(|(_, it)| it.starts_at).collect();
        assert_eq!(starts, [time("03T10:00"), time("03T10:40"), time("03T11:20")]);
        let clients: Vec<_> = told.iter().map(|(_, it)| it.client_id).collect();
        let first: Vec<_> = wishes.iter().take(3).map(|entry| entry.client_id).collect();
        assert_eq!(clients, first, "in the order in which they wait");
        assert_eq!(clinic.now(&after).await.status, AppointmentStatus::Confirmed);
    })
    .await;
}

#[tokio::test]
async fn an_offer_has_the_template_of_the_policy() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let sink = Sink::default();
        let appointments = clinic.crm.appointments();
        let policy = AppointmentPolicy {
            offer_template: Some("vaga_disponivel".to_owned()),
            ..AppointmentPolicy::default()
        };
        appointments.set_policy(&clinic.context, policy).await.unwrap();
        let worker = appointments.worker(sink.clone());
        clinic.waits(clinic.wish(clinic.bruno)).await;
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        clinic.cancelled(&made).await;
        clinic.work(&worker).await;
        let told = sink.take();
        let Some(Content::Template {
            name, body, payloads, ..
        }) = told[0].template_content()
        else {
            panic!("there is a template");
        };
        assert_eq!((name.as_str(), payloads.len()), ("vaga_disponivel", 2));
        assert_eq!(
            body,
            [
                "Bruno",
                "Consulta",
                "Dra. Lima",
                "quarta-feira, 03/03 às 10:00",
                "09:00"
            ]
        );
    })
    .await;
}
