//! Which fields are blanked because of their name.
//!
//! Nothing in Aurora logs a secret; this is the net below, for what an application or a library hands to `tracing`.

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// Words that mark a secret wherever they stand in a name.
const WORDS: [&str; 15] = [
    "authorization",
    "bearer",
    "cookie",
    "cookies",
    "cvv",
    "jwt",
    "otp",
    "pin",
    "pwd",
    "secret",
    "secrets",
    "senha",
    "signature",
    "totp",
    "dsn",
];

/// Words so plain that they mark a secret also where they are grown together with others: `dbpassword`.
const WITHIN: [&str; 5] = ["apikey", "credential", "passphrase", "passwd", "password"];

/// Words that mark a secret unless the value is a number: `max_tokens = 100` counts something.
const TEXT_WORDS: [&str; 2] = ["token", "tokens"];

/// Words that mark a secret when `key` or `keys` follows them.
const KEYS: [&str; 8] = [
    "access",
    "api",
    "encryption",
    "master",
    "private",
    "secret",
    "signing",
    "webhook",
];

/// Whether a field of this name may hold a secret.
pub(super) fn is_secret(name: &str, is_number: bool) -> bool {
    let mut before = String::new();
    words(name).any(|word| {
        let is_key = matches!(word.as_str(), "key" | "keys") && KEYS.contains(&before.as_str());
        let found = is_key
            || WORDS.contains(&word.as_str())
            || WITHIN.iter().any(|within| word.contains(within))
            || (!is_number && TEXT_WORDS.contains(&word.as_str()));
        before = word;
        found
    })
}

/// The words of `api_key`, `x-api-key`, `http.request.header.cookie`, `accessToken`, `JWTSecret`, `token2`, in lower
/// case. A digit belongs to no word.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut rest = name.chars().peekable();
    std::iter::from_fn(move || {
        while rest.next_if(|character| !character.is_alphabetic()).is_some() {}
        let mut word = String::new();
        let mut was_lower = false;
        while let Some(character) =
            rest.next_if(|character| character.is_alphabetic() && !(was_lower && character.is_uppercase()))
        {
            was_lower = character.is_lowercase();
            word.extend(character.to_lowercase());
            let mut ahead = rest.clone();
            let begins_word =
                ahead.next().is_some_and(char::is_uppercase) && ahead.next().is_some_and(char::is_lowercase);
            if begins_word {
                break; // the last capital of `JWTSecret` is the first letter of its second word
            }
        }
        (!word.is_empty()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        let secret = [
            "password",
            "user.password",
            "newPassword",
            "PASSWORD",
            "authorization",
            "http.request.header.authorization",
            "api_key",
            "x-api-key",
            "apiKey",
            "apikey",
            "openai_api_key",
            "secret",
            "client_secret",
            "webhookSecret",
            "cookie",
            "set-cookie",
            "token",
            "access_token",
            "refreshToken",
            "private_key",
            "signing_key",
            "senha",
            "totp",
            "credentials",
            "password2",
            "dbpassword",
            "DBPassword",
            "JWTSecret",
            "APIKey",
            "token_2",
        ];
        for name in secret {
            assert!(is_secret(name, false), "{name}");
        }
        let plain = [
            "key",
            "cache_key",
            "monkey",
            "status",
            "request_id",
            "trace_id",
            "secretary",
            "tokenizer",
            "message",
            "spinning",
            "idempotency_key",
            "url",
            "code",
        ];
        for name in plain {
            assert!(!is_secret(name, false), "{name}");
        }
        assert!(!is_secret("gen_ai.usage.input_tokens", true));
        assert!(is_secret("tokens", false) && is_secret("pin", true));
    }
}
