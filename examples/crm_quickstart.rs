//! The day of a small company in a SQLite database: clients with their checks, a search, a lead that becomes a client, a task,
//! and the audit log that tells whether anybody tampered with it.
//!
//! ```sh
//! cargo run --example crm_quickstart
//! cargo run --example crm_quickstart -- sqlite:crm.db        # keeps what it stores
//! ```
//!
//! It needs no key, no network and no database server. On PostgreSQL, `docs/crm/tenancy.md` says how to make the account that it
//! works as.

use std::time::Duration;

use aurora::core::page::PageRequest;
use aurora::crm::activities::Subject;
use aurora::crm::clients::{ClientChange, ClientFilter, ClientOrder, NewClient};
use aurora::crm::leads::{Conversion, Locale, Money, NewLead};
use aurora::crm::tasks::NewTask;
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "sqlite::memory:".to_owned());
    let crm = Crm::open(url).await?;
    let house = crm
        .workspaces()
        .create(NewWorkspace::new(WorkspaceKind::Company, "Vendas Sul"))
        .await?;
    let context = Context::new(house.id, "example");
    let clients = crm.clients();

    let bakery = NewClient::company("Padaria Pão Quente Ltda")
        .trade_name("Pão Quente")
        .cnpj("12.ABC.345/01DE-35")
        .phone("(11) 98765-4321")
        .tag("retail")
        .custom("ovens", 3);
    let bakery_client = clients.create(&context, bakery.clone()).await?;
    println!(
        "made       {} at version {}",
        bakery_client.id, bakery_client.version
    );

    if let Err(error) = clients.create(&context, bakery).await {
        println!("duplicate  {error}");
    }
    let sloppy = NewClient::person("")
        .cpf("123.456.789-00")
        .email("nobody")
        .phone("98765-4321");
    if let Err(error) = clients.create(&context, sloppy).await {
        for field in error.fields() {
            println!("refused    {:<12} {}", field.field, field.message);
        }
    }

    let change = ClientChange::new()
        .email("contato@paoquente.com.br")
        .tags(["retail", "vip"]);
    let changed = clients
        .update(&context, bakery_client.id, bakery_client.version, change.clone())
        .await?;
    println!("changed    {} to version {}", changed.id, changed.version);
    if let Err(error) = clients
        .update(&context, bakery_client.id, bakery_client.version, change)
        .await
    {
        println!("stale      {error}");
    }

    for name in ["Ágata Lima", "Bruno Reis", "agnaldo Prado", "Zélia Nunes"] {
        clients.create(&context, NewClient::person(name)).await?;
    }
    let (by_name, mut request) = (
        ClientFilter::all().order(ClientOrder::Name),
        PageRequest::first(2),
    );
    loop {
        let page = clients.list(&context, &by_name, &request).await?;
        let names: Vec<&str> = page
            .items
            .iter()
            .map(|client| client.legal_name.as_str())
            .collect();
        println!("page       {}", names.join(", "));
        let Some(next) = page.next else { break };
        request = PageRequest::first(2).after(next);
    }

    // Accents, case and the order of words do not matter, and the beginning of a word is enough.
    let found = clients
        .search(&context, "quen pao", &PageRequest::default())
        .await?;
    println!("search     {} for \"quen pao\"", found.items.len());

    let pipeline = crm
        .pipelines()
        .ensure_default(&context, Locale::Portuguese)
        .await?;
    let names: Vec<&str> = pipeline.stages.iter().map(|stage| stage.name.as_str()).collect();
    println!("pipeline   {}", names.join(" > "));
    let lead = NewLead::new("Reforma da fachada")
        .company_name("Mercado São Jorge Ltda")
        .contact_name("Ana Souza")
        .value(Money::brl(1_250_000));
    let lead = crm.leads().create(&context, lead).await?;
    let task = NewTask::new("Mandar proposta", lead.created_at + Duration::from_secs(86_400));
    let task = crm
        .tasks()
        .create(&context, task.subject(Subject::Lead(lead.id)))
        .await?;
    let done = crm
        .leads()
        .convert(&context, lead.id, Conversion::from_lead())
        .await?;
    println!("lead       {} became {}, {}", lead.id, done.client, task.id);

    clients.delete(&context, changed.id, changed.version).await?;
    println!("deleted    {}", changed.id);

    let audit = crm.audit().verify(&context).await?;
    println!("audit      {} entries, whole: {}", audit.entries, audit.is_ok());
    crm.database().close().await;
    Ok(())
}
