//! The pages of `docs/crm/`, whose examples are compiled and run with the documentation tests.

#[cfg(all(feature = "access", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/accounts.md")]
mod accounts {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/crm/analytics.md")]
mod analytics {}

#[cfg(all(feature = "assistant", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/assistant.md")]
mod assistant {}
#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/crm/appointments.md")]
mod appointments {}

#[cfg(all(feature = "access", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/audit.md")]
mod audit {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/crm/clients.md")]
mod clients {}

#[cfg(feature = "http")]
#[doc = include_str!("../../docs/crm/companies.md")]
mod companies {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/crm/conversations.md")]
mod conversations {}

#[cfg(all(feature = "files", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/files.md")]
mod files {}

#[cfg(all(feature = "files", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/import.md")]
mod import {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/crm/leads.md")]
mod leads {}

#[cfg(all(feature = "files", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/privacy.md")]
mod privacy {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/crm/scheduling.md")]
mod scheduling {}

#[cfg(all(feature = "access", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/tenancy.md")]
mod tenancy {}

#[cfg(all(feature = "access", feature = "http", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/webhooks.md")]
mod webhooks {}

#[cfg(all(feature = "whatsapp", feature = "sqlite", feature = "testing"))]
#[doc = include_str!("../../docs/crm/whatsapp.md")]
mod whatsapp {}
#[cfg(all(feature = "knowledge", feature = "sqlite"))]
#[doc = include_str!("../../docs/crm/knowledge.md")]
mod knowledge {}
