use super::{Clinic, at, office};
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::scheduling::{NewProfessional, NewService, RoomId, Wish};
use crate::testing::each_database;

#[tokio::test]
async fn a_check_tells_every_reason_and_what_a_booking_would_take() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let new = NewProfessional::new("Ana").time_zone("America/Manaus");
        let ana = scheduling.create_professional(context, new).await.unwrap();
        scheduling.set_hours(context, ana.id, 1, office()).await.unwrap();
        let new = NewService::new("C", 30)
            .buffers(10, 20)
            .min_notice_minutes(60)
            .professional(ana.id);
        let service = clinic.service(new).await;
        // 08:00 in Manaus
        let eight = at("2026-03-02T12:00:00Z");
        let terms = scheduling
            .check(context, &Wish::new(service.id, ana.id, eight))
            .await
            .unwrap();
        assert_eq!(
            (terms.starts_at, terms.ends_at),
            (eight, at("2026-03-02T12:30:00Z"))
        );
        assert_eq!(
            (terms.blocked_from, terms.blocked_until),
            (at("2026-03-02T11:50:00Z"), at("2026-03-02T12:50:00Z"))
        );
        assert_eq!((terms.service, terms.rooms), (service.clone(), Vec::new()));
        for (time, code) in [
            ("2026-03-02T11:59:00Z", "outside_hours"),
            ("2026-03-02T15:31:00Z", "outside_hours"),
            ("2026-03-01T12:59:00Z", "too_soon"),
            ("2026-06-01T12:00:00Z", "too_late"),
            ("1999-06-01T12:00:00Z", "invalid"),
        ] {
            let wish = Wish::new(service.id, ana.id, at(time));
            let told = wrong(scheduling.check(context, &wish).await);
            assert!(told.contains(&field("starts_at", code)), "{time}: {told:?}");
        }
        let bia = clinic.professional("Bia").await;
        let room = clinic.room("R").await;
        let wish = Wish::new(service.id, bia.id, at("2026-03-01T12:00:00Z")).room(room.id);
        scheduling
            .set_service_active(context, service.id, 1, false)
            .await
            .unwrap();
        assert_eq!(
            wrong(scheduling.check(context, &wish).await),
            [
                field("service", "not_allowed"),
                field("professional", "not_allowed"),
                field("room", "not_allowed"),
                field("starts_at", "too_soon"),
                field("starts_at", "outside_hours"),
            ]
        );
        let nowhere = Wish::new(service.id, ana.id, eight).room(RoomId::new(eight));
        assert_eq!(
            kind(scheduling.check(context, &nowhere).await),
            Some(ErrorKind::NotFound)
        );
    })
    .await;
}
