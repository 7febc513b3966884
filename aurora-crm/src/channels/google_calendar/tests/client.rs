//! The calls, and what is made of their answers.

use std::time::Duration;

use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::resilience::Deadline;
use aurora_core::rng::Random;
use aurora_core::secret::Secret;
use aurora_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use uuid::Uuid;

use super::super::event_id::event_id;
use super::super::testing::{FakeGoogle, Fault, Operation};
use super::super::{
    Event, EventList, EventStatus, EventTime, EventWrite, GoogleClient, GoogleErrorKind, NewChannel,
    Transparency,
};

const CALENDAR: &str = "pt.brazilian#holiday/1@group.v.calendar.google.com";
const ZONE: chrono_tz::Tz = chrono_tz::America::Sao_Paulo;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

struct World {
    fake: FakeGoogle,
    client: GoogleClient,
    clock: ManualClock,
}

/// Moves time on as long as somebody waits for it: five times as fast as it passes, so that no answer is late.
pub(super) async fn moving<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    let pushing = async {
        loop {
            SystemClock.sleep(Duration::from_millis(1)).await;
            clock.advance(Duration::from_millis(5));
        }
    };
    tokio::select! {
        biased;
        output = work => output,
        () = pushing => unreachable!(),
    }
}

impl World {
    async fn new() -> Self {
        let clock = ManualClock::default();
        let fake = FakeGoogle::start(clock.clone()).await.unwrap();
        fake.calendar(CALENDAR, ZONE);
        let google = fake
            .settings()
            .timeout(Duration::from_secs(60))
            .random(Random::seeded(7))
            .build()
            .unwrap();
        let client = google.client(fake.service_account().unwrap());
        Self { fake, client, clock }
    }

    fn write(&self) -> EventWrite {
        let now = self.clock.now();
        EventWrite::new()
            .id(event_id(Uuid::from_u128(7), 0))
            .summary("Consulta")
            .time(
                EventTime::At(now + HOUR, Some(ZONE)),
                EventTime::At(now + 2 * HOUR, Some(ZONE)),
            )
            .note("aurora_version", "1")
    }

    async fn insert(&self) -> Result<Event, GoogleErrorKind> {
        let write = self.write();
        let made = self.client.insert(CALENDAR, &write, Deadline::NONE);
        moving(&self.clock, made).await.map_err(|error| error.kind())
    }

    async fn list(&self, list: &EventList) -> Result<(Vec<Event>, String), GoogleErrorKind> {
        let (mut events, mut page_token) = (Vec::new(), None::<String>);
        loop {
            let page = self
                .client
                .list(CALENDAR, list, page_token.as_deref(), Deadline::NONE)
                .await;
            let page = page.map_err(|error| error.kind())?;
            assert_eq!(page.time_zone.as_deref(), Some("America/Sao_Paulo"));
            events.extend(page.items);
            match (page.next_page_token, page.next_sync_token) {
                (Some(next), None) => page_token = Some(next),
                (None, Some(sync)) => return Ok((events, sync)),
                both => panic!("one of the two tokens: {both:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_event_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let (client, none) = (&world.client, Deadline::NONE);
    let begins = world.clock.now() + HOUR;
    let made = world.insert().await.unwrap();
    let id = made.id.as_str();
    assert_eq!(
        (made.status, made.note("aurora_version")),
        (EventStatus::Confirmed, Some("1"))
    );
    assert_eq!(made.start.unwrap().instant(ZONE), Some(begins));
    let stored = world.fake.event(CALENDAR, id).unwrap();
    assert_eq!(stored["summary"], "Consulta");
    assert_eq!(client.get(CALENDAR, id, none).await.unwrap(), made);
    let etag = made.etag.as_deref();
    let change = EventWrite::new().note("aurora_version", "2");
    let changed = client.patch(CALENDAR, id, &change, etag, none).await.unwrap();
    assert_eq!(changed.note("aurora_version"), Some("2"));
    assert_eq!(changed.start, made.start, "what is not named stays");
    let late = client.patch(CALENDAR, id, &change, etag, none).await.unwrap_err();
    assert_eq!(
        (late.kind(), late.reason()),
        (GoogleErrorKind::Changed, Some("conditionNotMet"))
    );
    assert_eq!(world.insert().await, Err(GoogleErrorKind::Duplicate));
    client.delete(CALENDAR, id, none).await.unwrap();
    let again = client.delete(CALENDAR, id, none).await.unwrap_err();
    assert_eq!(again.kind(), GoogleErrorKind::Gone);
    assert!(client.get(CALENDAR, id, none).await.unwrap().is_cancelled());
    assert_eq!(
        world.insert().await,
        Err(GoogleErrorKind::Duplicate),
        "the id stays taken"
    );
    let revived = client
        .update(CALENDAR, id, &world.write(), None, none)
        .await
        .unwrap();
    assert_eq!(revived.status, EventStatus::Confirmed);
    let missing = client.get(CALENDAR, "nothing", none).await.unwrap_err();
    assert_eq!(missing.kind(), GoogleErrorKind::NotFound);
    assert_eq!(
        client.get("other", id, none).await.unwrap_err().kind(),
        GoogleErrorKind::NotFound
    );
    let silent = |call: &&super::super::testing::Recorded| {
        !matches!(call.operation, Operation::Token | Operation::Get)
    };
    let calls = world.fake.calls();
    assert!(
        calls
            .iter()
            .filter(silent)
            .all(|call| call.query["sendUpdates"] == "none")
    );
}

#[tokio::test]
async fn everything_is_listed_by_pages_and_then_what_has_changed() {
    let world = World::new().await;
    let (fake, now) = (&world.fake, world.clock.now());
    fake.page_size(3);
    let whole = EventList::Whole(now, now + 30 * DAY);
    let mut ids: Vec<String> = (0..7_u32)
        .map(|n| fake.add(CALENDAR, "Almoço", now + n * HOUR, now + (n + 1) * HOUR))
        .collect();
    ids.extend(fake.add_series(CALENDAR, "Reunião", (now + DAY, now + DAY + HOUR), 7, 4));
    ids.push(fake.add_days(
        CALENDAR,
        "Férias",
        "2026-01-10".parse().unwrap(),
        "2026-01-12".parse().unwrap(),
    ));
    ids.push(fake.add_free(CALENDAR, "Lembrete", now, now + HOUR));
    fake.add(CALENDAR, "Antigo", now - 2 * HOUR, now - HOUR);
    fake.add(CALENDAR, "Longe", now + 31 * DAY, now + 31 * DAY + HOUR);
    let (events, sync) = world.list(&whole).await.unwrap();
    let mut found: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
    found.sort_unstable();
    ids.sort_unstable();
    assert_eq!(found, ids);
    let free = events
        .iter()
        .filter(|event| event.transparency == Transparency::Transparent);
    assert_eq!(free.count(), 1);
    assert_eq!(
        events
            .iter()
            .filter(|event| event.recurring_event_id.is_some())
            .count(),
        4
    );
    let day = events
        .iter()
        .find(|event| matches!(event.start, Some(EventTime::Day(_))))
        .unwrap();
    let begins = day.start.unwrap().instant(ZONE);
    assert_eq!(
        begins,
        Some(Timestamp::parse("2026-01-10T00:00:00-03:00").unwrap())
    );
    // Titles are not even asked for.
    let lists = fake
        .calls()
        .into_iter()
        .filter(|call| call.operation == Operation::List);
    for call in lists {
        assert!(!call.query["fields"].contains("summary") && call.query["singleEvents"] == "true");
    }
    let since = EventList::Since(sync.clone());
    assert_eq!(world.list(&since).await.unwrap(), (vec![], sync));
    fake.move_to(CALENDAR, &ids[0], now + 3 * DAY, now + 3 * DAY + HOUR);
    fake.remove(CALENDAR, &ids[1]);
    let (changed, sync) = world.list(&since).await.unwrap();
    assert_eq!(
        (changed[0].id.as_str(), changed[1].id.as_str()),
        (ids[0].as_str(), ids[1].as_str())
    );
    assert!(
        changed[1].is_cancelled() && changed[1].start.is_none(),
        "a tombstone"
    );
    fake.expire_sync_tokens(CALENDAR);
    let since = EventList::Since(sync);
    assert_eq!(world.list(&since).await, Err(GoogleErrorKind::FullSyncRequired));
    let (events, _) = world.list(&whole).await.unwrap();
    assert!(
        events.iter().all(|event| event.id != ids[1]),
        "and no tombstone in a whole list"
    );
}

#[tokio::test]
async fn a_channel_tells_of_changes_until_it_is_stopped_or_ends() {
    let world = World::new().await;
    let (client, fake, now) = (&world.client, &world.fake, world.clock.now());
    let new = |id: &str| NewChannel {
        id: id.to_owned(),
        address: "https://crm.example/google".to_owned(),
        token: Secret::new("secret-of-the-channel"),
        expires_at: now + 30 * DAY,
    };
    let channel = client.watch(CALENDAR, &new("one"), Deadline::NONE).await.unwrap();
    assert_eq!(
        (channel.id.as_str(), channel.expires_at),
        ("one", Some(now + 7 * DAY)),
        "Google decides"
    );
    let header = |index: usize, name: &str| {
        let notifications = fake.notifications();
        let headers = &notifications[index].headers;
        headers.iter().find(|(it, _)| it == name).unwrap().1.clone()
    };
    assert_eq!(header(0, "X-Goog-Resource-State"), "sync");
    fake.add(CALENDAR, "Almoço", now, now + HOUR);
    assert_eq!(header(0, "X-Goog-Channel-Token"), "secret-of-the-channel");
    let twice = client
        .watch(CALENDAR, &new("one"), Deadline::NONE)
        .await
        .unwrap_err();
    assert_eq!(
        (twice.kind(), twice.reason()),
        (GoogleErrorKind::Invalid, Some("channelIdNotUnique"))
    );
    client
        .stop(&channel.id, &channel.resource_id, Deadline::NONE)
        .await
        .unwrap();
    let stopped = client
        .stop(&channel.id, &channel.resource_id, Deadline::NONE)
        .await;
    assert_eq!(stopped.unwrap_err().kind(), GoogleErrorKind::NotFound);
    client.watch(CALENDAR, &new("two"), Deadline::NONE).await.unwrap();
    world.clock.advance(7 * DAY);
    assert!(fake.channels().is_empty());
    // Whether it was opened is not known, and its name is spent: not again under the same.
    fake.fail_next(Operation::Watch, Fault::Lost);
    let lost = client
        .watch(CALENDAR, &new("three"), Deadline::NONE)
        .await
        .unwrap_err();
    assert_eq!(lost.kind(), GoogleErrorKind::Unavailable);
    assert_eq!(fake.channels(), ["three"]);
}

#[tokio::test]
async fn free_busy_tells_what_is_taken_and_of_which_calendars_it_is_not_known() {
    let world = World::new().await;
    let (fake, now) = (&world.fake, world.clock.now());
    fake.add(CALENDAR, "a", now, now + HOUR);
    fake.add(CALENDAR, "b", now + HOUR, now + 2 * HOUR);
    fake.add(CALENDAR, "c", now + 4 * HOUR, now + 9 * HOUR);
    fake.add_free(CALENDAR, "d", now + 3 * HOUR, now + 4 * HOUR);
    let span = (now, now + 6 * HOUR);
    let told = world
        .client
        .free_busy(&[CALENDAR, "nobody"], span, Deadline::NONE)
        .await
        .unwrap();
    let busy = told[CALENDAR].as_ref().unwrap();
    let spans: Vec<_> = busy.iter().map(|busy| (busy.start, busy.end)).collect();
    assert_eq!(spans, [(now, now + 2 * HOUR), (now + 4 * HOUR, now + 6 * HOUR)]);
    assert_eq!(told["nobody"].as_ref().unwrap_err().reason, "notFound");
    let many = vec![CALENDAR; 51];
    let refused = world
        .client
        .free_busy(&many, span, Deadline::NONE)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), GoogleErrorKind::Invalid);
}

#[tokio::test]
async fn an_insert_whose_answer_is_lost_makes_one_event() {
    let world = World::new().await;
    world.fake.fail_next(Operation::Insert, Fault::Lost);
    assert_eq!(world.insert().await, Err(GoogleErrorKind::Duplicate));
    assert_eq!(world.fake.events(CALENDAR).len(), 1);
}

#[tokio::test]
async fn quota_errors_are_waited_out_with_growing_waits_and_within_the_deadline() {
    let world = World::new().await;
    for fault in [
        Fault::Forbidden("rateLimitExceeded"),
        Fault::Forbidden("userRateLimitExceeded"),
    ] {
        world.fake.fail_next(Operation::Insert, fault);
    }
    world.insert().await.unwrap();
    assert_eq!(world.fake.count(Operation::Insert), 3);
    // Retry-After is a floor.
    world.fake.fail_next(Operation::Delete, Fault::TooMany(Some(3)));
    let (id, began) = (event_id(Uuid::from_u128(7), 0), world.clock.elapsed());
    let deleted = world.client.delete(CALENDAR, &id, Deadline::NONE);
    moving(&world.clock, deleted).await.unwrap();
    assert!(world.clock.elapsed() - began >= Duration::from_secs(3));
    // And one that nobody waits for is handed on.
    world.fake.fail_next(Operation::Get, Fault::TooMany(Some(3_600)));
    let error = world.client.get(CALENDAR, &id, Deadline::NONE).await.unwrap_err();
    assert_eq!(
        (error.class(), error.retry_after()),
        (FailureClass::Throttled, Some(HOUR))
    );
    world.fake.fail_next(Operation::Get, Fault::TooMany(Some(3)));
    let soon = Deadline::after(&world.clock, Duration::from_secs(1));
    let error = world.client.get(CALENDAR, &id, soon).await.unwrap_err();
    assert_eq!(error.kind(), GoogleErrorKind::Quota);
}

#[tokio::test]
async fn what_fails_for_a_moment_is_repeated_and_what_is_refused_is_not() {
    let world = World::new().await;
    let made = world.insert().await.unwrap();
    let get = || moving(&world.clock, world.client.get(CALENDAR, &made.id, Deadline::NONE));
    for fault in [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Unseen,
        Fault::BadJson,
        Fault::Lost,
    ] {
        let before = world.fake.count(Operation::Get);
        world.fake.fail_next(Operation::Get, fault.clone());
        let kind = get().await.map(|event| event.id).map_err(|error| error.kind());
        let is_repeated = fault != Fault::BadJson;
        assert_eq!(kind.is_ok(), is_repeated, "{fault:?}");
        assert_eq!(
            world.fake.count(Operation::Get) - before,
            if is_repeated { 2 } else { 1 }
        );
    }
    for _ in 0..3 {
        world.fake.fail_next(Operation::Get, Fault::Status(502));
    }
    let error = get().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (GoogleErrorKind::Unavailable, Some(502))
    );
    world
        .fake
        .fail_next(Operation::Get, Fault::Forbidden("forbidden"));
    assert_eq!(get().await.unwrap_err().kind(), GoogleErrorKind::Forbidden);
    world.fake.fail_next(Operation::Get, Fault::Slow(HOUR));
    let soon = Deadline::after(&world.clock, Duration::from_secs(1));
    let slow = moving(&world.clock, world.client.get(CALENDAR, &made.id, soon)).await;
    assert_eq!(slow.unwrap_err().kind(), GoogleErrorKind::Timeout);
    let backwards = world.write().id("backvards0").time(
        EventTime::At(world.clock.now() + HOUR, None),
        EventTime::At(world.clock.now(), None),
    );
    let error = world
        .client
        .insert(CALENDAR, &backwards, Deadline::NONE)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (GoogleErrorKind::Invalid, Some("timeRangeEmpty"))
    );
}
