//! The schema of this crate, one numbered file per step and engine.

use aurora_core::store::{Migration, Migrations};

/// Tables whose rows are only ever added, also by the account that the CRM works with.
pub(crate) const APPEND_ONLY: &[&str] = &["audit_entries", "audit_checkpoints", "consents"];

/// Tables of the installation: their rows belong to no workspace, or are looked for before the workspace is known.
#[cfg(test)]
pub(crate) const UNSCOPED: &[&str] = &[
    "users",
    "sessions",
    "single_use_tokens",
    "throttles",
    "devices",
    "second_factors",
    "recovery_codes",
    "login_challenges",
    "api_key_directory",
    "whatsapp_number_directory",
];

macro_rules! step {
    ($version:literal, $name:literal, $file:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!($file, ".sqlite.sql")),
            postgres: include_str!(concat!($file, ".postgres.sql")),
        }
    };
}

/// The history of this crate's schema. Forward only: a released file is never changed.
pub const MIGRATIONS: Migrations = Migrations::new(
    "_aurora_crm_migrations",
    &[
        step!(1, "workspaces and clients", "0001_workspaces_and_clients"),
        step!(2, "journal", "0002_journal"),
        step!(3, "accounts", "0003_accounts"),
        step!(4, "leads, activities and tasks", "0004_leads"),
        step!(5, "members", "0005_members"),
        step!(6, "files", "0006_files"),
        step!(7, "webhooks", "0007_webhooks"),
        step!(8, "clients", "0008_clients"),
        step!(9, "audit checkpoints", "0009_audit_checkpoints"),
        step!(10, "imports", "0010_imports"),
        step!(11, "privacy", "0011_privacy"),
        step!(12, "analytics", "0012_analytics"),
        step!(13, "conversations", "0013_conversations"),
        step!(14, "channels", "0014_channels"),
        step!(15, "scheduling", "0015_scheduling"),
        step!(16, "appointments", "0016_appointments"),
        step!(17, "calendar links", "0017_calendar_links"),
        step!(18, "knowledge", "0018_knowledge"),
        step!(19, "assistant", "0019_assistant"),
        step!(20, "blocking", "0020_blocking"),
        step!(21, "words of contacts", "0021_contact_words"),
        step!(22, "contacts without words", "0022_contacts_without_words"),
        step!(23, "versions of settings", "0023_versions_of_settings"),
    ],
);
