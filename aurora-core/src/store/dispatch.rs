//! One repository body, instantiated for each engine.

/// Runs one reading statement: `on_reader!(database, |pool| query.fetch_optional(pool))`.
///
/// The expression yields a future of `Result<T, sqlx::Error>` and is compiled once for each engine; the macro
/// awaits it and gives `Result<T, store::Error>`. In SQLite the connection refuses to write.
#[macro_export]
macro_rules! on_reader {
    ($database:expr, |$pool:ident| $statement:expr) => {
        $crate::__on_engine!($database, reader, |$pool| match $statement.await {
            ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
            ::core::result::Result::Err(error) =>
                ::core::result::Result::Err($crate::store::Error::from(error)),
        })
    };
}

/// Runs one writing statement that gives rows: `on_writer!(database, |pool| query.fetch_one(pool))`.
///
/// The statement is its own transaction: when the macro yields `Ok` it is durable, as far as the database's
/// settings promise. Otherwise like [`on_reader!`](crate::on_reader).
#[macro_export]
macro_rules! on_writer {
    ($database:expr, |$pool:ident| $statement:expr) => {
        $crate::__on_engine!($database, writer, |$pool| match $statement.await {
            ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
            ::core::result::Result::Err(error) =>
                ::core::result::Result::Err($crate::store::Error::after_sending(error)),
        })
    };
}

/// Runs one writing statement and gives the number of rows it touched: `execute!(database, query)`.
///
/// Otherwise like [`on_writer!`](crate::on_writer).
#[macro_export]
macro_rules! execute {
    ($database:expr, $query:expr) => {
        $crate::__on_engine!($database, writer, |pool| match $query.execute(pool).await {
            ::core::result::Result::Ok(done) => ::core::result::Result::Ok(done.rows_affected()),
            ::core::result::Result::Err(error) =>
                ::core::result::Result::Err($crate::store::Error::after_sending(error)),
        })
    };
}

/// Runs a block of statements as one transaction: `in_transaction!(database, |tx| { …; Ok(value) })`.
///
/// `tx` is a mutable reference to a connection; statements take `&mut *tx`. The block yields `Result<T, E>` with
/// `E: From<store::Error>`: `Ok` commits, `Err` rolls back. SQLite begins with `BEGIN IMMEDIATE`, so that a
/// transaction that reads and then writes cannot fail half-way for want of the write lock. PostgreSQL runs it at its
/// default, `read committed`: what is read and then written on the strength of it must be locked by the reading
/// statement (`for update`, or an `update … returning`), or carry a version.
///
/// # Cancel safety
/// Dropping the future rolls back, unless the commit had been sent already. When the answer to the commit is lost, the
/// error says so: [`Error::may_have_been_made`](crate::store::Error::may_have_been_made).
#[macro_export]
macro_rules! in_transaction {
    ($database:expr, |$tx:ident| $block:block) => {
        $crate::__on_engine!($database, write::core::option::Option::None, |transaction| {
            $crate::__in_transaction!(transaction, after_sending, |$tx| $block)
        })
    };
}

/// Runs a block of statements as one transaction that sees the rows of a [`Scope`](crate::store::Scope):
/// `write_within!(database, &scope, |tx| { …; Ok(value) })`.
///
/// Otherwise like [`in_transaction!`](crate::in_transaction).
#[macro_export]
macro_rules! write_within {
    ($database:expr, $scope:expr, |$tx:ident| $block:block) => {
        $crate::__on_engine!(
            $database,
            write::core::option::Option::Some($scope),
            |transaction| { $crate::__in_transaction!(transaction, after_sending, |$tx| $block) }
        )
    };
}

/// Runs a block of statements that only read, as one transaction that sees the rows of a
/// [`Scope`](crate::store::Scope): `read_within!(database, &scope, |tx| { … })`.
///
/// A write inside it is refused. All statements see the database at one moment in SQLite; in PostgreSQL each sees what
/// was committed when it began. Otherwise like [`in_transaction!`](crate::in_transaction).
#[macro_export]
macro_rules! read_within {
    ($database:expr, $scope:expr, |$tx:ident| $block:block) => {
        $crate::__on_engine!(
            $database,
            read::core::option::Option::Some($scope),
            |transaction| { $crate::__in_transaction!(transaction, from, |$tx| $block) }
        )
    };
}

/// Runs one statement on a [`Connection`](crate::store::Connection) that is borrowed mutably:
/// `on_connection!(connection, |tx| query.fetch_one(&mut *tx))`. It yields `Result<T, store::Error>`.
#[macro_export]
macro_rules! on_connection {
    ($connection:expr, |$tx:ident| $statement:expr) => {
        $crate::__on_connection!($connection, |$tx| match $statement.await {
            ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
            ::core::result::Result::Err(error) =>
                ::core::result::Result::Err($crate::store::Error::from(error)),
        })
    };
}

/// Runs one statement on a [`Connection`](crate::store::Connection) that is borrowed mutably, and gives the number of
/// rows that it touched: `execute_on!(connection, query)`.
#[macro_export]
macro_rules! execute_on {
    ($connection:expr, $query:expr) => {
        $crate::__on_connection!($connection, |tx| match $query.execute(&mut *tx).await {
            ::core::result::Result::Ok(done) => ::core::result::Result::Ok(done.rows_affected()),
            ::core::result::Result::Err(error) =>
                ::core::result::Result::Err($crate::store::Error::from(error)),
        })
    };
}

/// Commits or rolls back by what the block yields; `$of` makes the error of a commit that fails.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_transaction {
    ($transaction:ident, $of:ident, |$tx:ident| $block:block) => {
        match $transaction {
            ::core::result::Result::Ok(mut transaction) => {
                let outcome = {
                    let $tx = &mut *transaction;
                    (async { $block }).await
                };
                match outcome {
                    ::core::result::Result::Ok(value) => match transaction.commit().await {
                        ::core::result::Result::Ok(()) => ::core::result::Result::Ok(value),
                        ::core::result::Result::Err(error) => ::core::result::Result::Err(
                            ::core::convert::From::from($crate::store::Error::$of(error)),
                        ),
                    },
                    ::core::result::Result::Err(error) => {
                        // A rollback that fails closes the connection, which rolls back as well.
                        ::core::mem::drop(transaction.rollback().await);
                        ::core::result::Result::Err(error)
                    }
                }
            }
            ::core::result::Result::Err(error) => {
                ::core::result::Result::Err(::core::convert::From::from($crate::store::Error::from(error)))
            }
        }
    };
}

/// Declares SQL constants and a registry `ALL` of them, for the test that prepares each on every engine.
///
/// # Examples
/// ```
/// mod sql {
///     aurora_core::store::statements! {
///         /// One note by its number.
///         GET = "select body from notes where id = $1";
///     }
/// }
/// assert_eq!(sql::ALL, [("GET", sql::GET)]);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$attribute:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$attribute])* pub(crate) const $name: &str = $sql;)+
        /// Every statement of this module with its name.
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
        const _: &[(&str, &str)] = ALL; // used by tests alone
    };
}

/// Matches on the engine. The crate that *defines* the macro decides which arms exist, not the crate that uses it.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_engine {
    ($database:expr, write $scope:expr, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Sqlite(pools) => {
                let _scope: ::core::option::Option<&$crate::store::Scope> = $scope;
                let $pool = pools.writer().begin_with("begin immediate").await;
                $body
            }
            $crate::store::Engine::Postgres(pool) => {
                let mut opening = $crate::store::Opening::new();
                let $pool = opening.begin(pool, "begin", $scope).await;
                $body
            }
        }
    };
    ($database:expr, read $scope:expr, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Sqlite(pools) => {
                let _scope: ::core::option::Option<&$crate::store::Scope> = $scope;
                let $pool = pools.reader().begin().await;
                $body
            }
            $crate::store::Engine::Postgres(pool) => {
                let mut opening = $crate::store::Opening::new();
                let $pool = opening.begin(pool, "begin read only", $scope).await;
                $body
            }
        }
    };
    ($database:expr, $side:ident, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Sqlite(pools) => {
                let $pool = pools.$side();
                $body
            }
            $crate::store::Engine::Postgres($pool) => $body,
        }
    };
}

/// Matches on the connection. The crate that *defines* the macro decides which arms exist, not the crate that uses it.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_connection {
    ($connection:expr, |$tx:ident| $body:expr) => {
        match $connection {
            $crate::store::Connection::Sqlite(connection) => {
                let $tx = &mut **connection;
                $body
            }
            $crate::store::Connection::Postgres(connection) => {
                let $tx = &mut **connection;
                $body
            }
        }
    };
}

/// Matches on the engine. This build knows SQLite alone.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_engine {
    ($database:expr, write $scope:expr, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Sqlite(pools) => {
                let _scope: ::core::option::Option<&$crate::store::Scope> = $scope;
                let $pool = pools.writer().begin_with("begin immediate").await;
                $body
            }
        }
    };
    ($database:expr, read $scope:expr, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Sqlite(pools) => {
                let _scope: ::core::option::Option<&$crate::store::Scope> = $scope;
                let $pool = pools.reader().begin().await;
                $body
            }
        }
    };
    ($database:expr, $side:ident, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Sqlite(pools) => {
                let $pool = pools.$side();
                $body
            }
        }
    };
}

/// Matches on the connection. This build knows SQLite alone.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_connection {
    ($connection:expr, |$tx:ident| $body:expr) => {
        match $connection {
            $crate::store::Connection::Sqlite(connection) => {
                let $tx = &mut **connection;
                $body
            }
        }
    };
}

/// Matches on the engine. This build knows PostgreSQL alone.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_engine {
    ($database:expr, write $scope:expr, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Postgres(pool) => {
                let mut opening = $crate::store::Opening::new();
                let $pool = opening.begin(pool, "begin", $scope).await;
                $body
            }
        }
    };
    ($database:expr, read $scope:expr, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Postgres(pool) => {
                let mut opening = $crate::store::Opening::new();
                let $pool = opening.begin(pool, "begin read only", $scope).await;
                $body
            }
        }
    };
    ($database:expr, $side:ident, |$pool:ident| $body:expr) => {
        match $database.engine() {
            $crate::store::Engine::Postgres($pool) => $body,
        }
    };
}

/// Matches on the connection. This build knows PostgreSQL alone.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_connection {
    ($connection:expr, |$tx:ident| $body:expr) => {
        match $connection {
            $crate::store::Connection::Postgres(connection) => {
                let $tx = &mut **connection;
                $body
            }
        }
    };
}
