use std::collections::BTreeSet;

use aurora_core::page::PageRequest;

use super::{Clinic, at, clinic, date, office};
use crate::error::ErrorKind;
use crate::leads::tests::kind;
use crate::scheduling::{
    HolidayRules, Listed, LocalKind, NewException, NewHoliday, NewService, ProfessionalChange, RoomChange,
    ServiceChange, SlotQuery, Whose, Wish, Yearly,
};
use crate::testing::each_database;

/// Sweeps every call with the ids of another workspace.
#[tokio::test]
async fn another_workspace_finds_nothing() {
    each_database(|db| async move {
        let house = Clinic::open(db.database).await;
        let (scheduling, mine) = (house.scheduling(), &house.context);
        let theirs = &clinic(&house.crm).await;
        let not_found = Some(ErrorKind::NotFound);
        let (ana, room) = (house.professional("Ana").await, house.room("R").await);
        let service = house
            .service(NewService::new("S", 30).professional(ana.id).room(room.id))
            .await;
        let day = date("2026-03-02");
        let holiday = NewHoliday::new(LocalKind::Own, "H", Yearly::Once(day));
        let holiday = scheduling.add_holiday(mine, holiday).await.unwrap();
        for whose in [
            Whose::Workspace,
            Whose::Professional(ana.id),
            Whose::Room(room.id),
        ] {
            scheduling
                .except(mine, NewException::on(whose, day))
                .await
                .unwrap();
        }
        scheduling.set_closing(mine, 0, BTreeSet::new()).await.unwrap();

        assert_eq!(kind(scheduling.service(theirs, service.id).await), not_found);
        assert_eq!(kind(scheduling.professional(theirs, ana.id).await), not_found);
        assert_eq!(kind(scheduling.room(theirs, room.id).await), not_found);
        let page = PageRequest::default();
        assert_eq!(
            scheduling
                .services(theirs, Listed::Active, &page)
                .await
                .unwrap()
                .items,
            []
        );
        assert_eq!(
            scheduling
                .professionals(theirs, Listed::Active, &page)
                .await
                .unwrap()
                .items,
            []
        );
        assert_eq!(
            scheduling
                .rooms(theirs, Listed::Active, &page)
                .await
                .unwrap()
                .items,
            []
        );
        let change = ServiceChange::new().name("x");
        assert_eq!(
            kind(scheduling.update_service(theirs, service.id, 1, change).await),
            not_found
        );
        let change = ProfessionalChange::new().name("x");
        assert_eq!(
            kind(scheduling.update_professional(theirs, ana.id, 2, change).await),
            not_found
        );
        let change = RoomChange::new().name("x");
        assert_eq!(
            kind(scheduling.update_room(theirs, room.id, 1, change).await),
            not_found
        );
        assert_eq!(
            kind(scheduling.set_service_active(theirs, service.id, 1, false).await),
            not_found
        );
        assert_eq!(
            kind(scheduling.set_professional_active(theirs, ana.id, 2, false).await),
            not_found
        );
        assert_eq!(
            kind(scheduling.set_room_active(theirs, room.id, 1, false).await),
            not_found
        );
        assert_eq!(
            kind(scheduling.delete_service(theirs, service.id, 1).await),
            not_found
        );
        assert_eq!(
            kind(scheduling.delete_professional(theirs, ana.id, 2).await),
            not_found
        );
        assert_eq!(kind(scheduling.delete_room(theirs, room.id, 1).await), not_found);
        for new in [
            NewService::new("S", 30).professional(ana.id),
            NewService::new("S", 30).room(room.id),
        ] {
            assert_eq!(kind(scheduling.create_service(theirs, new).await), not_found);
        }
        assert_eq!(kind(scheduling.hours(theirs, ana.id).await), not_found);
        assert_eq!(
            kind(scheduling.set_hours(theirs, ana.id, 2, office()).await),
            not_found
        );
        for whose in [Whose::Professional(ana.id), Whose::Room(room.id)] {
            assert_eq!(
                kind(scheduling.except(theirs, NewException::on(whose, day)).await),
                not_found
            );
            assert_eq!(
                kind(scheduling.exceptions(theirs, whose, day, day).await),
                not_found
            );
            assert_eq!(kind(scheduling.lift(theirs, whose, day, day).await), not_found);
        }
        assert_eq!(
            scheduling
                .exceptions(theirs, Whose::Workspace, day, day)
                .await
                .unwrap(),
            []
        );
        assert_eq!(
            scheduling.lift(theirs, Whose::Workspace, day, day).await.unwrap(),
            0
        );
        assert_eq!(
            scheduling.holiday_rules(theirs).await.unwrap(),
            HolidayRules::usual()
        );
        assert_eq!(scheduling.holidays(theirs, day, day).await.unwrap(), []);
        assert_eq!(
            kind(scheduling.remove_holiday(theirs, holiday.id).await),
            not_found
        );
        let closing = scheduling.set_closing(theirs, 1, BTreeSet::new()).await;
        assert_eq!(kind(closing), Some(ErrorKind::Conflict));
        let query = SlotQuery::new(service.id, at("2026-03-02T00:00:00Z"), at("2026-03-03T00:00:00Z"));
        assert_eq!(kind(scheduling.free_slots(theirs, &query).await), not_found);
        let own = scheduling
            .create_service(theirs, NewService::new("S", 30))
            .await
            .unwrap();
        let query = SlotQuery::new(own.id, query.from, query.until);
        assert_eq!(scheduling.free_slots(theirs, &query).await.unwrap(), []);
        for query in [query.clone().professional(ana.id), query.room(room.id)] {
            assert_eq!(kind(scheduling.free_slots(theirs, &query).await), not_found);
        }
        let time = at("2026-03-02T12:00:00Z");
        assert_eq!(
            kind(
                scheduling
                    .check(theirs, &Wish::new(service.id, ana.id, time))
                    .await
            ),
            not_found
        );
        assert_eq!(
            kind(scheduling.check(theirs, &Wish::new(own.id, ana.id, time)).await),
            not_found
        );

        assert_eq!(scheduling.service(mine, service.id).await.unwrap(), service);
        assert_eq!(
            scheduling
                .exceptions(mine, Whose::Workspace, day, day)
                .await
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

/// Every change is recorded, and no name in it.
#[tokio::test]
async fn changes_are_recorded_without_names() {
    each_database(|db| async move {
        let house = Clinic::open(db.database).await;
        let (scheduling, context) = (house.scheduling(), &house.context);
        let ana = house.professional("Ana").await;
        let room = house.room("Sala").await;
        let service = house
            .service(NewService::new("Consulta", 30).professional(ana.id))
            .await;
        let reason =
            NewException::on(Whose::Professional(ana.id), date("2026-03-02")).reason("licença médica");
        scheduling.except(context, reason).await.unwrap();
        scheduling.delete_service(context, service.id, 1).await.unwrap();
        scheduling.delete_room(context, room.id, 1).await.unwrap();
        let filter = crate::audit::AuditFilter::default();
        let page = house
            .crm
            .audit()
            .list(context, &filter, &PageRequest::first(200))
            .await
            .unwrap();
        let actions: BTreeSet<String> = page.items.iter().map(|entry| entry.action.clone()).collect();
        for action in [
            "professional.created",
            "professional.hours_set",
            "room.created",
            "service.created",
            "professional.hours_excepted",
            "service.deleted",
            "room.deleted",
        ] {
            assert!(actions.contains(action), "{action}: {actions:?}");
        }
        let told = format!("{:?}", page.items);
        for name in ["Ana", "Sala", "Consulta", "licença"] {
            assert!(!told.contains(name), "{name}");
        }
    })
    .await;
}
