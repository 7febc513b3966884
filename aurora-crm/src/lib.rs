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
//! | [`companies`] | `Cnpj` (numeric and alphanumeric) and `Cpf` with right check digits; companies out of public registries (`http`) |
//! | [`contacts`] | `Email` and `Phone` (E.164) |
//! | [`workspaces`] | tenants: every row belongs to one |
#![cfg_attr(
    feature = "access",
    doc = "| [`accounts`] | users, sessions, second factors, API keys, sealed provider keys |"
)]
//! | [`clients`] | companies and people: create with duplicate check, get, list, update, delete |
//! | [`leads`] | pipelines, leads, their history, scores, conversion into clients |
//! | [`activities`] | calls, meetings, e-mails and notes on leads and clients; timelines |
//! | [`tasks`] | what is to be done until when; reminders |
//! | [`clients`] | companies and people: create with duplicate check, list, search, merge, notes, tags |
//! | [`clients::csv`] | clients from and to spreadsheets: plan, dry run, import, export |
//! | [`custom_fields`] | fields of a workspace's own, with the values that they take |
//! | [`audit`] | who did what: a chain of entries that shows what was tampered with |
//! | `files` (feature of that name) | uploads and downloads with limits, bytes on disk or in S3, signed links |
//! | `knowledge` (feature of that name) | documents searched by words and vectors, cited, improved by feedback |
//! | `channels::google_calendar` (feature `google-calendar`) | appointments in the calendars of professionals, both ways |
//! | [`webhooks`] | events of a workspace, sent signed to addresses of its choice (`http`, `access`) |
//! | [`privacy`] | LGPD: copies, anonymity, consents, requests, legal holds, retention |
//! | [`analytics`] | figures per period: clients, leads, funnels, owners, response times, usage and cost |
//! | [`channels`] | ways on which messages come and go |
//! | [`conversations`] | messages with contacts, who answers, how far answers have come |
//! | [`scheduling`] | services, professionals, rooms, hours, free times |
//! | [`appointments`] | who comes when: booking, states, reminders, waiting list |
//! | `assistant` (feature of that name) | answers contacts with a language model and tools |
//! | [`Context`] | who asks, for which workspace, until when: the first argument of every call |
//! | [`Error`] | what to do about a failure, with every wrong field |
//! | [`migrations`] | the schema, in a history of its own |
//!
//! Names, numbers and addresses of people never appear in errors, logs or `Debug`.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("aurora-crm needs a database: turn on its feature `sqlite` or `postgres`");

#[cfg(feature = "access")]
pub mod accounts;
pub mod activities;
pub mod analytics;
pub mod appointments;
#[cfg(feature = "assistant")]
pub mod assistant;
pub mod audit;
pub mod channels;
pub mod clients;
pub mod companies;
pub mod contacts;
mod context;
pub mod conversations;
mod crm;
pub mod custom_fields;
mod error;
mod fields;
#[cfg(feature = "files")]
pub mod files;
#[cfg(doctest)]
mod guides;
mod journal;
#[cfg(feature = "knowledge")]
pub mod knowledge;
pub mod leads;
pub mod migrations;
pub mod privacy;
pub mod scheduling;
mod store;
pub mod tasks;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod webhooks;
pub mod workspaces;

pub use self::context::Context;
pub use self::crm::{Crm, CrmBuilder};
pub use self::error::{Error, ErrorKind, FieldError};
pub use self::fields::Change;
