//! `aurora audit`.

use std::path::PathBuf;

use aurora_core::time::Clock as _;
use aurora_crm::Context;
use aurora_crm::audit::{Evidence, FileSink, Verification};
use aurora_crm::workspaces::WorkspaceId;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::block_on;
use super::output::{Output, Tone, of_crm, refused, value_of};
use super::place::{Local, PRINCIPAL, Place};
use super::progress::Progress;
use crate::error::Error;
use crate::wiring;

/// What is done with the log.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum AuditCommand {
    /// Go through the chains of entries, and tell the first that is not as it was written.
    Verify(VerifyOptions),
}

/// What is verified, and against what.
#[derive(Debug, Clone, Args)]
pub(super) struct VerifyOptions {
    /// The chain of this workspace alone [default: that of the installation and those of all workspaces].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// A file of signed checkpoints that was kept elsewhere; they are verified with the signing key of the settings.
    #[arg(long, value_name = "FILE")]
    checkpoints: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: AuditCommand, output: Output) -> Result<(), Error> {
    let AuditCommand::Verify(options) = command;
    block_on(async move { verify(&options, output).await })
}

async fn verify(options: &VerifyOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let evidence = evidence(options, &local)?;
    let mut chains = vec![("installation".to_owned(), Local::installation())];
    match options.workspace {
        Some(id) => chains = vec![(id.to_string(), local.context(Some(id)).await?)],
        None => {
            let ids = local.workspaces().await?;
            chains.extend(
                ids.into_iter()
                    .map(|id| (id.to_string(), Context::new(id, PRINCIPAL))),
            );
        }
    }
    let total = u64::try_from(chains.len()).unwrap_or(u64::MAX);
    let mut progress = Progress::new("verify", output);
    let mut verified: Vec<(String, Verification)> = Vec::new();
    for (done, (name, context)) in (0..).zip(chains) {
        progress.reached(done, Some(total), &name);
        let found = local.crm.audit().verify_against(&context, &evidence).await;
        verified.push((name, found.map_err(of_crm)?));
    }
    drop(progress);
    let is_ok = verified.iter().all(|(_, found)| found.is_ok());
    let views = verified
        .iter()
        .map(|(name, found)| {
            let mut view = value_of(found)?;
            if let Value::Object(fields) = &mut view {
                fields.insert("chain".to_owned(), json!(name));
                fields.insert("ok".to_owned(), json!(found.is_ok()));
            }
            Ok(view)
        })
        .collect::<Result<Vec<_>, Error>>()?;
    output.result(&json!({"ok": is_ok, "chains": views}), |paint| {
        let lines = verified.iter().map(|(name, found)| match &found.fault {
            None => format!(
                "{}    {name}  entries: {}\n",
                paint.tone(Tone::Good, "ok"),
                found.entries
            ),
            Some(fault) => format!(
                "{}  {name}  entry {} {}, after {} that are right\n",
                paint.tone(Tone::Bad, "fail"),
                fault.seq,
                fault.kind.as_str(),
                found.entries
            ),
        });
        lines.collect()
    })?;
    if is_ok {
        Ok(())
    } else {
        Err(refused(
            "the audit log is not as it was written: keep the database and its backups as they are, and find out why",
        ))
    }
}

fn evidence(options: &VerifyOptions, local: &Local) -> Result<Evidence, Error> {
    let Some(path) = &options.checkpoints else {
        return Ok(Evidence::none());
    };
    let kept = FileSink::read(path).map_err(|error| {
        refused(format!("the checkpoints in {} cannot be read", path.display())).caused_by(error)
    })?;
    let keys = wiring::keys(&local.settings)?;
    Ok(Evidence::none().signed(&kept, &keys.signing, local.clock.now()))
}
