use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::page::{Cursor, PageRequest};
use aurora_core::time::{Clock as _, Timestamp};

use super::{House, field, wrong};
use crate::leads::{
    Currency, Lead, LeadFilter, LeadId, LeadOrder, LeadSource, LeadStatus, Money, NewLead, NewLoss, OwnerId,
    StageKind,
};
use crate::testing::each_database;

const DAY: Duration = Duration::from_secs(86_400);

async fn walk(house: &House, filter: &LeadFilter, limit: u32) -> Vec<Lead> {
    let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
    loop {
        let page = house
            .crm
            .leads()
            .list(&house.context, filter, &request)
            .await
            .unwrap();
        seen.extend(page.items);
        let Some(next) = page.next else { return seen };
        request = PageRequest::first(limit).after(next);
        // made and deleted while somebody pages: before the cursor in every order
        let far = NewLead::new("disturbing")
            .value(Money::brl(Money::MAX_CENTS))
            .expected_close(Timestamp::UNIX_EPOCH);
        let lead = house.make(far).await;
        house
            .crm
            .leads()
            .delete(&house.context, lead.id, 1)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn pages_of_every_order_hold_everything_once() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let mut made = Vec::new();
        for n in 0_i64..30 {
            let mut new = NewLead::new(n.to_string()).value(Money::brl(n % 7 * 100));
            if n % 3 > 0 {
                new = new.expected_close(house.clock.now() + DAY * u32::try_from(n % 5).unwrap());
            }
            made.push(house.make(new).await);
            if n % 4 == 0 {
                house.clock.advance(DAY);
            }
        }
        let all: BTreeSet<LeadId> = made.iter().map(|lead| lead.id).collect();
        let dated = made.iter().filter(|lead| lead.expected_close.is_some());
        let dated: BTreeSet<LeadId> = dated.map(|lead| lead.id).collect();
        for order in [
            LeadOrder::Newest,
            LeadOrder::Value,
            LeadOrder::Score,
            LeadOrder::ExpectedClose,
            LeadOrder::Position,
        ] {
            let filter = LeadFilter::all().order(order).stage(house.stage(0));
            for limit in [1, 7, 200] {
                let seen = walk(&house, &filter, limit).await;
                let ids: BTreeSet<LeadId> = seen.iter().map(|lead| lead.id).collect();
                let wanted = if order == LeadOrder::ExpectedClose {
                    &dated
                } else {
                    &all
                };
                assert_eq!((seen.len(), &ids), (wanted.len(), wanted), "{order:?} by {limit}");
                let in_order = match order {
                    LeadOrder::Newest => seen.is_sorted_by_key(|l| std::cmp::Reverse((l.created_at, l.id))),
                    LeadOrder::Value => seen.is_sorted_by_key(|l| std::cmp::Reverse((l.value.cents, l.id))),
                    LeadOrder::Score => seen.is_sorted_by_key(|l| std::cmp::Reverse(l.id)),
                    LeadOrder::ExpectedClose => seen.is_sorted_by_key(|l| (l.expected_close, l.id)),
                    LeadOrder::Position => seen.is_sorted_by_key(|l| (l.position, l.id)),
                };
                assert!(in_order, "{order:?} by {limit}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn each_filter_finds_what_it_says() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        let (owner, now) = (OwnerId::new(house.clock.now()), house.clock.now());
        let other = house
            .crm
            .pipelines()
            .create(context, super::super::pipelines::tests::small())
            .await
            .unwrap();
        let client = house
            .crm
            .clients()
            .create(context, crate::clients::NewClient::person("Ana"))
            .await
            .unwrap();
        let a = house
            .make(NewLead::new("a").owner(owner).tag("x").tag("it's"))
            .await;
        let b = house
            .make(
                NewLead::new("b")
                    .source(LeadSource::Whatsapp)
                    .value(Money::brl(500)),
            )
            .await;
        let c = house
            .make(
                NewLead::new("c")
                    .pipeline(other.id)
                    .value(Money::new(500, Currency::USD)),
            )
            .await;
        let d = house
            .make(
                NewLead::new("d")
                    .expected_close(now + DAY)
                    .tag("x")
                    .client(client.id),
            )
            .await;
        let d = leads
            .lose(context, d.id, 1, NewLoss::other("no"), None)
            .await
            .unwrap();
        let all = LeadFilter::all();
        for (filter, wanted) in [
            (all.clone().pipeline(other.id), vec![c.id]),
            (all.clone().stage(house.stage(0)), vec![b.id, a.id]),
            (all.clone().owner(owner), vec![a.id]),
            (all.clone().client(client.id), vec![d.id]),
            (all.clone().client(client.id).owner(owner), vec![]),
            (all.clone().order(LeadOrder::Value).client(client.id), vec![d.id]),
            (all.clone().order(LeadOrder::Score).client(client.id), vec![d.id]),
            (
                all.clone().order(LeadOrder::ExpectedClose).client(client.id),
                vec![d.id],
            ),
            (all.clone().order(LeadOrder::Value).owner(owner), vec![a.id]),
            (all.clone().order(LeadOrder::Score).owner(owner), vec![a.id]),
            (all.clone().order(LeadOrder::ExpectedClose).owner(owner), vec![]),
            (all.clone().source(LeadSource::Whatsapp), vec![b.id]),
            (all.clone().status(LeadStatus::Lost), vec![d.id]),
            (all.clone().value_from(Money::brl(500)), vec![b.id]),
            (all.clone().value_to(Money::brl(499)), vec![d.id, a.id]),
            (all.clone().value_from(Money::new(1, Currency::USD)), vec![c.id]),
            (all.clone().expected_close(now..now + DAY), vec![]),
            (all.clone().expected_close(now + DAY..now + DAY * 2), vec![d.id]),
            (all.clone().tag("x"), vec![d.id, a.id]),
            (all.clone().tag("it's").owner(owner), vec![a.id]),
            (all.clone().tag("x").status(LeadStatus::Won), vec![]),
            (all.clone().tag("\0"), vec![]),
            (all.clone(), vec![d.id, c.id, b.id, a.id]),
        ] {
            let mut found: Vec<LeadId> = walk(&house, &filter, 50)
                .await
                .iter()
                .map(|lead| lead.id)
                .collect();
            let mut wanted = wanted;
            found.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{filter:?}");
        }
        // a tag that is taken away finds nothing any more
        leads
            .update(context, a.id, 1, crate::leads::LeadChange::new().tags(["y"]))
            .await
            .unwrap();
        assert_eq!(walk(&house, &all.clone().tag("it's"), 50).await, []);
        assert_eq!(walk(&house, &all.clone().tag("y"), 50).await.len(), 1);
        let page = PageRequest::default();
        let mixed = all
            .clone()
            .value_from(Money::brl(1))
            .value_to(Money::new(2, Currency::EUR));
        assert_eq!(
            wrong(leads.list(context, &mixed, &page).await),
            [field("value_to", "invalid")]
        );
        let unplaced = all.clone().order(LeadOrder::Position);
        assert_eq!(
            wrong(leads.list(context, &unplaced, &page).await),
            [field("stage", "required")]
        );
        let forever = all.clone().expected_close(now..Timestamp::from_micros(i64::MAX));
        assert_eq!(
            wrong(leads.list(context, &forever, &page).await),
            [field("expected_close", "invalid")]
        );
        // a cursor serves its own list, and no forged one reaches the database
        let first = leads.list(context, &all, &PageRequest::first(1)).await.unwrap();
        let next = PageRequest::default().after(first.next.unwrap());
        let foreign = leads.list(context, &all.clone().tag("x"), &next).await;
        assert_eq!(wrong(foreign), [field("cursor", "invalid")]);
        let scope = format!("leads/{}/{all:?}", context.workspace);
        let forged = Cursor::new(&scope, &(i64::MAX, a.id)).unwrap();
        let outcome = leads
            .list(context, &all, &PageRequest::default().after(forged))
            .await;
        assert_eq!(wrong(outcome), [field("cursor", "invalid")]);
    })
    .await;
}

#[tokio::test]
async fn a_board_shows_the_first_of_each_stage_with_counts_and_sums() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, context) = (house.crm.leads(), &house.context);
        for n in 1..=5 {
            house
                .make(NewLead::new(n.to_string()).value(Money::brl(n * 101)))
                .await;
        }
        house
            .make(
                NewLead::new("usd")
                    .value(Money::new(7, Currency::USD))
                    .stage(house.stage(2)),
            )
            .await;
        let gone = house.make(NewLead::new("gone").value(Money::brl(9))).await;
        leads.delete(context, gone.id, 1).await.unwrap();
        let won = house.lead("won").await;
        leads.win(context, won.id, 1, None).await.unwrap();
        let board = leads.board(context, house.pipeline.id, 2).await.unwrap();
        assert_eq!(board.pipeline, house.pipeline);
        let shape: Vec<(i64, usize)> = board.columns.iter().map(|c| (c.count, c.leads.len())).collect();
        assert_eq!(shape, [(5, 2), (0, 0), (1, 1), (0, 0), (0, 0), (1, 1), (0, 0)]);
        let first = &board.columns[0];
        let titles: Vec<&str> = first.leads.iter().map(|lead| lead.title.as_str()).collect();
        assert_eq!(titles, ["5", "4"]);
        // 10 % of 1515 centavos
        assert_eq!(
            (first.totals[0].value, first.totals[0].weighted),
            (Money::brl(1_515), Money::brl(151))
        );
        assert_eq!(board.columns[2].totals[0].value, Money::new(7, Currency::USD));
        let column = board
            .columns
            .iter()
            .find(|c| c.stage.kind == StageKind::Won)
            .unwrap();
        assert_eq!(column.leads[0].id, won.id);
        let owner = OwnerId::new(house.crm.store().now());
        for n in [1, 2] {
            let new = NewLead::new(format!("own {n}")).value(Money::brl(n * 500));
            house.make(new.owner(owner)).await;
        }
        let own = leads
            .board_of(context, house.pipeline.id, owner, 1)
            .await
            .unwrap();
        let shape: Vec<(i64, usize)> = own.columns.iter().map(|c| (c.count, c.leads.len())).collect();
        assert_eq!(shape, [(2, 1), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)]);
        assert_eq!(own.columns[0].totals[0].value, Money::brl(1_500));
        assert_eq!(own.columns[0].leads[0].title, "own 2");
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn pages_are_read_from_an_index_without_sorting() {
    use aurora_core::store::{Database, on_reader};
    use sqlx::Row as _;

    let db = Database::open(&"sqlite::memory:".into()).await.unwrap();
    House::open(db.clone()).await;
    let lists = [
        (crate::leads::sql::list::ALL, "BY_"),
        (crate::leads::sql::list::ALL, "CLIENT_"),
        (crate::leads::sql::list::ALL, "OWNER_"),
        (crate::leads::sql::history::ALL, "PAGE"),
        (crate::leads::sql::scores::ALL, "BATCH"),
        (crate::leads::sql::place::ALL, ""),
        (crate::activities::STATEMENTS, "OF_"),
        (crate::activities::STATEMENTS, "MOVES"),
        (crate::tasks::STATEMENTS, "BY_"),
        (crate::tasks::STATEMENTS, "OF_"),
    ];
    let mut seen = 0;
    for (statements, prefix) in lists {
        for (name, sql) in statements.iter().filter(|(name, _)| name.starts_with(prefix)) {
            let explain = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
            let plan: Vec<String> = on_reader!(db, |pool| async {
                let rows = sqlx::query(explain).fetch_all(pool).await?;
                Ok::<_, sqlx::Error>(rows.iter().map(|row| row.get("detail")).collect())
            })
            .unwrap();
            let told = plan.join("; ");
            let of_one = [("CLIENT_", "leads_of_client"), ("OWNER_", "leads_of_owner")];
            let of_one = of_one.iter().find(|(prefix, _)| name.starts_with(prefix));
            if let Some((_, index)) = of_one {
                assert!(told.contains(&format!("INDEX {index} (")), "{name}: {told}");
            }
            let may_sort = of_one.is_some() && !name.ends_with("_NEWEST");
            assert!(may_sort || !told.contains("TEMP B-TREE"), "{name} sorts: {told}");
            assert!(
                !told.contains("SCAN leads") && !told.contains("SCAN tasks"),
                "{name}: {told}"
            );
            assert!(told.contains("USING"), "{name}: {told}");
            seen += 1;
        }
    }
    assert_eq!(seen, 29);
}
