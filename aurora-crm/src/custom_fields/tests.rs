use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, ManualClock};
use serde_json::{Value, json};

use super::{
    CustomFieldChange, CustomFieldKind, CustomFieldTarget, CustomFields, NewCustomField, UndefinedFields,
};
use crate::clients::{ClientChange, ClientFilter, NewClient};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::testing::{TestDatabase, each_database};
use crate::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

async fn open(db: TestDatabase) -> (Crm, Context, Context) {
    let crm = Crm::builder(db.database)
        .clock(ManualClock::default())
        .build()
        .await
        .unwrap();
    let mut contexts = Vec::new();
    for name in ["Mine", "Theirs"] {
        let house = crm
            .workspaces()
            .create(NewWorkspace::new(WorkspaceKind::Clinic, name))
            .await
            .unwrap();
        contexts.push(Context::new(house.id, "test"));
    }
    let [mine, theirs] = contexts.try_into().unwrap();
    (crm, mine, theirs)
}

fn new(key: &str, kind: CustomFieldKind) -> NewCustomField {
    NewCustomField::new(CustomFieldTarget::Client, key, "Label", kind)
}

fn wrong<T>(outcome: Result<T, Error>) -> Vec<(String, &'static str)> {
    let error = outcome.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error
        .fields()
        .iter()
        .map(|field| (field.field.clone(), field.code))
        .collect()
}

#[tokio::test]
async fn values_are_checked_and_every_wrong_one_is_told() {
    each_database(|db| async move {
        use CustomFieldKind::{Boolean, Choice, Date, MultiChoice, Number, Text, Url};

        let (crm, mine, theirs) = open(db).await;
        let fields = crm.custom_fields();
        for definition in [
            new("a_text", Text).required(),
            new("b_number", Number),
            new("c_date", Date),
            new("d_boolean", Boolean),
            new("e_choice", Choice).option("x").option("y"),
            new("f_many", MultiChoice).option("x").option("y").option("x"),
            new("g_url", Url),
        ] {
            fields.define(&mine, definition).await.unwrap();
        }
        let listed = fields.list(&mine, CustomFieldTarget::Client).await.unwrap();
        assert_eq!(listed.len(), 7);
        assert_eq!(listed[5].options, ["x", "y"]);
        assert!(
            fields
                .list(&mine, CustomFieldTarget::Lead)
                .await
                .unwrap()
                .is_empty()
        );
        let clients = crm.clients();
        let all = [
            ("a_text", json!("t"), json!(1)),
            ("b_number", json!(1.5), json!("1")),
            ("c_date", json!("2026-11-29"), json!("29/11/2026")),
            ("d_boolean", json!(false), json!("no")),
            ("e_choice", json!("x"), json!("z")),
            ("f_many", json!(["y", "x"]), json!(["x", "x"])),
            (
                "g_url",
                json!("https://example.com/a?b"),
                json!("javascript:alert(1)"),
            ),
        ];
        let with = |pick: fn(&(&'static str, Value, Value)) -> Value| {
            all.iter().fold(NewClient::person("Ana"), |new, entry| {
                new.custom(entry.0, pick(entry))
            })
        };
        let made = clients
            .create(&mine, with(|(_, good, _)| good.clone()))
            .await
            .unwrap();
        let expected: Vec<_> = all
            .iter()
            .map(|(key, ..)| (format!("custom.{key}"), "invalid"))
            .collect();
        assert_eq!(
            wrong(clients.create(&mine, with(|(_, _, bad)| bad.clone())).await),
            expected
        );
        let missing = [("custom.a_text".to_owned(), "required")];
        assert_eq!(
            wrong(clients.create(&mine, NewClient::person("Bia")).await),
            missing
        );
        let emptied = ClientChange::new().custom(json!({"other": 1}).as_object().unwrap().clone());
        assert_eq!(
            wrong(clients.update(&mine, made.id, 1, emptied.clone()).await),
            missing
        );
        // what is not set is not looked at
        clients
            .update(&mine, made.id, 1, ClientChange::new().legal_name("Ana B."))
            .await
            .unwrap();
        // another workspace has no such fields
        clients.create(&theirs, NewClient::person("Bia")).await.unwrap();
        let gold = ClientFilter::all().custom("e_choice", "x").custom("f_many", "y");
        let page = clients.list(&mine, &gold, &PageRequest::default()).await.unwrap();
        assert_eq!(
            page.items.iter().map(|client| client.id).collect::<Vec<_>>(),
            [made.id]
        );
        // undefined keys
        assert_eq!(fields.undefined(&mine).await.unwrap(), UndefinedFields::Allow);
        fields
            .set_undefined(&mine, UndefinedFields::Refuse)
            .await
            .unwrap();
        fields
            .set_undefined(&mine, UndefinedFields::Refuse)
            .await
            .unwrap();
        let refused = (UndefinedFields::Refuse, 2);
        assert_eq!(fields.stored_undefined(&mine).await.unwrap(), refused);
        assert_eq!(fields.stored_undefined(&theirs).await.unwrap().1, 0);
        for stale in [0, 1, 3] {
            let late = fields
                .set_undefined_at(&mine, stale, UndefinedFields::Allow)
                .await;
            assert_eq!(late.unwrap_err().current_version(), Some(2), "{stale}");
        }
        let again = fields.set_undefined_at(&mine, 2, UndefinedFields::Refuse).await;
        assert_eq!(again.unwrap(), 3);
        let undefined = NewClient::person("C").custom("a_text", "t").custom("other", 1);
        assert_eq!(
            wrong(clients.create(&mine, undefined).await),
            [("custom.other".to_owned(), "not_allowed")]
        );
        clients
            .create(&theirs, NewClient::person("D").custom("other", 1))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn definitions_are_unique_by_key_and_change_by_version() {
    each_database(|db| async move {
        let (crm, mine, theirs) = open(db).await;
        let fields = crm.custom_fields();
        let outcomes = futures::future::join_all(
            (0..8).map(|_| fields.define(&mine, new("plan", CustomFieldKind::Text))),
        )
        .await;
        let made = outcomes
            .iter()
            .find_map(|outcome| outcome.as_ref().ok())
            .unwrap()
            .clone();
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(error.existing(), Some(made.id.to_string().as_str()), "{error}");
        }
        let for_leads = NewCustomField::new(CustomFieldTarget::Lead, "plan", "Plan", CustomFieldKind::Text);
        fields.define(&mine, for_leads).await.unwrap();
        fields
            .define(&theirs, new("plan", CustomFieldKind::Number))
            .await
            .unwrap();
        let change = || CustomFieldChange::new().label("Plano").required();
        let changed = fields.update(&mine, made.id, 1, change()).await.unwrap();
        assert_eq!(
            (changed.label.as_str(), changed.required, changed.version),
            ("Plano", true, 2)
        );
        let stale = fields.update(&mine, made.id, 1, change()).await.unwrap_err();
        assert_eq!(stale.current_version(), Some(2));
        let not_found = Some(ErrorKind::NotFound);
        assert_eq!(
            fields
                .update(&theirs, made.id, 2, change())
                .await
                .err()
                .map(|e| e.kind()),
            not_found
        );
        assert_eq!(
            fields.remove(&theirs, made.id, 2).await.err().map(|e| e.kind()),
            not_found
        );
        assert_eq!(
            fields.remove(&mine, made.id, 1).await.err().map(|e| e.kind()),
            Some(ErrorKind::Conflict)
        );
        assert_eq!(
            wrong(
                fields
                    .update(&mine, made.id, 2, CustomFieldChange::new().options(["x"]))
                    .await
            ),
            [("options".to_owned(), "not_allowed")]
        );
        fields.remove(&mine, made.id, 2).await.unwrap();
        assert!(
            fields
                .list(&mine, CustomFieldTarget::Client)
                .await
                .unwrap()
                .is_empty()
        );
        for (definition, field, code) in [
            (new("Plan", CustomFieldKind::Text), "key", "invalid"),
            (new("", CustomFieldKind::Text), "key", "invalid"),
            (new("a", CustomFieldKind::Choice), "options", "required"),
            (
                new("a", CustomFieldKind::Text).option("x"),
                "options",
                "not_allowed",
            ),
        ] {
            assert_eq!(
                wrong(fields.define(&mine, definition).await),
                [(field.to_owned(), code)]
            );
        }
        for n in 0..CustomFields::MAX {
            fields
                .define(&mine, new(&format!("k{n}"), CustomFieldKind::Text))
                .await
                .unwrap();
        }
        let full = fields.define(&mine, new("one_more", CustomFieldKind::Text)).await;
        assert_eq!(wrong(full), [("key".to_owned(), "too_many")]);
        let absent = Context::new(WorkspaceId::new(ManualClock::default().now()), "test");
        assert_eq!(
            fields
                .set_undefined(&absent, UndefinedFields::Refuse)
                .await
                .err()
                .map(|e| e.kind()),
            not_found
        );
        assert_eq!(
            fields
                .define(&absent, new("a", CustomFieldKind::Text))
                .await
                .err()
                .map(|e| e.kind()),
            not_found
        );
    })
    .await;
}
