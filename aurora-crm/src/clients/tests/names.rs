use aurora_core::time::ManualClock;

use super::{context, crm};
use crate::clients::{ClientId, NewClient};
use crate::privacy::Anonymisation;
use crate::testing::each_database;

#[tokio::test]
async fn names_are_told_of_those_who_are_shown() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let (crm, mine) = crm(db.database, &clock).await;
        let other = context(&crm).await;
        let clients = crm.clients();
        let mut ids = Vec::new();
        for n in 0..120 {
            let new = NewClient::person(format!("Pessoa {n}"));
            ids.push(clients.create(&mine, new).await.unwrap().id);
        }
        let company = NewClient::company("Clínica Sorriso Ltda").trade_name("Sorriso");
        let company = clients.create(&mine, company).await.unwrap().id;
        ids.extend([
            company,
            company,
            ids[0],
            ClientId::from_uuid(sqlx::types::Uuid::nil()),
        ]);

        let names = clients.names(&mine, &ids).await.unwrap();
        assert_eq!(names.len(), 121);
        assert_eq!(
            (names[&ids[0]].as_str(), names[&ids[119]].as_str()),
            ("Pessoa 0", "Pessoa 119")
        );
        assert_eq!(names[&company], "Sorriso");
        assert!(
            clients.names(&other, &ids).await.unwrap().is_empty(),
            "of another workspace"
        );
        assert!(clients.names(&mine, &[]).await.unwrap().is_empty());

        clients.delete(&mine, ids[0], 1).await.unwrap();
        clients.block(&mine, ids[1], 1, "pedido").await.unwrap();
        crm.privacy()
            .anonymise(&mine, ids[2], &Anonymisation::new())
            .await
            .unwrap();
        let names = clients.names(&mine, &ids[..3]).await.unwrap();
        assert_eq!(names.len(), 1, "{names:?}");
        assert_eq!(names[&ids[2]], "Anonimizado");
    })
    .await;
}
