//! Letters to people: invitations, and links to choose a password. Links hold single-use tokens, so letters are kept in
//! memory alone; one that is lost with the process can be asked for again.

mod texts;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aurora_alerts::{DeliveryId, Letter, Letters};
use aurora_core::config::Settings;
use aurora_core::secret::Secret;
use aurora_core::time::Clock;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

pub(crate) use texts::Matter;

use crate::error::{Error, ErrorKind};
use crate::wiring::mail_server;

/// How many letters can wait.
const WAITING: usize = 1_000;

/// The page that a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// Makes the first administrator.
    Setup,
    /// Chooses another password.
    Reset,
    /// Chooses the first password of somebody who was invited to the installation.
    Invite,
    /// Accepts an invitation to a workspace.
    Join,
    /// Shows that mail to an address arrives.
    Verify,
}

impl Page {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Reset => "reset",
            Self::Invite => "invite",
            Self::Join => "join",
            Self::Verify => "verify",
        }
    }
}

/// What writes to people; a cheap handle.
#[derive(Clone)]
pub(crate) struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    /// `None` where no mail server is set.
    letters: Option<Letters>,
    queue: mpsc::Sender<Letter>,
    /// Taken by the job that posts.
    waiting: Mutex<Option<mpsc::Receiver<Letter>>>,
    closed: CancellationToken,
    /// The address of the settings, without a slash at its end.
    public: Option<String>,
    /// Where the settings want to listen.
    wanted: SocketAddr,
    bound: OnceLock<SocketAddr>,
    is_lack_told: AtomicBool,
}

impl Mail {
    /// Mail as the settings want it.
    ///
    /// # Errors
    /// `Settings` when the mail server cannot be used.
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, Error> {
        let host = settings.email.host.as_deref();
        let letters = host
            .map(|host| mail_server(&settings.email, host, clock).letters())
            .transpose()
            .map_err(|source| Error::new(ErrorKind::Settings, "mail cannot be set up").caused_by(source))?;
        let (queue, waiting) = mpsc::channel(WAITING);
        let public = settings.server.public_url.as_deref();
        Ok(Self {
            inner: Arc::new(Inner {
                clock: Arc::clone(clock),
                letters,
                queue,
                waiting: Mutex::new(Some(waiting)),
                closed: CancellationToken::new(),
                public: public.map(|url| url.trim_end_matches('/').to_owned()),
                wanted: SocketAddr::new(settings.server.host, settings.server.port),
                bound: OnceLock::new(),
                is_lack_told: AtomicBool::new(false),
            }),
        })
    }

    /// Whether a mail server is set.
    pub(crate) fn is_set(&self) -> bool {
        self.inner.letters.is_some()
    }

    /// Whether people reach this server by https.
    pub(crate) fn is_https(&self) -> bool {
        let public = self.inner.public.as_deref();
        public.is_some_and(|url| url.starts_with("https://"))
    }

    /// Takes the address of the listener for links, where the settings name none. The first one stays.
    pub(crate) fn listening(&self, address: SocketAddr) {
        self.inner.bound.get_or_init(|| address);
    }

    /// The address of a page with a token. Never taken from what a request says: its `Host` may be anybody's.
    pub(crate) fn link(&self, page: Page, token: &Secret) -> Secret {
        let base = match &self.inner.public {
            Some(public) => public.clone(),
            None => {
                let mut address = *self.inner.bound.get().unwrap_or(&self.inner.wanted);
                if address.ip().is_unspecified() {
                    address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
                }
                format!("http://{address}")
            }
        };
        Secret::new(format!("{base}/{}?token={}", page.as_str(), token.expose()))
    }

    /// Puts a letter in the queue, in the language of a BCP 47 tag; tells whether it is on its way. Without a mail server
    /// that is said in the log, once.
    pub(crate) fn write(&self, to: &str, language: &str, matter: &Matter<'_>, token: &Secret) -> bool {
        if !self.is_set() {
            if !self.inner.is_lack_told.swap(true, Ordering::Relaxed) {
                tracing::warn!("a letter could not be sent, because email.host names no mail server");
            }
            return false;
        }
        let now = self.inner.clock.now();
        let (subject, text) = texts::of(matter, language, &self.link(matter.page(), token));
        let letter = Letter {
            id: DeliveryId::new(now),
            to: to.to_owned(),
            subject,
            text,
            at: now,
        };
        match self.inner.queue.try_send(letter) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                tracing::error!("a letter was not sent, because {WAITING} wait already");
                false
            }
            Err(TrySendError::Closed(_)) => {
                tracing::error!("a letter was not sent, because the server has stopped");
                false
            }
        }
    }

    /// Nobody writes any more: no request is left that could.
    pub(crate) fn close(&self) {
        self.inner.closed.cancel();
    }

    /// Waits for [`Mail::close`].
    pub(crate) async fn closed(&self) {
        self.inner.closed.cancelled().await;
    }

    /// The letters that wait, for the one who posts them.
    pub(crate) fn waiting(&self) -> Option<mpsc::Receiver<Letter>> {
        let mut waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// What posts; `None` where no mail server is set.
    pub(crate) fn letters(&self) -> Option<&Letters> {
        self.inner.letters.as_ref()
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("is_set", &self.is_set())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::config::Loader;
    use aurora_core::time::SystemClock;

    use super::*;

    fn mail(settings: &[(&str, &str)]) -> Mail {
        let given = settings.iter().map(|(key, value)| (*key, (*value).to_owned()));
        let loaded = Loader::new().overrides(given).load().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Mail::new(loaded.settings(), &clock).unwrap()
    }

    #[test]
    fn links_name_the_address_of_the_settings_or_that_of_the_listener() {
        let link = |mail: &Mail| mail.link(Page::Reset, &"aur_reset_x".into()).expose().to_owned();
        let named = mail(&[("server.public_url", "https://aurora.example/")]);
        named.listening("127.0.0.1:9".parse().unwrap());
        assert_eq!(link(&named), "https://aurora.example/reset?token=aur_reset_x");
        assert!(named.is_https());
        let unnamed = mail(&[]);
        assert_eq!(link(&unnamed), "http://127.0.0.1:8080/reset?token=aur_reset_x");
        unnamed.listening("0.0.0.0:9".parse().unwrap());
        assert_eq!(link(&unnamed), "http://127.0.0.1:9/reset?token=aur_reset_x");
        assert!(!unnamed.is_https() && !unnamed.is_set());
        assert!(!unnamed.write("ana@example.com", "pt-BR", &Matter::Reset, &"t".into()));
    }
}
