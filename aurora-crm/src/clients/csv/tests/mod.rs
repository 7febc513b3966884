mod exporting;
mod hostile;
mod importing;
mod python;
mod reading;
mod resuming;

use aurora_core::page::PageRequest;
use aurora_core::store::Database;
use aurora_core::time::ManualClock;

use super::*;
use crate::clients::{Client, ClientFilter};
use crate::companies::{Cnpj, Cpf};
use crate::context::Context;
use crate::crm::Crm;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

async fn crm(database: Database) -> (Crm, Context) {
    let crm = Crm::builder(database)
        .clock(ManualClock::default())
        .build()
        .await
        .unwrap();
    let context = house(&crm).await;
    (crm, context)
}

async fn house(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Company, "House");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}

fn id(crm: &Crm) -> ImportId {
    ImportId::new(crm.store().now())
}

async fn run(crm: &Crm, context: &Context, file: &str, options: &ImportOptions) -> ImportReport {
    let imports = crm.clients().imports();
    imports
        .run(context, id(crm), file.as_bytes(), options, ImportWatch::new())
        .await
        .unwrap()
}

async fn dry(crm: &Crm, context: &Context, file: &str, options: &ImportOptions) -> ImportReport {
    let imports = crm.clients().imports();
    imports
        .dry_run(context, file.as_bytes(), options, ImportWatch::new())
        .await
        .unwrap()
}

async fn all(crm: &Crm, context: &Context) -> Vec<Client> {
    let (mut clients, mut request) = (Vec::new(), PageRequest::first(200));
    loop {
        let page = crm
            .clients()
            .list(context, &ClientFilter::all(), &request)
            .await
            .unwrap();
        clients.extend(page.items);
        match page.next {
            Some(next) => request = PageRequest::first(200).after(next),
            None => return clients,
        }
    }
}

async fn exported(crm: &Crm, context: &Context, options: ExportOptions) -> Vec<u8> {
    let mut file = Vec::new();
    let export = crm.clients().export(context, &ClientFilter::all(), options);
    export.write_to(&mut file).await.unwrap();
    file
}

fn codes(report: &ImportReport) -> Vec<(u64, &str, &str)> {
    report
        .errors
        .iter()
        .map(|e| (e.line, e.field.as_str(), e.code))
        .collect()
}

fn counts(report: &ImportReport) -> (u64, u64, u64, u64, u64) {
    let c = report.counts;
    (c.created, c.updated, c.unchanged, c.skipped, c.refused)
}

fn cnpj(n: u32) -> String {
    Cnpj::from_base(&format!("{n:08}0001")).unwrap().to_string()
}

fn cpf(n: u32) -> String {
    Cpf::from_base(&format!("{n:09}")).unwrap().to_string()
}

async fn audit_actions(db: &crate::testing::TestDatabase, context: &Context) -> Vec<String> {
    let sql = "select action from audit_entries where workspace_id = $1 order by seq";
    aurora_core::store::on_reader!(db.owner, |pool| sqlx::query_scalar(sql)
        .bind(context.workspace)
        .fetch_all(pool))
    .unwrap()
}

async fn event_types(db: &crate::testing::TestDatabase, context: &Context) -> Vec<String> {
    let sql = "select type from events where workspace_id = $1 order by id";
    aurora_core::store::on_reader!(db.owner, |pool| sqlx::query_scalar(sql)
        .bind(context.workspace)
        .fetch_all(pool))
    .unwrap()
}
