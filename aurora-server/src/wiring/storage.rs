//! Database, first workspace, Redis.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aurora_core::config::Settings;
use aurora_core::redis::Redis;
use aurora_core::secret::Secret;
use aurora_core::store::{Database, Migrations, leases, outbox};
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

use crate::error::{Error, ErrorKind};

/// The SQLite file in the data folder.
const FILE: &str = "aurora.db";

/// Between two looks at a database that does not answer yet.
const PAUSE: Duration = Duration::from_secs(2);

/// The workspace of the installation itself. Its id is the same everywhere, so that several
/// servers on one database agree on it without a word.
const DEFAULT_WORKSPACE: &str = "wsp_00000000000070008000000000000001";

/// The schemas of all crates in the database.
pub(crate) const HISTORIES: [Migrations; 5] = [
    aurora_crm::migrations::MIGRATIONS,
    outbox::MIGRATIONS,
    leases::MIGRATIONS,
    aurora_alerts::store::MIGRATIONS,
    aurora_llm::ledger::MIGRATIONS,
];

/// The SQLite file that the settings name; `None` for PostgreSQL, and for a database in memory.
pub(crate) fn sqlite_file(settings: &Settings) -> Option<PathBuf> {
    let Some(url) = &settings.database.url else {
        return Some(settings.server.data_dir.join(FILE));
    };
    let path = url.expose().strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().filter(|path| !path.is_empty())?;
    (!path.starts_with(':')).then(|| PathBuf::from(path))
}

/// Whether the settings name a PostgreSQL.
pub(crate) fn is_postgres(settings: &Settings) -> bool {
    let url = settings.database.url.as_ref();
    url.is_some_and(|url| url.expose().starts_with("postgres"))
}

/// Waits for a PostgreSQL that is on its way up, for as long as the settings say. What else is wrong with it tells whoever
/// opens it.
pub(crate) async fn answering(settings: &Settings, clock: &dyn Clock) {
    let own = &settings.database;
    let end = clock.elapsed() + own.startup_wait;
    let urls = [&own.url, &own.owner_url].into_iter().flatten();
    for url in urls.filter(|url| url.expose().starts_with("postgres")) {
        loop {
            match Database::open(url).await {
                Ok(database) => {
                    database.close().await;
                    break;
                }
                Err(error) if error.is_retryable() && clock.elapsed() < end => {
                    let cause = error.source().map(ToString::to_string);
                    tracing::warn!(%error, cause, "the database does not answer yet; it is tried again");
                    clock.sleep(PAUSE).await;
                }
                Err(_) => return,
            }
        }
    }
}

/// The database that the settings name, or a SQLite file in the data folder, with whatever schema it has.
pub(crate) async fn database(settings: &Settings) -> Result<Database, Error> {
    let url = match &settings.database.url {
        Some(url) => url.clone(),
        None => file_in(&settings.server.data_dir)?,
    };
    Database::open(&url).await.map_err(unopened)
}

/// The same, as the account that owns the tables: one that does not may have no right to look yet.
pub(crate) async fn owned_database(settings: &Settings) -> Result<Database, Error> {
    match &settings.database.owner_url {
        Some(owner) => Database::open(owner).await.map_err(unopened),
        None => database(settings).await,
    }
}

fn unopened(source: aurora_core::store::Error) -> Error {
    Error::new(ErrorKind::Storage, "the database cannot be opened").caused_by(source)
}

/// The CRM on the database that the settings name, or on a SQLite file in the data folder.
pub(crate) async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Crm, Error> {
    let database = database(settings).await?;
    let mut crm = Crm::builder(database).clock(Arc::clone(clock)).also(HISTORIES);
    if let Some(owner) = &settings.database.owner_url {
        crm = crm.owner(Database::open(owner).await.map_err(unopened)?);
    }
    crm.build().await.map_err(|source| {
        let what = match source.kind() {
            // Its message is the remedy; here it names the settings.
            aurora_crm::ErrorKind::Setup => {
                "the account of database.url has to be one without special rights, and database.owner_url has to \
                 name the account that owns the tables"
            }
            _ => "the database cannot be brought up to date",
        };
        Error::new(ErrorKind::Storage, what).caused_by(source)
    })
}

/// Makes a folder into which nobody else can look, unless it is there.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The address of the SQLite file in a folder that is made when it is missing.
fn file_in(folder: &Path) -> Result<Secret, Error> {
    let refused = |what: &str| {
        Error::new(
            ErrorKind::Storage,
            format!("the data folder {} cannot be used: {what}", folder.display()),
        )
    };
    make_private(folder).map_err(|error| refused("it cannot be made").caused_by(error))?;
    let folder = folder
        .canonicalize()
        .map_err(|error| refused("it cannot be found").caused_by(error))?;
    let path = folder.join(FILE);
    let path = path.to_str().ok_or_else(|| refused("its name is not UTF-8"))?;
    if path.contains(['?', '#', '%']) {
        return Err(refused("its name holds one of ? # %"));
    }
    Ok(Secret::new(format!("sqlite://{path}")))
}

/// The default workspace, made when it is missing.
pub(crate) async fn default_workspace(crm: &Crm) -> Result<WorkspaceId, Error> {
    let refused = |source: aurora_crm::Error| {
        Error::new(ErrorKind::Storage, "the default workspace cannot be made").caused_by(source)
    };
    let id: WorkspaceId = DEFAULT_WORKSPACE.parse().map_err(|error| {
        Error::new(ErrorKind::Internal, "the default workspace has no id").caused_by(error)
    })?;
    let new = NewWorkspace::new(WorkspaceKind::Company, "default");
    let workspace = crm.workspaces().ensure(id, new).await.map_err(refused)?;
    Ok(workspace.id)
}

/// The Redis that the settings name; servers share what is kept and counted there.
pub(super) async fn redis(settings: &Settings) -> Result<Option<Redis>, Error> {
    let Some(url) = &settings.redis.url else {
        return Ok(None);
    };
    let redis = Redis::builder(url).connect().await;
    redis
        .map(Some)
        .map_err(|error| Error::new(ErrorKind::Settings, "redis.url cannot be used").caused_by(error))
}
