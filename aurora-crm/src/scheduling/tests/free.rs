use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::{Clinic, at, date, span};
use crate::appointments::{Actor, Booking};
use crate::clients::{ClientId, NewClient, OwnerId};
use crate::leads::tests::{field, wrong};
use crate::scheduling::busy::Busy;
use crate::scheduling::{
    NewException, NewService, PartOfDay, ProfessionalId, RoomId, ServiceChange, ServiceId, Slot, SlotQuery,
    Spread, Weekday, Whose, Wish,
};
use crate::testing::each_database;

impl Clinic {
    async fn client(&self) -> ClientId {
        let new = NewClient::person("Cida");
        self.crm.clients().create(&self.context, new).await.unwrap().id
    }

    async fn free(&self, query: &SlotQuery) -> Vec<Slot> {
        self.scheduling().free_slots(&self.context, query).await.unwrap()
    }
}

/// Monday 2026-03-02 in São Paulo.
fn monday(service: ServiceId) -> SlotQuery {
    SlotQuery::new(service, at("2026-03-02T03:00:00Z"), at("2026-03-03T03:00:00Z"))
}

/// The times of the clock on the wall in São Paulo.
fn times(slots: &[Slot]) -> Vec<String> {
    let wall = |slot: &Slot| (slot.starts_at - Duration::from_secs(3 * 3_600)).to_string();
    slots
        .iter()
        .map(|slot| wall(slot).get(11..16).unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn hours_appointments_buffers_and_other_calendars_leave_what_is_free() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let context = &clinic.context;
        let ana = clinic.professional("Ana").await;
        let new = NewService::new("Consulta", 60)
            .buffers(0, 15)
            .granularity_minutes(30)
            .professional(ana.id);
        let service = clinic.service(new).await;
        let all = clinic.free(&monday(service.id)).await;
        let morning = ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00"];
        let afternoon = [
            "13:00", "13:30", "14:00", "14:30", "15:00", "15:30", "16:00", "16:30", "17:00",
        ];
        assert_eq!(times(&all), [&morning[..], &afternoon[..]].concat());
        assert_eq!(all[0].professional_id, ana.id);
        assert_eq!(all[0].ends_at, all[0].starts_at + Duration::from_secs(3_600));

        // 09:30 to 10:30, and 15 minutes after it
        let staff = Actor::Staff(OwnerId::new(ana.created_at));
        let booking = Booking::new(
            clinic.client().await,
            service.id,
            ana.id,
            at("2026-03-02T12:30:00Z"),
            staff,
        );
        let made = clinic.crm.appointments().book(context, booking).await.unwrap();
        // 15:00 to 16:00 elsewhere; what comes before it needs 15 minutes to it
        let elsewhere = Busy {
            key: "e".to_owned(),
            time: at("2026-03-02T18:00:00Z")..at("2026-03-02T19:00:00Z"),
        };
        clinic
            .replace_busy(context, ana.id, "c", &[elsewhere])
            .await
            .unwrap();
        let left = clinic.free(&monday(service.id)).await;
        assert_eq!(
            times(&left),
            ["08:00", "11:00", "13:00", "13:30", "16:00", "16:30", "17:00"]
        );
        clinic
            .crm
            .appointments()
            .cancel(context, made.id, made.version, staff, Some("x"))
            .await
            .unwrap();
        let left = clinic.free(&monday(service.id)).await;
        assert_eq!(times(&left).len(), morning.len() + 5);
    })
    .await;
}

#[tokio::test]
async fn a_held_time_is_free_again_when_it_has_expired() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let context = &clinic.context;
        let ana = clinic.professional("Ana").await;
        let service = clinic
            .service(
                NewService::new("C", 60)
                    .granularity_minutes(60)
                    .professional(ana.id),
            )
            .await;
        let eight = at("2026-03-02T11:00:00Z");
        let booking = Booking::new(clinic.client().await, service.id, ana.id, eight, Actor::Client)
            .hold_for(Duration::from_secs(600));
        clinic.crm.appointments().book(context, booking).await.unwrap();
        assert_eq!(times(&clinic.free(&monday(service.id)).await)[0], "09:00");
        clinic.clock.advance(Duration::from_secs(601));
        assert_eq!(times(&clinic.free(&monday(service.id)).await)[0], "08:00");
    })
    .await;
}

#[tokio::test]
async fn a_slot_needs_a_room_that_is_open_and_not_taken() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let (ana, bia) = (clinic.professional("Ana").await, clinic.professional("Bia").await);
        let (one, two) = (clinic.room("1").await, clinic.room("2").await);
        let new = NewService::new("C", 60)
            .granularity_minutes(60)
            .professional(ana.id)
            .professional(bia.id);
        let service = clinic.service(new.room(one.id).room(two.id)).await;
        let morning = monday(service.id).part_of_day(PartOfDay::Morning);
        let first = service.rooms[0];
        let slots = clinic.free(&morning).await;
        assert_eq!(times(&slots), ["08:00", "09:00", "10:00", "11:00"]);
        assert!(slots.iter().all(|slot| slot.room_id == Some(first)));

        // both rooms are taken at nine, by the one and the other
        for professional in [ana.id, bia.id] {
            let booking = Booking::new(
                clinic.client().await,
                service.id,
                professional,
                at("2026-03-02T12:00:00Z"),
                Actor::Client,
            );
            clinic.crm.appointments().book(context, booking).await.unwrap();
        }
        let carla = clinic.professional("Carla").await;
        let change = ServiceChange::new().professionals([ana.id, bia.id, carla.id]);
        scheduling
            .update_service(context, service.id, 1, change)
            .await
            .unwrap();
        assert_eq!(times(&clinic.free(&morning).await), ["08:00", "10:00", "11:00"]);
        // the one is shut until ten, the other from ten on
        let (other, day) = (service.rooms[1], date("2026-03-02"));
        for (room, open) in [(first, span("10:00", "24:00")), (other, span("00:00", "10:00"))] {
            let new = NewException::on(Whose::Room(room), day).open(open);
            scheduling.except(context, new).await.unwrap();
        }
        let rooms = |slots: Vec<Slot>| {
            slots
                .iter()
                .map(|slot| slot.room_id.unwrap())
                .collect::<Vec<RoomId>>()
        };
        assert_eq!(rooms(clinic.free(&morning).await), [other, first, first]);
        assert_eq!(
            times(&clinic.free(&morning.clone().room(first)).await),
            ["10:00", "11:00"]
        );
        let wish = Wish::new(service.id, carla.id, at("2026-03-02T11:00:00Z"));
        assert_eq!(scheduling.check(context, &wish).await.unwrap().rooms, [other]);
        assert_eq!(
            wrong(scheduling.check(context, &wish.room(first)).await),
            [field("room", "outside_hours")]
        );
        let each = clinic.free(&morning.clone().each_professional()).await;
        assert_eq!(each.len(), 9);
        scheduling
            .set_room_active(context, first, 1, false)
            .await
            .unwrap();
        assert_eq!(times(&clinic.free(&morning).await), ["08:00"]);
        assert_eq!(
            wrong(scheduling.free_slots(context, &morning.room(first)).await),
            [field("room", "not_allowed")]
        );
    })
    .await;
}

#[tokio::test]
async fn holidays_and_exceptions_of_the_house_and_of_one() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let (ana, bia) = (clinic.professional("Ana").await, clinic.professional("Bia").await);
        let new = NewService::new("C", 60)
            .granularity_minutes(60)
            .professional(ana.id)
            .professional(bia.id);
        let service = clinic.service(new).await;
        // Good Friday
        let query = SlotQuery::new(service.id, at("2026-04-03T03:00:00Z"), at("2026-04-04T03:00:00Z"));
        assert_eq!(clinic.free(&query).await, []);
        let friday = date("2026-04-03");
        let hers = NewException::on(Whose::Professional(ana.id), friday).open(span("18:00", "20:00"));
        scheduling.except(context, hers).await.unwrap();
        let slots = clinic.free(&query).await;
        assert_eq!(
            times(&slots),
            ["18:00", "19:00"],
            "who says so works on a holiday"
        );
        assert!(slots.iter().all(|slot| slot.professional_id == ana.id));
        let house = NewException::on(Whose::Workspace, friday).open(span("11:00", "19:00"));
        scheduling.except(context, house).await.unwrap();
        let slots = clinic.free(&query).await;
        let expected = ["11:00", "13:00", "14:00", "15:00", "16:00", "17:00", "18:00"];
        assert_eq!(times(&slots), expected, "a house that says so opens on a holiday");
        scheduling
            .except(context, NewException::on(Whose::Workspace, friday))
            .await
            .unwrap();
        assert_eq!(
            clinic.free(&query).await,
            [],
            "a house that is shut is shut for everybody"
        );
        let wish = Wish::new(service.id, ana.id, at("2026-04-03T21:00:00Z"));
        assert_eq!(
            wrong(scheduling.check(context, &wish).await),
            [field("starts_at", "outside_hours")]
        );
        assert!(scheduling.check(context, &wish.any_hours()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn notice_horizon_weekdays_spread_and_people() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let (ana, bia) = (clinic.professional("Ana").await, clinic.professional("Bia").await);
        let new = NewService::new("C", 60)
            .granularity_minutes(60)
            .min_notice_minutes(27 * 60)
            .horizon_days(10)
            .professional(ana.id)
            .professional(bia.id);
        let service = clinic.service(new).await;
        let id = service.id;
        let weeks = SlotQuery::new(id, at("2026-02-20T00:00:00Z"), at("2026-04-17T00:00:00Z")).most(500);
        let slots = clinic.free(&weeks).await;
        // now is Sunday 09:00: Monday from 12:00 on, until ten days later at 09:00
        assert_eq!(times(&slots)[0], "13:00");
        assert!(
            slots
                .iter()
                .all(|slot| slot.starts_at < at("2026-03-11T12:00:00Z"))
        );
        assert_eq!(slots.last().unwrap().starts_at, at("2026-03-11T11:00:00Z"));
        let people: Vec<usize> = [ana.id, bia.id]
            .iter()
            .map(|id| slots.iter().filter(|slot| slot.professional_id == *id).count())
            .collect();
        assert!(people[0].abs_diff(people[1]) <= 1, "{people:?}");
        let of_staff = clinic
            .free(&weeks.clone().any_notice().spread(Spread::PerDay(1)))
            .await;
        assert_eq!(times(&of_staff)[0], "08:00");
        let days: BTreeSet<String> = of_staff
            .iter()
            .map(|slot| slot.starts_at.to_string().chars().take(10).collect())
            .collect();
        // 34 weekdays from 2 March to 16 April, without Good Friday
        assert_eq!((of_staff.len(), days.len()), (33, 33));
        let tuesdays = weeks
            .clone()
            .any_notice()
            .weekday(Weekday::Tue)
            .spread(Spread::PerPart(1));
        assert_eq!(
            times(&clinic.free(&tuesdays.clone().most(3)).await),
            ["08:00", "13:00", "08:00"]
        );
        let bias = clinic.free(&tuesdays.professional(bia.id)).await;
        assert!(!bias.is_empty() && bias.iter().all(|slot| slot.professional_id == bia.id));

        let carla = clinic.professional("Carla").await;
        let query = |professional: ProfessionalId| monday(id).professional(professional);
        assert_eq!(
            wrong(scheduling.free_slots(context, &query(carla.id)).await),
            [field("professional", "not_allowed")]
        );
        scheduling
            .set_professional_active(context, ana.id, 2, false)
            .await
            .unwrap();
        assert_eq!(
            wrong(scheduling.free_slots(context, &query(ana.id)).await),
            [field("professional", "not_allowed")]
        );
        let left = clinic.free(&weeks).await;
        assert!(left.iter().all(|slot| slot.professional_id == bia.id));
        let bad = SlotQuery::new(id, at("2026-03-02T00:00:00Z"), at("2026-04-28T00:00:00Z"))
            .most(501)
            .granularity_minutes(7)
            .spread(Spread::PerDay(0));
        assert_eq!(
            wrong(scheduling.free_slots(context, &bad).await),
            [
                field("until", "invalid"),
                field("most", "invalid"),
                field("granularity_minutes", "invalid"),
                field("spread", "invalid"),
            ]
        );
        let out_of_time = SlotQuery::new(
            id,
            Timestamp::from_micros(i64::MAX - 1),
            Timestamp::from_micros(i64::MAX),
        );
        assert_eq!(
            wrong(scheduling.free_slots(context, &out_of_time).await),
            [field("from", "invalid")]
        );
        scheduling
            .set_service_active(context, id, 1, false)
            .await
            .unwrap();
        assert_eq!(
            wrong(scheduling.free_slots(context, &monday(id)).await),
            [field("service", "not_allowed")]
        );
    })
    .await;
}
