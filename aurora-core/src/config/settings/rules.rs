//! What must hold between several settings.

use crate::config::narrowing::is_mail_address;
use crate::config::reader::Reader;
use crate::config::settings::JwtAlgorithm;
use crate::secret::Secret;

/// Notes what does not fit together; a setting that is wrong by itself is left out, for that is noted already.
pub(in crate::config) fn check(reader: &mut Reader<'_>) {
    order(reader);
    cors(reader);
    tokens(reader);
    mail(reader);
    telegram(reader);
}

/// The order can name only providers that exist.
fn order(reader: &mut Reader<'_>) {
    let mut known = reader.names_below("llm.openai_compatible.");
    let built_in = ["openai", "anthropic", "cohere", "gemini", "ollama", "huggingface"];
    known.extend(built_in.map(str::to_owned));
    let order: Vec<String> = reader.peek("llm.order").unwrap_or_default();
    for name in order.iter().filter(|name| !known.contains(*name)) {
        let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        reader.refuse(
            "llm.order",
            format!("found {name:?}, which is no provider; allowed are {known}"),
        );
    }
}

/// A page of anybody's could act with the cookies of whoever looks at it.
fn cors(reader: &mut Reader<'_>) {
    let origins: Vec<String> = reader.peek("server.cors_origins").unwrap_or_default();
    if origins.iter().any(|origin| origin == "*") && reader.peek("server.cors_credentials") == Some(true) {
        reader.refuse(
            "server.cors_credentials",
            "not allowed together with * in server.cors_origins; name the origins, or leave cookies out",
        );
    }
}

fn tokens(reader: &mut Reader<'_>) {
    let needs_key = matches!(
        reader.peek("access.jwt_algorithm"),
        Some(JwtAlgorithm::EdDsa | JwtAlgorithm::Rs256)
    );
    if needs_key {
        reader.require("access.jwt_private_key", "access.jwt_algorithm EdDSA or RS256");
    }
}

fn mail(reader: &mut Reader<'_>) {
    let username: Option<String> = reader.peek("email.username");
    if reader.is_set("email.host") && !username.as_deref().is_some_and(is_mail_address) {
        reader.require("email.from", "email.host, unless email.username is an address");
    }
    if reader.is_set("email.username") {
        reader.require("email.password", "email.username");
    }
    if reader.is_set("email.password") {
        reader.require("email.username", "email.password");
    }
}

fn telegram(reader: &mut Reader<'_>) {
    let chats: Option<Vec<String>> = reader.peek("telegram.chat_ids");
    if reader.peek::<Secret>("telegram.bot_token").is_some() && chats.is_some_and(|chats| chats.is_empty()) {
        reader.refuse("telegram.chat_ids", "required with telegram.bot_token");
    }
}
