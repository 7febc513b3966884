use std::sync::Arc;
use std::time::Duration;

use aurora_core::page::{Page, PageRequest};

use super::{NewNumber, NumberChange, Tokens, WhatsAppNumber, sql};
use crate::channels::whatsapp::graph::{NumberAccess, WhatsAppClient};
use crate::channels::whatsapp::intake::{self, Conversing, Intake, MetaApp};
use crate::channels::whatsapp::messenger::WhatsAppMessenger;
use crate::channels::{ChannelId, SendError, SendErrorKind};
use crate::context::Context;
use crate::conversations::Conversations;
use crate::error::{Error, FieldError};
use crate::store::Store;

/// The most numbers of a workspace.
pub(super) const MOST_NUMBERS: i64 = 50;

/// What can be done with numbers of WhatsApp; a cheap handle.
///
/// Changes are recorded in the audit log without tokens.
#[derive(Debug, Clone)]
pub struct WhatsApp {
    pub(in crate::channels::whatsapp) store: Store,
    pub(in crate::channels::whatsapp) conversations: Arc<dyn Conversing>,
    /// Who keeps what is paused.
    pub(in crate::channels::whatsapp) desk: Conversations,
    pub(in crate::channels::whatsapp) client: WhatsAppClient,
    pub(in crate::channels::whatsapp) tokens: Tokens,
    pub(in crate::channels::whatsapp) apps: Arc<[MetaApp]>,
    /// Whether media that come in are fetched.
    pub(in crate::channels::whatsapp) has_files: bool,
    #[cfg(feature = "files")]
    pub(in crate::channels::whatsapp) files: Option<crate::files::Files>,
    /// How long one upload may take.
    #[cfg(feature = "files")]
    pub(in crate::channels::whatsapp) upload_time: Duration,
}

impl WhatsApp {
    /// Takes what Meta posts, and hands it to conversations.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake::new(self.clone())
    }

    /// Sends the messages of conversations.
    #[must_use]
    pub fn messenger(&self) -> WhatsAppMessenger {
        WhatsAppMessenger::new(self.clone())
    }

    /// The client, for files and whatever else is not a message.
    #[must_use]
    pub const fn client(&self) -> &WhatsAppClient {
        &self.client
    }

    /// Adds a number.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, also when there are 50 numbers already; `AlreadyExists` when the number belongs to
    /// this installation already; `NotFound` for a workspace that there is not; `Unavailable` when the keeper of the keys does not
    /// answer.
    pub async fn add(&self, context: &Context, new: NewNumber) -> Result<WhatsAppNumber, Error> {
        let work = async {
            let now = self.store.now();
            let blank = WhatsAppNumber {
                id: ChannelId::new(now),
                number_id: String::new(),
                account_id: None,
                display_number: String::new(),
                name: String::new(),
                app: String::new(),
                pause: None,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let apps: Vec<&str> = self.apps.iter().map(|app| app.name.as_str()).collect();
            let (number, token) = new.check(blank, &apps)?;
            let sealed = self.tokens.seal(context.workspace, number.id, &token).await?;
            sql::insert(&self.store, context, &number, &sealed).await?;
            Ok(number)
        };
        self.store.run(context, "whatsapp.add", work).await
    }

    /// One number.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is removed.
    pub async fn get(&self, context: &Context, id: ChannelId) -> Result<WhatsAppNumber, Error> {
        let work = async { Ok(sql::get(&self.store, context, id).await?.into()) };
        self.store.run(context, "whatsapp.get", work).await
    }

    /// One page of numbers, the oldest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<WhatsAppNumber>, Error> {
        let work = sql::page(&self.store, context, page);
        self.store.run(context, "whatsapp.list", work).await
    }

    /// Changes a number that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field; `Unavailable` as [`add`](Self::add).
    pub async fn update(
        &self,
        context: &Context,
        id: ChannelId,
        expected_version: i64,
        change: NumberChange,
    ) -> Result<WhatsAppNumber, Error> {
        let work = async {
            change.check()?;
            let (number, sealed) = sql::access(&self.store, context, id).await?;
            let token = match &change.token {
                Some(token) => self.tokens.seal(context.workspace, id, token).await?,
                None => sealed,
            };
            let name = change.name.as_deref().map_or(number.name.as_str(), str::trim);
            let place = (id, expected_version);
            sql::update(&self.store, context, place, (name, &token), change.names()).await?;
            Ok(sql::get(&self.store, context, id).await?.into())
        };
        self.store.run(context, "whatsapp.update", work).await
    }

    /// Sends nothing from a number until it is resumed; what comes in is taken. Of a number that is paused nothing changes.
    /// It is the pause of its channel: [`Conversations::paused_channels`] tells it, and
    /// [`Conversations::resume_channel`] ends it as well.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn pause(&self, context: &Context, id: ChannelId) -> Result<WhatsAppNumber, Error> {
        let work = async {
            sql::get(&self.store, context, id).await?;
            let why = SendError::new(SendErrorKind::Account, "manual", "somebody has paused it");
            self.desk.pause_channel(context, id, &why).await?;
            Ok(sql::get(&self.store, context, id).await?.into())
        };
        self.store.run(context, "whatsapp.pause", work).await
    }

    /// Sends from a number again, also after Meta had told a problem of its account.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn resume(&self, context: &Context, id: ChannelId) -> Result<WhatsAppNumber, Error> {
        let work = async {
            sql::get(&self.store, context, id).await?;
            self.desk.resume_channel(context, id).await?;
            Ok(sql::get(&self.store, context, id).await?.into())
        };
        self.store.run(context, "whatsapp.resume", work).await
    }

    /// Removes a number with its token; what comes in on it is not taken any more, and it can be added again, also elsewhere.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn remove(&self, context: &Context, id: ChannelId, expected_version: i64) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "whatsapp.remove", work).await
    }

    /// What a request to the Graph API needs besides a client, such as for the files of a message.
    ///
    /// # Errors
    /// `NotFound`; `Unsealable`, `Unavailable` when the token cannot be opened.
    pub async fn access(&self, context: &Context, id: ChannelId) -> Result<NumberAccess, Error> {
        let work = async {
            let (number, sealed) = sql::access(&self.store, context, id).await?;
            Ok(NumberAccess {
                number_id: number.number_id,
                token: self.tokens.open(context.workspace, id, &sealed).await?,
            })
        };
        self.store.run(context, "whatsapp.access", work).await
    }

    /// Wraps the tokens of a workspace with the current key of the system, while they are used; how many were wrapped anew.
    ///
    /// # Errors
    /// `Unsealable`, `Unavailable`; call it again, what is done is done.
    pub async fn rewrap(&self, context: &Context) -> Result<u64, Error> {
        let work = async {
            let first = PageRequest::first(100); // there are no more numbers than that
            let mut count = 0;
            for number in sql::page(&self.store, context, &first).await?.items {
                let (_, sealed) = sql::access(&self.store, context, number.id).await?;
                let anew = self.tokens.rewrap(context.workspace, number.id, &sealed).await?;
                if let Some(anew) = anew
                    && sql::rewrap(&self.store, context, number.id, (&sealed, &anew)).await?
                {
                    count += 1;
                }
            }
            Ok(count)
        };
        self.store.run(context, "whatsapp.rewrap", work).await
    }

    /// Removes what came in and was placed, or could not be, longer ago than `keep`, at least 8 days, because Meta repeats for 7:
    /// up to 1,000 rows, and how many there were. Call it until there are none. The worker of the [`Intake`] does so by
    /// itself with what is 30 days old; what still waits is never removed.
    ///
    /// # Errors
    /// `Invalid` when `keep` is too short.
    pub async fn purge(&self, context: &Context, keep: Duration) -> Result<u64, Error> {
        let work = async {
            if keep < intake::SHORTEST_KEPT {
                return Err(Error::invalid(vec![FieldError {
                    field: "keep".to_owned(),
                    code: "invalid",
                    message: "must be at least 8 days".to_owned(),
                }]));
            }
            intake::purge(&self.store, context, self.store.now() - keep).await
        };
        self.store.run(context, "whatsapp.purge", work).await
    }
}

pub(super) fn too_many() -> Error {
    Error::invalid(vec![FieldError {
        field: "numbers".to_owned(),
        code: "too_many",
        message: format!("there are {MOST_NUMBERS} numbers already"),
    }])
}
