use aurora_core::store::{Database, execute};

use crate::crm::Crm;
use crate::error::ErrorKind;
use crate::testing::{TEST_ROLE, as_role, each_database};

#[tokio::test]
async fn an_owner_that_may_not_make_the_extension_is_told_what_to_run() {
    // for the role alone
    each_database(|_| async {}).await;
    aurora_core::testing::each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let grant = "grant create on schema public to aurora_test_app";
        execute!(db.database, sqlx::query(grant)).unwrap();
        let owner = Database::open(&as_role(&db.url)).await.unwrap();
        let error = Crm::install(&owner, TEST_ROLE).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setup);
        assert!(
            error.to_string().contains("run `create extension btree_gist`"),
            "{error}"
        );
        execute!(db.database, sqlx::query("create extension btree_gist")).unwrap();
        // It is there: the owner goes on from where it stood.
        let error = Crm::install(&owner, TEST_ROLE).await.unwrap_err();
        assert!(error.to_string().contains("owns the tables"), "{error}");
        owner.close().await;
    })
    .await;
}
