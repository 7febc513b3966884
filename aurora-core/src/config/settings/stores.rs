//! Where data lives: the database and the shared cache.

use std::time::Duration;

use crate::config::narrowing::{DATABASE_URL, POSTGRES_URL, REDIS_URL};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// Where the data lives.
    Database at "database." {
        /// Database to use; when it is not set, the SQLite file `aurora.db` in `server.data_dir`.
        url: Option<Secret>, from ["DATABASE_URL"], only DATABASE_URL;
        /// The same PostgreSQL database as the account that owns its tables, which brings the schema up to date and grants
        /// the account of `database.url` what it needs. That one must not own tables nor be a superuser.
        owner_url: Option<Secret>, from ["DATABASE_OWNER_URL"], only POSTGRES_URL;
        /// How long `aurora serve` waits at its start for a PostgreSQL that does not answer yet.
        startup_wait: Duration = "2m";
    }
}

section! {
    /// The cache that several replicas share.
    Redis at "redis." {
        /// Redis or Valkey to use; when it is not set, each process caches for itself.
        url: Option<Secret>, from ["REDIS_URL"], only REDIS_URL;
    }
}
