//! Bringing a backup back.

#[cfg(feature = "sqlite")]
use std::path::Path;
use std::path::PathBuf;

#[cfg(feature = "postgres")]
use super::folder::{compare, read_through};
use super::{Backups, Error, ErrorKind, Kind, Manifest, blocking};
use crate::secret::Secret;

/// Where a backup is restored to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// A SQLite file that does not exist yet.
    NewFile(PathBuf),
    /// A SQLite file that is replaced if it exists. Whoever has it open must have closed it.
    ReplaceFile(PathBuf),
    /// A PostgreSQL database that exists and is empty.
    EmptyDatabase {
        /// Where and as whom to connect: the owner of the database, or a superuser.
        url: Secret,
        /// The role that the tables belong to afterwards, such as that of the application; the connecting one unless
        /// told. The connecting role must be a member of it, or a superuser.
        owner: Option<String>,
    },
}

impl Backups {
    /// Restores a backup, verified or not, and compares what came out with the manifest. It needs no database but the
    /// one to restore to.
    ///
    /// A SQLite backup is copied beside its target, looked through, and only then put in place. A PostgreSQL backup is
    /// restored in one transaction.
    ///
    /// # Errors
    /// `Exists` when the target is not empty, `Newer` when the backup has a newer schema than this program knows or is
    /// of a newer server, `Corrupt` when the backup is not what was written, `Busy` when the file to be replaced is in
    /// use, `NotFound`; otherwise as [`Backups::create`]. The target is as it was, except that a PostgreSQL database
    /// whose rows do not come out as counted is full and not to be used.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the target as it was, or complete.
    pub async fn restore(&self, name: &str, target: &Target) -> Result<Manifest, Error> {
        let (folder, name) = (self.inner.folder.clone(), name.to_owned());
        let manifest = blocking(move || folder.read(&name)).await?;
        self.check_known(&manifest)?;
        self.limited(Box::pin(self.bring_back(&manifest, target))).await?;
        tracing::info!(backup = manifest.name, "restored a backup");
        Ok(manifest)
    }

    /// Refuses a schema that this program cannot work with.
    fn check_known(&self, manifest: &Manifest) -> Result<(), Error> {
        for (history, version) in &manifest.schema {
            let table = history.rsplit('.').next().unwrap_or(history);
            let known = self
                .inner
                .migrations
                .iter()
                .filter(|known| known.table() == table);
            let newest = known
                .flat_map(|known| known.steps())
                .map(|step| step.version)
                .max();
            if let Some(newest) = newest
                && *version > newest
            {
                return Err(Error::new(
                    ErrorKind::Newer,
                    format!(
                        "the backup has version {version} of {table} and this program knows up to {newest}: restore it \
                         with a newer program"
                    ),
                ));
            }
        }
        Ok(())
    }

    async fn bring_back(&self, manifest: &Manifest, target: &Target) -> Result<(), Error> {
        match (manifest.kind, target) {
            #[cfg(feature = "sqlite")]
            (Kind::Sqlite, Target::NewFile(path)) => self.to_file(manifest, path, false).await,
            #[cfg(feature = "sqlite")]
            (Kind::Sqlite, Target::ReplaceFile(path)) => self.to_file(manifest, path, true).await,
            #[cfg(feature = "postgres")]
            (Kind::Postgres, Target::EmptyDatabase { url, owner }) => {
                self.to_database(manifest, url, owner.as_deref()).await
            }
            #[cfg(not(feature = "sqlite"))]
            (Kind::Sqlite, _) => Err(not_included()),
            #[cfg(not(feature = "postgres"))]
            (Kind::Postgres, _) => Err(not_included()),
            #[cfg(feature = "sqlite")]
            (Kind::Sqlite, Target::EmptyDatabase { .. }) => Err(Error::new(
                ErrorKind::Invalid,
                "the backup is of a SQLite file and cannot become a PostgreSQL database",
            )),
            #[cfg(feature = "postgres")]
            (Kind::Postgres, Target::NewFile(_) | Target::ReplaceFile(_)) => Err(Error::new(
                ErrorKind::Invalid,
                "the backup is of a PostgreSQL database and cannot become a SQLite file",
            )),
        }
    }

    #[cfg(feature = "sqlite")]
    async fn to_file(&self, manifest: &Manifest, path: &Path, replaces: bool) -> Result<(), Error> {
        use super::sqlite;

        let target = path.to_owned();
        let (folder, of) = (self.inner.folder.clone(), manifest.clone());
        let staged = blocking(move || {
            if !replaces {
                sqlite::check_free(&target)?;
            }
            sqlite::stage(&folder, &of, &target)
        })
        .await?;
        sqlite::inspect(staged.path()).await?.compare(manifest)?;
        if replaces {
            sqlite::check_unused(path).await?;
        }
        let target = path.to_owned();
        blocking(move || {
            if replaces {
                staged.replace(&target)
            } else {
                staged.place_new(&target)
            }
        })
        .await
    }

    #[cfg(feature = "postgres")]
    async fn to_database(&self, manifest: &Manifest, url: &Secret, owner: Option<&str>) -> Result<(), Error> {
        let place = self.place(Some(url))?;
        place.check_target(manifest).await?;
        let (data, expected) = (self.inner.folder.data(manifest), manifest.clone());
        blocking(move || compare(&read_through(&data, None)?, &expected)).await?;
        place
            .restore(&self.inner.folder.data(manifest), manifest, owner)
            .await
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
pub(super) fn not_included() -> Error {
    Error::new(
        ErrorKind::Invalid,
        "the backup is of an engine that this build does not include",
    )
}
