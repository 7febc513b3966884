use aurora_core::store::execute;
use futures::StreamExt as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};

use super::*;
use crate::clients::{Address, BlockedClients, ClientChange, ClientKind, ClientStatus, NewClient, OwnerId};
use crate::testing::each_database;

/// What must come back: everything but ids, versions and times.
fn substance(client: &Client) -> Value {
    let mut value = serde_json::to_value(client).unwrap();
    for own in ["id", "version", "created_at", "updated_at"] {
        value.as_object_mut().unwrap().remove(own);
    }
    value
}

fn nasty() -> impl Strategy<Value = String> {
    "['=+@\";,|a-cé -]{1,12}"
        .prop_map(|text| format!("N{text}").trim().to_owned())
        .boxed()
        .prop_union("[=+@'-][a-z;\"|,']{1,8}".boxed())
}

fn any_client(n: u32) -> impl Strategy<Value = NewClient> {
    let texts = (
        nasty(),
        prop::option::of(nasty()),
        prop::collection::vec(nasty(), 0..4),
        prop::option::of(nasty()),
    );
    let custom = prop::collection::btree_map(
        "[a-z=;]{1,6}",
        prop_oneof![
            nasty().prop_map(Value::from),
            Just(json!([1, {"x": null}])),
            Just(json!(1.5))
        ],
        0..3,
    );
    let address = (
        prop::option::of(nasty()),
        prop::option::of(nasty()),
        prop::bool::ANY,
    );
    (
        texts,
        custom,
        prop::collection::vec(address, 0..3),
        any::<bool>(),
        0..3_u8,
        0..3_usize,
    )
        .prop_map(
            move |((name, trade, tags, source), custom, addresses, is_person, status, contacts)| {
                let mut new = if is_person {
                    NewClient::person(name).cpf(cpf(n)).birth_date("1990-02-28")
                } else {
                    NewClient::company(name).cnpj(cnpj(n))
                };
                if let Some(trade) = trade {
                    new = new.trade_name(trade);
                }
                if let Some(source) = source {
                    new = new.source(source);
                }
                for tag in tags {
                    new = new.tag(tag);
                }
                for (key, value) in custom {
                    new = new.custom(key, value);
                }
                for (street, complement, is_foreign) in addresses {
                    let mut address = Address::new().city("São Paulo");
                    address.street = street;
                    address.complement = complement;
                    address = if is_foreign {
                        address.country("IL").postal_code("1234567")
                    } else {
                        address.state("SP").postal_code("01310-200")
                    };
                    new = new.address(address);
                }
                for k in 0..contacts {
                    new = new
                        .phone(format!("+55 11 9876{k}-4321"))
                        .further_email(format!("a|{k}@x.co"));
                }
                if contacts == 2 {
                    new = new
                        .email("o'neil+x@example.com")
                        .owner(OwnerId::from_uuid(sqlx::types::Uuid::from_u128(7)));
                }
                new.status(
                    [
                        ClientStatus::Active,
                        ClientStatus::Inactive,
                        ClientStatus::Blocked,
                    ][usize::from(status)],
                )
            },
        )
}

#[test]
fn an_export_that_is_imported_makes_the_same_clients() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(each_database(|db| async move {
        let (crm, _) = crm(db.database.clone()).await;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for round in 0..12 {
            let (from, to) = (house(&crm).await, house(&crm).await);
            for n in 1..=3 {
                let new = any_client(n).new_tree(&mut runner).unwrap().current();
                crm.clients().create(&from, new).await.unwrap();
            }
            let options = ExportOptions::new()
                .separator([Separator::Semicolon, Separator::Comma, Separator::Tab][round % 3])
                .language([Language::Portuguese, Language::English][round % 2])
                .encoding(
                    [
                        ExportEncoding::Utf8WithMark,
                        ExportEncoding::Utf8,
                        ExportEncoding::Utf16Le,
                    ][(round / 2) % 3],
                );
            let file = exported(&crm, &from, options).await;
            let imports = crm.clients().imports();
            let report = imports
                .run(
                    &to,
                    id(&crm),
                    file.as_slice(),
                    &ImportOptions::new(),
                    ImportWatch::new(),
                )
                .await
                .unwrap();
            assert!(
                report.errors.is_empty(),
                "{:?} {}",
                report.errors,
                String::from_utf8_lossy(&file)
            );
            let mut expected: Vec<Value> = all(&crm, &from).await.iter().map(substance).collect();
            let mut read: Vec<Value> = all(&crm, &to).await.iter().map(substance).collect();
            expected.sort_by_key(ToString::to_string);
            read.sort_by_key(ToString::to_string);
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(&file));
        }
    }));
}

#[tokio::test]
async fn an_export_has_the_columns_that_were_chosen_and_runs_no_formula() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let new = NewClient::company("=HYPERLINK(\"http://x\")").cnpj(cnpj(1)).custom("size", 3).custom("x", "-2");
        let made = crm.clients().create(&context, new).await.unwrap();
        let columns = [
            Column::Field(Field::Document),
            Column::Field(Field::LegalName),
            Column::Custom("size".to_owned()),
            Column::Custom("x".to_owned()),
            Column::Custom("=none".to_owned()),
            Column::Id,
        ];
        let file = exported(&crm, &context, ExportOptions::new().columns(columns)).await;
        let expected = format!(
            "\u{feff}CNPJ/CPF;Razão social;size;x;'=none;_id\r\n{};\"'=HYPERLINK(\"\"http://x\"\")\";3;'-2;;{}\r\n",
            cnpj(1),
            made.id
        );
        assert_eq!(String::from_utf8(file).unwrap(), expected);
        let actions = audit_actions(&db, &context).await;
        assert_eq!(actions[actions.len() - 2..], ["client.export_begun", "client.exported"]);
        let sql = "select detail from audit_entries where workspace_id = $1 order by seq desc limit 1";
        let detail: String =
            aurora_core::store::on_reader!(db.owner, |pool| sqlx::query_scalar(sql).bind(context.workspace).fetch_one(pool)).unwrap();
        assert!(detail.contains("\"count\":1"), "{detail}");
    })
    .await;
}

#[tokio::test]
async fn pages_hold_every_client_once_while_others_write() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let rows: String = (0..450)
            .map(|n| format!("C{n:03};{}\n", if n % 2 == 0 { "PF" } else { "PJ" }))
            .collect();
        run(
            &crm,
            &context,
            &format!("nome;tipo\n{rows}"),
            &ImportOptions::new(),
        )
        .await;
        let filter = ClientFilter::all().kind(ClientKind::Person);
        let export = crm.clients().export(
            &context,
            &filter,
            ExportOptions::new().columns([Column::Field(Field::LegalName)]),
        );
        let mut stream = Box::pin(export.into_stream());
        let mut file = Vec::new();
        let mut pieces = 0;
        while let Some(piece) = stream.next().await {
            file.extend(piece.unwrap());
            pieces += 1;
            let newcomer = crm
                .clients()
                .create(&context, NewClient::person("Late"))
                .await
                .unwrap();
            let change = ClientChange::new().legal_name("Later");
            crm.clients()
                .update(&context, newcomer.id, 1, change)
                .await
                .unwrap();
        }
        assert!(pieces >= 3);
        let text = String::from_utf8(file).unwrap();
        let mut names: Vec<&str> = text
            .lines()
            .skip(1)
            .filter(|name| !name.starts_with("Late"))
            .collect();
        names.sort_unstable();
        let expected: Vec<String> = (0..450).step_by(2).map(|n| format!("C{n:03}")).collect();
        assert_eq!(names, expected);
    })
    .await;
}

#[tokio::test]
async fn an_export_of_a_search_holds_every_client_that_is_found_once() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let other = house(&crm).await;
        let rows: String = (0..450)
            .map(|n| format!("{} {n:03};PJ\n", if n % 2 == 0 { "Pão" } else { "Leite" }))
            .collect();
        let file = format!("nome;tipo\n{rows}");
        run(&crm, &context, &file, &ImportOptions::new()).await;
        let options = || ExportOptions::new().columns([Column::Field(Field::LegalName)]);
        let found = |context: Context, text: &'static str| {
            let export = crm
                .clients()
                .export_found(&context, text, BlockedClients::Hidden, options());
            async move {
                let mut file = Vec::new();
                let count = export.unwrap().write_to(&mut file).await.unwrap();
                (count, String::from_utf8(file).unwrap())
            }
        };
        let (count, text) = found(context.clone(), "PAO").await;
        let mut names: Vec<&str> = text.lines().skip(1).collect();
        names.sort_unstable();
        let expected: Vec<String> = (0..450).step_by(2).map(|n| format!("Pão {n:03}")).collect();
        assert_eq!(count, 225);
        assert_eq!(names, expected);
        let (count, _) = found(context.clone(), "pao 004").await;
        assert_eq!(count, 1);
        let (count, _) = found(other, "pao").await;
        assert_eq!(count, 0, "not those of another workspace");
        let none = crm
            .clients()
            .export_found(&context, " * ", BlockedClients::Hidden, options());
        assert_eq!(none.unwrap_err().kind(), crate::error::ErrorKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn an_export_that_a_search_would_cut_is_refused_before_its_first_byte() {
    const FILL: &str = "insert into client_words (workspace_id, client_id, source_id, word, weight)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5500)
        select c.workspace_id, c.id, c.id, 'sil' || cast(n.i as text), 1 from n cross join clients c where c.id = $1";
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let clients = crm.clients();
        let marta = clients
            .create(&context, NewClient::person("Marta"))
            .await
            .unwrap();
        clients.create(&context, NewClient::person("Ana")).await.unwrap();
        execute!(db.owner, sqlx::query(FILL).bind(marta.id)).unwrap();
        let begin = async |text: &str| {
            let options = ExportOptions::new();
            let export = clients.export_found(&context, text, BlockedClients::Hidden, options);
            export.unwrap().next().await
        };
        for text in ["sil", "sil si"] {
            let error = begin(text).await.unwrap_err();
            let field = &error.fields()[0];
            assert_eq!((field.field.as_str(), field.code), ("text", "too_many"), "{text}");
        }
        for text in ["sil5", "marta sil", "sil ana", "mar"] {
            assert!(begin(text).await.unwrap().is_some(), "{text}");
        }
        // Those that are not found fill nothing.
        clients.delete(&context, marta.id, 1).await.unwrap();
        assert!(begin("sil").await.unwrap().is_some());
    })
    .await;
}
