use super::*;
use crate::client::Caller;
use crate::ledger::{BudgetSource as _, ErrorKind};

async fn holds(allowances: Allowances) {
    let key = AllowanceKey::key("key_1");
    let fresh = allowances.get("t", &key).await.unwrap();
    assert_eq!((fresh.version, fresh.allowance), (0, Allowance::default()));
    let day = Quota {
        period: Period::Day,
        cost_nanos: Some(5),
        tokens: None,
        soft: false,
        offset_minutes: -180,
    };
    let few = Allowance {
        models: Some(vec!["a/b*".to_owned(), "c".to_owned()]),
        requests_per_minute: Some(1),
        tokens_per_minute: None,
        budgets: vec![day.clone()],
    };
    let put = allowances.put("t", &key, few.clone(), 0).await.unwrap();
    assert_eq!(allowances.get("t", &key).await.unwrap(), put);
    assert_eq!(
        allowances.get("u", &key).await.unwrap().version,
        0,
        "tenants are apart"
    );
    let stale = allowances.put("t", &key, few.clone(), 0).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Stale);
    assert_eq!(
        allowances.put("t", &key, few.clone(), 1).await.unwrap().version,
        2
    );
    let of_model = AllowanceKey::model("c");
    let only_budget = Allowance {
        budgets: vec![day.clone()],
        ..Allowance::default()
    };
    allowances
        .put("t", &of_model, only_budget.clone(), 0)
        .await
        .unwrap();
    allowances
        .put("t", &AllowanceKey::Tenant, only_budget, 0)
        .await
        .unwrap();
    let budgets = allowances
        .budgets(&Caller::tenant("t").key("key_1"))
        .await
        .unwrap();
    assert_eq!(budgets.len(), 3);
    assert_eq!(
        allowances
            .budgets(&Caller::tenant("t").key("key_2"))
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        allowances
            .keys_between("t", "key_0", "key_2", 10)
            .await
            .unwrap()
            .len(),
        1
    );
    allowances.remove("t", &key).await.unwrap();
    assert_eq!(allowances.get("t", &key).await.unwrap().version, 0);
    let many = Allowance {
        budgets: vec![day.clone(), day.clone(), day.clone(), day],
        ..Allowance::default()
    };
    allowances
        .put("t", &AllowanceKey::model("d"), many.clone(), 0)
        .await
        .unwrap();
    let refused = allowances
        .put("t", &AllowanceKey::model("e"), many, 0)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_was_said_holds_in_memory() {
    holds(Allowances::in_memory()).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn what_was_said_holds_in_a_database() {
    use aurora_core::store::Database;

    use crate::ledger::SqlLedger;

    let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
    holds(Allowances::in_database(SqlLedger::open(database).await.unwrap())).await;
}

#[test]
fn only_names_on_the_list_are_allowed() {
    let few = Allowance {
        models: Some(vec!["a/b*".to_owned(), "c".to_owned()]),
        ..Allowance::default()
    };
    for (name, allowed) in [
        ("a/bc", true),
        ("a/b", true),
        ("c", true),
        ("cc", false),
        ("", false),
    ] {
        assert_eq!(few.allows(name), allowed, "{name}");
    }
    assert!(Allowance::default().allows("anything"));
    let wrong = Allowance {
        models: Some(Vec::new()),
        requests_per_minute: Some(0),
        budgets: vec![Quota {
            period: Period::Day,
            cost_nanos: Some(0),
            tokens: None,
            soft: true,
            offset_minutes: 0,
        }],
        ..Allowance::default()
    };
    let fields: Vec<String> = wrong.problems().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["models", "requests_per_minute", "budgets[0]"]);
}
