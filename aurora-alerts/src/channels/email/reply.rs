//! What a mail server's refusal means for a delivery.

use lettre::transport::smtp::Error;

use crate::notifier::{NotifyError, NotifyErrorKind, Scope};

/// What the server was asked when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The connection, its greeting and its encryption.
    Connection,
    /// Our user and password.
    Credentials,
    /// The sender of the envelope.
    Sender,
    /// The recipient of the envelope.
    Recipient,
    /// Whether a message may come.
    Message,
    /// The message itself; without an answer it is not known whether it was taken.
    Content,
}

/// The error for a command that failed, with the server's status if it gave one.
///
/// The server's text is left out, for it repeats addresses; its status and its enhanced status (RFC 3463) are kept.
pub(super) fn error(stage: Stage, error: &Error) -> (NotifyError, Option<u16>) {
    let Some(status) = error.status() else {
        return (without_status(stage, error), None);
    };
    let status = u16::from(status);
    let text = std::error::Error::source(error).map(ToString::to_string);
    let enhanced = text.as_deref().and_then(enhanced);
    let (kind, scope, what) = judge(stage, status, enhanced);
    let shown = enhanced.map_or(String::new(), |[class, subject, detail]| {
        format!(" {class}.{subject}.{detail}")
    });
    let error = NotifyError::new(kind, format!("status {status}{shown}: {what}")).with_scope(scope);
    (error, Some(status))
}

/// What is known of a command that brought no status.
fn without_status(stage: Stage, error: &Error) -> NotifyError {
    let (kind, what) = match stage {
        Stage::Content => (
            NotifyErrorKind::Timeout,
            "the connection broke after the mail was sent; it may have arrived",
        ),
        Stage::Credentials if error.is_client() => (
            NotifyErrorKind::Auth,
            "the mail server offers no way to log in that is supported",
        ),
        Stage::Connection if error.is_tls() => {
            (NotifyErrorKind::Server, "the connection could not be encrypted")
        }
        Stage::Connection => (
            NotifyErrorKind::Server,
            "no trusted connection to the mail server came about",
        ),
        _ => (NotifyErrorKind::Server, "the connection to the mail server broke"),
    };
    NotifyError::new(kind, what)
}

/// The table of statuses (RFC 5321 §4.2, RFC 4954 §6, RFC 3463 §3).
///
/// | status | kind | about |
/// | --- | --- | --- |
/// | 4xx with an enhanced status x.7.x, 452 | rate limited | the recipient at `RCPT`, else the channel |
/// | other 4xx | server | the recipient at `RCPT`, else the channel |
/// | 530, 534, 535, 538, and any 5xx to a login | auth | the channel |
/// | 550, 551, 553 at `RCPT`, unless x.2.2 (full), x.7.x (policy) | gone | the recipient |
/// | other 5xx | client | the recipient at `RCPT`, else the channel |
fn judge(stage: Stage, status: u16, enhanced: Option<[u16; 3]>) -> (NotifyErrorKind, Scope, &'static str) {
    let scope = match stage {
        Stage::Recipient => Scope::Target,
        _ => Scope::Channel,
    };
    let is_policy = matches!(enhanced, Some([_, 7, _]));
    let is_full = matches!(enhanced, Some([_, 2, 2]));
    match (stage, status) {
        (_, 530 | 534 | 535 | 538) | (Stage::Credentials, 500..) => {
            (NotifyErrorKind::Auth, Scope::Channel, "access refused")
        }
        (_, 452) => (NotifyErrorKind::RateLimited, scope, "too many mails for now"),
        (_, 400..=499) if is_policy => (NotifyErrorKind::RateLimited, scope, "not now"),
        (_, 400..=499) => (NotifyErrorKind::Server, scope, "the mail server failed for now"),
        (Stage::Recipient, 550 | 551 | 553) if !is_policy && !is_full => {
            (NotifyErrorKind::Gone, scope, "the recipient does not exist")
        }
        (Stage::Recipient, _) => (NotifyErrorKind::Client, scope, "the recipient was refused"),
        _ => (NotifyErrorKind::Client, scope, "the mail was refused"),
    }
}

/// The enhanced status at the beginning of a reply: `5.1.1`.
fn enhanced(text: &str) -> Option<[u16; 3]> {
    let mut parts = text.split_whitespace().next()?.split('.');
    let mut next = || parts.next()?.parse::<u16>().ok().filter(|part| *part < 1_000);
    let status = [next()?, next()?, next()?];
    (parts.next().is_none() && matches!(status, [2 | 4 | 5, ..])).then_some(status)
}

/// What the server calls the mail, where its answer names it as the common servers do: `queued as 4F1A2`.
pub(super) fn queue_name(line: &str) -> Option<String> {
    let (_, name) = line.split_once("queued as ")?;
    let name: String = name
        .chars()
        .take_while(|character| character.is_ascii_alphanumeric() || "-_.".contains(*character))
        .take(100)
        .collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_the_kinds_of_the_table() {
        use NotifyErrorKind::{Auth, Client, Gone, RateLimited, Server};
        let table = [
            (Stage::Connection, 421, None, Server, Scope::Channel),
            (
                Stage::Connection,
                421,
                Some([4, 7, 0]),
                RateLimited,
                Scope::Channel,
            ),
            (Stage::Connection, 554, None, Client, Scope::Channel),
            (Stage::Credentials, 454, None, Server, Scope::Channel),
            (Stage::Credentials, 535, Some([5, 7, 8]), Auth, Scope::Channel),
            (Stage::Credentials, 504, None, Auth, Scope::Channel),
            (Stage::Sender, 530, None, Auth, Scope::Channel),
            (Stage::Sender, 550, None, Client, Scope::Channel),
            (Stage::Recipient, 450, None, Server, Scope::Target),
            (Stage::Recipient, 450, Some([4, 7, 1]), RateLimited, Scope::Target),
            (Stage::Recipient, 452, None, RateLimited, Scope::Target),
            (Stage::Recipient, 550, Some([5, 1, 1]), Gone, Scope::Target),
            (Stage::Recipient, 551, None, Gone, Scope::Target),
            (Stage::Recipient, 553, None, Gone, Scope::Target),
            (Stage::Recipient, 550, Some([5, 2, 2]), Client, Scope::Target),
            (Stage::Recipient, 550, Some([5, 7, 1]), Client, Scope::Target),
            (Stage::Recipient, 552, None, Client, Scope::Target),
            (Stage::Message, 451, None, Server, Scope::Channel),
            (Stage::Content, 550, None, Client, Scope::Channel),
            (Stage::Content, 554, Some([5, 6, 0]), Client, Scope::Channel),
        ];
        for (stage, status, enhanced, kind, scope) in table {
            let judged = judge(stage, status, enhanced);
            assert_eq!(
                (judged.0, judged.1),
                (kind, scope),
                "{stage:?} {status} {enhanced:?}"
            );
        }
    }

    #[test]
    fn enhanced_statuses_and_queue_names_are_read_and_nothing_else() {
        assert_eq!(enhanced("5.1.1 <a@b> unknown"), Some([5, 1, 1]));
        for other in [
            "",
            "unknown user",
            "5.1",
            "5.1.1.1",
            "1.2.3",
            "5.1.x",
            "5.99999.1",
        ] {
            assert_eq!(enhanced(other), None, "{other}");
        }
        assert_eq!(queue_name("2.0.0 Ok: queued as 4F1A2"), Some("4F1A2".to_owned()));
        assert_eq!(queue_name("2.0.0 Ok: queued as <a@b>"), None);
        assert_eq!(queue_name("OK"), None);
    }
}
