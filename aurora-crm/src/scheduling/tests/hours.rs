use super::{Clinic, date, office, span, wall, weekly};
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::scheduling::{NewException, ParseWallTimeError, ProfessionalId, WallTime, Weekday, Whose};
use crate::testing::each_database;

#[test]
fn a_wall_time_is_read_as_it_is_written() {
    for (text, minutes) in [("00:00", 0), ("08:05", 485), ("23:59", 1_439), ("24:00", 1_440)] {
        assert_eq!(wall(text).minutes(), minutes);
        assert_eq!(wall(text).to_string(), text);
    }
    for text in [
        "24:01", "25:00", "08:60", "8:00", "08:5", "+8:00", "0800", "", "08:00:00", "-1:00",
    ] {
        assert_eq!(text.parse::<WallTime>(), Err(ParseWallTimeError), "{text}");
    }
    assert_eq!(
        (WallTime::from_minutes(1_441), WallTime::END.minutes()),
        (None, 1_440)
    );
}

#[tokio::test]
async fn hours_are_set_as_a_whole_week() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let ana = clinic.professional("Ana").await;
        assert_eq!(scheduling.hours(context, ana.id).await.unwrap(), office());
        let week = vec![
            weekly(Weekday::Sat, "08:00", "12:00").valid_from(date("2026-05-01")),
            weekly(Weekday::Mon, "20:00", "24:00"),
            weekly(Weekday::Sat, "09:00", "13:00").valid_until(date("2026-04-30")),
        ];
        let set = scheduling
            .set_hours(context, ana.id, 2, week.clone())
            .await
            .unwrap();
        assert_eq!(set.version, 3);
        let stored = scheduling.hours(context, ana.id).await.unwrap();
        assert_eq!(stored, [week[1], week[0], week[2]]);
        let stale = scheduling
            .set_hours(context, ana.id, 2, Vec::new())
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(3))
        );
        let bad = vec![
            weekly(Weekday::Mon, "08:00", "12:00"),
            weekly(Weekday::Mon, "11:59", "13:00"),
            weekly(Weekday::Tue, "12:00", "12:00"),
            weekly(Weekday::Wed, "08:00", "09:00")
                .valid_from(date("2026-05-01"))
                .valid_until(date("2026-04-30")),
            weekly(Weekday::Thu, "08:00", "09:00").valid_from(date("1999-12-31")),
        ];
        assert_eq!(
            wrong(scheduling.set_hours(context, ana.id, 3, bad).await),
            [
                field("hours[1]", "conflict"),
                field("hours[2].until", "invalid"),
                field("hours[3].valid_until", "invalid"),
                field("hours[4].valid_from", "invalid"),
            ]
        );
        let many = vec![weekly(Weekday::Mon, "08:00", "12:00"); 101];
        assert_eq!(
            wrong(scheduling.set_hours(context, ana.id, 3, many).await),
            [field("hours", "too_many")]
        );
        assert_eq!(scheduling.hours(context, ana.id).await.unwrap(), stored);
    })
    .await;
}

#[tokio::test]
async fn exceptions_take_the_place_of_each_other_and_are_lifted() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let (ana, room) = (clinic.professional("Ana").await, clinic.room("R").await);
        let (hers, from, until) = (
            Whose::Professional(ana.id),
            date("2026-03-09"),
            date("2026-03-13"),
        );
        let week = scheduling
            .except(
                context,
                NewException::on(hers, from).until(until).reason("férias"),
            )
            .await
            .unwrap();
        assert_eq!(week.len(), 5);
        assert!(!format!("{week:?}").contains("férias"));
        let morning = NewException::on(hers, date("2026-03-11"))
            .open(span("10:00", "12:00"))
            .open(span("08:00", "09:00"));
        let one = scheduling.except(context, morning).await.unwrap();
        assert_eq!(one[0].open, [span("08:00", "09:00"), span("10:00", "12:00")]);
        for whose in [Whose::Workspace, Whose::Room(room.id)] {
            let made = scheduling
                .except(context, NewException::on(whose, from))
                .await
                .unwrap();
            assert_eq!(
                scheduling.exceptions(context, whose, from, until).await.unwrap(),
                made
            );
        }
        let stored = scheduling.exceptions(context, hers, from, until).await.unwrap();
        assert_eq!((stored.len(), &stored[2], &stored[4]), (5, &one[0], &week[4]));
        assert_eq!(
            scheduling
                .lift(context, hers, from, date("2026-03-10"))
                .await
                .unwrap(),
            2
        );
        assert_eq!(scheduling.lift(context, hers, from, until).await.unwrap(), 3);
        assert_eq!(scheduling.lift(context, hers, from, until).await.unwrap(), 0);
        assert_eq!(
            scheduling
                .exceptions(context, Whose::Workspace, from, until)
                .await
                .unwrap()
                .len(),
            1
        );

        let bad = NewException::on(hers, date("2026-03-09"))
            .until(date("2027-03-10"))
            .open(span("12:00", "08:00"))
            .open(span("13:00", "15:00"))
            .open(span("14:00", "16:00"))
            .reason("x".repeat(201));
        assert_eq!(
            wrong(scheduling.except(context, bad).await),
            [
                field("reason", "too_long"),
                field("until", "too_many"),
                field("open[0].until", "invalid"),
                field("open[2]", "conflict"),
            ]
        );
        let year = NewException::on(hers, date("2026-03-09")).until(date("2027-03-09"));
        assert_eq!(scheduling.except(context, year).await.unwrap().len(), 366);
        let nobody = Whose::Professional(ProfessionalId::new(ana.created_at));
        for outcome in [
            scheduling.except(context, NewException::on(nobody, from)).await,
            scheduling.exceptions(context, nobody, from, until).await,
        ] {
            assert_eq!(kind(outcome), Some(ErrorKind::NotFound));
        }
        assert_eq!(
            kind(scheduling.lift(context, nobody, from, until).await),
            Some(ErrorKind::NotFound)
        );
        // whoever is deleted takes hours and exceptions along
        scheduling.delete_professional(context, ana.id, 2).await.unwrap();
    })
    .await;
}

/// Whoever writes at once takes turns, and one of them stands at the end.
#[tokio::test]
async fn exceptions_of_one_date_written_at_once_are_one() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let ana = clinic.professional("Ana").await;
        let day = date("2026-03-09");
        for whose in [Whose::Professional(ana.id), Whose::Workspace] {
            let at_once = (0..6).map(|_| scheduling.except(context, NewException::on(whose, day)));
            for outcome in futures::future::join_all(at_once).await {
                outcome.unwrap();
            }
            assert_eq!(
                scheduling
                    .exceptions(context, whose, day, day)
                    .await
                    .unwrap()
                    .len(),
                1
            );
        }
    })
    .await;
}
