use serde_json::json;

use super::*;
use crate::clients::{Address, ClientKind, ClientStatus, NewClient};
use crate::testing::each_database;

fn messy() -> String {
    format!(
        "Razão Social;CNPJ/CPF;E-mail;Telefone;CEP;Logradouro;Nº;Cidade;UF;Tags;Situação;Nascimento;Limite\r\n\
         Padaria Um;{};um@x.com.br;(11) 98765-4321 / 11 3876-5432;01310-200;Av. Paulista;1578;São Paulo;SP;vip, novo;ativo;;1.234,56\r\n\
         Ana Souza;{};;;;;;;;;inativo;28/02/1990;\r\n\
         ;{};;;;;;;;;;;\r\n\
         Padaria Quatro;12.ABC.345/01DE-36;nobody;123;0;Rua;1;X;ZZ;;;;\r\n\
         Padaria Um de novo;{};;;;;;;;;;;\r\n\
         Padaria Seis;6990590000123;;;1310200;Rua B;2;São Paulo;SP;;;;dez\r\n\
         Padaria Sete;6990590000123;;;1310200;Rua B;2;São Paulo;SP;;;;10\r\n",
        cnpj(1),
        cpf(2),
        cnpj(3),
        cnpj(1),
    )
}

fn options() -> ImportOptions {
    let limit = Target::Custom {
        key: "limit".to_owned(),
        kind: CustomKind::Number,
    };
    ImportOptions::new().column("limite", limit)
}

#[tokio::test]
async fn a_dry_run_tells_what_the_run_does_and_changes_nothing() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let before = audit_actions(&db, &context).await;
        let tried = dry(&crm, &context, &messy(), &options()).await;
        assert!(all(&crm, &context).await.is_empty());
        assert_eq!(audit_actions(&db, &context).await, before);
        let done = run(&crm, &context, &messy(), &options()).await;
        assert_eq!(counts(&done), (3, 0, 0, 1, 3));
        assert_eq!(tried.counts, done.counts);
        assert_eq!(tried.errors, done.errors);
        assert_eq!((tried.file, &tried.notes), (done.file, &done.notes));
        let expected = [
            (4, "legal_name", "required"),
            (5, "cnpj", "invalid"),
            (5, "email", "invalid"),
            (5, "phones[0]", "invalid"),
            (5, "addresses[0].state", "invalid"),
            (5, "addresses[0].postal_code", "invalid"),
            (7, "custom.limit", "invalid"),
        ];
        assert_eq!(codes(&done), expected);
        let told = done
            .errors
            .iter()
            .find(|error| error.field == "addresses[0].state")
            .unwrap();
        assert_eq!((told.column, told.header.as_deref()), (Some(9), Some("UF")));
        let told = done.errors.iter().find(|error| error.field == "cnpj").unwrap();
        assert_eq!((told.column, told.header.as_deref()), (Some(2), Some("CNPJ/CPF")));
        for value in ["nobody", "ABC", "ZZ", "dez"] {
            assert!(
                !done.errors.iter().any(|error| error.message.contains(value)),
                "{value}"
            );
        }
        let notes: Vec<_> = done
            .notes
            .iter()
            .map(|n| (n.line, n.field.as_str(), n.code))
            .collect();
        assert_eq!(
            notes,
            [
                (8, "cnpj", "zeros_restored"),
                (8, "postal_code", "zeros_restored")
            ]
        );

        let clients = all(&crm, &context).await;
        let one = clients
            .iter()
            .find(|client| client.legal_name == "Padaria Um")
            .unwrap();
        assert_eq!((one.kind, one.phones.len()), (ClientKind::Company, 2));
        assert_eq!(one.tags, ["vip", "novo"]);
        assert_eq!(one.custom["limit"], json!(1234.56));
        assert_eq!(one.addresses[0].city.as_deref(), Some("São Paulo"));
        let ana = clients
            .iter()
            .find(|client| client.legal_name == "Ana Souza")
            .unwrap();
        assert_eq!(
            (ana.kind, ana.status),
            (ClientKind::Person, ClientStatus::Inactive)
        );
        assert_eq!(ana.birth_date.unwrap().to_string(), "1990-02-28");
        // it is found like one that was made by hand
        let found = crm
            .clients()
            .list(&context, &ClientFilter::all().tag("vip"), &PageRequest::first(5))
            .await
            .unwrap();
        assert_eq!(found.items.len(), 1);

        let actions = audit_actions(&db, &context).await;
        assert_eq!(actions[before.len()..], ["import.advanced", "client.imported"]);
        let events = event_types(&db, &context).await;
        assert_eq!(events.iter().filter(|name| *name == "client.imported").count(), 1);
        assert!(!events.contains(&"client.created".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn rows_that_were_refused_are_mended_and_imported() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let file = format!("nome;cpf;e-mail;obs\nAna;{};+wrong;'=1\nBia;;b@x.co;\n", cpf(1));
        let mut refused = Vec::new();
        let imports = crm.clients().imports();
        let options = ImportOptions::new().unknown_columns(UnknownColumns::Custom);
        let watch = ImportWatch::new().refused(&mut refused);
        imports
            .run(&context, id(&crm), file.as_bytes(), &options, watch)
            .await
            .unwrap();
        let text = String::from_utf8(refused).unwrap();
        assert!(text.contains("'+wrong"), "guarded: {text}");
        let mended = text.replace("'+wrong", "ana@x.co");
        let report = run(&crm, &context, &mended, &options).await;
        assert_eq!(counts(&report), (1, 0, 0, 0, 0));
        let ana = all(&crm, &context)
            .await
            .into_iter()
            .find(|client| client.legal_name == "Ana")
            .unwrap();
        assert_eq!(ana.custom["obs"], json!("=1"));
        assert_eq!(ana.email.unwrap().as_str(), "ana@x.co");
    })
    .await;
}

#[tokio::test]
async fn a_known_client_is_skipped_updated_or_refused() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let new = NewClient::company("Velha").cnpj(cnpj(1)).email("velha@x.co").custom("a", 1).tag("fica");
        let old = crm.clients().create(&context, new).await.unwrap();
        let file = format!(
            "nome;cnpj;e-mail;código;custom\nNova;{0};;E1;\"{{\"\"b\"\": 2}}\"\nNova;;;E1;\nTerceira;{1};;E1;\nDupla;{0};;E9;\n",
            cnpj(1),
            cnpj(2),
        );
        let fail = ImportOptions::new().duplicates(Duplicates::Fail);
        let tried = dry(&crm, &context, &file, &fail).await;
        assert_eq!(codes(&tried)[0], (2, "", "already_exists"));
        assert!(tried.errors[0].message.contains(&old.id.to_string()));

        let update = ImportOptions::new().duplicates(Duplicates::Update);
        let tried = dry(&crm, &context, &file, &update).await;
        let done = run(&crm, &context, &file, &update).await;
        assert_eq!(tried.counts, done.counts);
        let now = crm.clients().get(&context, old.id).await.unwrap();
        // an empty cell changes nothing, one version for the whole batch
        assert_eq!((now.legal_name.as_str(), now.version), ("Dupla", 2));
        assert_eq!(now.email, old.email);
        assert_eq!((now.tags, now.custom), (old.tags, json!({"a": 1, "b": 2}).as_object().unwrap().clone()));

        let again = run(&crm, &context, &format!("nome;cnpj\nDupla;{}\n", cnpj(1)), &update).await;
        assert_eq!(counts(&again).2 + counts(&again).0, 1, "{again:?}");
        let skip = run(&crm, &context, &file, &ImportOptions::new()).await;
        assert_eq!((skip.counts.created, skip.counts.updated), (0, 0));

        // a person does not become a company
        let by_email = ImportOptions::new().duplicates(Duplicates::Update).identities([Identity::Email]);
        let person = run(&crm, &context, "nome;tipo;email\nX;PF;VELHA@x.co\n", &by_email).await;
        assert_eq!(codes(&person), [(2, "kind", "not_allowed")]);
    })
    .await;
}

#[tokio::test]
async fn an_external_id_of_a_deleted_client_is_free_again() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let file = "nome;código\nAna;7\n";
        let mut made = Vec::new();
        for expected in [(1, 0), (0, 1)] {
            let report = run(&crm, &context, file, &ImportOptions::new()).await;
            assert_eq!((report.counts.created, report.counts.skipped), expected);
            made = all(&crm, &context).await;
        }
        crm.clients().delete(&context, made[0].id, 1).await.unwrap();
        let report = run(&crm, &context, file, &ImportOptions::new()).await;
        assert_eq!(counts(&report), (1, 0, 0, 0, 0));
        // another system and another workspace have names of their own
        let other = ImportOptions::new().external_system("erp");
        assert_eq!(run(&crm, &context, file, &other).await.counts.created, 1);
        let elsewhere = house(&crm).await;
        assert_eq!(
            run(&crm, &elsewhere, file, &ImportOptions::new())
                .await
                .counts
                .created,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn each_client_is_told_of_when_that_is_wanted() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let options = ImportOptions::new().events(ImportEvents::EachClient);
        run(&crm, &context, "nome\nAna\nBia\n", &options).await;
        let events = event_types(&db, &context).await;
        assert_eq!(events.iter().filter(|name| *name == "client.created").count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_knows_duplicates_across_batches() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let row = format!("Ana;{}\n", cpf(1));
        let file = format!("nome;cpf\n{row}Bia;\n{row}{row}");
        for duplicates in [Duplicates::Skip, Duplicates::Fail] {
            let options = ImportOptions::new().batch_rows(1).duplicates(duplicates);
            let elsewhere = house(&crm).await;
            let tried = dry(&crm, &elsewhere, &file, &options).await;
            let done = run(&crm, &elsewhere, &file, &options).await;
            assert_eq!(tried.counts, done.counts, "{duplicates:?}");
            assert_eq!(done.counts.created, 2);
        }
        drop(context);
    })
    .await;
}

/// Nobody but the database can keep two importers and somebody at the keyboard apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn importers_at_the_same_time_make_each_client_once() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let rows: Vec<String> = (1..=60).map(|n| format!("C{n};{};E{n}\n", cnpj(n))).collect();
        let forward = format!("nome;cnpj;código\n{}", rows.concat());
        let backward = format!(
            "nome;cnpj;código\n{}",
            rows.iter().rev().cloned().collect::<String>()
        );
        let options = ImportOptions::new().batch_rows(7);
        let by_hand = async {
            for n in (1..=60).step_by(9) {
                let new = NewClient::company("By hand").cnpj(cnpj(n));
                drop(crm.clients().create(&context, new).await);
            }
        };
        let (one, two, ()) = tokio::join!(
            run(&crm, &context, &forward, &options),
            run(&crm, &context, &backward, &options),
            by_hand
        );
        let clients = all(&crm, &context).await;
        assert_eq!(clients.len(), 60);
        let by_hand = clients
            .iter()
            .filter(|client| client.legal_name == "By hand")
            .count();
        assert_eq!(
            usize::try_from(one.counts.created + two.counts.created).unwrap() + by_hand,
            60
        );
        assert_eq!(one.counts.rows() + two.counts.rows(), 120);
        assert!(
            one.errors.is_empty() && two.errors.is_empty(),
            "{:?} {:?}",
            one.errors,
            two.errors
        );
    })
    .await;
}

#[tokio::test]
async fn no_more_errors_are_kept_than_the_bound() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let file = format!("nome;email\n{}", "Ana;x\n".repeat(50));
        let report = dry(&crm, &context, &file, &ImportOptions::new().max_issues(10)).await;
        assert_eq!(
            (report.errors.len(), report.errors_beyond, report.counts.refused),
            (10, 40, 50)
        );
    })
    .await;
}

#[tokio::test]
async fn parts_of_an_address_change_those_alone() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database).await;
        let first = Address::new()
            .street("Rua A")
            .number("1")
            .city("São Paulo")
            .state("SP")
            .postal_code("13010000")
            .ibge_code("3550308");
        let second = Address::new().city("Rio de Janeiro").state("RJ");
        let new = NewClient::company("Um")
            .cnpj(cnpj(1))
            .address(first)
            .address(second.clone());
        crm.clients().create(&context, new).await.unwrap();
        let options = ImportOptions::new().duplicates(Duplicates::Update);
        let file = format!("Razão Social;CNPJ;Cidade;UF\r\nUm;{};Campinas;SP\r\n", cnpj(1));
        let tried = dry(&crm, &context, &file, &options).await;
        let done = run(&crm, &context, &file, &options).await;
        assert_eq!(
            (counts(&tried), counts(&done)),
            ((0, 1, 0, 0, 0), (0, 1, 0, 0, 0))
        );
        // the code of the other city goes, the street and the further address stay
        let merged = Address::new()
            .street("Rua A")
            .number("1")
            .city("Campinas")
            .state("SP")
            .postal_code("13010000");
        assert_eq!(all(&crm, &context).await[0].addresses, [merged, second]);
        let again = run(&crm, &context, &file, &options).await;
        assert_eq!(counts(&again), (0, 0, 1, 0, 0));
    })
    .await;
}
