use aurora_core::page::PageRequest;
use aurora_crm::conversations::{Assignee, Author, ConversationFilter, NewMessage};
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};

let crm = Crm::open("sqlite::memory:").await?;
let house = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sol");
let context = Context::new(crm.workspaces().create(house).await?.id, "example");
let waiting = ConversationFilter::all().assignee(Assignee::Nobody).unread();
let page = crm.conversations().list(&context, &waiting, &PageRequest::default()).await?;
for talk in page.items {
    let answer = NewMessage::text(Author::Assistant, "Temos às 15h.");
    crm.conversations().post(&context, talk.id, answer).await?;
}
