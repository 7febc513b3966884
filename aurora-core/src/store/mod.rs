//! SQLite or PostgreSQL behind one type, so that a repository is written once.
//!
//! A repository holds a [`Database`] and constant SQL with `$1…$N`, which both engines understand. Macros
//! instantiate one body for each engine, so that the compiler checks it against both:
//!
//! | macro | for |
//! | --- | --- |
//! | [`on_reader!`] | one statement that only reads |
//! | [`execute!`] | one statement that writes; gives the number of rows |
//! | [`on_writer!`] | one statement that writes and gives rows back |
//! | [`in_transaction!`] | several statements that happen together or not at all |
//! | [`write_within!`], [`read_within!`] | the same, seeing only the rows of a [`Scope`], such as a tenant |
//! | [`on_connection!`], [`execute_on!`] | one statement on a transaction that was handed on |
//!
//! [`statements!`] declares the SQL and registers it, so that a test can prepare every statement on every engine.
//! [`Migrations`] brings a schema up to date. [`outbox`] keeps work that is done after the transaction that causes it,
//! [`leases`] gives a name to one process at a time; both take the transaction that they belong to as a [`Connection`].
//! [`backup`] keeps tested copies of the whole database.
//! Columns hold `Id` as `uuid` or `BLOB` and `Timestamp` as `timestamptz` or `INTEGER` microseconds. Every failure is an
//! [`Error`] that tells what to do about it and shows neither SQL nor stored values nor the database's address.
//!
//! # Examples
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use aurora_core::secret::Secret;
//! use aurora_core::store::{Database, Migration, Migrations, execute, on_reader};
//!
//! const MIGRATIONS: Migrations = Migrations::new("_notes_migrations", &[Migration {
//!     version: 1,
//!     name: "notes",
//!     sqlite: "create table notes (id integer primary key, body text not null) strict",
//!     postgres: "create table notes (id bigint primary key, body text not null)",
//! }]);
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let database = Database::open(&Secret::new("sqlite::memory:")).await?;
//! database.migrate(&MIGRATIONS).await?;
//! let insert = "insert into notes (id, body) values ($1, $2)";
//! execute!(database, sqlx::query(insert).bind(1_i64).bind("ring the bell"))?;
//! let body: String = on_reader!(database, |pool| sqlx::query_scalar("select body from notes where id = $1")
//!     .bind(1_i64)
//!     .fetch_one(pool))?;
//! assert_eq!(body, "ring the bell");
//! # Ok::<(), aurora_core::store::Error>(())
//! # }).unwrap();
//! ```

pub mod backup;
mod builder;
#[cfg(test)]
mod cancel_tests;
mod columns;
mod connection;
mod database;
mod dispatch;
mod error;
pub mod leases;
mod migrations;
#[cfg(feature = "postgres")]
mod opening;
pub mod outbox;
#[cfg(all(test, feature = "postgres"))]
mod postgres_tests;
mod scope;
#[cfg(all(test, feature = "sqlite"))]
mod sqlite_tests;
#[cfg(test)]
mod tests;

pub use self::builder::{DatabaseBuilder, Durability};
pub use self::connection::Connection;
#[cfg(feature = "sqlite")]
pub use self::database::SqlitePools;
pub use self::database::{Database, Engine};
pub use self::error::{Error, ErrorKind};
pub use self::migrations::{Migration, Migrations};
#[cfg(feature = "postgres")]
#[doc(hidden)]
pub use self::opening::Opening;
pub use self::scope::Scope;
/// The library that statements are made with, in the version that this crate was built with.
pub use sqlx;

pub use crate::{
    execute, execute_on, in_transaction, on_connection, on_reader, on_writer, read_within, statements,
    write_within,
};
