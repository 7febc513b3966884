//! The entry point.

use std::sync::Arc;

use aurora_core::secret::Secret;
use aurora_core::store::outbox::Outbox;
use aurora_core::store::{Database, Migrations};
use aurora_core::time::{Clock, SystemClock};

use crate::activities::Activities;
use crate::appointments::Appointments;
use crate::audit::Audit;
use crate::clients::Clients;
use crate::conversations::Conversations;
use crate::custom_fields::CustomFields;
use crate::error::Error;
use crate::leads::{Leads, Pipelines};
use crate::store::{self, Store};
use crate::tasks::{ReminderSink, Reminders, Tasks};
use crate::workspaces::Workspaces;
#[cfg(feature = "access")]
use crate::workspaces::{Invitations, Members};

/// The CRM on one database; a cheap handle, clones share the connections.
///
/// On PostgreSQL it works as an account that cannot get around row-level security, and refuses to start as any other:
/// neither a superuser nor the owner of the tables. The account that owns them prepares the schema, either ahead of time
/// with [`Crm::install`] or at each start with [`CrmBuilder::owner`].
#[derive(Debug, Clone)]
pub struct Crm {
    store: Store,
    workspaces: Workspaces,
    clients: Clients,
    pipelines: Pipelines,
    leads: Leads,
    activities: Activities,
    tasks: Tasks,
    custom_fields: CustomFields,
    appointments: Appointments,
    audit: Audit,
    conversations: Conversations,
    #[cfg(feature = "access")]
    members: Members,
    #[cfg(feature = "access")]
    invitations: Invitations,
}

impl Crm {
    /// Opens a database and brings its schema up to date; see [`Database`] for the URLs.
    ///
    /// # Errors
    /// `Setup` when the database is not prepared, with what to do; what else keeps it from being opened or migrated.
    pub async fn open(url: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(Database::open(&url.into()).await?).build().await
    }

    /// Uses a database that is open already, such as one with settings of its own.
    pub fn builder(database: Database) -> CrmBuilder {
        CrmBuilder {
            database,
            owner: None,
            also: Vec::new(),
            clock: None,
        }
    }

    /// Brings the schema up to date as the account that owns it, and grants `role` what the CRM needs to work as it. On
    /// SQLite there are no accounts, and the schema alone is brought up to date.
    ///
    /// # Errors
    /// `Setup` when there is no such account or it could get around row-level security; what keeps the schema from being
    /// brought up to date.
    pub async fn install(owner: &Database, role: &str) -> Result<(), Error> {
        store::install(owner, role, &[]).await
    }

    /// Workspaces: the tenants.
    #[must_use]
    pub const fn workspaces(&self) -> &Workspaces {
        &self.workspaces
    }

    /// Members: the users of workspaces and their roles.
    #[cfg(feature = "access")]
    #[must_use]
    pub const fn members(&self) -> &Members {
        &self.members
    }

    /// Invitations to become a member.
    #[cfg(feature = "access")]
    #[must_use]
    pub const fn invitations(&self) -> &Invitations {
        &self.invitations
    }

    /// Clients: companies and people.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Pipelines and their stages: the ways that leads go.
    #[must_use]
    pub const fn pipelines(&self) -> &Pipelines {
        &self.pipelines
    }

    /// Leads: what may become business.
    #[must_use]
    pub const fn leads(&self) -> &Leads {
        &self.leads
    }

    /// Activities on leads and clients, and their timelines.
    #[must_use]
    pub const fn activities(&self) -> &Activities {
        &self.activities
    }

    /// Tasks.
    #[must_use]
    pub const fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// What sends the reminders of tasks through `sink`, once it is run.
    #[must_use]
    pub fn reminders(&self, sink: impl ReminderSink) -> Reminders {
        Reminders::new(self.store.clone(), sink)
    }

    /// Fields of a workspace's own.
    #[must_use]
    pub const fn custom_fields(&self) -> &CustomFields {
        &self.custom_fields
    }

    /// Conversations: messages with contacts on channels.
    #[must_use]
    pub const fn conversations(&self) -> &Conversations {
        &self.conversations
    }

    /// Appointments.
    #[must_use]
    pub const fn appointments(&self) -> &Appointments {
        &self.appointments
    }

    /// Chats on pages of workspaces, with tokens of visitors signed by `keys`; give every process the same.
    #[cfg(feature = "web-chat")]
    #[must_use]
    pub fn web_chat(
        &self,
        keys: crate::channels::web_chat::WebChatKeys,
    ) -> crate::channels::web_chat::WebChat {
        crate::channels::web_chat::WebChat::new(self.store.clone(), self.conversations.clone(), keys)
    }

    /// The audit log.
    #[must_use]
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Figures over periods, and what was used of things that cost.
    #[must_use]
    pub fn analytics(&self) -> crate::analytics::Analytics {
        crate::analytics::Analytics::new(self.store.clone())
    }

    /// What the LGPD asks for.
    #[must_use]
    pub fn privacy(&self) -> crate::privacy::Privacy {
        crate::privacy::Privacy::new(self.store.clone())
    }

    /// Files, with their bytes in `blobs`.
    #[cfg(feature = "files")]
    pub fn files(&self, blobs: impl crate::files::Blobs) -> crate::files::Files {
        crate::files::Files::new(self.store.clone(), blobs)
    }

    /// The assistant, which answers contacts with `llm`.
    #[cfg(feature = "assistant")]
    pub fn assistant(&self, llm: aurora_llm::LlmClient) -> crate::assistant::AssistantBuilder {
        crate::assistant::AssistantBuilder::new(self.clone(), llm)
    }

    /// What can be booked, with whom, where and when.
    #[must_use]
    pub fn scheduling(&self) -> crate::scheduling::Scheduling {
        crate::scheduling::Scheduling::new(self.store.clone())
    }

    /// Knowledge: documents that are searched, quoted and improved by feedback.
    #[cfg(feature = "knowledge")]
    pub fn knowledge(&self) -> crate::knowledge::KnowledgeBuilder {
        crate::knowledge::KnowledgeBuilder::new(self.store.clone())
    }

    #[cfg(any(test, feature = "access", feature = "assistant"))]
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Webhooks: events sent to addresses that workspaces choose. Their secrets are stored sealed with the keys of
    /// `sealer`; give every process the same.
    #[cfg(all(feature = "access", feature = "http"))]
    pub fn webhooks(&self, sealer: aurora_core::access::seal::Sealer) -> crate::webhooks::WebhooksBuilder {
        crate::webhooks::WebhooksBuilder::new(self.store.clone(), sealer)
    }

    /// Numbers of the WhatsApp Business Platform. Their tokens are stored sealed with the keys of `sealer`; give every process
    /// the same.
    #[cfg(feature = "whatsapp")]
    pub fn whatsapp(
        &self,
        sealer: aurora_core::access::seal::Sealer,
    ) -> crate::channels::whatsapp::WhatsAppBuilder {
        crate::channels::whatsapp::WhatsAppBuilder::new(
            self.store.clone(),
            self.conversations.clone(),
            sealer,
        )
    }

    /// The calendars of professionals at Google. Their credentials are stored sealed with the keys of `sealer`; give every
    /// process the same.
    #[cfg(feature = "google-calendar")]
    pub fn google_calendar(
        &self,
        google: crate::channels::google_calendar::Google,
        sealer: aurora_core::access::seal::Sealer,
    ) -> crate::channels::google_calendar::GoogleCalendarBuilder {
        crate::channels::google_calendar::GoogleCalendarBuilder::new(self.store.clone(), google, sealer)
    }

    /// The database, for readiness checks and for closing it.
    #[must_use]
    pub const fn database(&self) -> &Database {
        self.store.database()
    }
}

/// Settings for a [`Crm`].
#[derive(Debug, Clone)]
#[must_use = "call `build` to get a CRM"]
pub struct CrmBuilder {
    database: Database,
    owner: Option<Database>,
    also: Vec<Migrations>,
    clock: Option<Arc<dyn Clock>>,
}

impl CrmBuilder {
    /// The same database as the account that owns the tables: it brings the schema up to date and grants the CRM's own
    /// account what it needs. Without it, and where [`Crm::install`] has not been run, PostgreSQL is refused.
    pub fn owner(mut self, database: Database) -> Self {
        self.owner = Some(database);
        self
    }

    /// Schemas of other crates in the same database: the owner brings them up to date and grants them with the CRM's own.
    /// Without an owner nothing is done about them here.
    pub fn also(mut self, histories: impl IntoIterator<Item = Migrations>) -> Self {
        self.also.extend(histories);
        self
    }

    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Checks the account and the schema.
    ///
    /// # Errors
    /// `Setup` when the account could get around row-level security, or the schema is not up to date and this account may
    /// not change it; what keeps the database from being migrated, such as a schema that is newer than this program.
    pub async fn build(self) -> Result<Crm, Error> {
        if let (Some(owner), Some(role)) = (&self.owner, store::current(&self.database).await?) {
            store::install(owner, &role, &self.also).await?;
        }
        store::check(&self.database).await?;
        let mut outbox = Outbox::builder(self.database.clone());
        if let Some(clock) = &self.clock {
            outbox = outbox.clock(Arc::clone(clock));
        }
        let outbox = outbox.open().await?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let store = Store::new(self.database, clock, outbox);
        #[cfg(feature = "access")]
        let members = Members::new(store.clone())?;
        Ok(Crm {
            #[cfg(feature = "access")]
            invitations: Invitations::new(store.clone(), members.clone()),
            #[cfg(feature = "access")]
            members,
            workspaces: Workspaces::new(store.clone()),
            clients: Clients::new(store.clone()),
            pipelines: Pipelines::new(store.clone()),
            leads: Leads::new(store.clone()),
            activities: Activities::new(store.clone()),
            tasks: Tasks::new(store.clone()),
            custom_fields: CustomFields::new(store.clone()),
            appointments: Appointments::new(store.clone()),
            audit: Audit::new(store.clone()),
            conversations: Conversations::new(store.clone()),
            store,
        })
    }
}
