//! What must hold between several settings.

use crate::config::narrowing::is_mail_address;
use crate::config::reader::Reader;
use crate::config::settings::{Environment, JwtAlgorithm};
use crate::secret::Secret;

/// Notes what does not fit together; a setting that is wrong by itself is left out, for that is noted already.
pub(in crate::config) fn check(reader: &mut Reader<'_>) {
    order(reader);
    cors(reader);
    tokens(reader);
    keys(reader);
    mail(reader);
    telegram(reader);
    library(reader);
    channels(reader);
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
    let is_production = reader.peek("environment") == Some(Environment::Production);
    if is_production && reader.peek("access.open") == Some(true) {
        reader.refuse(
            "access.open",
            "not allowed in production: whoever reaches the server could do everything",
        );
    }
    let needs_key = matches!(
        reader.peek("access.jwt_algorithm"),
        Some(JwtAlgorithm::EdDsa | JwtAlgorithm::Rs256)
    );
    if needs_key {
        reader.require("access.jwt_private_key", "access.jwt_algorithm EdDSA or RS256");
    }
}

/// What is made in a data folder is made anew in every other one.
fn keys(reader: &mut Reader<'_>) {
    if reader.peek("environment") != Some(Environment::Production) || !is_postgres(reader) {
        return;
    }
    let others = "production on PostgreSQL, the same on every server (`aurora setup --keys` prints new ones)";
    if reader.peek("access.jwt_algorithm") == Some(JwtAlgorithm::Hs256) {
        reader.require("access.jwt_secret", others);
    }
    reader.require("access.seal_keys", others);
}

fn is_postgres(reader: &Reader<'_>) -> bool {
    let database: Option<Secret> = reader.peek("database.url");
    database.is_some_and(|url| url.expose().starts_with("postgres"))
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

fn library(reader: &mut Reader<'_>) {
    if reader.is_set("files.s3_bucket") {
        reader.require("files.s3_access_key", "files.s3_bucket");
        reader.require("files.s3_secret_key", "files.s3_bucket");
    }
    // One that is made by itself and can never succeed is better told at the start than by every attempt.
    if reader.is_set("backup.every") && is_postgres(reader) {
        reader.require("backup.postgres_url", "backup.every on PostgreSQL");
    }
    let provider: Option<String> = reader.peek("knowledge.embedding_provider");
    let has_default = |name: &str| ["openai", "cohere", "gemini", "none"].contains(&name);
    if provider.is_some_and(|name| !has_default(&name)) {
        reader.require("knowledge.embedding_model", "this knowledge.embedding_provider");
    }
    if reader.is_set("knowledge.embedding_model") {
        reader.require("knowledge.embedding_provider", "knowledge.embedding_model");
        reader.require("knowledge.embedding_dimensions", "knowledge.embedding_model");
    }
}

/// What belongs together: a webhook that can be entered at Meta and checked, and an application that can show itself to Google.
fn channels(reader: &mut Reader<'_>) {
    for (one, other) in [
        ("whatsapp.app_secret", "whatsapp.verify_token"),
        ("google.client_id", "google.client_secret"),
    ] {
        if reader.is_set(one) {
            reader.require(other, one);
        }
        if reader.is_set(other) {
            reader.require(one, other);
        }
    }
}
