use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::page::PageRequest;
use aurora_core::store::on_reader;

use super::house::{House, OTHER, new_number, workspace};
use super::*;
use crate::channels::ChannelId;
use crate::channels::whatsapp::{NewNumber, NumberChange};
use crate::error::ErrorKind;
use crate::testing::each_database;

#[tokio::test]
async fn a_number_is_added_changed_paused_and_removed() {
    each_database(|db| async move {
        let house = House::open(db.database.clone()).await;
        let (whatsapp, context, id) = (&house.whatsapp, &house.context, house.number.id);
        assert_eq!(whatsapp.get(context, id).await.unwrap(), house.number);
        let change = NumberChange::new().name(" Unidade Centro ").token("another");
        let changed = whatsapp.update(context, id, 1, change.clone()).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.version), ("Unidade Centro", 2));
        assert_eq!(
            whatsapp.access(context, id).await.unwrap().token.expose(),
            "another"
        );
        let stale = whatsapp.update(context, id, 1, change).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let paused = whatsapp.pause(context, id).await.unwrap();
        assert_eq!(paused.pause.as_ref().unwrap().reason, "manual");
        assert_eq!(whatsapp.pause(context, id).await.unwrap(), paused);
        assert_eq!(whatsapp.resume(context, id).await.unwrap().pause, None);
        let stored: Vec<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select token from whatsapp_numbers"
        )
        .fetch_all(pool))
        .unwrap();
        assert!(
            stored
                .iter()
                .all(|token| token.starts_with("aurs1.") && !token.contains("another"))
        );
        whatsapp.remove(context, id, 2).await.unwrap();
        assert_eq!(
            whatsapp.get(context, id).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        // It can be added again.
        whatsapp.add(context, new_number(NUMBER)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_number_belongs_to_one_workspace_of_the_installation() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let second = workspace(&house.crm).await;
        for context in [&house.context, &second] {
            let taken = house.whatsapp.add(context, new_number(NUMBER)).await.unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
        }
        let calls = (0..6).map(|_| house.whatsapp.add(&second, new_number(OTHER)));
        let outcomes = futures::future::join_all(calls).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let wrong = NewNumber::new("+55", "", "nobody", "a b").account("x").name("");
        let error = house.whatsapp.add(&second, wrong).await.unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "number_id",
                "account_id",
                "display_number",
                "name",
                "app",
                "token"
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn no_call_reaches_the_numbers_of_another_workspace() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (whatsapp, id) = (&house.whatsapp, house.number.id);
        let stranger = workspace(&house.crm).await;
        let kinds = [
            whatsapp.get(&stranger, id).await.err(),
            whatsapp
                .update(&stranger, id, 1, NumberChange::new().name("x"))
                .await
                .err(),
            whatsapp.pause(&stranger, id).await.err(),
            whatsapp.resume(&stranger, id).await.err(),
            whatsapp.remove(&stranger, id, 1).await.err(),
            whatsapp.access(&stranger, id).await.err(),
        ];
        for error in kinds {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
        }
        let first = PageRequest::first(10);
        assert!(whatsapp.list(&stranger, &first).await.unwrap().items.is_empty());
        assert_eq!(
            whatsapp.list(&house.context, &first).await.unwrap().items,
            std::slice::from_ref(&house.number)
        );
        assert_eq!(whatsapp.rewrap(&stranger).await.unwrap(), 0);
        assert_eq!(whatsapp.get(&house.context, id).await.unwrap(), house.number);
    })
    .await;
}

#[tokio::test]
async fn pages_hold_every_number_once() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        for n in 0..6 {
            house
                .whatsapp
                .add(&house.context, new_number(&format!("30{n}")))
                .await
                .unwrap();
        }
        let mut seen: Vec<ChannelId> = Vec::new();
        let mut request = PageRequest::first(3);
        loop {
            let page = house.whatsapp.list(&house.context, &request).await.unwrap();
            seen.extend(page.items.iter().map(|number| number.id));
            let Some(next) = page.next else { break };
            request = PageRequest::first(3).after(next);
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), sorted.len()), (7, 7));
    })
    .await;
}

#[tokio::test]
async fn tokens_are_wrapped_anew_with_another_key() {
    each_database(|db| async move {
        let mut house = House::open(db.database).await;
        let old = LocalKeys::generate("old").unwrap();
        house.sealer = Sealer::new(old.clone());
        house.restart();
        let added = house
            .whatsapp
            .add(&house.context, new_number(OTHER))
            .await
            .unwrap();
        house
            .whatsapp
            .remove(&house.context, house.number.id, 1)
            .await
            .unwrap();
        house.sealer = Sealer::new(LocalKeys::generate("new").unwrap().also(&old).unwrap());
        house.restart();
        assert_eq!(house.whatsapp.rewrap(&house.context).await.unwrap(), 1);
        assert_eq!(house.whatsapp.rewrap(&house.context).await.unwrap(), 0);
        let access = house.whatsapp.access(&house.context, added.id).await.unwrap();
        assert_eq!(access.token.expose(), "token");
    })
    .await;
}
