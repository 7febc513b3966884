//! The settings themselves. One line is one setting.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::setting::{Only, section};
use super::value::{Raw, Value, choice};
use crate::secret::Secret;

section! {
    /// Every setting of Aurora.
    Settings at "" {
        /// Where this process runs; selects `aurora.<environment>.toml`.
        environment: Environment = "development", from ["ENVIRONMENT"];
        /// Whether answers and logs carry details that help while developing.
        debug: bool = "false", from ["DEBUG"];
    }
    sections {
        /// The HTTP server.
        server: Server;
        /// The SQL database.
        database: Database;
        /// The shared cache.
        redis: Redis;
        /// Model providers.
        llm: Llm;
        /// Default alert rules and their channels.
        alerts: Alerts;
        /// Logs.
        log: Log;
        /// Limits on what a client may send.
        limits: Limits;
    }
}

section! {
    /// Where the server listens and keeps its files.
    Server at "server." {
        /// Address to listen on.
        host: IpAddr = "127.0.0.1", from ["DASHBOARD_HOST"];
        /// TCP port to listen on; 0 takes a free one.
        port: u16 = "8080", from ["DASHBOARD_PORT"];
        /// Folder of the SQLite database and of everything else that the server keeps.
        data_dir: PathBuf = "data";
    }
}

section! {
    /// Where the data lives.
    Database at "database." {
        /// Database to use; when it is not set, the SQLite file `aurora.db` in `server.data_dir`.
        url: Option<Secret>, from ["DATABASE_URL"], only DATABASE_URL;
    }
}

section! {
    /// The cache that several replicas share.
    Redis at "redis." {
        /// Redis or Valkey to use; when it is not set, each process caches for itself.
        url: Option<Secret>, from ["REDIS_URL"], only REDIS_URL;
    }
}

section! {
    /// Model providers and the order in which they are asked.
    Llm at "llm." {
        /// Providers in the order in which they are asked; when it is empty, all that are configured.
        order: Vec<String> = "";
        /// Whether the simulated provider is the last fallback; when it is not set, it answers only outside production
        /// and only while no real provider is configured.
        simulated: Option<bool>, from ["AURORA_SIMULATED"];
        /// Key of the OpenAI API; setting it configures the provider `openai`.
        openai_api_key: Option<Secret>, from ["OPENAI_API_KEY"];
        /// Base of the OpenAI API, with its version part.
        openai_base_url: String = "https://api.openai.com/v1", from ["OPENAI_BASE_URL"], only HTTP_URL;
        /// Model that `openai` uses when a request names none.
        openai_model: Option<String>;
        /// Key of the Anthropic API; setting it configures the provider `anthropic`.
        anthropic_api_key: Option<Secret>, from ["ANTHROPIC_API_KEY"];
        /// Base of the Anthropic API, without its version part.
        anthropic_base_url: String = "https://api.anthropic.com", from ["ANTHROPIC_BASE_URL"], only HTTP_URL;
        /// Model that `anthropic` uses when a request names none.
        anthropic_model: Option<String>;
    }
    named {
        /// Servers that speak the OpenAI dialect, under names of your choice in lower case.
        openai_compatible: CompatibleServer;
    }
}

section! {
    /// A server that speaks the OpenAI dialect.
    CompatibleServer at "llm.openai_compatible.*." {
        /// Base of its API, with its version part.
        base_url: String, only HTTP_URL;
        /// Its key, where it asks for one.
        api_key: Option<Secret>;
        /// Model that it uses when a request names none.
        model: Option<String>;
    }
}

section! {
    /// Thresholds of the default alert rules and where alerts go.
    Alerts at "alerts." {
        /// Success rate in percent below which a warning fires.
        success_rate_threshold: f64 = "80", from ["ALERT_SUCCESS_RATE_THRESHOLD"], only PERCENTAGE;
        /// Mean response time above which a warning fires, in seconds or with a unit.
        response_time_threshold: Duration = "2s", from ["ALERT_RESPONSE_TIME_THRESHOLD"];
        /// Error rate in percent above which a warning fires.
        error_rate_threshold: f64 = "20", from ["ALERT_ERROR_RATE_THRESHOLD"], only PERCENTAGE;
        /// Where notifications are posted; a secret, because whoever knows it can post there.
        webhook_url: Option<Secret>, only HTTP_URL;
    }
}

section! {
    /// What is logged, how and where.
    Log at "log." {
        /// Least severe level that is logged.
        level: LogLevel = "info", from ["LOG_LEVEL"];
        /// Directives for single targets, such as `sqlx=info` or `aurora_llm=debug`.
        targets: Vec<String> = "", from ["LOG_TARGETS"];
        /// Standard stream that lines are written to.
        stream: LogStream = "stdout", from ["LOG_STREAM"];
        /// File that is written besides the stream, always as JSON lines.
        file: Option<PathBuf>, from ["LOG_FILE"];
        /// File that gets warnings and errors once more, as JSON lines.
        error_file: Option<PathBuf>, from ["LOG_ERROR_FILE"];
        /// How often a file begins anew, in UTC.
        rotation: LogRotation = "daily";
        /// Size in bytes at which a file begins anew earlier.
        max_bytes: u64 = "104857600", only LOG_BYTES;
        /// How many files are kept behind the present one.
        keep: u16 = "7";
        /// Form of a line; when it is not set, `json` in production and `human` elsewhere.
        format: Option<LogFormat>;
    }
}

section! {
    /// Limits on what a client may send and on how long it may take.
    Limits at "limits." {
        /// Largest request body in bytes.
        body_bytes: u64 = "1048576", only BODY_BYTES;
        /// Largest body of a request to a model in bytes; it may carry pictures and documents.
        model_body_bytes: u64 = "20971520", only BODY_BYTES;
        /// Longest time that a client may take to send the head of a request.
        header_read_timeout: Duration = "10s";
        /// Longest time that a request may take, streams excepted.
        request_timeout: Duration = "30s";
        /// Longest time that running requests get to end when the server stops.
        drain_timeout: Duration = "25s";
    }
}

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Environment {
    /// On the machine of whoever writes code.
    #[default]
    Development,
    /// As in production, without its data.
    Staging,
    /// For real.
    Production,
}

impl Environment {
    /// Its name in lower case, as it stands in the name of its file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

choice!(Environment, "development, staging or production", {
    "development" => Development,
    "staging" => Staging,
    "production" => Production,
});

/// Severity of a log line, from the least severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// Details for whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What should be looked at.
    Warn,
    /// What failed.
    Error,
}

choice!(LogLevel, "trace, debug, info, warn or error", {
    "trace" => Trace,
    "debug" => Debug,
    "info" => Info,
    "warn" | "warning" => Warn,
    "error" | "critical" => Error,
});

impl LogLevel {
    /// Its name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

choice!(LogFormat, "human or json", { "human" => Human, "json" => Json });

/// Standard stream for log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// None: lines go to files alone.
    Off,
}

choice!(LogStream, "stdout, stderr or off", { "stdout" => Stdout, "stderr" => Stderr, "off" => Off });

/// How often a log file begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogRotation {
    /// Only when it is full.
    Never,
    /// Every full hour.
    Hourly,
    /// At midnight, UTC.
    Daily,
}

choice!(LogRotation, "never, hourly or daily", { "never" => Never, "hourly" => Hourly, "daily" => Daily });

impl Settings {
    /// The form of log lines: what was set, else what suits the environment.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        self.log.format.unwrap_or(match self.environment {
            Environment::Production => LogFormat::Json,
            Environment::Development | Environment::Staging => LogFormat::Human,
        })
    }
}

const DATABASE_URL: Only = Only {
    allowed: "an address that begins with sqlite: or postgres://",
    holds: |raw| begins_with(raw, &["sqlite:", "postgres://", "postgresql://"]),
};

const REDIS_URL: Only = Only {
    allowed: "an address that begins with redis://, rediss:// (with TLS), redis-sentinel://, redis-cluster:// or \
              redis+unix://",
    holds: |raw| {
        let (families, kinds) = (
            ["redis", "rediss", "valkey", "valkeys"],
            ["", "-sentinel", "-cluster", "+unix"],
        );
        let schemes = families.map(|family| kinds.map(|kind| format!("{family}{kind}://")));
        let schemes: Vec<&str> = schemes.iter().flatten().map(String::as_str).collect();
        begins_with(raw, &schemes)
    },
};

const HTTP_URL: Only = Only {
    allowed: "an address that begins with http:// or https:// and holds no password",
    holds: |raw| {
        let after_scheme = raw.scalar().and_then(|text| {
            let text = text.to_ascii_lowercase();
            text.strip_prefix("https://")
                .or(text.strip_prefix("http://"))
                .map(str::to_owned)
        });
        let host = after_scheme
            .as_deref()
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        host.is_some_and(|host| {
            !host.is_empty() && !host.contains('@') && !host.contains(char::is_whitespace)
        })
    },
};

const PERCENTAGE: Only = Only {
    allowed: "a percentage from 0 to 100",
    holds: |raw| f64::read(raw).is_some_and(|number| (0.0..=100.0).contains(&number)),
};

const LOG_BYTES: Only = Only {
    allowed: "a whole number of bytes from 1048576 to 1099511627776",
    holds: |raw| u64::read(raw).is_some_and(|bytes| (1 << 20..=1 << 40).contains(&bytes)),
};

const BODY_BYTES: Only = Only {
    allowed: "a whole number of bytes from 1024 to 1073741824",
    holds: |raw| u64::read(raw).is_some_and(|bytes| (1 << 10..=1 << 30).contains(&bytes)),
};

/// Whether an address has one of the schemes and something behind it.
fn begins_with(raw: &Raw, schemes: &[&str]) -> bool {
    raw.scalar().is_some_and(|text| {
        schemes
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
    })
}
