//! Copying a SQLite database while it is written to, looking into a copy, and putting one in place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::folder::{compare, private, read_through, sync_folder};
use super::manifest::Inventory;
use super::{Error, ErrorKind, Folder, Manifest};
use crate::store::SqlitePools;

/// Every table, and whether it is a history of migrations.
const TABLES: &str = r"select s.name, s.name like '\_%\_migrations' escape '\' and
        (select count(*) from pragma_table_info(s.name) c where c.name in ('version', 'success')) = 2
    from sqlite_schema s where s.type = 'table' and s.name not like 'sqlite\_%' escape '\' order by s.name";
/// How many instructions SQLite works through between two looks at whether it should go on.
const INSTRUCTIONS: i32 = 10_000;

/// Tells SQLite to give up as soon as nobody waits any more.
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn abandonable(connection: &mut SqliteConnection) -> Result<Abandoned, Error> {
    let abandoned = Arc::new(AtomicBool::new(false));
    let is_abandoned = Arc::clone(&abandoned);
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(INSTRUCTIONS, move || !is_abandoned.load(Ordering::Relaxed));
    Ok(Abandoned(abandoned))
}

/// Writes a consistent copy of the whole database to the empty file `target`.
///
/// A reading transaction in WAL mode: writers neither wait for it nor hold it up.
pub(super) async fn copy(pools: &SqlitePools, target: &Path) -> Result<(), Error> {
    let target = text(target)?;
    let vacuum = |path: String| sqlx::query("vacuum into $1").bind(path);
    if is_in_memory(pools).await? {
        // The connection is the database. Unless told, the copy would be in memory as well.
        let path = target.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let mut connection = pools.writer().acquire().await?;
        vacuum(format!("file://{path}?mode=rwc"))
            .execute(&mut *connection)
            .await?;
        return Ok(());
    }
    let options = pools.writer().connect_options();
    let options = options.as_ref().clone().create_if_missing(false);
    let mut connection = options.connect().await?;
    let _abandoned = abandonable(&mut connection).await?;
    vacuum(target).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// SQLite keeps the journal of a database in memory in memory; that of a file is a WAL here.
async fn is_in_memory(pools: &SqlitePools) -> Result<bool, Error> {
    let mode: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(pools.reader())
        .await?;
    Ok(mode == "memory")
}

pub(super) async fn version(pools: &SqlitePools) -> Result<String, Error> {
    Ok(sqlx::query_scalar("select sqlite_version()")
        .fetch_one(pools.reader())
        .await?)
}

/// The versions of the schema and the names of the tables in the database at work.
pub(super) async fn schema(pools: &SqlitePools) -> Result<Inventory, Error> {
    let mut connection = pools.reader().acquire().await?;
    read(&mut connection, false).await
}

/// Opens a copy without changing it, checks every page, key and row of it, and gives what is in it.
pub(super) async fn inspect(copy: &Path) -> Result<Inventory, Error> {
    let options = SqliteConnectOptions::new()
        .filename(copy)
        .read_only(true)
        .immutable(true)
        .foreign_keys(true)
        .disable_statement_logging();
    let looking = async {
        let mut connection = options.connect().await?;
        let _abandoned = abandonable(&mut connection).await?;
        let found: Option<String> = sqlx::query_scalar("pragma integrity_check(1)")
            .fetch_optional(&mut connection)
            .await?;
        if found.as_deref() != Some("ok") {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "the copy fails SQLite's integrity check",
            ));
        }
        let broken: i64 = sqlx::query_scalar("select count(*) from pragma_foreign_key_check")
            .fetch_one(&mut connection)
            .await?;
        if broken > 0 {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("{broken} rows of the copy refer to rows that are not there"),
            ));
        }
        let inventory = read(&mut connection, true).await?;
        connection.close().await?;
        Ok(inventory)
    };
    looking.await
}

async fn read(connection: &mut SqliteConnection, counts: bool) -> Result<Inventory, Error> {
    let mut inventory = Inventory::default();
    let tables: Vec<(String, bool)> = sqlx::query_as(TABLES).fetch_all(&mut *connection).await?;
    for (table, is_history) in tables {
        let name = table.replace('"', "\"\"");
        if is_history {
            let newest = format!("select max(version) from \"{name}\" where success");
            let version: Option<i64> = sqlx::query_scalar(AssertSqlSafe(newest))
                .fetch_one(&mut *connection)
                .await?;
            inventory.schema.insert(table.clone(), version.unwrap_or(0));
        }
        let mut rows = 0_i64;
        if counts {
            let count = format!("select count(*) from \"{name}\"");
            rows = sqlx::query_scalar(AssertSqlSafe(count))
                .fetch_one(&mut *connection)
                .await?;
        }
        inventory.tables.insert(table, u64::try_from(rows).unwrap_or(0));
    }
    Ok(inventory)
}

/// Copies a backup beside its target, which becomes the database only when the copy is whole.
pub(super) fn stage(folder: &Folder, manifest: &Manifest, target: &Path) -> Result<Staged, Error> {
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Error::new(ErrorKind::Invalid, "the target names no file"))?;
    let unique = uuid::Uuid::now_v7().simple();
    let staged = Staged(target.with_file_name(format!("{name}.{unique}.restoring")));
    let copying = |error| Error::io("copying the backup", error);
    let mut file = private().create_new(true).open(&staged.0).map_err(copying)?;
    let read = read_through(&folder.data(manifest), Some(&mut file))?;
    compare(&read, manifest)?;
    file.sync_all().map_err(copying)?;
    Ok(staged)
}

/// A restored file that is not in place yet; removed unless it gets there.
#[derive(Debug)]
pub(super) struct Staged(PathBuf);

impl Staged {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Puts the file where nothing may be.
    pub(super) fn place_new(&self, target: &Path) -> Result<(), Error> {
        check_free(target)?;
        // A second name is refused when the first exists, at once and by the file system itself.
        match fs::hard_link(&self.0, target) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(exists()),
            Err(_) => {
                // Some file systems know no second name: an empty file keeps the place.
                private().create_new(true).open(target).map_err(|error| {
                    if error.kind() == std::io::ErrorKind::AlreadyExists {
                        exists()
                    } else {
                        Error::io("putting the restored database in place", error)
                    }
                })?;
                self.rename(target)?;
            }
        }
        sync_folder(parent(target))
    }

    /// Puts the file where another database is, or was.
    pub(super) fn replace(&self, target: &Path) -> Result<(), Error> {
        for beside in beside(target) {
            match fs::remove_file(&beside) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("removing what belongs to the old database", error));
                }
                _ => {}
            }
        }
        self.rename(target)?;
        sync_folder(parent(target))
    }

    fn rename(&self, target: &Path) -> Result<(), Error> {
        fs::rename(&self.0, target)
            .map_err(|error| Error::io("putting the restored database in place", error))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // In place it has another name, and this one is gone or to go.
        drop(fs::remove_file(&self.0));
    }
}

/// Whether nothing is there, and nothing that SQLite would take for a part of the new database.
pub(super) fn check_free(target: &Path) -> Result<(), Error> {
    let mut paths = beside(target);
    paths.push(target.to_owned());
    if paths.iter().any(|path| path.symlink_metadata().is_ok()) {
        return Err(exists());
    }
    Ok(())
}

/// Makes sure that nobody has the database open that is to be replaced. One that cannot be read is nobody's.
pub(super) async fn check_unused(target: &Path) -> Result<(), Error> {
    if target.symlink_metadata().is_err() {
        return Ok(());
    }
    let options = SqliteConnectOptions::new()
        .filename(target)
        .busy_timeout(Duration::ZERO)
        .disable_statement_logging();
    let leaving = async {
        let mut connection = options.connect().await?;
        // Leaving WAL needs the file for oneself alone, and leaves nothing beside it.
        let mode: String = sqlx::query_scalar("pragma journal_mode = delete")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, Error>(mode)
    };
    match leaving.await {
        Ok(mode) if mode == "delete" => Ok(()),
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(()),
        Ok(_) => Err(in_use()),
        Err(error) if error.kind() == ErrorKind::Busy => Err(in_use()),
        Err(error) => Err(error),
    }
}

fn in_use() -> Error {
    Error::new(
        ErrorKind::Busy,
        "the database to be replaced is in use: stop what has it open first",
    )
}

fn exists() -> Error {
    Error::new(
        ErrorKind::Exists,
        "there is a database already, or a journal of one, where the backup should be restored to",
    )
}

fn beside(target: &Path) -> Vec<PathBuf> {
    ["-wal", "-shm", "-journal"]
        .map(|suffix| {
            let mut name = target.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        })
        .to_vec()
}

fn parent(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn text(path: &Path) -> Result<String, Error> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::new(ErrorKind::Invalid, "the path of the backups is not UTF-8"))
}
