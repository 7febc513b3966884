//! `aurora workspace`.

use aurora_crm::workspaces::{NewWorkspace, Workspace, WorkspaceKind};
use clap::{Args, Subcommand};
use serde_json::json;

use super::block_on;
use super::output::{Output, of_crm, table, value_of};
use super::place::{PRINCIPAL, Place};
use crate::error::Error;

/// What is done with workspaces.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum WorkspaceCommand {
    /// List all of them.
    List(ListOptions),
    /// Make one.
    Create(CreateOptions),
}

/// Whose workspaces are listed.
#[derive(Debug, Clone, Args)]
pub(super) struct ListOptions {
    #[command(flatten)]
    place: Place,
}

/// What a new workspace is.
#[derive(Debug, Clone, Args)]
pub(super) struct CreateOptions {
    /// Its name for people.
    name: String,
    /// What kind of house it is: company or clinic.
    #[arg(long, value_name = "KIND", default_value = "company")]
    kind: WorkspaceKind,
    /// Its IANA time zone.
    #[arg(long, value_name = "ZONE", default_value = "America/Sao_Paulo")]
    time_zone: String,
    /// The language that its people are written to in, as a BCP 47 tag.
    #[arg(long, value_name = "TAG", default_value = "pt-BR")]
    locale: String,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: WorkspaceCommand, output: Output) -> Result<(), Error> {
    match command {
        WorkspaceCommand::List(options) => block_on(async move { list(&options, output).await }),
        WorkspaceCommand::Create(options) => block_on(async move { create(options, output).await }),
    }
}

async fn list(options: &ListOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let mut found = Vec::new();
    for id in local.workspaces().await? {
        let context = aurora_crm::Context::new(id, PRINCIPAL);
        found.push(local.crm.workspaces().get(&context).await.map_err(of_crm)?);
    }
    let items = value_of(&found)?;
    output.result(&json!({"items": items}), |_| {
        let rows: Vec<[String; 4]> = found.iter().map(row).collect();
        table(["ID", "KIND", "NAME", "STATE"], &rows)
    })
}

fn row(workspace: &Workspace) -> [String; 4] {
    let state = if workspace.closed_at.is_some() {
        "closed"
    } else {
        "open"
    };
    [
        workspace.id.to_string(),
        workspace.kind.as_str().to_owned(),
        workspace.name.clone(),
        state.to_owned(),
    ]
}

async fn create(options: CreateOptions, output: Output) -> Result<(), Error> {
    let local = options.place.open(output).await?;
    let new = NewWorkspace::new(options.kind, options.name)
        .time_zone(options.time_zone)
        .locale(options.locale);
    let made = local.crm.workspaces().create(new).await.map_err(of_crm)?;
    output.result(&value_of(&made)?, |_| format!("{}\n", made.id))
}
