//! A CRM domain layer for Brazilian companies and clinics, to embed in an application.
//!
//! It runs in the application's process on a SQLite file or on PostgreSQL, with the same code and the same results.
//!
//! # Quick start
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use aurora_crm::{Context, Crm, clients::NewClient, workspaces::{NewWorkspace, WorkspaceKind}};
//!
//! # async fn run() -> Result<(), aurora_crm::Error> {
//! let crm = Crm::open("sqlite::memory:").await?; // or sqlite:crm.db, or postgres://…
//! let house = crm.workspaces().create(NewWorkspace::new(WorkspaceKind::Company, "Vendas")).await?;
//! let context = Context::new(house.id, "quick start");
//!
//! let new = NewClient::company("Padaria Pão Quente Ltda").cnpj("12.ABC.345/01DE-35").phone("(11) 98765-4321");
//! let client = crm.clients().create(&context, new.clone()).await?;
//! let duplicate = crm.clients().create(&context, new).await.unwrap_err();
//! assert_eq!(duplicate.existing(), Some(client.id.to_string().as_str()));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # Map
//! | module | what it gives |
//! | --- | --- |
//! | [`companies`] | `Cnpj` (numeric and alphanumeric) and `Cpf` with right check digits |
//! | [`contacts`] | `Email` and `Phone` (E.164) |
//! | [`workspaces`] | tenants: every row belongs to one |
//! | [`clients`] | companies and people: create with duplicate check, get, list, update, delete |
//! | [`Context`] | who asks, for which workspace, until when: the first argument of every call |
//! | [`Error`] | what to do about a failure, with every wrong field |
//! | [`migrations`] | the schema, in a history of its own |
//!
//! Names, numbers and addresses of people never appear in errors, logs or `Debug`.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("aurora-crm needs a database: turn on its feature `sqlite` or `postgres`");

pub mod clients;
pub mod companies;
pub mod contacts;
mod context;
mod crm;
mod error;
mod fields;
pub mod migrations;
pub mod workspaces;

pub use self::context::Context;
pub use self::crm::{Crm, CrmBuilder};
pub use self::error::{Error, ErrorKind, FieldError};
pub use self::fields::Change;
