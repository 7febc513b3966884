//! `aurora user`.

use aurora_core::page::PageRequest;
use aurora_core::secret::Secret;
use aurora_crm::accounts::{Accounts, Issued, NewUser, User, UserId, UserStatus};
use aurora_crm::workspaces::{Role, Roles, WorkspaceId};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{Output, Paint, Tone, of_crm, refused, table, value_of};
use super::place::{Local, Place};
use super::{ask, block_on};
use crate::error::Error;

/// What is done with users.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum UserCommand {
    /// Make a user; the password is asked for, or read as a line of standard input.
    Create(CreateOptions),
    /// List all users.
    List(ListOptions),
    /// Keep a user out, and end all of their sessions.
    Disable(OneOptions),
    /// Let a user in again.
    Enable(OneOptions),
    /// Give a user another password, which is asked for or read as a line of standard input; all sessions end.
    ResetPassword(ResetOptions),
}

/// Who a new user is.
#[derive(Debug, Clone, Args)]
pub(super) struct CreateOptions {
    /// The e-mail address, by which they sign in.
    email: String,
    /// Their name [default: what stands before the @].
    #[arg(long)]
    name: Option<String>,
    /// They look after the installation itself: the first user alone, before there is any other.
    #[arg(long)]
    admin: bool,
    /// What they are in the workspace: owner, admin, manager, agent, professional or viewer [default: owner with --admin,
    /// viewer otherwise].
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    role: Vec<Role>,
    /// The workspace that they become a member of [default: the first].
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// The language of what is written to them, as a BCP 47 tag.
    #[arg(long, value_name = "TAG", default_value = "pt-BR")]
    locale: String,
    /// Ask for no password: print a token with which they choose one within seven days.
    #[arg(long, conflicts_with = "admin")]
    invite: bool,
    #[command(flatten)]
    place: Place,
}

/// Whose users are listed.
#[derive(Debug, Clone, Args)]
pub(super) struct ListOptions {
    #[command(flatten)]
    place: Place,
}

/// Which user.
#[derive(Debug, Clone, Args)]
pub(super) struct OneOptions {
    /// The e-mail address, or the id.
    user: String,
    #[command(flatten)]
    place: Place,
}

/// Whose password.
#[derive(Debug, Clone, Args)]
pub(super) struct ResetOptions {
    /// The e-mail address, or the id.
    user: String,
    /// Ask for no password: print a token with which they choose one within half an hour.
    #[arg(long)]
    token: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: UserCommand, output: Output) -> Result<(), Error> {
    match command {
        UserCommand::Create(options) => block_on(async move { create(options, output).await }),
        UserCommand::List(options) => block_on(async move { list(&options, output).await }),
        UserCommand::Disable(options) => {
            block_on(async move { set_status(&options, UserStatus::Disabled, output).await })
        }
        UserCommand::Enable(options) => {
            block_on(async move { set_status(&options, UserStatus::Active, output).await })
        }
        UserCommand::ResetPassword(options) => block_on(async move { reset(&options, output).await }),
    }
}

/// Who shall be made, and what they may do.
pub(super) struct Candidate {
    pub(super) new: NewUser,
    pub(super) is_administrator: bool,
    pub(super) roles: Roles,
    pub(super) workspace: Option<WorkspaceId>,
    /// `None` for somebody who chooses it later.
    pub(super) password: Option<Secret>,
}

/// The user, and the token of one who chooses a password later.
pub(super) async fn make(local: &Local, candidate: Candidate) -> Result<(User, Option<Issued>), Error> {
    let accounts = local.accounts()?;
    let context = local.context(candidate.workspace).await?;
    let installation = Local::installation();
    let (user, issued) = match candidate.password {
        None => {
            let issued = accounts
                .invite(&installation, candidate.new)
                .await
                .map_err(of_crm)?;
            (issued.user.clone(), Some(issued))
        }
        Some(password) if candidate.is_administrator => {
            let token = accounts.setup_token(&installation).await.map_err(|error| {
                if error.kind() == aurora_crm::ErrorKind::AlreadyExists {
                    refused("there are users already, and only the first can be made an administrator here")
                } else {
                    of_crm(error)
                }
            })?;
            let made = accounts
                .set_up(&installation, &token, candidate.new, &password)
                .await;
            (made.map_err(of_crm)?, None)
        }
        Some(password) => {
            let made = accounts.create(&installation, candidate.new, &password).await;
            (made.map_err(of_crm)?, None)
        }
    };
    let member = local.crm.members().add(&context, user.id, candidate.roles).await;
    member.map_err(of_crm)?;
    Ok((user, issued))
}

async fn create(options: CreateOptions, output: Output) -> Result<(), Error> {
    let local = options.place.open(output).await?;
    let roles = match (options.role.as_slice(), options.admin) {
        ([], true) => Roles::of([Role::Owner]),
        ([], false) => Roles::of([Role::Viewer]),
        (given, _) => Roles::of(given.iter().copied()),
    };
    let local_part = options.email.split('@').next().unwrap_or_default();
    let name = options.name.unwrap_or_else(|| local_part.to_owned());
    let password = match options.invite {
        true => None,
        false => Some(ask::new_password()?),
    };
    let candidate = Candidate {
        new: NewUser::new(&options.email, name).locale(options.locale),
        is_administrator: options.admin,
        roles: roles.clone(),
        workspace: options.workspace,
        password,
    };
    let workspace = local.context(options.workspace).await?.workspace;
    let (user, issued) = make(&local, candidate).await?;
    let mut shown = view(&user)?;
    if let Value::Object(fields) = &mut shown {
        fields.insert("workspace".to_owned(), json!(workspace.to_string()));
        fields.insert("roles".to_owned(), json!(roles.names()));
        if let Some(issued) = &issued {
            fields.insert("invitation".to_owned(), json!(issued.token.expose()));
            fields.insert(
                "invitation_expires_at".to_owned(),
                json!(issued.expires_at.to_string()),
            );
        }
    }
    output.result(&shown, |paint| {
        let mut text = format!(
            "{} {}  {}  {} in {workspace}\n",
            paint.tone(Tone::Good, "made"),
            user.id,
            user.email,
            roles.names().join(", ")
        );
        if let Some(issued) = &issued {
            text.push_str(&format!(
                "until {} they choose a password with\n{}\n",
                issued.expires_at,
                issued.token.expose()
            ));
        }
        text
    })
}

fn view(user: &User) -> Result<Value, Error> {
    value_of(user)
}

async fn list(options: &ListOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let accounts = local.accounts()?;
    let mut page = PageRequest::first(PageRequest::MAX_LIMIT);
    let mut users = Vec::new();
    loop {
        let part = accounts
            .list(&Local::installation(), &page)
            .await
            .map_err(of_crm)?;
        users.extend(part.items);
        match part.next {
            Some(next) => page = PageRequest::first(PageRequest::MAX_LIMIT).after(next),
            None => break,
        }
    }
    let items = users.iter().map(view).collect::<Result<Vec<_>, _>>()?;
    output.result(&json!({"items": items}), |_| {
        let rows: Vec<[String; 5]> = users.iter().map(row).collect();
        table(["ID", "ADDRESS", "NAME", "STATE", ""], &rows)
    })
}

fn row(user: &User) -> [String; 5] {
    let what = if user.is_administrator {
        "administrator"
    } else {
        ""
    };
    [
        user.id.to_string(),
        user.email.to_string(),
        user.name.clone(),
        user.status.as_str().to_owned(),
        what.to_owned(),
    ]
}

/// The user with this id or address.
async fn find(accounts: &Accounts, text: &str) -> Result<User, Error> {
    let installation = Local::installation();
    let found = match text.parse::<UserId>() {
        Ok(id) => accounts.get(&installation, id).await,
        Err(_) => accounts.by_email(&installation, text).await,
    };
    found.map_err(of_crm)
}

async fn set_status(options: &OneOptions, status: UserStatus, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let accounts = local.accounts()?;
    let user = find(&accounts, &options.user).await?;
    let changed = accounts
        .set_status(&Local::installation(), user.id, user.version, status)
        .await
        .map_err(of_crm)?;
    output.result(&view(&changed)?, |paint| state(&changed, paint))
}

fn state(user: &User, paint: Paint) -> String {
    let tone = match user.status {
        UserStatus::Active => Tone::Good,
        _ => Tone::Doubtful,
    };
    format!(
        "{}  {} is {}\n",
        user.id,
        user.email,
        paint.tone(tone, user.status.as_str())
    )
}

async fn reset(options: &ResetOptions, output: Output) -> Result<(), Error> {
    let local = options.place.existing().await?;
    let accounts = local.accounts()?;
    let installation = Local::installation();
    let user = find(&accounts, &options.user).await?;
    if user.status != UserStatus::Active {
        return Err(refused(format!(
            "{} is disabled: let them in first with `aurora user enable`",
            user.email
        )));
    }
    // Asked for before the token is made, which is good for half an hour.
    let password = match options.token {
        true => None,
        false => Some(ask::new_password()?),
    };
    // Somebody who was invited has no password yet, and chooses their first one.
    let (issued, is_first) = match accounts.invite_again(&installation, user.id).await {
        Ok(issued) => (issued, true),
        Err(error) if error.kind() == aurora_crm::ErrorKind::NotFound => {
            let asked = accounts.request_reset(&installation, user.email.as_str()).await;
            let issued = asked.map_err(of_crm)?.ok_or_else(|| {
                refused("a reset was asked for within the last minute: try again in a minute")
            })?;
            (issued, false)
        }
        Err(error) => return Err(of_crm(error)),
    };
    let Some(password) = password else {
        let shown = json!({
            "id": user.id.to_string(),
            "token": issued.token.expose(),
            "expires_at": issued.expires_at.to_string(),
        });
        return output.result(&shown, |_| format!("{}\n", issued.token.expose()));
    };
    let changed = if is_first {
        accounts
            .accept_invitation(&installation, &issued.token, &password)
            .await
    } else {
        accounts
            .reset_password(&installation, &issued.token, &password)
            .await
    };
    let changed = changed.map_err(of_crm)?;
    output.result(&view(&changed)?, |paint| {
        format!(
            "{} of {}; all sessions are over\n",
            paint.tone(Tone::Good, "changed the password"),
            changed.email
        )
    })
}
