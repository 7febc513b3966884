//! The schema of this crate, one numbered file per step and engine.

use aurora_core::store::{Migration, Migrations};

/// The history of this crate's schema. Forward only: a released file is never changed.
pub const MIGRATIONS: Migrations = Migrations::new(
    "_aurora_crm_migrations",
    &[Migration {
        version: 1,
        name: "workspaces and clients",
        sqlite: include_str!("0001_workspaces_and_clients.sqlite.sql"),
        postgres: include_str!("0001_workspaces_and_clients.postgres.sql"),
    }],
);
