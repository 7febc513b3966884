//! Making a backup, and testing it.

use std::path::Path;
use std::time::Duration;

use super::folder::{Lock, Temporary, blocking, compare, read_through, sync_file};
use super::manifest::{FORMAT, Inventory, new_name};
use super::{Backups, Error, ErrorKind, Kind, Manifest, Stage, Verification, telemetry};
use crate::store::{Database, Engine};

/// How often progress is told.
const TICK: Duration = Duration::from_secs(1);

impl Backups {
    /// Backs `database` up while it is written to, and restores the backup as a test.
    ///
    /// In memory SQLite works too, and holds up its only connection meanwhile.
    ///
    /// # Errors
    /// `Unverified` when the backup was written and kept, and the test could not be made: the text says why. `Corrupt`
    /// when it failed the test; it is set aside as `.bad`. Otherwise nothing is kept: `Busy` when another process makes
    /// a backup in the folder, `Tools` when `pg_dump` or `pg_restore` is missing or too old, `Denied` when the role may
    /// not read everything, `NoSpace` when the disk is full, `Invalid` without a URL for PostgreSQL or with that of
    /// another database, `Timeout`, `Database`, `Io`.
    ///
    /// # Cancel safety
    /// Dropping the future gives the backup up: nothing is kept, unless it was complete but for its name.
    pub async fn create(&self, database: &Database) -> Result<Manifest, Error> {
        let began = self.inner.clock.elapsed();
        let outcome = self.limited(Box::pin(self.make(database))).await;
        telemetry::ended(&outcome, self.inner.clock.elapsed().saturating_sub(began));
        match &outcome {
            Ok(made) => {
                let (backup, tables) = (&made.name, made.tables.len());
                tracing::info!(backup, bytes = made.bytes, tables, "made and verified a backup");
            }
            Err(error) => {
                tracing::error!(kind = error.kind().as_str(), %error, "no verified backup was made");
            }
        }
        outcome
    }

    /// Reads a backup through, compares it with its manifest and restores it as a test. One that fails is set aside as
    /// `.bad`.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` when it is not what was written or cannot be restored; otherwise as [`Backups::create`],
    /// and the backup stays as it was.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the backup as it was.
    pub async fn verify(&self, name: &str) -> Result<Manifest, Error> {
        self.limited(Box::pin(self.check(name))).await
    }

    async fn check(&self, name: &str) -> Result<Manifest, Error> {
        let (folder, name) = (self.inner.folder.clone(), name.to_owned());
        let (lock, mut manifest) = blocking(move || {
            let manifest = folder.read(&name)?;
            Ok((folder.lock()?, manifest))
        })
        .await?;
        let (data, expected) = (self.inner.folder.data(&manifest), manifest.clone());
        let read = blocking(move || compare(&read_through(&data, None)?, &expected)).await;
        let outcome = match read {
            Ok(()) => self.test(&self.inner.folder.data(&manifest), &manifest).await,
            Err(error) => Err(error),
        };
        let folder = self.inner.folder.clone();
        match outcome {
            Ok(how) => {
                manifest.verified = Some(self.verification(how));
                manifest.unverified = None;
                blocking(move || {
                    folder.describe(&manifest, &lock)?;
                    Ok(manifest)
                })
                .await
            }
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                blocking(move || folder.set_aside(&manifest, &lock)).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    fn verification(&self, how: String) -> Verification {
        Verification {
            at: self.inner.clock.now(),
            how,
        }
    }

    async fn make(&self, database: &Database) -> Result<Manifest, Error> {
        let started_at = self.inner.clock.now();
        let kind = match database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => Kind::Sqlite,
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => Kind::Postgres,
        };
        let mut manifest = Manifest {
            format: FORMAT,
            name: new_name(started_at),
            kind,
            engine_version: String::new(),
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            finished_at: started_at,
            bytes: 0,
            sha256: String::new(),
            schema: Default::default(),
            tables: Default::default(),
            row_security: false,
            verified: None,
            unverified: None,
        };
        let (folder, file) = (self.inner.folder.clone(), manifest.file());
        let (lock, data) = blocking(move || {
            let lock = folder.lock()?;
            folder.sweep(&lock)?;
            let data = folder.temporary(&file, &lock)?;
            Ok((lock, data))
        })
        .await?;
        self.tell(Stage::Copying, 0, 0);
        let copying = self.copy(database, data.path());
        let (version, known) = self.watched(data.path(), copying).await?;
        let path = data.path().to_owned();
        let (bytes, sha256) = blocking(move || {
            sync_file(&path)?;
            read_through(&path, None)
        })
        .await?;
        manifest.engine_version = version;
        manifest.finished_at = self.inner.clock.now();
        (manifest.bytes, manifest.sha256) = (bytes, sha256);
        self.tell(Stage::Testing, bytes, known.tables.len());
        let tested = self.first_test(data.path(), &mut manifest, known).await;
        let tables = manifest.tables.len();
        let made = self.settle(data, manifest, lock, tested).await?;
        self.tell(Stage::Done, bytes, tables);
        Ok(made)
    }

    /// Copies the database to `target`; gives the engine's version and what is known to be in the copy.
    async fn copy(&self, database: &Database, target: &Path) -> Result<(String, Inventory), Error> {
        match database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(pools) => {
                if self.inner.postgres_url.is_some() {
                    return Err(Error::new(
                        ErrorKind::Invalid,
                        "postgres_url is set, and the database is SQLite",
                    ));
                }
                let version = super::sqlite::version(pools).await?;
                let mut known = super::sqlite::schema(pools).await?;
                super::sqlite::copy(pools, target).await?;
                // Tables that come and go meanwhile may be in it or not.
                let after = super::sqlite::schema(pools).await?;
                known.tables.retain(|table, _| after.tables.contains_key(table));
                known.schema.retain(|table, _| after.schema.contains_key(table));
                Ok((version, known))
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => self.source()?.dump(pool, target).await,
        }
    }

    /// Tests what was written, and fills in what is in it.
    async fn first_test(
        &self,
        data: &Path,
        manifest: &mut Manifest,
        known: Inventory,
    ) -> Result<String, Error> {
        #[cfg(feature = "sqlite")]
        if manifest.kind == Kind::Sqlite {
            // The copy is its own snapshot: what is in it can only be counted there.
            let found = super::sqlite::inspect(data).await?;
            let is_older =
                |(table, version): (&String, &i64)| found.schema.get(table).is_none_or(|now| now < version);
            let is_missing = |table: &String| !found.tables.contains_key(table);
            if known.schema.iter().any(is_older) || known.tables.keys().any(is_missing) {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    "the copy has fewer tables or older versions of the schema than the database",
                ));
            }
            (manifest.schema, manifest.tables) = (found.schema, found.tables);
            return Ok(inspected(manifest));
        }
        manifest.row_security = known.row_security;
        (manifest.schema, manifest.tables) = (known.schema, known.tables);
        self.test(data, manifest).await
    }

    /// Restores `data` as a test; gives what was done.
    async fn test(&self, data: &Path, manifest: &Manifest) -> Result<String, Error> {
        self.tell(Stage::Testing, manifest.bytes, manifest.tables.len());
        match manifest.kind {
            #[cfg(feature = "sqlite")]
            Kind::Sqlite => {
                super::sqlite::inspect(data).await?.compare(manifest)?;
                Ok(inspected(manifest))
            }
            #[cfg(feature = "postgres")]
            Kind::Postgres => self.scratch()?.test(data, manifest).await,
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(super::restore::not_included()),
        }
    }

    /// Keeps the backup under the name that it deserves.
    async fn settle(
        &self,
        data: Temporary,
        mut manifest: Manifest,
        lock: Lock,
        tested: Result<String, Error>,
    ) -> Result<Manifest, Error> {
        let folder = self.inner.folder.clone();
        match tested {
            Ok(how) => {
                manifest.verified = Some(self.verification(how));
                blocking(move || {
                    folder.commit(&data, &manifest, &lock)?;
                    Ok(manifest)
                })
                .await
            }
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                manifest.unverified = Some(error.to_string());
                blocking(move || folder.reject(&data, &manifest, &lock)).await?;
                Err(error)
            }
            // Without a look into it nobody knows what should be in it.
            Err(error) if manifest.kind == Kind::Sqlite => Err(error),
            Err(error) => {
                let name = manifest.name.clone();
                manifest.unverified = Some(error.to_string());
                blocking(move || folder.commit(&data, &manifest, &lock)).await?;
                Err(Error::new(
                    ErrorKind::Unverified,
                    format!("the backup {name} was written and not tested: {error}"),
                ))
            }
        }
    }

    /// Tells each second how much is written while `work` goes on.
    async fn watched<T>(&self, path: &Path, work: impl Future<Output = T> + Send) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.inner.clock.sleep(TICK), if self.inner.watcher.is_some() => {}
            }
            let path = path.to_owned();
            let size = blocking(move || Ok(std::fs::metadata(path).map_or(0, |file| file.len()))).await;
            self.tell(Stage::Copying, size.unwrap_or(0), 0);
        }
    }
}

#[cfg(feature = "sqlite")]
fn inspected(manifest: &Manifest) -> String {
    format!(
        "opened, integrity_check, foreign_key_check, rows of {} tables counted",
        manifest.tables.len()
    )
}
