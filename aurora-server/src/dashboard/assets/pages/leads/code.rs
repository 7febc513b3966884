use aurora_crm::leads::{Conversion, Locale, Money, NewLead};
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};

let crm = Crm::open("sqlite::memory:").await?;
let house = NewWorkspace::new(WorkspaceKind::Company, "Vendas Sul");
let context = Context::new(crm.workspaces().create(house).await?.id, "example");
crm.pipelines().ensure_default(&context, Locale::Portuguese).await?;

let lead = NewLead::new("Reforma da fachada")
    .company_name("Mercado São Jorge Ltda")
    .value(Money::brl(1_250_000)); // cents
let lead = crm.leads().create(&context, lead).await?;
let done = crm.leads().convert(&context, lead.id, Conversion::from_lead()).await?;
println!("{} became {}", lead.id, done.client);
