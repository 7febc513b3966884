use std::time::Duration;

use aurora_core::page::{Cursor, PageRequest};
use aurora_core::time::{Clock as _, Timestamp};

use super::{ActivityChange, ActivityKind, NewActivity, Subject, TimelineEntry};
use crate::clients::NewClient;
use crate::error::ErrorKind;
use crate::leads::tests::{House, field, kind, wrong};
use crate::leads::{LeadChange, NewLead, OwnerId, Place};
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn what_is_written_down_comes_back_changes_and_goes() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (activities, context) = (house.crm.activities(), &house.context);
        let lead = house.lead("A").await;
        let owner = OwnerId::new(house.clock.now());
        let new = NewActivity::new(ActivityKind::Meeting, Subject::Lead(lead.id), " Visita ")
            .text("linha 1\nlinha 2")
            .at(house.clock.now() + HOUR)
            .duration_secs(1_800)
            .owner(owner);
        let made = activities.create(context, new).await.unwrap();
        assert_eq!(activities.get(context, made.id).await.unwrap(), made);
        assert_eq!(
            (made.title.as_str(), made.principal.as_str(), made.version),
            ("Visita", "test", 1)
        );
        let lead = house.crm.leads().get(context, lead.id).await.unwrap();
        assert_eq!((lead.last_activity_at, lead.version), (Some(made.at), 1));
        let change = ActivityChange::new()
            .title("Reunião")
            .text(None)
            .at(house.clock.now())
            .duration_secs(None)
            .owner(None);
        let changed = activities.update(context, made.id, 1, change).await.unwrap();
        assert_eq!(activities.get(context, made.id).await.unwrap(), changed);
        assert_eq!((changed.version, changed.text, changed.owner_id), (2, None, None));
        let lead = house.crm.leads().get(context, lead.id).await.unwrap();
        assert_eq!(lead.last_activity_at, Some(changed.at));
        let stale = activities.delete(context, made.id, 1).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        activities.delete(context, made.id, 2).await.unwrap();
        assert_eq!(
            kind(activities.get(context, made.id).await),
            Some(ErrorKind::NotFound)
        );
        let lead = house.crm.leads().get(context, lead.id).await.unwrap();
        assert_eq!(lead.last_activity_at, None);
        let bad = NewActivity::new(ActivityKind::Note, Subject::Lead(lead.id), " ")
            .text("a\0b")
            .at(Timestamp::from_micros(i64::MIN));
        assert_eq!(
            wrong(activities.create(context, bad).await),
            [
                field("title", "required"),
                field("text", "invalid"),
                field("at", "invalid")
            ]
        );
        assert!(!format!("{made:?}").contains("Visita"));
        house.crm.leads().delete(context, lead.id, 1).await.unwrap();
        let late = NewActivity::new(ActivityKind::Note, Subject::Lead(lead.id), "x");
        assert_eq!(
            kind(activities.create(context, late).await),
            Some(ErrorKind::NotFound)
        );
    })
    .await;
}

async fn walk(house: &House, subject: Subject, limit: u32) -> Vec<TimelineEntry> {
    let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
    loop {
        let page = house
            .crm
            .activities()
            .timeline(&house.context, subject, &request)
            .await
            .unwrap();
        assert!(page.items.len() <= usize::try_from(limit).unwrap());
        seen.extend(page.items);
        let Some(next) = page.next else { return seen };
        request = PageRequest::first(limit).after(next);
        // something newer, while somebody pages
        let new = NewActivity::new(ActivityKind::Note, subject, "newer").at(house.clock.now() + HOUR * 99);
        let made = house.crm.activities().create(&house.context, new).await.unwrap();
        house
            .crm
            .activities()
            .delete(&house.context, made.id, 1)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_timeline_merges_activities_and_moves_and_pages_hold_everything_once() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let mut lead = house.lead("A").await;
        let mut activities = 0;
        for turn in 0..12 {
            // several at one instant, of both sorts
            if turn % 3 == 0 {
                house.clock.advance(HOUR);
            }
            let stage = house.stage((turn + 1) % 5);
            lead = leads
                .move_to(context, lead.id, lead.version, stage, Place::First)
                .await
                .unwrap();
            for _ in 0..turn % 3 {
                let new = NewActivity::new(ActivityKind::Call, Subject::Lead(lead.id), "x");
                house.crm.activities().create(context, new).await.unwrap();
                activities += 1;
            }
        }
        let whole = walk(&house, Subject::Lead(lead.id), 200).await;
        let is_activity = |entry: &&TimelineEntry| matches!(entry, TimelineEntry::Activity(_));
        assert_eq!(whole.iter().filter(is_activity).count(), activities);
        assert_eq!(whole.len(), activities + 13, "with the stage that it was made in");
        assert!(whole.is_sorted_by_key(|entry| std::cmp::Reverse(entry.at())));
        for limit in [1, 2, 5, 7] {
            assert_eq!(
                walk(&house, Subject::Lead(lead.id), limit).await,
                whole,
                "by {limit}"
            );
        }
        let page = house
            .crm
            .activities()
            .timeline(context, Subject::Lead(lead.id), &PageRequest::first(1))
            .await
            .unwrap();
        let client = house
            .crm
            .clients()
            .create(context, NewClient::person("Ana"))
            .await
            .unwrap();
        let foreign = PageRequest::first(1).after(page.next.unwrap());
        let timeline = house
            .crm
            .activities()
            .timeline(context, Subject::Client(client.id), &foreign)
            .await;
        assert_eq!(wrong(timeline), [field("cursor", "invalid")]);
        let scope = format!("timeline/{}/{:?}", context.workspace, Subject::Lead(lead.id));
        let forged = Cursor::new(&scope, &serde_json::json!({"Move": [i64::MAX, 1]})).unwrap();
        let request = PageRequest::first(1).after(forged);
        let timeline = house
            .crm
            .activities()
            .timeline(context, Subject::Lead(lead.id), &request)
            .await;
        assert_eq!(wrong(timeline), [field("cursor", "invalid")]);
    })
    .await;
}

#[tokio::test]
async fn a_client_has_its_own_activities_and_those_of_its_leads() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let context = &house.context;
        let client = house
            .crm
            .clients()
            .create(context, NewClient::person("Ana"))
            .await
            .unwrap();
        let (early, of) = (house.lead("A").await, Subject::Client(client.id));
        let linked = house.make(NewLead::new("B").client(client.id)).await;
        for subject in [of, Subject::Lead(early.id), Subject::Lead(linked.id)] {
            let new = NewActivity::new(ActivityKind::Call, subject, "x");
            house.crm.activities().create(context, new).await.unwrap();
        }
        assert_eq!(walk(&house, of, 1).await.len(), 2);
        let link = LeadChange::new().client(client.id);
        house
            .crm
            .leads()
            .update(context, early.id, 1, link)
            .await
            .unwrap();
        assert_eq!(walk(&house, of, 1).await.len(), 3);
        let own = house
            .crm
            .activities()
            .timeline_without_leads(context, client.id, &PageRequest::default())
            .await
            .unwrap();
        let is_own = |entry: &TimelineEntry| matches!(entry, TimelineEntry::Activity(it) if it.subject == of);
        assert!(!own.items.is_empty() && own.items.len() < 3 && own.items.iter().all(is_own));
        house.crm.clients().delete(context, client.id, 1).await.unwrap();
        let gone = house
            .crm
            .activities()
            .timeline(context, of, &PageRequest::default())
            .await;
        assert_eq!(kind(gone), Some(ErrorKind::NotFound));
        let late = NewActivity::new(ActivityKind::Note, of, "x");
        assert_eq!(
            kind(house.crm.activities().create(context, late).await),
            Some(ErrorKind::NotFound)
        );
    })
    .await;
}
