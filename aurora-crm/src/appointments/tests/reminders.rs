use aurora_core::store::outbox::Handler as _;
use aurora_core::time::Clock as _;

use super::{Clinic, DAY, HOUR, MINUTE, Sink, code, time};
use crate::appointments::{
    Answer, Answered, AppointmentStatus, Language, NewReminderRule, NoticeKind, QUEUE, Shift, answer_of,
};
use crate::conversations::Content;
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::testing::each_database;

const TWICE: [u32; 2] = [24 * 60, 2 * 60];

async fn with_rules(clinic: &Clinic) {
    for minutes in TWICE {
        let rule = NewReminderRule::before(minutes).template("lembrete");
        clinic
            .crm
            .appointments()
            .add_reminder_rule(&clinic.context, rule)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_client_is_reminded_the_day_before_and_two_hours_before_in_the_words_of_the_house() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        with_rules(&clinic).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let made = clinic.booked(clinic.checkup("03T14:00")).await;
        clinic.pass(&worker, time("02T13:50").since(clinic.clock.now())).await;
        assert_eq!(sink.take(), []);
        clinic.pass(&worker, 10 * MINUTE).await;
        let told = sink.take();
        assert_eq!(told.len(), 1);
        let notice = &told[0];
        assert_eq!((notice.kind, notice.language), (NoticeKind::Reminder, Language::Portuguese));
        assert_eq!(
            notice.text,
            "Olá, Ana! Lembrete: Consulta com Dra. Lima, quarta-feira, 03/03 às 14:00. Podemos contar com você?"
        );
        assert_eq!(notice.template_body, ["Ana", "Consulta", "Dra. Lima", "quarta-feira, 03/03 às 14:00"]);
        let titles: Vec<&str> = notice.choices.iter().map(|choice| choice.title.as_str()).collect();
        assert_eq!(titles, ["Confirmar", "Remarcar", "Cancelar"]);
        for (choice, answer) in notice.choices.iter().zip(Answer::ALL) {
            let chosen = Content::Chosen {
                id: choice.id.clone(),
                title: choice.title.clone(),
            };
            assert_eq!(answer_of(&chosen), Some((made.id, answer)));
        }
        let Some(Content::Template { name, language, payloads, .. }) = notice.template_content() else {
            panic!("there is a template");
        };
        assert_eq!((name.as_str(), language.as_str(), payloads.len()), ("lembrete", "pt_BR", 3));
        assert!(!format!("{notice:?}").contains("Ana"));
        assert_eq!(clinic.now(&made).await.reminded_at, Some(clinic.clock.now()));
        assert_eq!(clinic.now(&made).await.version, 1, "a reminder is no change");
        clinic.pass(&worker, DAY).await;
        assert_eq!(sink.take().len(), 1, "two hours before");
    })
    .await;
}

#[tokio::test]
async fn rules_that_the_night_puts_to_one_moment_remind_once() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let appointments = clinic.crm.appointments();
        for (minutes, template) in [(2 * 60, "perto"), (12 * 60, "longe"), (11 * 60, "meio")] {
            let rule = NewReminderRule::before(minutes).template(template);
            appointments
                .add_reminder_rule(&clinic.context, rule)
                .await
                .unwrap();
        }
        let sink = Sink::default();
        let worker = appointments.worker(sink.clone());
        // 20:30, 21:30 and 6:30: all at 20:30 of the evening before
        let made = clinic.booked(clinic.checkup("03T08:30")).await;
        clinic
            .pass(&worker, time("02T20:20").since(clinic.clock.now()))
            .await;
        assert_eq!(sink.take(), []);
        clinic.pass(&worker, 10 * MINUTE).await;
        let told = sink.take();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            told[0].template.as_deref(),
            Some("perto"),
            "the one that is nearest"
        );
        clinic.pass(&worker, made.ends_at.since(clinic.clock.now())).await;
        assert_eq!(sink.take(), []);
    })
    .await;
}

#[tokio::test]
async fn what_was_moved_called_off_or_not_agreed_to_is_not_reminded_of() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        with_rules(&clinic).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let sink = Sink::default();
        let worker = appointments.worker(sink.clone());
        let moved = clinic.booked(clinic.checkup("04T10:00")).await;
        let at = time("05T11:00");
        appointments
            .reschedule(context, moved.id, 1, at, None, clinic.person)
            .await
            .unwrap();
        let cancelled = clinic.booked(clinic.checkup("04T11:00")).await;
        clinic.cancelled(&cancelled).await;
        let asked = clinic.booked(clinic.surgery("04T12:00")).await;
        let agreed = clinic.booked(clinic.surgery("04T14:00")).await;
        appointments
            .confirm(context, agreed.id, 1, clinic.person)
            .await
            .unwrap();
        // that the client comes changes the version, and not the reminders
        appointments
            .acknowledge(context, agreed.id, 2, crate::appointments::Actor::Client)
            .await
            .unwrap();
        clinic
            .pass(&worker, time("04T18:00").since(clinic.clock.now()))
            .await;
        let told: Vec<_> = sink.kinds().into_iter().map(|(_, it)| it.id).collect();
        assert_eq!(told, [agreed.id, moved.id, agreed.id]);
        clinic.pass(&worker, DAY).await;
        let told: Vec<_> = sink.kinds().into_iter().map(|(_, it)| it.id).collect();
        assert_eq!(told, [moved.id]);
        assert_eq!(clinic.now(&asked).await.reminded_at, None);
        // Whose data may not be used is told nothing.
        let last = clinic.booked(clinic.checkup("08T10:00")).await;
        let clients = clinic.crm.clients();
        let version = clients.get(context, clinic.ana).await.unwrap().version;
        clients
            .block(context, clinic.ana, version, "oposição")
            .await
            .unwrap();
        clinic
            .pass(&worker, last.starts_at.since(clinic.clock.now()))
            .await;
        assert_eq!(sink.take(), []);
        assert_eq!(clinic.now(&last).await.reminded_at, None);
    })
    .await;
}

#[tokio::test]
async fn after_downtime_only_the_last_is_sent_and_a_repeated_message_sends_nothing() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        with_rules(&clinic).await;
        let sink = Sink::default();
        let worker = clinic.crm.appointments().worker(sink.clone());
        let early = clinic.booked(clinic.checkup("03T10:00")).await;
        let late = clinic.booked(clinic.checkup("03T14:00")).await;
        // nobody at work until noon of the day
        clinic.clock.advance(time("03T12:05").since(clinic.clock.now()));
        let outbox = clinic.crm.store().outbox();
        let due = outbox.claim(QUEUE, 50, MINUTE).await.unwrap();
        assert_eq!(due.len(), 4);
        for _ in 0..2 {
            for delivery in &due {
                // The second time it has lost its lease to whoever has ended it.
                drop(worker.handle(delivery).await);
            }
        }
        let told: Vec<_> = sink.kinds().into_iter().map(|(_, it)| it.id).collect();
        assert_eq!(told, [late.id], "not of {}, which has passed, and once", early.id);
    })
    .await;
}

#[tokio::test]
async fn rules_of_a_service_replace_those_of_all_and_have_words_of_their_own() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        with_rules(&clinic).await;
        let own = NewReminderRule::before(3 * 60)
            .service(clinic.checkup.id)
            .shift(Shift::Later)
            .text_pt("{client}: {service} {day} {time} {nada} {professional}");
        let own = appointments.add_reminder_rule(context, own).await.unwrap();
        let twice = appointments
            .add_reminder_rule(context, NewReminderRule::before(120))
            .await;
        assert_eq!(kind(twice), Some(ErrorKind::Conflict));
        let bad = NewReminderRule::before(4)
            .template("a\nb")
            .text_en("x".repeat(901));
        let bad = wrong(appointments.add_reminder_rule(context, bad).await);
        assert_eq!(
            bad,
            [
                field("minutes_before", "invalid"),
                field("template", "invalid"),
                field("text_en", "too_long"),
            ]
        );
        assert_eq!(appointments.reminder_rules(context).await.unwrap().len(), 3);
        let sink = Sink::default();
        let worker = appointments.worker(sink.clone());
        let made = clinic.booked(clinic.checkup("03T14:00")).await;
        let early = clinic.booked(clinic.checkup("03T09:00")).await;
        clinic
            .pass(&worker, time("03T08:30").since(clinic.clock.now()))
            .await;
        let told = sink.kinds();
        assert_eq!(told.len(), 1, "6:00 is quiet: at 8:00");
        assert_eq!(told[0].1.id, early.id);
        clinic.pass(&worker, 3 * HOUR).await;
        let told = sink.take();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].appointment.id, made.id);
        assert_eq!(
            told[0].text,
            "Ana: Consulta quarta-feira, 03/03 14:00 {nada} Dra. Lima"
        );
        // a rule that is gone sends nothing, also where it was planned
        clinic.booked(clinic.checkup("04T14:00")).await;
        appointments.remove_reminder_rule(context, own.id).await.unwrap();
        clinic.pass(&worker, 2 * DAY).await;
        assert_eq!(sink.take(), []);
        let gone = appointments.remove_reminder_rule(context, own.id).await;
        assert_eq!(kind(gone), Some(ErrorKind::NotFound));
    })
    .await;
}

#[tokio::test]
async fn the_answer_of_the_client_is_done_once_and_for_its_own_appointment_alone() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (appointments, context) = (clinic.crm.appointments(), &clinic.context);
        let made = clinic.booked(clinic.checkup("03T14:00")).await;
        let answer = |answer| appointments.respond(context, clinic.ana, made.id, answer);
        let theirs = appointments
            .respond(context, clinic.bruno, made.id, Answer::Cancel)
            .await;
        assert_eq!(kind(theirs), Some(ErrorKind::NotFound));
        for _ in 0..2 {
            let Answered::Acknowledged(known) = answer(Answer::Confirm).await.unwrap() else {
                panic!("she comes");
            };
            assert_eq!((known.version, known.status), (2, AppointmentStatus::Confirmed));
        }
        let moves = answer(Answer::Move).await.unwrap();
        assert!(matches!(moves, Answered::WantsToMove(it) if it.version == 2));
        for _ in 0..2 {
            let Answered::Cancelled(gone) = answer(Answer::Cancel).await.unwrap() else {
                panic!("she does not come");
            };
            assert_eq!((gone.version, gone.status), (3, AppointmentStatus::Cancelled));
        }
        assert_eq!(code(answer(Answer::Confirm).await), "illegal_transition");
        // too late by the policy
        let soon = clinic.booked(clinic.checkup("01T14:00")).await;
        let late = appointments
            .respond(context, clinic.ana, soon.id, Answer::Cancel)
            .await;
        assert_eq!(code(late), "too_late");
    })
    .await;
}
