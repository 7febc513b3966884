use aurora_core::page::PageRequest;
use aurora_crm::clients::NewClient;
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};

let crm = Crm::open("sqlite::memory:").await?; // or sqlite:crm.db, or postgres://…
let house = NewWorkspace::new(WorkspaceKind::Company, "Vendas Sul");
let context = Context::new(crm.workspaces().create(house).await?.id, "example");

let bakery = NewClient::company("Padaria Pão Quente Ltda").cnpj("12.ABC.345/01DE-35");
let client = crm.clients().create(&context, bakery).await?;
println!("{} at version {}", client.id, client.version);
let found = crm.clients().search(&context, "quen pao", &PageRequest::default()).await?;
println!("{} found", found.items.len());
