use aurora_crm::knowledge::{Content, NewDocument, Query};
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};

let crm = Crm::open("sqlite::memory:").await?;
let clinic = NewWorkspace::new(WorkspaceKind::Clinic, "Sorriso");
let context = Context::new(crm.workspaces().create(clinic).await?.id, "example");
let knowledge = crm.knowledge().build()?;

let prices = Content::Markdown("# Limpeza\n\nA limpeza custa R$ 250.".into());
knowledge.ingest(&context, NewDocument::new("Preços", prices)).await?;
for hit in knowledge.search(&context, &Query::new("qto custa uma limpesa?")).await? {
    println!("{}: {}", hit.citation.title, hit.chunk.text);
}
