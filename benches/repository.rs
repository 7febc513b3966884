//! What it costs to insert, get, list and search clients, on SQLite and, where `AURORA_BENCH_POSTGRES_URL` and
//! `AURORA_BENCH_POSTGRES_OWNER_URL` name an empty database and its owner, on PostgreSQL.
//!
//! `AURORA_BENCH_CLIENTS` says how many clients there are: 10,000 unless told. A page deep inside a list costs what its
//! first page costs, because pages are found by a key and not by counting: compare `page/first` with `page/deep`, and a
//! run of 10,000 with one of 1,000,000.
//!
//! ```sh
//! cargo bench --bench repository
//! AURORA_BENCH_CLIENTS=1000000 cargo bench --bench repository -- 'sqlite/(get|page|search)'
//! ```
#![expect(clippy::unwrap_used, reason = "a benchmark that fails has nothing to measure")]
#![expect(
    clippy::disallowed_methods,
    reason = "which database to measure is no setting of an application"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use aurora::core::page::{Cursor, PageRequest};
use aurora::core::store::{Database, Durability};
use aurora::core::time::{Clock as _, SystemClock};
use aurora::crm::clients::csv::{ImportId, ImportOptions, ImportWatch};
use aurora::crm::clients::{ClientFilter, ClientId, ClientOrder, NewClient};
use aurora::crm::companies::Cnpj;
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// Rows that are imported at once while a database is filled.
const AT_ONCE: u32 = 10_000;

fn cnpj(number: u32) -> Cnpj {
    Cnpj::from_base(&format!("{number:08}0001")).unwrap()
}

fn new(number: u32) -> NewClient {
    NewClient::company(format!("Company {number}"))
        .cnpj(cnpj(number).plain())
        .phone("+5511987654321")
        .tag("bench")
}

fn clients() -> u32 {
    std::env::var("AURORA_BENCH_CLIENTS").map_or(10_000, |text| text.parse().unwrap())
}

async fn house(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Company, "Bench");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "bench")
}

async fn sqlite(folder: &tempfile::TempDir, durability: Durability) -> (Crm, Context) {
    let url = format!("sqlite://{}/{durability:?}.db", folder.path().display());
    let database = Database::builder(url)
        .durability(durability)
        .open()
        .await
        .unwrap();
    let crm = Crm::builder(database).build().await.unwrap();
    let context = house(&crm).await;
    (crm, context)
}

/// The CRM on the PostgreSQL database that the variables name.
async fn postgres() -> Option<(Crm, Context)> {
    let [url, owner] =
        ["AURORA_BENCH_POSTGRES_URL", "AURORA_BENCH_POSTGRES_OWNER_URL"].map(|name| std::env::var(name).ok());
    let [database, owner] = [url?, owner?];
    let owner = Database::open(&owner.into()).await.unwrap();
    let database = Database::open(&database.into()).await.unwrap();
    let crm = Crm::builder(database).owner(owner).build().await.unwrap();
    let context = house(&crm).await;
    Some((crm, context))
}

fn insert(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut on = Vec::new();
    for (name, durability) in [
        ("sqlite-full", Durability::Full),
        ("sqlite-process", Durability::Process),
    ] {
        on.push((name, runtime.block_on(sqlite(&folder, durability))));
    }
    on.extend(runtime.block_on(postgres()).map(|opened| ("postgres", opened)));
    for (name, (crm, context)) in on {
        let mut numbers = 1_u32..;
        criterion.bench_function(&format!("repository/{name}/insert"), |bencher| {
            bencher.to_async(&runtime).iter(|| {
                let new = new(numbers.next().unwrap());
                let (crm, context) = (&crm, &context);
                async move { crm.clients().create(context, new).await.unwrap() }
            });
        });
    }
}

/// Fills the workspace through the import, whose batches are much faster than single inserts.
async fn fill(crm: &Crm, context: &Context) {
    let options = ImportOptions::new().batch_rows(1_000);
    let clock = SystemClock;
    let count = clients();
    for first in (1..=count).step_by(AT_ONCE as usize) {
        let mut file = String::from("razao social,cnpj,telefone,tags\n");
        for number in first..(first + AT_ONCE).min(count + 1) {
            writeln!(
                file,
                "Company {number},{},+5511987654321,bench",
                cnpj(number).plain()
            )
            .unwrap();
        }
        let imports = crm.clients().imports();
        let report = imports
            .run(
                context,
                ImportId::new(clock.now()),
                file.as_bytes(),
                &options,
                ImportWatch::new(),
            )
            .await
            .unwrap();
        assert_eq!(report.counts.refused, 0);
    }
}

/// Where the last page of a list by name begins.
async fn deep(crm: &Crm, context: &Context, by_name: &ClientFilter) -> (ClientId, Cursor) {
    let mut request = PageRequest::first(200);
    let mut last = None;
    loop {
        let page = crm.clients().list(context, by_name, &request).await.unwrap();
        let Some(next) = page.next else {
            return last.unwrap();
        };
        last = Some((page.items.first().unwrap().id, next.clone()));
        request = PageRequest::first(200).after(next);
    }
}

fn read(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut on = vec![("sqlite", runtime.block_on(sqlite(&folder, Durability::Process)))];
    on.extend(runtime.block_on(postgres()).map(|opened| ("postgres", opened)));
    let by_name = ClientFilter::all().order(ClientOrder::Name);
    for (name, (crm, context)) in on {
        runtime.block_on(fill(&crm, &context));
        let (id, deep) = runtime.block_on(deep(&crm, &context, &by_name));
        criterion.bench_function(&format!("repository/{name}/get"), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(crm.clients().get(&context, id).await.unwrap()) });
        });
        for (place, request) in [
            ("first", PageRequest::first(50)),
            ("deep", PageRequest::first(50).after(deep)),
        ] {
            criterion.bench_function(&format!("repository/{name}/page/{place}"), |bencher| {
                bencher.to_async(&runtime).iter(|| async {
                    black_box(crm.clients().list(&context, &by_name, &request).await.unwrap())
                });
            });
        }
        // One of all, found by its number; and the first page of what all of them match.
        for (what, text) in [("one", clients().to_string()), ("many", "comp".to_owned())] {
            let (text, request) = (text.as_str(), PageRequest::first(50));
            criterion.bench_function(&format!("repository/{name}/search/{what}"), |bencher| {
                bencher.to_async(&runtime).iter(|| async {
                    black_box(crm.clients().search(&context, text, &request).await.unwrap())
                });
            });
        }
    }
}

criterion_group!(benches, insert, read);
criterion_main!(benches);
