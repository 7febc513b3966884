use futures::future::{join, join_all};

use super::House;
use crate::clients::{MergeChoices, NewClient};
use crate::leads::{Conversion, LeadChange, NewLead};
use crate::testing::each_database;

/// Both hold a client and a lead. If they took them in different orders, PostgreSQL would end one after a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn leads_go_to_a_client_while_it_is_merged_and_nobody_is_locked_out() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (leads, clients, context) = (house.crm.leads(), house.crm.clients(), &house.context);
        for _ in 0..8 {
            let make = |name: &'static str| clients.create(context, NewClient::company(name));
            let (kept, lost) = (make("Padaria").await.unwrap(), make("Padoca").await.unwrap());
            let (kept_id, lost_id) = (kept.id, lost.id);
            let (mut updated, mut converted) = (Vec::new(), Vec::new());
            for _ in 0..4 {
                updated.push(house.make(NewLead::new("A").client(lost_id)).await);
                converted.push(house.make(NewLead::new("B").client(lost_id)).await);
            }
            let choices = MergeChoices::new();
            let merge = clients.merge(
                context,
                (kept_id, kept.version),
                (lost_id, lost.version),
                &choices,
            );
            let updates = join_all(updated.iter().map(|lead| {
                let change = LeadChange::new().client(kept_id);
                leads.update(context, lead.id, lead.version, change)
            }));
            let conversions = join_all(converted.iter().map(|lead| {
                let how = Conversion::existing(kept_id);
                leads.convert(context, lead.id, how)
            }));
            let (merged, (updates, conversions)) = join(merge, join(updates, conversions)).await;
            merged.unwrap();
            for lead in updates {
                assert_eq!(lead.unwrap().client_id, Some(kept_id));
            }
            for done in conversions {
                assert_eq!(done.unwrap().client, kept_id);
            }
            for lead in updated.iter().chain(&converted) {
                let now = leads.get(context, lead.id).await.unwrap();
                assert_eq!(now.client_id, Some(kept_id));
            }
            // Whoever names the one that was merged means the one that stayed.
            let late = house.lead("C").await;
            let late = leads.update(context, late.id, late.version, LeadChange::new().client(lost_id));
            assert_eq!(late.await.unwrap().client_id, Some(kept_id));
            assert_eq!(clients.get(context, lost_id).await.unwrap().id, kept_id);
        }
    })
    .await;
}
