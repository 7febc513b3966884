use aurora_core::time::{Clock as _, Timestamp};

use super::{Clinic, DAY, HOUR, MINUTE, code, time};
use crate::appointments::{Actor, AppointmentStatus, Booking};
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::testing::each_database;

use AppointmentStatus::{Confirmed, Expired, Held, Requested};

#[tokio::test]
async fn what_is_booked_comes_back_with_its_buffers_and_its_first_state() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let made = clinic
            .booked(clinic.checkup("02T09:00").note("jejum\nde 8 horas"))
            .await;
        assert_eq!(clinic.now(&made).await, made);
        assert_eq!(
            (made.starts_at, made.ends_at),
            (time("02T09:00"), time("02T09:30"))
        );
        assert_eq!(
            (made.blocked_from, made.blocked_until),
            (time("02T09:00"), time("02T09:40"))
        );
        assert_eq!((made.status, made.version, made.room_id), (Confirmed, 1, None));
        assert_eq!(made.time_zone, chrono_tz::America::Sao_Paulo);
        assert_eq!(made.note.as_deref(), Some("jejum\nde 8 horas"));
        assert!(!format!("{made:?}").contains("jejum"));
        let asked = clinic.booked(clinic.surgery("02T10:00")).await;
        assert_eq!((asked.status, asked.room_id), (Requested, Some(clinic.rooms[0])));
        let mut by_person = clinic.surgery("02T11:00");
        by_person.actor = clinic.person;
        assert_eq!(clinic.booked(by_person).await.status, Confirmed);
        let history = clinic
            .crm
            .appointments()
            .history(&clinic.context, made.id)
            .await
            .unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].from, history[0].to), (None, Confirmed));
        assert_eq!(
            (history[0].actor, history[0].action.as_str()),
            (Actor::Client, "appointment.booked")
        );
    })
    .await;
}

#[tokio::test]
async fn a_taken_time_is_refused_and_adjacent_ones_are_not() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let first = clinic.booked(clinic.checkup("02T09:00")).await;
        for taken in ["02T09:00", "02T08:30", "02T09:30"] {
            let refused = clinic.book(clinic.checkup(taken)).await;
            assert_eq!(
                kind(clinic.book(clinic.checkup(taken)).await),
                Some(ErrorKind::Conflict)
            );
            assert_eq!(code(refused), "slot_taken", "{taken}");
        }
        clinic.booked(clinic.checkup("02T09:40")).await;
        clinic.booked(clinic.checkup("02T08:20")).await;
        let mut elsewhere = clinic.checkup("02T09:00");
        elsewhere.professional = clinic.reis.id;
        clinic.booked(elsewhere).await;
        // a time that was given up is free
        clinic.cancelled(&first).await;
        clinic.booked(clinic.checkup("02T09:00")).await;
        // and what was cancelled cannot be brought back into it
        let reason = "engano da recepção";
        let back = clinic.crm.appointments().correct(
            &clinic.context,
            first.id,
            2,
            Confirmed,
            clinic.person.person().unwrap(),
            reason,
        );
        assert_eq!(code(back.await), "slot_taken");
    })
    .await;
}

#[tokio::test]
async fn rooms_are_chosen_and_taken_like_people() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let first = clinic.booked(clinic.surgery("02T09:00")).await;
        let mut second = clinic.surgery("02T09:30");
        second.professional = clinic.reis.id;
        let second = clinic.booked(second).await;
        assert_eq!(first.room_id, Some(clinic.rooms[0]));
        assert_eq!(second.room_id, Some(clinic.rooms[1]));
        let mut third = clinic.surgery("02T10:00");
        third = third.room(clinic.rooms[1]);
        assert_eq!(
            code(clinic.book(third.clone()).await),
            "slot_taken",
            "the room is Dr. Reis's"
        );
        third.room = None;
        assert_eq!(clinic.booked(third).await.room_id, Some(clinic.rooms[0]));
    })
    .await;
}

#[tokio::test]
async fn one_key_is_one_booking() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let booking = clinic.checkup("02T09:00").idempotency_key("chat 7");
        let first = clinic.booked(booking.clone()).await;
        assert_eq!(clinic.booked(booking.clone()).await, first);
        let cancelled = clinic.cancelled(&first).await;
        assert_eq!(
            clinic.booked(booking.clone()).await,
            cancelled,
            "the first, as it is now"
        );
        let other = clinic.checkup("02T11:00").idempotency_key("chat 7");
        assert_eq!(kind(clinic.book(other.clone()).await), Some(ErrorKind::Conflict));
        assert_eq!(code(clinic.book(other).await), "key_reused");
        let mut others = clinic.checkup("02T09:00").idempotency_key("chat 7");
        others.client = clinic.bruno;
        assert_eq!(code(clinic.book(others).await), "key_reused");
        // many at once
        let booking = clinic.checkup("03T09:00").idempotency_key("chat 8");
        let all = (0..8).map(|_| clinic.book(booking.clone()));
        let all = futures::future::join_all(all).await;
        let ids: std::collections::BTreeSet<_> = all.into_iter().map(|made| made.unwrap().id).collect();
        assert_eq!(ids.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_booked_is_told_with_every_reason() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let now = clinic.clock.now();
        let bad = Booking::new(clinic.ana, clinic.checkup.id, clinic.lima.id, now, Actor::Client)
            .idempotency_key("")
            .hold_for(DAY * 2)
            .note("x".repeat(2_001))
            .outside_hours();
        assert_eq!(
            wrong(clinic.book(bad).await),
            [
                field("starts_at", "too_late"),
                field("idempotency_key", "invalid"),
                field("hold_for", "invalid"),
                field("outside_hours", "not_allowed"),
                field("note", "too_long"),
            ]
        );
        let mut far = clinic.checkup("02T09:00");
        far.starts_at = now + DAY * 367;
        assert_eq!(code(clinic.book(far).await), "invalid");
        // after closing time, for clients and without the word of a person
        assert_eq!(
            code(clinic.book(clinic.checkup("02T22:00")).await),
            "outside_hours"
        );
        let mut person = clinic.checkup("02T22:00").outside_hours();
        person.actor = clinic.person;
        assert_eq!(clinic.booked(person).await.status, Confirmed);
        for actor in [Actor::Calendar, Actor::Clock] {
            let mut booking = clinic.checkup("02T09:00");
            booking.actor = actor;
            assert_eq!(code(clinic.book(booking).await), "not_allowed");
        }
        let not_found = Some(ErrorKind::NotFound);
        let mut nobody = clinic.checkup("02T09:00");
        nobody.client = crate::clients::ClientId::new(now);
        assert_eq!(kind(clinic.book(nobody).await), not_found);
        let mut nobody = clinic.checkup("02T09:00");
        nobody.professional = crate::scheduling::ProfessionalId::new(now);
        assert_eq!(kind(clinic.book(nobody).await), not_found);
        let mut nothing = clinic.checkup("02T09:00");
        nothing.service = crate::scheduling::ServiceId::new(now);
        assert_eq!(kind(clinic.book(nothing).await), not_found);
    })
    .await;
}

#[tokio::test]
async fn a_hold_blocks_until_it_expires_and_is_taken_or_goes() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let appointments = clinic.crm.appointments();
        let hold = |at: &str| clinic.checkup(at).hold_for(10 * MINUTE);
        let held = clinic.booked(hold("02T09:00")).await;
        assert_eq!(held.status, Held);
        assert_eq!(held.hold_expires_at, Some(clinic.clock.now() + 10 * MINUTE));
        assert_eq!(code(clinic.book(clinic.checkup("02T09:00")).await), "slot_taken");
        let taken = appointments.take(&clinic.context, held.id, 1).await.unwrap();
        assert_eq!((taken.status, taken.hold_expires_at), (Confirmed, None));
        let asked = clinic
            .booked(clinic.surgery("02T10:00").hold_for(10 * MINUTE))
            .await;
        let asked = appointments.take(&clinic.context, asked.id, 1).await.unwrap();
        assert_eq!(asked.status, Requested);
        // one that has run out: a booking that needs its time does not wait for the sweep
        let gone = clinic.booked(hold("02T12:00")).await;
        let swept = clinic.booked(hold("02T13:00")).await;
        assert_eq!(appointments.expire_due(&clinic.context).await.unwrap(), 0);
        clinic.clock.advance(10 * MINUTE);
        assert_eq!(
            code(appointments.take(&clinic.context, gone.id, 1).await),
            "too_late"
        );
        let mut other = clinic.checkup("02T12:10");
        other.client = clinic.bruno;
        clinic.booked(other).await;
        assert_eq!(clinic.now(&gone).await.status, Expired);
        assert_eq!(clinic.now(&swept).await.status, Held);
        assert_eq!(appointments.expire_due(&clinic.context).await.unwrap(), 1);
        assert_eq!(clinic.now(&swept).await.status, Expired);
        let history = appointments.history(&clinic.context, swept.id).await.unwrap();
        assert_eq!((history[0].actor, history[0].from), (Actor::Clock, Some(Held)));
        // a request that nobody answered
        clinic.clock.advance(time("02T10:00").since(clinic.clock.now()));
        assert_eq!(appointments.expire_due(&clinic.context).await.unwrap(), 1);
        assert_eq!(clinic.now(&asked).await.status, Expired);
    })
    .await;
}

#[tokio::test]
async fn a_move_is_the_same_appointment_at_another_time() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let made = clinic.booked(clinic.checkup("03T09:00")).await;
        let put = |version, at: &str, who| {
            let at = time(at);
            appointments.reschedule(context, made.id, version, at, None, who)
        };
        // into its own old time
        let moved = put(1, "03T09:20", Actor::Client).await.unwrap();
        assert_eq!((moved.id, moved.version, moved.moves), (made.id, 2, 1));
        assert_eq!(
            (moved.starts_at, moved.blocked_until),
            (time("03T09:20"), time("03T10:00"))
        );
        assert_eq!(moved.status, Confirmed, "the service confirms itself");
        let stale = put(1, "03T11:00", Actor::Client).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let other = clinic.booked(clinic.checkup("03T11:00")).await;
        assert_eq!(code(put(2, "03T11:10", Actor::Client).await), "slot_taken");
        assert_eq!(clinic.now(&made).await, moved);
        assert_eq!(code(put(2, "03T20:00", Actor::Client).await), "outside_hours");
        let late = put(2, "03T20:00", clinic.person).await.unwrap();
        let there = appointments.reschedule(
            context,
            made.id,
            late.version,
            time("03T11:00"),
            Some(clinic.reis.id),
            Actor::Calendar,
        );
        let there = there.await.unwrap();
        assert_eq!((there.professional_id, there.moves), (clinic.reis.id, 3));
        // what a client moves waits for a person again where the service asks for that, and its room goes with it
        let asked = clinic.booked(clinic.surgery("04T09:00")).await;
        let agreed = appointments
            .confirm(context, asked.id, 1, clinic.person)
            .await
            .unwrap();
        let mut rival = clinic.surgery("04T14:00");
        rival.professional = clinic.reis.id;
        let rival = clinic.booked(rival).await;
        assert_eq!(
            (agreed.room_id, rival.room_id),
            (Some(clinic.rooms[0]), Some(clinic.rooms[0]))
        );
        let at = time("04T14:30");
        let moved = appointments
            .reschedule(context, asked.id, 2, at, None, Actor::Client)
            .await
            .unwrap();
        assert_eq!((moved.status, moved.room_id), (Requested, Some(clinic.rooms[1])));
        let history = appointments.history(context, asked.id).await.unwrap();
        let steps: Vec<_> = history.iter().map(|change| (change.version, change.to)).collect();
        assert_eq!(steps, [(3, Requested), (2, Confirmed), (1, Requested)]);
        assert_eq!(history[0].starts_at, at);
        assert_eq!(kind(appointments.history(context, other.id).await), None);
        let past = clinic.clock.now() - HOUR;
        let past = appointments
            .reschedule(context, other.id, 1, past, None, Actor::Client)
            .await;
        assert_eq!(code(past), "too_late");
        let never = Timestamp::from_micros(i64::MAX);
        let never = appointments
            .reschedule(context, other.id, 1, never, None, clinic.person)
            .await;
        assert_eq!(code(never), "invalid");
    })
    .await;
}
