//! What Meta's error codes mean for whoever sends.

use std::time::Duration;

/// What to do about an error, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Something at Meta's end: send again, later and later.
    Retry,
    /// Too many messages to this person: send again after at least 6 s. Others can be written to meanwhile.
    WaitForPair,
    /// Too many messages from this number or account: send again, later and later; everything else from it waits too.
    WaitForNumber,
    /// The person wrote nothing for 24 hours: send a template instead.
    UseTemplate,
    /// This message cannot be sent, now or later; others can.
    Stop,
    /// Nothing can be sent until somebody has seen to the account: its token, its rights, its payment, a block.
    Account,
}

/// The least time between two messages to one person from one number.
pub(super) const PAIR_PAUSE: Duration = Duration::from_secs(6);

/// What a code means, where the error is not marked as passing. A code that is not known stops its message: Meta says to
/// build on codes, and sending again what Meta refuses harms the number's standing.
///
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>, November 2026.
#[must_use]
pub const fn advice(code: i64) -> Advice {
    match code {
        // 1 "unknown, possibly a temporary issue", 2 "service temporarily unavailable", 131000 something went wrong,
        // 131016 service unavailable, 131057 maintenance, 133004 server unavailable, 135000 and 139103 internal.
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 | 139_103 => Advice::Retry,
        131_056 => Advice::WaitForPair,
        // 4 calls of the app, 17 and 613 calls, 32 and 80007 of the account, 130429 throughput, 131048 spam, 131064 limit of
        // messaging, 133016 registration, 131208 groups.
        4 | 17 | 32 | 613 | 80_007 | 130_429 | 131_048 | 131_064 | 131_208 | 133_016 => Advice::WaitForNumber,
        131_047 => Advice::UseTemplate,
        // 0 and 190 token, 3 and 10 and 200-299 rights, 102 and 104 session and proof, 368 and 131031 blocked, 131005 access
        // denied, 131037 name not approved, 131042 and 131044 payment, 131045 registration or certificate, 133000-133015 the number is not registered or its PIN is wrong, 134xxx and 141xxx onboarding.
        0
        | 3
        | 10
        | 102
        | 104
        | 190
        | 200..=299
        | 368
        | 131_005
        | 131_031
        | 131_037
        | 131_042
        | 131_044
        | 131_045
        | 133_000..=133_003
        | 133_005..=133_015
        | 134_011
        | 141_000..=141_010 => Advice::Account,
        // Of the message or the person: 33 and 100 parameters, 130472 experiment, 130497 country, 131008 and 131009 parameters,
        // 131021 same number, 131026 undeliverable, 131030 not on the list of a test number, 131049 kept from too much
        // marketing, 131050 stopped marketing, 131051 kind, 131052 and 131053 files, 131062 user id not possible, 131063 marketing switched off, 132xxx
        // templates and flows, 135000 parameters, 137000 identity, 138xxx calls, 139xxx, 147xxx, and what is not known.
        _ => Advice::Stop,
    }
}

impl Advice {
    /// Whether the same message can be sent later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Retry | Self::WaitForPair | Self::WaitForNumber)
    }

    /// A short name, for metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::WaitForPair => "wait_for_pair",
            Self::WaitForNumber => "wait_for_number",
            Self::UseTemplate => "use_template",
            Self::Stop => "stop",
            Self::Account => "account",
        }
    }
}
