//! Settings.

use std::collections::HashSet;
use std::sync::Arc;

use aurora_core::access::seal::Sealer;

use super::graph::WhatsAppClient;
use super::intake::{Conversing, MetaApp};
use super::numbers::{Tokens, WhatsApp};
use crate::conversations::Conversations;
use crate::error::Error;
use crate::fields::Fields;
use crate::store::Store;

/// The most Meta apps of an installation: the signature of each webhook is tried with the secrets of all.
const MOST_APPS: usize = 32;
/// Less than the deadline of a worker.
#[cfg(feature = "files")]
const UPLOAD_TIME: std::time::Duration = std::time::Duration::from_secs(20);

/// Settings of [`WhatsApp`]; see [`Crm::whatsapp`](crate::Crm::whatsapp).
#[derive(Debug)]
#[must_use = "call `build` to get WhatsApp"]
pub struct WhatsAppBuilder {
    store: Store,
    conversations: Arc<dyn Conversing>,
    desk: Conversations,
    sealer: Sealer,
    client: Option<WhatsAppClient>,
    apps: Vec<MetaApp>,
    #[cfg(feature = "files")]
    files: Option<crate::files::Files>,
    #[cfg(feature = "files")]
    upload_time: std::time::Duration,
}

impl WhatsAppBuilder {
    pub(crate) fn new(store: Store, conversations: Conversations, sealer: Sealer) -> Self {
        Self {
            store,
            conversations: Arc::new(conversations.clone()),
            desk: conversations,
            sealer,
            client: None,
            apps: Vec::new(),
            #[cfg(feature = "files")]
            files: None,
            #[cfg(feature = "files")]
            upload_time: UPLOAD_TIME,
        }
    }

    /// The client; one with the usual settings unless told.
    pub fn client(mut self, client: WhatsAppClient) -> Self {
        self.client = Some(client);
        self
    }

    /// One more app at Meta, whose secrets sign webhooks. A number takes what its own app has signed, and nothing else.
    pub fn app(mut self, app: MetaApp) -> Self {
        self.apps.push(app);
        self
    }

    /// Where media are kept: what comes in is downloaded into them before Meta forgets it, and what messages name by `file_id` is
    /// uploaded from them. Without files, media that come in stay at Meta, and messages with a `file_id` alone are refused.
    #[cfg(feature = "files")]
    pub fn files(mut self, files: crate::files::Files) -> Self {
        self.files = Some(files);
        self
    }

    /// How long the upload of one file may take before it is begun again later, 20 s unless told. Shorter than the deadline of
    /// the sender's worker, or a message whose upload is cut off counts as one that may have been sent.
    #[cfg(feature = "files")]
    pub const fn upload_time(mut self, limit: std::time::Duration) -> Self {
        self.upload_time = limit;
        self
    }

    /// Another place for what comes in.
    #[cfg(test)]
    pub(super) fn conversing(mut self, conversing: impl Conversing) -> Self {
        self.conversations = Arc::new(conversing);
        self
    }

    /// Gives WhatsApp.
    ///
    /// # Errors
    /// `Invalid` with every setting that is wrong.
    pub fn build(self) -> Result<WhatsApp, Error> {
        let mut fields = Fields::default();
        if self.apps.len() > MOST_APPS {
            fields.refuse(
                "apps",
                "too_many",
                format_args!("must have at most {MOST_APPS} entries"),
            );
        }
        let mut names = HashSet::new();
        for (index, app) in self.apps.iter().enumerate() {
            fields.line(&format!("apps[{index}].name"), &app.name, 64);
            if !names.insert(&app.name) {
                fields.refuse(
                    format!("apps[{index}].name"),
                    "invalid",
                    "must be another than of the apps before",
                );
            }
            let has_secret =
                !app.secrets.is_empty() && app.secrets.iter().all(|secret| !secret.expose().is_empty());
            if !has_secret {
                fields.refuse(
                    format!("apps[{index}].secrets"),
                    "required",
                    "must have a secret, and none that is empty",
                );
            }
        }
        fields.finish(())?;
        let client = match self.client {
            Some(client) => client,
            None => WhatsAppClient::builder()
                .clock(Arc::clone(self.store.clock()))
                .build()?,
        };
        Ok(WhatsApp {
            tokens: Tokens(self.sealer),
            conversations: self.conversations,
            desk: self.desk,
            store: self.store,
            client,
            apps: self.apps.into(),
            #[cfg(feature = "files")]
            has_files: self.files.is_some(),
            #[cfg(not(feature = "files"))]
            has_files: false,
            #[cfg(feature = "files")]
            files: self.files,
            #[cfg(feature = "files")]
            upload_time: self.upload_time,
        })
    }
}
