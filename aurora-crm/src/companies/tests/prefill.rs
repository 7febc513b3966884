use aurora_core::time::ManualClock;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{Fakes, LETTERS, OPEN, cnpj, find};
use crate::clients::{Address, NewClient};
use crate::custom_fields::UndefinedFields;
use crate::testing::each_database;
use crate::workspaces::{NewWorkspace, WorkspaceKind};
use crate::{Context, Crm, ErrorKind};

#[tokio::test]
async fn a_client_begins_with_what_a_registry_tells() {
    let (fakes, clock) = (Fakes::down().await, ManualClock::default());
    fakes.know(OPEN).await;
    let lookup = find(&fakes.free(&clock).build().unwrap(), LETTERS).await.unwrap();
    let company = lookup.company().unwrap();
    let expected = NewClient::company("CNPJA TECNOLOGIA LTDA")
        .trade_name("CNPJA")
        .cnpj(LETTERS)
        .email("contato@cnpja.com")
        .phone("+551138765432")
        .phone("+5511987654321")
        .address(
            Address::new()
                .street("Avenida Brigadeiro Faria Lima")
                .number("2369")
                .complement("Conjunto 1102")
                .district("Jardim Paulistano")
                .city("São Paulo")
                .state("SP")
                .postal_code("01452922")
                .ibge_code("3550308"),
        );
    assert!(NewClient::from_company(company) == expected, "another client");
    let detailed = expected.custom(
        "company",
        json!({
            "status": "active", "founded": "2020-06-05", "main_activity": "6311900", "size": "micro",
            "source": "cnpja-open", "fetched_at": company.fetched_at,
            "updated_at": "2026-11-20T12:34:56.000000Z"
        }),
    );
    let made = NewClient::from_company(company).with_registry_details(company);
    assert!(made == detailed, "other details");
}

/// What a registry tells passes the checks of a client, and finds the duplicate.
#[tokio::test]
async fn such_a_client_can_be_created() {
    each_database(|db| async move {
        let (fakes, clock) = (Fakes::down().await, ManualClock::default());
        let crm = Crm::builder(db.database).build().await.unwrap();
        let workspace = NewWorkspace::new(WorkspaceKind::Company, "Vendas");
        let context = Context::new(crm.workspaces().create(workspace).await.unwrap().id, "test");
        // a workspace that takes its own fields alone takes it, too
        crm.custom_fields()
            .set_undefined(&context, UndefinedFields::Refuse)
            .await
            .unwrap();
        for which in OPEN..6 {
            fakes.know(which).await;
            let lookup = find(&fakes.free(&clock).build().unwrap(), LETTERS).await.unwrap();
            let new = NewClient::from_company(lookup.company().unwrap());
            match crm.clients().create(&context, new).await {
                Ok(client) => assert_eq!((which, client.cnpj), (OPEN, Some(cnpj(LETTERS)))),
                Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists),
            }
            fakes.answer(which, ResponseTemplate::new(503)).await;
        }
    })
    .await;
}
