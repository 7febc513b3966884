//! What the reception works with: WhatsApp, chats on pages, calendars, the assistant.

use std::sync::Arc;

use aurora_core::access::seal::Sealer;
use aurora_core::config::Settings;
use aurora_core::http::{Egress, Url};
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::assistant::Assistant;
use aurora_crm::channels::google_calendar::{Google, GoogleCalendar, OAuthApp};
use aurora_crm::channels::web_chat::WebChat;
use aurora_crm::channels::whatsapp::graph::{DEFAULT_BASE, WhatsAppClient};
use aurora_crm::channels::whatsapp::{MetaApp, WhatsApp};
use aurora_crm::files::Files;
use aurora_crm::knowledge::Knowledge;
use aurora_llm::LlmClient;

use crate::error::{Error, ErrorKind};
use crate::http::{Keys, Places};

/// Where Google tells of changes.
pub(crate) const NOTIFICATIONS: &str = "/webhook/google-calendar";
/// Where Google sends people back to.
pub(crate) const CALLBACK: &str = "/api/v1/calendar/oauth/callback";
/// Most that listen to conversations at a time.
const LISTENERS: usize = 256;
/// Most visitors with an open line, and most that wait for a message.
const LINES: usize = 512;
const WAITING: usize = 512;
/// Of either, the most of one address.
const OF_ADDRESS: usize = 64;
/// The most calls of one session that wait: a visitor may have the page open twice.
const OF_SESSION: usize = 2;

/// What the other parts of an app lend to the reception.
pub(crate) struct Lent<'a> {
    pub(crate) crm: &'a Crm,
    pub(crate) settings: &'a Settings,
    pub(crate) keys: &'a Keys,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// What the assistant answers with; without it there is none.
    pub(crate) llm: Option<LlmClient>,
    /// Where media of messages are kept.
    pub(crate) files: Files,
    /// Where the assistant looks things up.
    pub(crate) knowledge: Knowledge,
    /// Another Google than that of the settings.
    pub(crate) google: Option<Google>,
}

/// The parts of the reception.
#[derive(Debug)]
pub(crate) struct Reception {
    pub(crate) whatsapp: WhatsApp,
    pub(crate) web_chat: WebChat,
    pub(crate) google: Google,
    pub(crate) calendar: GoogleCalendar,
    /// `None` when no model client is configured.
    pub(crate) assistant: Option<Assistant>,
    /// Seals what a browser keeps while its person is at Google.
    pub(crate) sealer: Sealer,
    /// Places of those who listen to conversations.
    pub(crate) listeners: Places,
    /// Places of visitors with an open line, by address.
    pub(crate) lines: Places,
    /// Places of visitors that wait for a message, by address and session.
    pub(crate) waiting: Places,
}

impl Reception {
    /// The parts that the settings ask for.
    ///
    /// # Errors
    /// `Settings` when a setting makes no sense.
    pub(crate) fn new(lent: Lent<'_>) -> Result<Self, Error> {
        let whatsapp = whatsapp(&lent)?;
        let google = match lent.google.clone() {
            Some(google) => google,
            None => google(&lent)?,
        };
        let calendar = lent.crm.google_calendar(google.clone(), lent.keys.sealer.clone());
        let calendar = match notifications(lent.settings) {
            Some(address) => calendar.address(address),
            None => calendar,
        };
        let calendar = calendar
            .build()
            .map_err(wrong("google.notification_url cannot be used"))?;
        let assistant = lent
            .llm
            .map(|llm| lent.crm.assistant(llm).knowledge(lent.knowledge).build());
        Ok(Self {
            whatsapp,
            web_chat: lent.crm.web_chat(lent.keys.web_chat.clone()),
            google,
            calendar,
            assistant,
            sealer: lent.keys.sealer.clone(),
            listeners: Places::of_callers(LISTENERS),
            lines: Places::new(LINES, OF_ADDRESS, LINES),
            waiting: Places::new(WAITING, OF_ADDRESS, OF_SESSION),
        })
    }
}

fn whatsapp(lent: &Lent<'_>) -> Result<WhatsApp, Error> {
    let settings = &lent.settings.whatsapp;
    let client = WhatsAppClient::builder()
        .base(&settings.graph_url)
        .version(&settings.graph_version)
        .clock(Arc::clone(lent.clock));
    // Another address was chosen by whoever runs the server: a proxy of its own, or a stand-in for tests.
    let client = match Url::parse(&settings.graph_url) {
        Ok(url) if settings.graph_url.trim_end_matches('/') != DEFAULT_BASE => {
            let host = url.host_str().unwrap_or_default().to_owned();
            client.egress(Egress::Any).media_hosts([host])
        }
        _ => client,
    };
    let client = client.build().map_err(wrong(
        "whatsapp.graph_url or whatsapp.graph_version cannot be used",
    ))?;
    let mut whatsapp = lent.crm.whatsapp(lent.keys.sealer.clone()).client(client);
    if let (Some(secret), Some(token)) = (&settings.app_secret, &settings.verify_token) {
        let mut app = MetaApp::new(&settings.app_id, secret.clone(), token.clone());
        if let Some(former) = &settings.former_app_secret {
            app = app.also(former.clone());
        }
        whatsapp = whatsapp.app(app);
    }
    whatsapp
        .files(lent.files.clone())
        .build()
        .map_err(wrong("the section whatsapp cannot be used"))
}

fn google(lent: &Lent<'_>) -> Result<Google, Error> {
    let settings = &lent.settings.google;
    let mut google = Google::builder().clock(Arc::clone(lent.clock));
    if let (Some(id), Some(secret)) = (&settings.client_id, &settings.client_secret) {
        let redirect = settings.redirect_url.clone();
        let redirect = redirect
            .or_else(|| below(lent.settings, CALLBACK))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Settings,
                    "google.redirect_url or server.public_url has to be set with google.client_id",
                )
            })?;
        let app = OAuthApp::new(id, secret.clone(), &redirect)
            .map_err(wrong("google.client_id or google.redirect_url cannot be used"))?;
        google = google.app(app);
    }
    google.build().map_err(wrong("the section google cannot be used"))
}

/// An address of this server as others reach it.
fn below(settings: &Settings, path: &str) -> Option<String> {
    let base = settings.server.public_url.as_deref()?;
    Some(format!("{}{path}", base.trim_end_matches('/')))
}

/// Google tells nobody without TLS.
fn notifications(settings: &Settings) -> Option<String> {
    let chosen = settings.google.notification_url.clone();
    chosen.or_else(|| below(settings, NOTIFICATIONS).filter(|url| url.starts_with("https://")))
}

fn wrong(what: &'static str) -> impl Fn(aurora_crm::Error) -> Error {
    move |source| Error::new(ErrorKind::Settings, what).caused_by(source)
}
