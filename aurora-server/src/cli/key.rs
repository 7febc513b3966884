//! `aurora key`.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::access::policy::Permission as _;
use aurora_core::page::PageRequest;
use aurora_core::time::{Clock as _, Timestamp};
use aurora_crm::accounts::{ApiKey, ApiKeyId, NewApiKey};
use aurora_crm::workspaces::{CrmPermission, WorkspaceId};
use clap::{Args, Subcommand};
use serde_json::json;

use super::block_on;
use super::output::{Output, Tone, of_crm, refused, table, value_of};
use super::place::Place;
use crate::error::Error;
use crate::http::Right;

const DAY: Duration = Duration::from_secs(86_400);
/// Of a key that expires.
const LONGEST_DAYS: u32 = 3_650;

/// What is done with keys.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key, which is shown once.
    Create(CreateOptions),
    /// List the keys of a workspace.
    List(ListOptions),
    /// Take a key back; it is refused from now on.
    Revoke(RevokeOptions),
}

/// What a new key may do.
#[derive(Debug, Clone, Args)]
pub(super) struct CreateOptions {
    /// What it is for.
    #[arg(long, default_value = "command line")]
    name: String,
    /// A permission that it carries, such as client:read or client:*; may be said several times, and with commas. All of
    /// the workspace unless told.
    #[arg(long = "scope", value_name = "PERMISSION", value_delimiter = ',')]
    scopes: Vec<String>,
    /// The workspace that it acts in [default: the first].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// When it ends: a number of days such as 90d, or an instant such as 2027-01-31T00:00:00Z [default: never].
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Whose keys are listed.
#[derive(Debug, Clone, Args)]
pub(super) struct ListOptions {
    /// The workspace [default: the first].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    #[command(flatten)]
    place: Place,
}

/// Which key is taken back.
#[derive(Debug, Clone, Args)]
pub(super) struct RevokeOptions {
    /// Its id, as the list shows it.
    id: ApiKeyId,
    /// The workspace that it acts in [default: the first].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: KeyCommand, output: Output) -> Result<(), Error> {
    match command {
        KeyCommand::Create(options) => block_on(async move { create(options, output).await }),
        KeyCommand::List(options) => block_on(async move { list(&options, output).await }),
        KeyCommand::Revoke(options) => block_on(async move { revoke(&options, output).await }),
    }
}

async fn create(options: CreateOptions, output: Output) -> Result<(), Error> {
    let scopes = scopes(&options.scopes)?;
    let local = options.place.open(output).await?;
    let context = local.context(options.workspace).await?;
    let now = local.clock.now();
    let mut new = NewApiKey::new(options.name);
    for scope in &scopes {
        new = new.scope(*scope);
    }
    if let Some(text) = &options.expires {
        new = new.expires_at(expiry(text, now)?);
    }
    let made = local
        .accounts()?
        .api_keys()
        .create(&context, new)
        .await
        .map_err(of_crm)?;
    let shown = json!({
        "key": made.secret.expose(),
        "id": made.key.id.to_string(),
        "name": made.key.name,
        "workspace": context.workspace.to_string(),
        "scopes": made.key.scopes,
        "expires_at": made.key.expires_at.map(|at| at.to_string()),
    });
    let carries = if options.scopes.is_empty() {
        "everything in its workspace".to_owned()
    } else {
        made.key.scopes.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    output.remark(&format!(
        "{} carries {carries}; it is shown this once:",
        made.key.id
    ));
    output.result(&shown, |_| format!("{}\n", made.secret.expose()))
}

/// Every permission that there is.
fn permissions() -> BTreeSet<&'static str> {
    let of_crm = CrmPermission::ALL.iter().map(|it| it.as_str());
    of_crm.chain(Right::ALL.iter().map(|it| it.as_str())).collect()
}

/// The permissions that were named; all when none was.
fn scopes(named: &[String]) -> Result<BTreeSet<&'static str>, Error> {
    let all = permissions();
    if named.is_empty() {
        return Ok(all);
    }
    let mut scopes = BTreeSet::new();
    for name in named.iter().map(|name| name.trim()) {
        let area = name.strip_suffix('*').filter(|area| area.ends_with(':'));
        let fits = |known: &&&'static str| match area {
            Some(area) => known.starts_with(area),
            None => **known == name || name == "all",
        };
        let found: Vec<&'static str> = all.iter().filter(fits).copied().collect();
        if found.is_empty() {
            let known: Vec<&str> = all.iter().copied().collect();
            return Err(refused(format!(
                "{name:?} is no permission; there are all, {}",
                known.join(", ")
            )));
        }
        scopes.extend(found);
    }
    Ok(scopes)
}

/// So many days from now, or an instant.
fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let wrong = || {
        refused(format!(
            "--expires {text:?}: expected 1d to {LONGEST_DAYS}d, or an instant such as 2027-01-31T00:00:00Z"
        ))
    };
    if let Some(days) = text.strip_suffix('d') {
        let days: u32 = days.parse().map_err(|_| wrong())?;
        if !(1..=LONGEST_DAYS).contains(&days) {
            return Err(wrong());
        }
        return Ok(now + DAY * days);
    }
    Timestamp::parse(text).map_err(|_| wrong())
}

async fn list(options: &ListOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let context = local.context(options.workspace).await?;
    let keys = local.accounts()?.api_keys();
    let mut page = PageRequest::first(PageRequest::MAX_LIMIT);
    let mut found = Vec::new();
    loop {
        let part = keys.list(&context, &page).await.map_err(of_crm)?;
        found.extend(part.items);
        match part.next {
            Some(next) => page = PageRequest::first(PageRequest::MAX_LIMIT).after(next),
            None => break,
        }
    }
    let now = local.clock.now();
    let items = value_of(&found)?;
    output.result(&json!({"items": items}), |_| {
        let rows: Vec<[String; 5]> = found.iter().map(|key| row(key, now)).collect();
        table(["ID", "NAME", "BEGINS WITH", "LAST USED", "STATE"], &rows)
    })
}

fn row(key: &ApiKey, now: Timestamp) -> [String; 5] {
    let state = if key.revoked_at.is_some() {
        "revoked".to_owned()
    } else {
        match key.expires_at {
            Some(end) if end <= now => "expired".to_owned(),
            Some(end) => format!("until {end}"),
            None => "without end".to_owned(),
        }
    };
    let used = key.last_used_at.map_or("never".to_owned(), |at| at.to_string());
    [
        key.id.to_string(),
        key.name.clone(),
        key.prefix.clone(),
        used,
        state,
    ]
}

async fn revoke(options: &RevokeOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let context = local.context(options.workspace).await?;
    let keys = local.accounts()?.api_keys();
    keys.revoke(&context, options.id).await.map_err(of_crm)?;
    let id = options.id.to_string();
    output.result(&json!({"id": id, "revoked": true}), |paint| {
        format!("{} {id}\n", paint.tone(Tone::Good, "revoked"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_named_alone_by_area_or_altogether() {
        let of = |names: &[&str]| scopes(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["client:read"]).unwrap().len(), 1);
        let clients = of(&["client:*", "llm:use"]).unwrap();
        assert!(clients.contains("client:export") && clients.contains("llm:use") && clients.len() > 4);
        assert_eq!(of(&[]).unwrap(), of(&["all"]).unwrap());
        assert!(of(&[]).unwrap().len() <= 64, "a key carries at most 64");
        for wrong in ["clients:read", "*", "client", "client*"] {
            assert!(
                of(&[wrong]).unwrap_err().to_string().contains("client:read"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn keys_end_after_days_or_at_an_instant() {
        let now = Timestamp::from_secs(1_000);
        assert_eq!(expiry("2d", now).unwrap(), now + DAY * 2);
        assert_eq!(
            expiry("2027-01-31T00:00:00Z", now).unwrap(),
            Timestamp::parse("2027-01-31T00:00:00Z").unwrap()
        );
        for wrong in ["0d", "9999d", "-1d", "soon", "90"] {
            assert!(expiry(wrong, now).is_err(), "{wrong}");
        }
    }
}
