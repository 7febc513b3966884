//! What is on this machine or belongs to this installation: folder, keys, database, cache.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::config::{Environment, Settings};
use aurora_core::page::PageRequest;
use aurora_core::redis::Redis;
use aurora_core::store::Database;
use aurora_core::time::{Clock, SystemClock};
use aurora_crm::Crm;

use super::{Finding, told};
use crate::cli::migrate::pending;
use crate::cli::output::counted;
use crate::cli::place::Local;
use crate::{http, wiring};

/// For one answer of a database or a cache.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![folder(settings), keys(settings)];
    if settings.access.open {
        let detail = "access.open is set: whoever is on this machine may do everything";
        findings.push(Finding::warn("access", detail).next("aurora setup --yes --set access.open=false"));
    }
    findings.extend(files(settings));
    findings.extend(backups(settings));
    findings.extend(database(settings).await);
    findings.extend(cache(settings).await);
    findings
}

/// Whether others on the machine can look into the folder where databases and keys are.
fn folder(settings: &Settings) -> Finding {
    const NAME: &str = "data folder";
    let folder = &settings.server.data_dir;
    let shown = folder.display();
    let Ok(found) = std::fs::metadata(folder) else {
        return Finding::ok(NAME, format!("{shown} is made at the first start"));
    };
    if !found.is_dir() {
        return Finding::fail(NAME, format!("{shown} is no folder")).next("name another with --data");
    }
    if let Err(error) = tempfile::tempfile_in(folder) {
        return Finding::fail(NAME, format!("{shown} cannot be written to: {error}"))
            .next(format!("chown -R $(id -u) {shown}"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&found) & 0o007 != 0 {
        return Finding::warn(NAME, format!("others on this machine can look into {shown}"))
            .next(format!("chmod o-rwx {shown}"));
    }
    Finding::ok(NAME, shown.to_string())
}

/// Whether several servers on one database would find each other's files.
fn files(settings: &Settings) -> Option<Finding> {
    let own = &settings.files;
    let is_alone = own.folder.is_none() && own.s3_bucket.is_none();
    if !is_alone || !wiring::is_postgres(settings) || settings.environment != Environment::Production {
        return None;
    }
    let detail = format!(
        "{} is this server's alone: another one on the same database finds no file in it, and deletes none",
        wiring::files_folder(settings).display()
    );
    Some(
        Finding::warn("files", detail).next("set files.folder to what all servers share, or files.s3_bucket"),
    )
}

/// Whether there is a way to make backups, and somebody who does.
fn backups(settings: &Settings) -> Option<Finding> {
    const NAME: &str = "backups";
    if settings.environment != Environment::Production {
        return None;
    }
    let finding = if wiring::is_postgres(settings) && settings.backup.postgres_url.is_none() {
        Finding::warn(NAME, "the server cannot make any: backup.postgres_url is not set")
            .next("docs/core/backup.md")
    } else if settings.backup.every.is_none() {
        Finding::warn(NAME, "none is made by itself")
            .next("set backup.every, or run `aurora backup` by a timer")
    } else {
        return None;
    };
    Some(finding)
}

fn keys(settings: &Settings) -> Finding {
    const NAME: &str = "keys";
    let own = wiring::own_keys(settings);
    if own.is_empty() {
        Finding::ok(NAME, "those of the settings")
    } else if wiring::is_postgres(settings) {
        let detail = format!(
            "{}: not set, so that those in the data folder of this server are used; another one on the same database has others",
            own.join(", ")
        );
        Finding::warn(NAME, detail).next("aurora setup --yes")
    } else {
        Finding::ok(NAME, "those of the data folder")
    }
}

/// What does not come within the limit is a failure.
async fn within<T>(work: impl Future<Output = T> + Send) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = SystemClock.sleep(LIMIT) => None,
    }
}

async fn database(settings: &Settings) -> Vec<Finding> {
    const NAME: &str = "database";
    if let Some(path) = wiring::sqlite_file(settings).filter(|path| !path.is_file()) {
        // Looking would make it.
        let detail = format!("there is no {} yet", path.display());
        return vec![Finding::warn(NAME, detail).next("aurora migrate")];
    }
    let mut findings = Vec::new();
    if let Some(owner) = &settings.database.owner_url {
        findings.push(match within(Database::open(owner)).await {
            Some(Ok(database)) => {
                database.close().await;
                Finding::ok("database owner", "answers")
            }
            Some(Err(error)) => Finding::fail("database owner", told(&error)).next("mend database.owner_url"),
            None => Finding::fail("database owner", "does not answer").next("mend database.owner_url"),
        });
    }
    let opened = within(wiring::database(settings)).await;
    let database = match opened {
        Some(Ok(database)) => database,
        Some(Err(error)) => {
            findings.push(Finding::fail(NAME, told(&error)).next("mend database.url"));
            return findings;
        }
        None => {
            findings.push(Finding::fail(NAME, "does not answer").next("mend database.url"));
            return findings;
        }
    };
    let finding = match pending(&database).await {
        Err(error) => Finding::fail(NAME, told(&error)).next("aurora migrate"),
        Ok(steps) if !steps.is_empty() => Finding::warn(
            NAME,
            format!("pending: {} of the schema", counted(steps.len(), "step")),
        )
        .next("aurora migrate"),
        Ok(_) => {
            // Refuses an account that could get around row-level security.
            match Crm::builder(database.clone()).build().await {
                Ok(crm) => {
                    findings.push(people(&crm).await);
                    let engine = database.engine_name();
                    Finding::ok(NAME, format!("{engine}, schema up to date"))
                }
                Err(error) => Finding::fail(NAME, told(&error)).next("docs/crm/tenancy.md"),
            }
        }
    };
    findings.push(finding);
    database.close().await;
    findings
}

/// Whether anybody can sign in.
async fn people(crm: &Crm) -> Finding {
    const NAME: &str = "users";
    // Nothing is opened, and keys of the data folder would be made here.
    let accounts = http::Keys::ephemeral().and_then(|keys| http::accounts(crm, &keys));
    let accounts = match accounts {
        Ok(accounts) => accounts,
        Err(error) => return Finding::fail(NAME, told(&error)),
    };
    match accounts
        .list(&Local::installation(), &PageRequest::first(1))
        .await
    {
        Ok(page) if page.items.is_empty() => {
            Finding::warn(NAME, "nobody can sign in yet").next("aurora user create ADDRESS --admin")
        }
        Ok(_) => Finding::ok(NAME, "there are some"),
        Err(error) => Finding::fail(NAME, told(&error)),
    }
}

async fn cache(settings: &Settings) -> Option<Finding> {
    const NAME: &str = "redis";
    let url = settings.redis.url.as_ref()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let redis = match Redis::builder(url).connect().await {
        Ok(redis) => redis,
        Err(error) => return Some(Finding::fail(NAME, told(&error)).next("mend redis.url")),
    };
    let begin = clock.elapsed();
    let mut outcome = redis.command("PING", &[], &[]).await;
    // The connection is made beside, and the first command may come before it.
    while outcome.is_err() && clock.elapsed().saturating_sub(begin) < Duration::from_secs(3) {
        clock.sleep(Duration::from_millis(100)).await;
        outcome = redis.command("PING", &[], &[]).await;
    }
    Some(match outcome {
        Ok(_) => Finding::ok(NAME, "answers"),
        Err(error) => Finding::fail(NAME, told(&error)).next("mend redis.url, or start the server"),
    })
}
