use aurora_core::page::PageRequest;

use super::Clinic;
use crate::clients::OwnerId;
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::scheduling::{
    Listed, NewProfessional, NewRoom, NewService, ProfessionalChange, ProfessionalId, RoomChange, RoomId,
    ServiceChange, Tz,
};
use crate::testing::each_database;

#[tokio::test]
async fn a_service_is_made_changed_deactivated_and_deleted() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let (ana, bia) = (clinic.professional("Ana").await, clinic.professional("Bia").await);
        let room = clinic.room("Sala 1").await;
        let new = NewService::new(" Limpeza ", 45)
            .description("Sem dor.\nTrinta dias de garantia.")
            .buffers(5, 10)
            .price_cents(25_000)
            .granularity_minutes(20)
            .min_notice_minutes(60)
            .horizon_days(30)
            .professional(bia.id)
            .professional(ana.id)
            .room(room.id)
            .confirms_itself();
        let made = clinic.service(new).await;
        assert_eq!(scheduling.service(context, made.id).await.unwrap(), made);
        assert_eq!(
            (made.name.as_str(), made.version, made.active),
            ("Limpeza", 1, true)
        );
        assert_eq!(
            (made.professionals.len(), made.rooms.as_slice()),
            (2, &[room.id][..])
        );
        let change = ServiceChange::new()
            .name("Profilaxia")
            .description(None)
            .duration_minutes(50)
            .buffers(0, 0)
            .price_cents(None)
            .granularity_minutes(30)
            .min_notice_minutes(0)
            .horizon_days(60)
            .professionals([ana.id])
            .rooms([])
            .confirms_itself(false);
        let changed = scheduling
            .update_service(context, made.id, 1, change)
            .await
            .unwrap();
        assert_eq!(scheduling.service(context, made.id).await.unwrap(), changed);
        assert_eq!((changed.version, changed.duration_minutes), (2, 50));
        assert_eq!(
            (changed.professionals.as_slice(), changed.rooms.len()),
            (&[ana.id][..], 0)
        );
        let stale = scheduling
            .update_service(context, made.id, 1, ServiceChange::new())
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let off = scheduling
            .set_service_active(context, made.id, 2, false)
            .await
            .unwrap();
        assert!(!off.active);
        scheduling.delete_service(context, made.id, 3).await.unwrap();
        assert_eq!(
            kind(scheduling.service(context, made.id).await),
            Some(ErrorKind::NotFound)
        );
        for ids in [
            (ProfessionalId::new(made.created_at), None),
            (ana.id, Some(RoomId::new(made.created_at))),
        ] {
            let mut new = NewService::new("S", 30).professional(ids.0);
            if let Some(room) = ids.1 {
                new = new.room(room);
            }
            assert_eq!(
                kind(scheduling.create_service(context, new).await),
                Some(ErrorKind::NotFound)
            );
        }
        let json = r#"{"name": "Consulta", "duration_minutes": 30}"#;
        let plain: NewService = serde_json::from_str(json).unwrap();
        assert_eq!(plain, NewService::new("Consulta", 30));
    })
    .await;
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let bad = NewService::new("x".repeat(121), 4)
            .description("a\u{7}")
            .buffers(241, 241)
            .price_cents(-1)
            .granularity_minutes(7)
            .min_notice_minutes(43_201)
            .horizon_days(0);
        assert_eq!(
            wrong(scheduling.create_service(context, bad).await),
            [
                field("name", "too_long"),
                field("description", "invalid"),
                field("duration_minutes", "invalid"),
                field("buffer_before_minutes", "invalid"),
                field("buffer_after_minutes", "invalid"),
                field("min_notice_minutes", "invalid"),
                field("horizon_days", "invalid"),
                field("granularity_minutes", "invalid"),
                field("price_cents", "invalid"),
            ]
        );
        let made = clinic.service(NewService::new("A", 30)).await;
        let change = ServiceChange::new().name("").duration_minutes(2_000);
        assert_eq!(
            wrong(scheduling.update_service(context, made.id, 1, change).await),
            [field("name", "required"), field("duration_minutes", "invalid")]
        );
        let bad = NewProfessional::new(" ").time_zone("America/Nowhere");
        assert_eq!(
            wrong(scheduling.create_professional(context, bad).await),
            [field("name", "required"), field("time_zone", "invalid")]
        );
        assert_eq!(
            wrong(scheduling.create_room(context, NewRoom::new("a\nb")).await),
            [field("name", "invalid")]
        );
    })
    .await;
}

#[tokio::test]
async fn a_name_is_unique_among_the_active_ones() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let room = clinic.room("Sala Água").await;
        let taken = scheduling
            .create_room(context, NewRoom::new("sala água"))
            .await
            .unwrap_err();
        assert_eq!(taken.existing(), Some(room.id.to_string().as_str()));
        let other = clinic.room("Outra").await;
        let rename = RoomChange::new().name("SALA ÁGUA");
        let error = scheduling
            .update_room(context, other.id, 1, rename)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        scheduling
            .set_room_active(context, room.id, 1, false)
            .await
            .unwrap();
        let second = clinic.room("sala água").await;
        let back = scheduling
            .set_room_active(context, room.id, 2, true)
            .await
            .unwrap_err();
        assert_eq!(back.existing(), Some(second.id.to_string().as_str()));
        let ana = clinic.professional("Ana").await;
        let error = scheduling
            .create_professional(context, NewProfessional::new("ANA"))
            .await
            .unwrap_err();
        assert_eq!(error.existing(), Some(ana.id.to_string().as_str()));
        let service = clinic.service(NewService::new("Consulta", 30)).await;
        let error = scheduling
            .create_service(context, NewService::new("consulta", 5))
            .await
            .unwrap_err();
        assert_eq!(error.existing(), Some(service.id.to_string().as_str()));

        let at_once = (0..8).map(|_| scheduling.create_room(context, NewRoom::new("Uma só")));
        let outcomes = futures::future::join_all(at_once).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        }
    })
    .await;
}

#[tokio::test]
async fn a_professional_has_the_zone_of_the_house_unless_told_and_can_be_deleted_until_linked() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let ana = clinic.professional("Ana").await;
        assert_eq!((ana.time_zone, ana.version), (Tz::America__Sao_Paulo, 2));
        let user = OwnerId::new(ana.created_at);
        let change = ProfessionalChange::new()
            .name("Ana Lima")
            .user(Some(user))
            .time_zone("America/Manaus");
        let changed = scheduling
            .update_professional(context, ana.id, 2, change)
            .await
            .unwrap();
        assert_eq!(scheduling.professional(context, ana.id).await.unwrap(), changed);
        assert_eq!(
            (changed.user_id, changed.time_zone),
            (Some(user), Tz::America__Manaus)
        );
        let service = clinic
            .service(NewService::new("S", 30).professional(ana.id))
            .await;
        assert_eq!(
            wrong(scheduling.delete_professional(context, ana.id, 3).await),
            [field("id", "in_use")]
        );
        scheduling
            .update_service(context, service.id, 1, ServiceChange::new().professionals([]))
            .await
            .unwrap();
        scheduling.delete_professional(context, ana.id, 3).await.unwrap();
        assert_eq!(
            kind(scheduling.professional(context, ana.id).await),
            Some(ErrorKind::NotFound)
        );
        let room = clinic.room("R").await;
        assert_eq!(
            kind(scheduling.delete_room(context, room.id, 2).await),
            Some(ErrorKind::Conflict)
        );
        scheduling.delete_room(context, room.id, 1).await.unwrap();
        assert_eq!(
            kind(scheduling.room(context, room.id).await),
            Some(ErrorKind::NotFound)
        );
    })
    .await;
}

#[tokio::test]
async fn pages_hold_everything_once_in_order_of_names() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let room = clinic.room("R").await;
        let ana = clinic.professional("Ana").await;
        for n in 0..23 {
            let name = format!("{}{n:02}", if n % 2 == 0 { "S" } else { "s" });
            let mut new = NewService::new(name, 30).professional(ana.id);
            if n % 3 == 0 {
                new = new.room(room.id);
            }
            let service = clinic.service(new).await;
            if n % 5 == 0 {
                scheduling
                    .set_service_active(context, service.id, 1, false)
                    .await
                    .unwrap();
            }
        }
        for (listed, count) in [(Listed::Active, 18), (Listed::Inactive, 5)] {
            for limit in [1, 4, 50] {
                let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
                loop {
                    let page = scheduling.services(context, listed, &request).await.unwrap();
                    seen.extend(page.items);
                    let Some(next) = page.next else { break };
                    request = PageRequest::first(limit).after(next);
                }
                assert_eq!(seen.len(), count);
                assert!(seen.is_sorted_by_key(|service| service.name.to_lowercase()));
                for service in seen {
                    assert_eq!(service, scheduling.service(context, service.id).await.unwrap());
                }
            }
        }
        let page = scheduling
            .services(context, Listed::Active, &PageRequest::first(1))
            .await
            .unwrap();
        let foreign = PageRequest::first(1).after(page.next.unwrap());
        assert_eq!(
            kind(scheduling.rooms(context, Listed::Active, &foreign).await),
            Some(ErrorKind::Invalid)
        );
        let people = scheduling
            .professionals(context, Listed::Active, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!((people.items, people.next), (vec![ana], None));
        let rooms = scheduling
            .rooms(context, Listed::Active, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(rooms.items, [room]);
    })
    .await;
}
