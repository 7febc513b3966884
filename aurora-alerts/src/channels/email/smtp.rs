//! Connections to a mail server: kept for later, and used for one envelope at a time.
//!
//! lettre's own transport gives a status without saying what it answers; whether a 550 is about the recipient or about
//! the message decides whether the recipient is ever written to again. So the commands are given one by one here.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::http::{Egress, is_public};
use aurora_core::secret::Secret;
use aurora_core::time::Clock;
use futures::future::{Either, select};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;

use super::lines::Lines;
use super::reply::{self, Stage};
use crate::notifier::{NotifyError, NotifyErrorKind};

/// The most connections that are kept while nobody writes.
const KEPT: usize = 4;
/// How long a connection is kept; servers close one after some minutes (RFC 5321 §4.5.3.2.7).
const KEPT_FOR: Duration = Duration::from_secs(60);

/// How the way to the server is protected, with what that takes.
#[derive(Clone)]
pub(super) enum Protection {
    StartTls(TlsParameters),
    Tls(TlsParameters),
    None,
}

/// A mail server and how to come to it.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<(String, Secret)>,
    pub(super) egress: Egress,
    pub(super) timeout: Duration,
}

/// The connections to a server.
pub(super) struct Connections {
    server: Server,
    clock: Arc<dyn Clock>,
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: AsyncSmtpConnection,
    since: Duration,
}

impl Connections {
    pub(super) fn new(server: Server, clock: Arc<dyn Clock>) -> Self {
        Self {
            server,
            clock,
            kept: Mutex::new(Vec::new()),
        }
    }

    /// Hands one mail for one recipient to the server; gives what the server called it.
    ///
    /// Dropping the future closes the connection.
    pub(super) async fn deliver(
        &self,
        from: &Address,
        to: &Address,
        mail: &[u8],
    ) -> Result<Option<String>, NotifyError> {
        let exchange = Box::pin(self.exchange(from, to, mail));
        match select(exchange, self.clock.sleep(self.server.timeout)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(NotifyError::new(
                NotifyErrorKind::Timeout,
                "the mail server took too long; the mail may have been sent",
            )),
        }
    }

    async fn exchange(
        &self,
        from: &Address,
        to: &Address,
        mail: &[u8],
    ) -> Result<Option<String>, NotifyError> {
        let mut connection = match self.take().await {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        let result = converse(&mut connection, from, to, mail).await;
        match &result {
            Ok(_) => self.keep(connection),
            // After a refusal the connection is as good as before, except where the server ends it.
            Err((_, Some(code))) if *code != 421 && connection.command(Rset).await.is_ok() => {
                self.keep(connection);
            }
            Err(_) => drop(connection),
        }
        result
            .map(|response| response.first_line().and_then(reply::queue_name))
            .map_err(|(error, _)| error)
    }

    /// A kept connection that still works.
    async fn take(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let now = self.clock.elapsed();
                kept.retain(|kept| now.saturating_sub(kept.since) < KEPT_FOR);
                kept.pop()?.connection
            };
            if connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(Kept {
                connection,
                since: self.clock.elapsed(),
            });
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Server {
    /// A connection that is encrypted and authenticated as asked for.
    async fn connect(&self) -> Result<AsyncSmtpConnection, NotifyError> {
        let hello = ClientId::default();
        let mut connection = self.greet(&hello).await?;
        if let Protection::StartTls(tls) = &self.protection {
            if !connection.can_starttls() {
                return Err(NotifyError::new(
                    NotifyErrorKind::Server,
                    "the mail server offers no encryption (STARTTLS); nothing was sent",
                ));
            }
            connection
                .starttls(tls.clone(), &hello)
                .await
                .map_err(|error| reply::error(Stage::Connection, &error).0)?;
        }
        if !matches!(self.protection, Protection::None) && !connection.is_encrypted() {
            return Err(NotifyError::new(
                NotifyErrorKind::Server,
                "the connection to the mail server is not encrypted; nothing was sent",
            ));
        }
        if let Some((user, password)) = &self.credentials {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection
                .auth(DEFAULT_MECHANISMS, &credentials)
                .await
                .map_err(|error| reply::error(Stage::Credentials, &error).0)?;
        }
        Ok(connection)
    }

    /// A connection on which both sides have said who they are.
    async fn greet(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, NotifyError> {
        let addresses = self.addresses().await?;
        let greeted = if let Protection::Tls(tls) = &self.protection {
            let (limit, tls) = (Some(self.timeout), Some(tls.clone()));
            AsyncSmtpConnection::connect_tokio1(addresses.as_slice(), limit, hello, tls, None).await
        } else {
            let Ok(stream) = TcpStream::connect(addresses.as_slice()).await else {
                let detail = "the mail server cannot be reached";
                return Err(NotifyError::new(NotifyErrorKind::Server, detail));
            };
            AsyncSmtpConnection::connect_with_transport(Box::new(Lines(stream)), hello).await
        };
        greeted.map_err(|error| reply::error(Stage::Connection, &error).0)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, NotifyError> {
        // The text of the error would name the host.
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut addresses: Vec<_> = match found {
            Ok(found) => found.collect(),
            Err(_) => {
                let detail = "the name of the mail server leads nowhere";
                return Err(NotifyError::new(NotifyErrorKind::Server, detail));
            }
        };
        if self.egress == Egress::PublicOnly {
            addresses.retain(|address| is_public(address.ip()));
            if addresses.is_empty() {
                let detail = "the mail server is at no public address";
                return Err(NotifyError::new(NotifyErrorKind::Client, detail));
            }
        }
        Ok(addresses)
    }
}

/// The commands for one envelope; an error comes with the status that the server gave, if it gave one.
async fn converse(
    connection: &mut AsyncSmtpConnection,
    from: &Address,
    to: &Address,
    mail: &[u8],
) -> Result<Response, (NotifyError, Option<u16>)> {
    connection
        .command(Mail::new(Some(from.clone()), Vec::new()))
        .await
        .map_err(|error| reply::error(Stage::Sender, &error))?;
    connection
        .command(Rcpt::new(to.clone(), Vec::new()))
        .await
        .map_err(|error| reply::error(Stage::Recipient, &error))?;
    connection
        .command(Data)
        .await
        .map_err(|error| reply::error(Stage::Message, &error))?;
    connection
        .message(mail)
        .await
        .map_err(|error| reply::error(Stage::Content, &error))
}
