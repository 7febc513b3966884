//! Every variable that is documented, by name, apart from the table that the program is made of.

use std::time::Duration;

use super::*;

pub(super) const LONG: &str = "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg==";

pub(super) struct Row {
    pub(super) variable: &'static str,
    pub(super) value: &'static str,
    pub(super) holds: fn(&Settings) -> bool,
    /// A value that is not allowed; a secret that can be any text has none.
    pub(super) wrong: Option<&'static str>,
}

const fn row(
    variable: &'static str,
    value: &'static str,
    holds: fn(&Settings) -> bool,
    wrong: Option<&'static str>,
) -> Row {
    Row {
        variable,
        value,
        holds,
        wrong,
    }
}

pub(super) fn is(secret: &Option<crate::secret::Secret>, text: &str) -> bool {
    secret.as_ref().is_some_and(|secret| secret.expose() == text)
}

/// The names of the seed documents and of the vendors.
pub(super) const DOCUMENTED: &[Row] = &[
    row(
        "DATABASE_URL",
        "postgresql://user:pass@localhost:5432/dbname",
        |s| is(&s.database.url, "postgresql://user:pass@localhost:5432/dbname"),
        Some("mysql://h/d"),
    ),
    row(
        "DATABASE_OWNER_URL",
        "postgresql://owner:pass@localhost:5432/dbname",
        |s| {
            is(
                &s.database.owner_url,
                "postgresql://owner:pass@localhost:5432/dbname",
            )
        },
        Some("mysql://h/d"),
    ),
    row(
        "AURORA_SEAL_KEYS",
        "first=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        |s| {
            is(
                &s.access.seal_keys,
                "first=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            )
        },
        None,
    ),
    row(
        "DATABASE_BACKUP_URL",
        "postgresql://backup:pass@localhost:5432/dbname",
        |s| {
            is(
                &s.backup.postgres_url,
                "postgresql://backup:pass@localhost:5432/dbname",
            )
        },
        Some("mysql://h/d"),
    ),
    row(
        "REDIS_URL",
        "redis://localhost:6379/1",
        |s| is(&s.redis.url, "redis://localhost:6379/1"),
        Some("http://h"),
    ),
    row(
        "JWT_SECRET",
        LONG,
        |s| is(&s.access.jwt_secret, LONG),
        Some("your-secret-key"),
    ),
    row(
        "JWT_SECRET_KEY",
        LONG,
        |s| is(&s.access.jwt_secret, LONG),
        Some("your-super-secret-key"),
    ),
    row(
        "SECRET_KEY",
        LONG,
        |s| is(&s.access.jwt_secret, LONG),
        Some("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ),
    row(
        "JWT_EXPIRATION",
        "3600",
        |s| s.access.token_life == Duration::from_secs(3600),
        Some("3601"),
    ),
    row(
        "ACCESS_TOKEN_EXPIRE_MINUTES",
        "30",
        |s| s.access.token_life == Duration::from_secs(1800),
        Some("1h"),
    ),
    row(
        "ALGORITHM",
        "HS256",
        |s| s.access.jwt_algorithm == JwtAlgorithm::Hs256,
        Some("none"),
    ),
    row(
        "JWT_ALGORITHM",
        "hs256",
        |s| s.access.jwt_algorithm == JwtAlgorithm::Hs256,
        Some("HS512"),
    ),
    row(
        "OPENAI_API_KEY",
        "0071234",
        |s| is(&s.llm.openai_api_key, "0071234"),
        Some("sk 1"),
    ),
    row(
        "ANTHROPIC_API_KEY",
        "sk-ant-1",
        |s| is(&s.llm.anthropic_api_key, "sk-ant-1"),
        Some("sk\n1"),
    ),
    row(
        "COHERE_API_KEY",
        "co-1",
        |s| is(&s.llm.cohere_api_key, "co-1"),
        Some("ç"),
    ),
    row(
        "CO_API_KEY",
        "co-2",
        |s| is(&s.llm.cohere_api_key, "co-2"),
        Some("a b"),
    ),
    row(
        "GOOGLE_API_KEY",
        "g-1",
        |s| is(&s.llm.gemini_api_key, "g-1"),
        Some("a b"),
    ),
    row(
        "GEMINI_API_KEY",
        "g-2",
        |s| is(&s.llm.gemini_api_key, "g-2"),
        Some("a b"),
    ),
    row(
        "HF_TOKEN",
        "hf_1",
        |s| is(&s.llm.huggingface_api_key, "hf_1"),
        Some("a b"),
    ),
    row(
        "OPENAI_BASE_URL",
        "http://127.0.0.1:9/v1",
        |s| s.llm.openai_base_url == "http://127.0.0.1:9/v1",
        Some("api.openai.com"),
    ),
    row(
        "ANTHROPIC_BASE_URL",
        "https://a.example",
        |s| s.llm.anthropic_base_url == "https://a.example",
        Some("ftp://a"),
    ),
    row(
        "OLLAMA_HOST",
        "gpu.local:11500",
        |s| s.llm.ollama_base_url.as_deref() == Some("http://gpu.local:11500"),
        Some("h:port"),
    ),
    row(
        "CNPJA_PAID_URL",
        "https://p.example",
        |s| s.cnpj.paid_url == "https://p.example",
        Some("p.example"),
    ),
    row(
        "CNPJA_FREE_URL",
        "https://f.example",
        |s| s.cnpj.free_url == "https://f.example",
        Some("https://"),
    ),
    row(
        "CNPJA_PRIMARY_KEY",
        "k-1",
        |s| is(&s.cnpj.primary_key, "k-1"),
        Some("a b"),
    ),
    row(
        "CNPJA_SECONDARY_KEY",
        "k-2",
        |s| is(&s.cnpj.secondary_key, "k-2"),
        Some("a b"),
    ),
    row(
        "CNPJA_AUTH_TYPE",
        "bearer",
        |s| s.cnpj.auth_type == CnpjAuth::Bearer,
        Some("basic"),
    ),
    row(
        "WHATSAPP_APP_ID",
        "1234567890",
        |s| s.whatsapp.app_id == "1234567890",
        None,
    ),
    row(
        "WHATSAPP_APP_SECRET",
        "a-secret",
        |s| is(&s.whatsapp.app_secret, "a-secret"),
        Some("a b"),
    ),
    row(
        "WHATSAPP_FORMER_APP_SECRET",
        "an-old-secret",
        |s| is(&s.whatsapp.former_app_secret, "an-old-secret"),
        Some("a b"),
    ),
    row(
        "WHATSAPP_VERIFY_TOKEN",
        "a-word",
        |s| is(&s.whatsapp.verify_token, "a-word"),
        Some("a b"),
    ),
    row(
        "WHATSAPP_GRAPH_URL",
        "https://g.example",
        |s| s.whatsapp.graph_url == "https://g.example",
        Some("g.example"),
    ),
    row(
        "WHATSAPP_GRAPH_VERSION",
        "v27.0",
        |s| s.whatsapp.graph_version == "v27.0",
        None,
    ),
    row(
        "GOOGLE_CLIENT_ID",
        "1234.apps.googleusercontent.com",
        |s| s.google.client_id.as_deref() == Some("1234.apps.googleusercontent.com"),
        None,
    ),
    row(
        "GOOGLE_CLIENT_SECRET",
        "g-secret",
        |s| is(&s.google.client_secret, "g-secret"),
        Some("a b"),
    ),
    row(
        "GOOGLE_REDIRECT_URL",
        "https://a.example/back",
        |s| s.google.redirect_url.as_deref() == Some("https://a.example/back"),
        Some("a.example"),
    ),
    row(
        "GOOGLE_NOTIFICATION_URL",
        "https://a.example/told",
        |s| s.google.notification_url.as_deref() == Some("https://a.example/told"),
        Some("a.example"),
    ),
    row(
        "SMTP_SERVER",
        "smtp.gmail.com",
        |s| s.email.host.as_deref() == Some("smtp.gmail.com"),
        Some("smtp://h"),
    ),
    row(
        "SMTP_HOST",
        "10.0.0.1",
        |s| s.email.host.as_deref() == Some("10.0.0.1"),
        Some("h:25"),
    ),
    row(
        "SMTP_PORT",
        "465",
        |s| s.email.port == 465 && s.email.encryption() == MailEncryption::Tls,
        Some("0"),
    ),
    row(
        "SMTP_ENCRYPTION",
        "none",
        |s| s.email.encryption() == MailEncryption::None,
        Some("maybe"),
    ),
    row(
        "SMTP_USERNAME",
        "u@example.com",
        |s| s.email.username.as_deref() == Some("u@example.com"),
        None,
    ),
    row(
        "SMTP_USER",
        "u",
        |s| s.email.username.as_deref() == Some("u"),
        None,
    ),
    row(
        "SMTP_PASSWORD",
        "sua senha app",
        |s| is(&s.email.password, "sua senha app"),
        None,
    ),
    row(
        "SMTP_TO",
        "a@example.com, b@example.com",
        |s| s.email.to == ["a@example.com", "b@example.com"],
        Some("a"),
    ),
    row(
        "SMTP_FROM",
        "A <a@example.com>",
        |s| s.email.from.as_deref() == Some("A <a@example.com>"),
        Some("a@b@c"),
    ),
    row(
        "FROM_EMAIL",
        "noreply@example.com",
        |s| s.email.from.as_deref() == Some("noreply@example.com"),
        Some("noreply"),
    ),
    row(
        "SLACK_WEBHOOK_URL",
        "https://hooks.slack.com/services/x",
        |s| is(&s.slack.webhook_url, "https://hooks.slack.com/services/x"),
        Some("hooks.slack.com"),
    ),
    row(
        "DISCORD_WEBHOOK_URL",
        "https://discord.com/api/webhooks/x",
        |s| is(&s.discord.webhook_url, "https://discord.com/api/webhooks/x"),
        Some("discord"),
    ),
    row(
        "TELEGRAM_BOT_TOKEN",
        "1234567890:ABCdefGHIjklMNOpqrsTUVwxyz",
        |s| is(&s.telegram.bot_token, "1234567890:ABCdefGHIjklMNOpqrsTUVwxyz"),
        Some("bot"),
    ),
    row(
        "TELEGRAM_CHAT_ID",
        "123456789,-1001,@ops",
        |s| s.telegram.chat_ids == ["123456789", "-1001", "@ops"],
        Some("ops"),
    ),
    row(
        "PAGERDUTY_ROUTING_KEY",
        "R0123456789abcdefghijklmnopqrstu",
        |s| is(&s.pagerduty.routing_key, "R0123456789abcdefghijklmnopqrstu"),
        Some("R0123456789abcdefghijklmnopqrst"),
    ),
    row(
        "OPSGENIE_API_KEY",
        "eb243592-faa2-4ba2-a551-1afdf565c889",
        |s| is(&s.opsgenie.api_key, "eb243592-faa2-4ba2-a551-1afdf565c889"),
        Some("a b"),
    ),
    row(
        "TEAMS_WEBHOOK_URL",
        "https://example.westus.logic.azure.com/workflows/x",
        |s| {
            is(
                &s.teams.webhook_url,
                "https://example.westus.logic.azure.com/workflows/x",
            )
        },
        Some("teams"),
    ),
    row(
        "ALERTS_FILE",
        "alerts.yaml",
        |s| s.alerts.file.as_deref() == Some("alerts.yaml".as_ref()),
        None,
    ),
    row(
        "DASHBOARD_HOST",
        "0.0.0.0",
        |s| s.server.host.is_unspecified(),
        Some("example.com"),
    ),
    row("DASHBOARD_PORT", "8080", |s| s.server.port == 8080, Some("65536")),
    row(
        "DASHBOARD_SECRET_KEY",
        LONG,
        |s| is(&s.server.session_secret, LONG),
        Some("sua_chave_secreta_aqui"),
    ),
    row(
        "ALERT_SUCCESS_RATE_THRESHOLD",
        "80.5",
        |s| s.alerts.success_rate_threshold == 80.5,
        Some("101"),
    ),
    row(
        "ALERT_RESPONSE_TIME_THRESHOLD",
        "2.5",
        |s| s.alerts.response_time_threshold == Duration::from_millis(2500),
        Some("0"),
    ),
    row(
        "ALERT_ERROR_RATE_THRESHOLD",
        "20.0",
        |s| s.alerts.error_rate_threshold == 20.0,
        Some("NaN"),
    ),
    row(
        "ENVIRONMENT",
        "Production",
        |s| s.environment == Environment::Production,
        Some("prod"),
    ),
    row(
        "LOG_LEVEL",
        "WARNING",
        |s| s.log.level == LogLevel::Warn,
        Some("loud"),
    ),
    row(
        "LOG_FILE",
        "logs/rapidapi.log",
        |s| s.log.file.as_deref() == Some("logs/rapidapi.log".as_ref()),
        None,
    ),
    row(
        "LOG_ERROR_FILE",
        "logs/errors.log",
        |s| s.log.error_file.as_deref() == Some("logs/errors.log".as_ref()),
        None,
    ),
    row(
        "LOG_STREAM",
        "stderr",
        |s| s.log.stream == LogStream::Stderr,
        Some("tty"),
    ),
    row(
        "LOG_TARGETS",
        "sqlx=info, aurora_llm=debug",
        |s| s.log.targets == ["sqlx=info", "aurora_llm=debug"],
        None,
    ),
    row("DEBUG", "true", |s| s.debug, Some("maybe")),
    row(
        "CORS_ORIGINS",
        "[\"*\"]",
        |s| s.server.cors_origins == ["*"],
        Some("example.com"),
    ),
    row(
        "AURORA_SIMULATED",
        "true",
        |s| s.llm.simulated == Some(true),
        Some("perhaps"),
    ),
    row(
        "JWT_PRIVATE_KEY",
        "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
        |s| s.access.jwt_private_key.is_some(),
        Some("x"),
    ),
];

pub(super) const SECRETS: &[&str] = &[
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_BACKUP_URL",
    "AURORA_SEAL_KEYS",
    "REDIS_URL",
    "JWT_SECRET",
    "JWT_SECRET_KEY",
    "SECRET_KEY",
    "JWT_PRIVATE_KEY",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "COHERE_API_KEY",
    "CO_API_KEY",
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "HF_TOKEN",
    "CNPJA_PRIMARY_KEY",
    "CNPJA_SECONDARY_KEY",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_FORMER_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
    "GOOGLE_CLIENT_SECRET",
    "SMTP_PASSWORD",
    "SLACK_WEBHOOK_URL",
    "DISCORD_WEBHOOK_URL",
    "TELEGRAM_BOT_TOKEN",
    "PAGERDUTY_ROUTING_KEY",
    "OPSGENIE_API_KEY",
    "TEAMS_WEBHOOK_URL",
    "DASHBOARD_SECRET_KEY",
];
