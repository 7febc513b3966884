//! What it costs to insert and to read clients on SQLite.
//!
//! Targets on the 2-core development machine, one caller at a time:
//!
//! - insert: under 500 µs where only the process may die (`process`); a flush to the disk for each (`full`) costs what
//!   the disk takes on top.
//! - one client by its id: under 100 µs.
//! - a page of 50 of 10,000: under 500 µs, and deep inside the list no more than at its beginning, because pages are
//!   found by a key and not by counting.
//!
//! Measured there in 2026-11: 185 µs and 304 µs an insert, 32 µs a client, 215 µs a page at either place.
//!
//! `cargo bench --bench repository`
#![expect(clippy::unwrap_used, reason = "a benchmark that fails has nothing to measure")]

use std::hint::black_box;

use aurora::core::page::{Cursor, PageRequest};
use aurora::core::store::{Database, Durability};
use aurora::crm::clients::{ClientFilter, ClientId, ClientOrder, NewClient};
use aurora::crm::companies::Cnpj;
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const STORED: u32 = 10_000;

fn new(number: u32) -> NewClient {
    let cnpj = Cnpj::from_base(&format!("{number:08}0001")).unwrap();
    NewClient::company(format!("Company {number}"))
        .cnpj(cnpj.plain())
        .phone("+5511987654321")
        .tag("bench")
}

async fn open(folder: &tempfile::TempDir, durability: Durability) -> (Crm, Context) {
    let url = format!("sqlite://{}/{durability:?}.db", folder.path().display());
    let database = Database::builder(url)
        .durability(durability)
        .open()
        .await
        .unwrap();
    let crm = Crm::builder(database).build().await.unwrap();
    let workspace = crm
        .workspaces()
        .create(NewWorkspace::new(WorkspaceKind::Company, "Bench"))
        .await
        .unwrap();
    (crm, Context::new(workspace.id, "bench"))
}

fn insert(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for (name, durability) in [("full", Durability::Full), ("process", Durability::Process)] {
        let folder = tempfile::tempdir().unwrap();
        let (crm, context) = runtime.block_on(open(&folder, durability));
        let mut numbers = 1_u32..;
        criterion.bench_function(&format!("repository/insert/{name}"), |bencher| {
            bencher.to_async(&runtime).iter(|| {
                let new = new(numbers.next().unwrap());
                let (crm, context) = (&crm, &context);
                async move { crm.clients().create(context, new).await.unwrap() }
            });
        });
    }
}

async fn fill(crm: &Crm, context: &Context) -> (ClientId, Cursor) {
    let mut last = None;
    for number in 1..=STORED {
        last = Some(crm.clients().create(context, new(number)).await.unwrap().id);
    }
    let by_name = ClientFilter::all().order(ClientOrder::Name);
    let (mut request, mut cursor) = (PageRequest::first(200), None);
    for _ in 0..STORED / 200 - 1 {
        let page = crm.clients().list(context, &by_name, &request).await.unwrap();
        cursor = page.next;
        request = PageRequest::first(200).after(cursor.clone().unwrap());
    }
    (last.unwrap(), cursor.unwrap())
}

fn read(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (crm, context) = runtime.block_on(open(&folder, Durability::Process));
    let (id, deep) = runtime.block_on(fill(&crm, &context));
    criterion.bench_function("repository/get", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(crm.clients().get(&context, id).await.unwrap()) });
    });
    let by_name = ClientFilter::all().order(ClientOrder::Name);
    for (name, request) in [
        ("first", PageRequest::first(50)),
        ("deep", PageRequest::first(50).after(deep)),
    ] {
        criterion.bench_function(&format!("repository/page_of_50/{name}"), |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                black_box(crm.clients().list(&context, &by_name, &request).await.unwrap())
            });
        });
    }
}

criterion_group!(benches, insert, read);
criterion_main!(benches);
