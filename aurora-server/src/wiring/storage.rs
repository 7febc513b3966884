//! Database, default workspace, cache.

use std::path::Path;
use std::sync::Arc;

use aurora_core::cache::RedisCache;
use aurora_core::config::Settings;
use aurora_core::redis::Redis;
use aurora_core::secret::Secret;
use aurora_core::store::Database;
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

use crate::error::{Error, ErrorKind};

/// The workspace that everything acts in until there is authentication. Its id is the same everywhere, so that several
/// servers on one database agree on it without a word.
const DEFAULT_WORKSPACE: &str = "wsp_00000000000070008000000000000001";

/// The CRM on the database that the settings name, or on a SQLite file in the data folder.
pub(crate) async fn open(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Crm, Error> {
    let url = match &settings.database.url {
        Some(url) => url.clone(),
        None => file_in(&settings.server.data_dir)?,
    };
    let refused = |source: aurora_core::store::Error| {
        Error::new(ErrorKind::Storage, "the database cannot be opened").caused_by(source)
    };
    let database = Database::open(&url).await.map_err(refused)?;
    let mut crm = Crm::builder(database).clock(Arc::clone(clock));
    if let Some(owner) = &settings.database.owner_url {
        crm = crm.owner(Database::open(owner).await.map_err(refused)?);
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

/// The address of the SQLite file in a folder that is made when it is missing.
fn file_in(folder: &Path) -> Result<Secret, Error> {
    let refused = |what: &str| {
        Error::new(
            ErrorKind::Storage,
            format!("the data folder {} cannot be used: {what}", folder.display()),
        )
    };
    std::fs::create_dir_all(folder).map_err(|error| refused("it cannot be made").caused_by(error))?;
    let folder = folder
        .canonicalize()
        .map_err(|error| refused("it cannot be found").caused_by(error))?;
    let path = folder.join("aurora.db");
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

/// The cache that the settings name. Nothing keeps anything in it yet: it is watched alone.
pub(super) async fn cache(settings: &Settings) -> Result<Option<RedisCache>, Error> {
    let Some(url) = &settings.redis.url else {
        return Ok(None);
    };
    let redis = Redis::builder(url).connect().await;
    let redis = redis
        .map_err(|error| Error::new(ErrorKind::Settings, "redis.url cannot be used").caused_by(error))?;
    Ok(Some(RedisCache::new(&redis)))
}
