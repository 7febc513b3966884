//! The question by which Meta makes sure that an address belongs to whoever entered it.

use aurora_core::secret::Secret;

/// The query of the `GET` request that Meta sends when an address is entered. It carries no signature.
///
/// # Examples
/// ```
/// use aurora_crm::channels::whatsapp::webhook::Handshake;
///
/// let asked = Handshake { mode: Some("subscribe"), verify_token: Some("t0ken"), challenge: Some("1158201444") };
/// assert_eq!(asked.answer(&["t0ken".into()])?, "1158201444");
/// # Ok::<(), aurora_crm::channels::whatsapp::webhook::HandshakeRefused>(())
/// ```
#[derive(Clone, Copy)]
pub struct Handshake<'a> {
    /// `hub.mode`.
    pub mode: Option<&'a str>,
    /// `hub.verify_token`.
    pub verify_token: Option<&'a str>,
    /// `hub.challenge`.
    pub challenge: Option<&'a str>,
}

impl std::fmt::Debug for Handshake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// Why a handshake is not answered: 403 for the wrong token, 400 for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeRefused {
    /// A parameter is missing, the mode is another than `subscribe`, or the challenge could not be sent back.
    #[error("not a request to verify a webhook")]
    Malformed,
    /// The token is not one of ours.
    #[error("the verify token is not known")]
    WrongToken,
}

/// The longest challenge that is sent back; Meta's have 10 digits.
const MAX_CHALLENGE: usize = 256;

impl<'a> Handshake<'a> {
    /// What to answer with status 200, as plain text and exactly as it came. Each token is compared in constant time.
    ///
    /// # Errors
    /// [`HandshakeRefused`].
    pub fn answer(&self, tokens: &[Secret]) -> Result<&'a str, HandshakeRefused> {
        let (Some("subscribe"), Some(token), Some(challenge)) =
            (self.mode, self.verify_token, self.challenge)
        else {
            return Err(HandshakeRefused::Malformed);
        };
        // An answer in another's words could carry markup: a challenge is letters and digits.
        let is_plain = challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if challenge.is_empty() || challenge.len() > MAX_CHALLENGE || !is_plain {
            return Err(HandshakeRefused::Malformed);
        }
        // All are compared, so that the time does not tell which.
        let known = tokens.iter().fold(false, |known, ours| {
            known | (!ours.expose().is_empty() & ours.matches(token))
        });
        known.then_some(challenge).ok_or(HandshakeRefused::WrongToken)
    }
}
