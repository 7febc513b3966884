//! Mail in the making.

use std::net::IpAddr;
use std::time::Duration;

use aurora_core::secret::Secret;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, TlsParameters};

use super::Email;
use super::letters::Letters;
use super::smtp::{Connections, Protection, Server};
use crate::channels::settings::{Settings, settings};
use crate::error::Error;
use crate::template::Texts;

/// The most recipients of one channel.
const RECIPIENTS: usize = 1_000;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Begins in clear and is encrypted before anything is said, or given up (STARTTLS, RFC 3207); port 587.
    #[default]
    StartTls,
    /// Is encrypted from the first byte; port 465. The better way where the server has it (RFC 8314 §3.3).
    Tls,
    /// Is not encrypted: for a mail server on the same machine; port 25. Whoever can listen reads all mails, so
    /// credentials are refused unless the server's name is `localhost` or a loopback address.
    None,
}

impl Encryption {
    const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// Mail in the making; see [`Email::builder`].
#[derive(Debug)]
#[must_use = "mail begins with build()"]
pub struct EmailBuilder {
    host: String,
    port: Option<u16>,
    from: String,
    to: Vec<String>,
    encryption: Encryption,
    roots: Vec<String>,
    credentials: Option<(String, Secret)>,
    texts: Texts,
    settings: Settings,
}

settings!(
    EmailBuilder,
    "email",
    "30 s, from the connection to the server's last answer"
);

impl EmailBuilder {
    pub(super) fn new(host: String, from: String) -> Self {
        Self {
            host,
            port: None,
            from,
            to: Vec::new(),
            encryption: Encryption::StartTls,
            roots: Vec::new(),
            credentials: None,
            texts: Texts::new(),
            settings: Settings::new("email", Duration::from_secs(30)),
        }
    }

    /// One more recipient, `ana@example.com` or `Ana <ana@example.com>`; at least one, at most 1,000.
    pub fn to(mut self, recipient: impl Into<String>) -> Self {
        self.to.push(recipient.into());
        self
    }

    /// How the connection is protected; default [`Encryption::StartTls`].
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// The port of the server; default that of the [`Encryption`].
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// A further certificate authority to trust, in PEM: for servers inside a company. Those of Mozilla stay trusted.
    pub fn root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// The user and password at the server; default none. They are sent by `AUTH PLAIN` or `AUTH LOGIN`.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Titles and bodies of one's own; default the built-in ones.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Checks everything and makes the channel; nothing is connected yet.
    ///
    /// # Errors
    /// With every problem at once: a server name or an address that is none, no recipient or one that is there twice, a
    /// certificate that is none, credentials that would be sent in clear, a time limit out of range.
    pub fn build(self) -> Result<Email, Error> {
        let mut details = Vec::new();
        let to = self.recipients(&mut details);
        let (name, texts) = (self.settings.name.clone(), self.texts.clone());
        let (from, connections) = self.way(details)?;
        Ok(Email {
            name,
            from,
            to,
            texts,
            connections,
        })
    }

    /// Checks everything and makes what posts letters; recipients and texts of this channel count for nothing. Nothing is
    /// connected yet.
    ///
    /// # Errors
    /// As [`EmailBuilder::build`], but for recipients.
    pub fn letters(self) -> Result<Letters, Error> {
        let (from, connections) = self.way(Vec::new())?;
        Ok(Letters::new(from, connections))
    }

    /// The sender and the way to the server.
    fn way(self, mut details: Vec<String>) -> Result<(Mailbox, Connections), Error> {
        let from = mailbox(&self.from, "sender", &mut details);
        let protection = self.protection(&mut details);
        self.check_rest(&mut details);
        self.settings.check(details)?;
        let (Some(from), Some(protection)) = (from, protection) else {
            return Err(Error::invalid(
                self.settings.subject(),
                "sender or encryption is missing",
            ));
        };
        let server = Server {
            port: self.port.unwrap_or(self.encryption.port()),
            host: self.host,
            protection,
            credentials: self.credentials,
            egress: self.settings.egress,
            timeout: self.settings.timeout,
        };
        Ok((from, Connections::new(server, self.settings.clock)))
    }

    fn recipients(&self, details: &mut Vec<String>) -> Vec<Mailbox> {
        let mut to: Vec<Mailbox> = Vec::new();
        for (index, recipient) in self.to.iter().enumerate() {
            let what = format!("recipient {}", index + 1);
            let Some(mailbox) = mailbox(recipient, &what, details) else {
                continue;
            };
            if to.iter().any(|known| known.email == mailbox.email) {
                details.push(format!("{what} is there twice"));
            }
            to.push(mailbox);
        }
        if !(1..=RECIPIENTS).contains(&self.to.len()) {
            details.push(format!("there must be 1 to {RECIPIENTS} recipients"));
        }
        to
    }

    fn protection(&self, details: &mut Vec<String>) -> Option<Protection> {
        let mut tls = TlsParameters::builder(self.host.clone());
        for root in &self.roots {
            let parsed = Certificate::from_pem(root.as_bytes()).ok();
            match parsed.filter(|_| root.contains("-----BEGIN CERTIFICATE-----")) {
                Some(root) => tls = tls.add_root_certificate(root),
                None => details.push("root certificate must be PEM".to_owned()),
            }
        }
        if self.encryption == Encryption::None {
            if self.credentials.is_some() && !is_this_machine(&self.host) {
                details.push("credentials are not sent to another machine without encryption".to_owned());
            }
            return Some(Protection::None);
        }
        match (tls.build(), self.encryption) {
            (Ok(tls), Encryption::Tls) => Some(Protection::Tls(tls)),
            (Ok(tls), _) => Some(Protection::StartTls(tls)),
            (Err(_), _) => {
                details.push("encryption cannot be set up with these certificates".to_owned());
                None
            }
        }
    }

    fn check_rest(&self, details: &mut Vec<String>) {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
        if !(1..=253).contains(&self.host.len()) || !self.host.bytes().all(is_name) {
            details.push("server must be a name or an address, without a scheme or port".to_owned());
        }
        if self.port == Some(0) {
            details.push("port must be 1 to 65535".to_owned());
        }
        let timeout = self.settings.timeout;
        if timeout.is_zero() || timeout > Duration::from_secs(600) {
            details.push("timeout must be above zero and at most 600 s".to_owned());
        }
        if let Some((user, password)) = &self.credentials {
            let has_control = |text: &str| text.is_empty() || text.contains(['\0', '\r', '\n']);
            if has_control(user) || has_control(password.expose()) {
                details.push("user and password must not be empty or have line breaks".to_owned());
            }
        }
    }
}

/// An address that every mail server understands, with or without a name.
pub(super) fn mailbox(text: &str, what: &str, details: &mut Vec<String>) -> Option<Mailbox> {
    let mailbox = text.parse::<Mailbox>().ok().filter(|mailbox| {
        let address: &str = mailbox.email.as_ref();
        let has_name = mailbox.name.as_deref().unwrap_or_default();
        // Outside ASCII the server would have to offer SMTPUTF8 (RFC 6531), and few recipients' servers do.
        address.is_ascii() && address.len() <= 254 && !has_name.chars().any(char::is_control)
    });
    if mailbox.is_none() {
        details.push(format!(
            "{what} must be an address like ana@example.com or Ana <ana@example.com>, in ASCII but for the name"
        ));
    }
    mailbox
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
