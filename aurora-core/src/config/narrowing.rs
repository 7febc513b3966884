//! What narrows the types of settings, and how variables that others named are read.

use super::value::{Raw, Value};

/// A narrowing of what the type of a setting allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Only {
    /// What is allowed, to follow the words "allowed is".
    pub(super) allowed: &'static str,
    pub(super) holds: fn(&Raw) -> bool,
    /// The same for the schema, as far as it can say it.
    pub(super) shape: Shape,
    pub(super) example: &'static str,
}

/// A narrowing in the words of JSON Schema.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Numbers from the first to the last.
    Range(f64, f64),
    /// Texts, or the texts of a list, that this regular expression finds.
    Pattern(&'static str),
    /// Nothing that a schema could say.
    Any,
}

/// How the value of a variable is turned into what the setting takes, where its name has a meaning of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) allowed: &'static str,
    pub(super) rewrite: fn(&str) -> Option<String>,
}

pub(super) const DATABASE_URL: Only = Only {
    allowed: "an address that begins with sqlite: or postgres://, no blanks around it",
    holds: |raw| begins_with(raw, &["sqlite:", "postgres://", "postgresql://"]),
    shape: Shape::Pattern("^(sqlite:|postgres(ql)?://).*\\S$"),
    example: "postgres://aurora:password@localhost:5432/aurora",
};

/// Of what SQLite has not.
pub(super) const POSTGRES_URL: Only = Only {
    allowed: "an address that begins with postgres://, no blanks around it",
    holds: |raw| begins_with(raw, &["postgres://", "postgresql://"]),
    shape: Shape::Pattern("^postgres(ql)?://.*\\S$"),
    example: "postgres://aurora:password@localhost:5432/aurora",
};

pub(super) const REDIS_URL: Only = Only {
    allowed: "an address that begins with redis://, rediss:// (with TLS), redis-sentinel://, redis-cluster:// or redis+unix://, no blanks around it",
    holds: |raw| {
        let Some((scheme, rest)) = bare(raw).and_then(|text| text.split_once("://")) else {
            return false;
        };
        let family = ["-sentinel", "-cluster", "+unix"]
            .iter()
            .find_map(|kind| scheme.strip_suffix(kind))
            .unwrap_or(scheme);
        !rest.is_empty() && ["redis", "rediss", "valkey", "valkeys"].contains(&family)
    },
    shape: Shape::Pattern("^(redis|valkey)s?(-sentinel|-cluster|[+]unix)?://.*\\S$"),
    example: "redis://:password@localhost:6379/0",
};

pub(super) const HTTP_URL: Only = Only {
    allowed: "an address that begins with http:// or https:// and holds no password",
    holds: |raw| raw.scalar().is_some_and(is_http_url),
    shape: Shape::Pattern("^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\s]+([/?#]|$)"),
    example: "https://api.example.com/v1",
};

/// What a header can carry: with a line break at its end, as a careless copy has it, every call would fail.
pub(super) const API_KEY: Only = Only {
    allowed: "a key of visible ASCII characters, no blanks and no line breaks; in quotes in a file, also when it is all digits",
    holds: |raw| match raw {
        Raw::Text(text) => text.expose().bytes().all(|byte| byte.is_ascii_graphic()),
        _ => false,
    },
    shape: Shape::Pattern("^[!-~]+$"),
    example: "key-of-your-account",
};

pub(super) const WEBHOOK_URL: Only = Only {
    allowed: "an address that begins with http:// or https:// and holds no password, no blanks in it",
    holds: |raw| bare(raw).is_some_and(|text| is_http_url(text) && !text.contains(char::is_whitespace)),
    shape: Shape::Pattern("^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\s]+([/?#]\\S*)?$"),
    example: "https://hooks.example.com/services/secret-part",
};

pub(super) const PERCENTAGE: Only = Only {
    allowed: "a percentage from 0 to 100",
    holds: |raw| f64::read(raw).is_some_and(|number| (0.0..=100.0).contains(&number)),
    shape: Shape::Range(0.0, 100.0),
    example: "50",
};

pub(super) const LOG_BYTES: Only = Only {
    allowed: "a whole number of bytes from 1048576 to 1099511627776",
    holds: |raw| u64::read(raw).is_some_and(|bytes| (1 << 20..=1 << 40).contains(&bytes)),
    shape: Shape::Range(1_048_576.0, 1_099_511_627_776.0),
    example: "104857600",
};

/// As many as the rotation of `telemetry::Logs` allows.
pub(super) const LOG_KEEP: Only = Only {
    allowed: "a whole number from 0 to 1000",
    holds: |raw| u16::read(raw).is_some_and(|files| files <= 1_000),
    shape: Shape::Range(0.0, 1_000.0),
    example: "7",
};

/// What `telemetry::Logs` takes as directives, so that no log refuses settings that were accepted.
pub(super) const LOG_TARGETS: Only = Only {
    allowed: "a list of target=level, such as sqlx=info, with off, error, warn, info, debug or trace",
    holds: |raw| {
        Vec::<String>::read(raw).is_some_and(|targets| targets.iter().all(|target| is_log_target(target)))
    },
    shape: Shape::Pattern("^[A-Za-z0-9_:.-]+=(off|error|warn|info|debug|trace)$"),
    example: "sqlx=info,aurora_llm=debug",
};

pub(super) const BODY_BYTES: Only = Only {
    allowed: "a whole number of bytes from 1024 to 1073741824",
    holds: |raw| u64::read(raw).is_some_and(|bytes| (1 << 10..=1 << 30).contains(&bytes)),
    shape: Shape::Range(1024.0, 1_073_741_824.0),
    example: "1048576",
};

pub(super) const FILE_BYTES: Only = Only {
    allowed: "a whole number of bytes from 1024 to 68719476736",
    holds: |raw| u64::read(raw).is_some_and(|bytes| (1 << 10..=1 << 36).contains(&bytes)),
    shape: Shape::Range(1024.0, 68_719_476_736.0),
    example: "52428800",
};

pub(super) const QUOTA_BYTES: Only = Only {
    allowed: "a whole number of bytes from 1024 to 1125899906842624",
    holds: |raw| u64::read(raw).is_some_and(|bytes| (1 << 10..=1 << 50).contains(&bytes)),
    shape: Shape::Range(1024.0, 1_125_899_906_842_624.0),
    example: "10737418240",
};

pub(super) const BACKUP_EVERY: Only = Only {
    allowed: "a duration from 1m to 24h: seconds such as 3600, or with a unit such as 6h",
    holds: |raw| {
        let period = std::time::Duration::read(raw);
        period.is_some_and(|period| period.as_secs() >= 60)
    },
    shape: Shape::Range(60.0, 86_400.0),
    example: "24h",
};

pub(super) const KEEP: Only = Only {
    allowed: "a whole number from 1 to 1000",
    holds: |raw| u16::read(raw).is_some_and(|count| (1..=1_000).contains(&count)),
    shape: Shape::Range(1.0, 1_000.0),
    example: "3",
};

pub(super) const DIMENSIONS: Only = Only {
    allowed: "a whole number from 1 to 4096",
    holds: |raw| u16::read(raw).is_some_and(|count| (1..=4_096).contains(&count)),
    shape: Shape::Range(1.0, 4_096.0),
    example: "1536",
};

pub(super) const REMOTE_PORT: Only = Only {
    allowed: "a TCP port from 1 to 65535",
    holds: |raw| u16::read(raw).is_some_and(|port| port > 0),
    shape: Shape::Range(1.0, 65_535.0),
    example: "587",
};

/// Keys for HMAC-SHA-256 have at least the length of its output (RFC 7518 §3.2). How random a text is cannot be
/// measured; one with hardly any different characters is certainly not.
pub(super) const SIGNING_SECRET: Only = Only {
    allowed: "a random text of at least 32 bytes with 8 or more different ones, such as `openssl rand -base64 48` makes",
    holds: |raw| {
        raw.scalar().is_some_and(|text| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.sort_unstable();
            bytes.dedup();
            text.len() >= 32 && bytes.len() >= 8
        })
    },
    shape: Shape::Any, // bytes, where a schema counts characters
    example: "0123456789abcdef-use-a-random-text-instead",
};

pub(super) const PRIVATE_KEY: Only = Only {
    allowed: "a private key in PEM form (-----BEGIN PRIVATE KEY-----)",
    holds: |raw| {
        raw.scalar()
            .is_some_and(|text| text.starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----"))
    },
    shape: Shape::Pattern("-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    example: "-----BEGIN PRIVATE KEY----- … -----END PRIVATE KEY-----",
};

pub(super) const TOKEN_LIFE: Only = Only {
    allowed: "a duration from 1m to 60m: seconds such as 900, or with a unit such as 15m",
    holds: |raw| {
        let life = std::time::Duration::read(raw);
        life.is_some_and(|life| (60..=3_600).contains(&life.as_secs()) && life.as_secs_f64() <= 3_600.0)
    },
    shape: Shape::Range(60.0, 3_600.0),
    example: "15m",
};

/// Scheme, host and port, as browsers send them in `Origin` (RFC 6454 §7).
pub(super) const ORIGINS: Only = Only {
    allowed: "a list of * or origins such as https://app.example.com, each with scheme and host, without a path",
    holds: |raw| {
        Vec::<String>::read(raw).is_some_and(|origins| {
            origins.iter().all(|origin| {
                let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
                origin == "*" || host.is_some_and(|host| !host.contains(['/', '*'])) && is_http_url(origin)
            })
        })
    },
    shape: Shape::Pattern("^(\\*|https?://[^/?#@*\\s]+)$"),
    example: "https://app.example.com,http://localhost:3000",
};

pub(super) const MAIL_ADDRESS: Only = Only {
    allowed: "an e-mail address such as alerts@example.com, or Name <alerts@example.com>",
    holds: |raw| raw.scalar().is_some_and(is_mail_address),
    shape: Shape::Pattern("^([^<>\\r\\n]*<)?[^@\\s<>,;]+@[^@\\s<>,;]+>?$"),
    example: "Aurora <alerts@example.com>",
};

pub(super) const MAIL_ADDRESSES: Only = Only {
    allowed: "a list of e-mail addresses such as ops@example.com",
    holds: |raw| {
        Vec::<String>::read(raw).is_some_and(|addresses| addresses.iter().all(|one| is_mail_address(one)))
    },
    example: "ops@example.com,oncall@example.com",
    ..MAIL_ADDRESS
};

pub(super) const HOST: Only = Only {
    allowed: "a host name or an IP address, without scheme and port",
    holds: |raw| {
        raw.scalar().is_some_and(|text| {
            let is_name = text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            !text.is_empty() && (is_name || text.parse::<std::net::IpAddr>().is_ok())
        })
    },
    shape: Shape::Pattern("^[A-Za-z0-9._:-]+$"),
    example: "smtp.example.com",
};

/// The form that BotFather hands out.
pub(super) const BOT_TOKEN: Only = Only {
    allowed: "a token of a Telegram bot: digits, a colon, then letters, digits, - or _",
    holds: |raw| {
        bare(raw)
            .and_then(|text| text.split_once(':'))
            .is_some_and(|(id, key)| {
                let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                !id.is_empty()
                    && id.bytes().all(|byte| byte.is_ascii_digit())
                    && !key.is_empty()
                    && key.bytes().all(is_key)
            })
    },
    shape: Shape::Pattern("^[0-9]+:[A-Za-z0-9_-]+$"),
    example: "1234567890:secret-part",
};

pub(super) const CHATS: Only = Only {
    allowed: "a list of Telegram chats, each a whole number (negative for groups) or @name",
    holds: |raw| {
        Vec::<String>::read(raw).is_some_and(|chats| {
            chats
                .iter()
                .all(|chat| chat.parse::<i64>().is_ok() || chat.strip_prefix('@').is_some_and(is_chat_name))
        })
    },
    shape: Shape::Pattern("^(-?[0-9]+|@[A-Za-z0-9_]+)$"),
    example: "123456789,-1001234567890",
};

/// The form of PagerDuty's integration keys.
pub(super) const ROUTING_KEY: Only = Only {
    allowed: "an integration key of PagerDuty: 32 letters and digits; in quotes in a file, also when it is all digits",
    holds: |raw| {
        bare(raw)
            .is_some_and(|text| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
    shape: Shape::Pattern("^[A-Za-z0-9]{32}$"),
    example: "0123456789abcdef0123456789abcdef",
};

/// Whole minutes.
pub(super) const MINUTES: Form = Form {
    allowed: "a whole number of minutes from 1 to 60",
    rewrite: |text| {
        let minutes: u64 = text.parse().ok()?;
        (1..=60).contains(&minutes).then(|| format!("{minutes}m"))
    },
};

/// An address as Ollama takes it (its FAQ, "How can I expose Ollama"): scheme and port can be left out. An address
/// that a server listens on everywhere at is asked on this machine.
pub(super) const OLLAMA: Form = Form {
    allowed: "a host, host:port, or an address that begins with http:// or https://",
    rewrite: |text| {
        if text.contains("://") {
            return Some(text.trim_end_matches('/').to_owned());
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse::<u16>().ok()?)
            }
            _ => (text, 11_434),
        };
        let host = match host {
            "" | "0.0.0.0" => "127.0.0.1",
            "[::]" | "::" => "[::1]",
            host => host,
        };
        let is_bare_v6 = host.parse::<std::net::Ipv6Addr>().is_ok();
        let host = if is_bare_v6 {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        Some(format!("http://{host}:{port}"))
    },
};

/// The text of a secret, which is handed on just as it stands: with blanks around it, it would be another one.
fn bare(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Text(text) => Some(text.expose()).filter(|text| text.trim() == *text),
        Raw::Bare(_) | Raw::List(_) => None,
    }
}

/// Whether an address has one of the schemes and something behind it.
fn begins_with(raw: &Raw, schemes: &[&str]) -> bool {
    bare(raw).is_some_and(|text| {
        schemes
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
    })
}

fn is_http_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| !host.is_empty() && !host.contains('@') && !host.contains(char::is_whitespace))
}

/// Not all of RFC 5322, but what is certainly none is refused.
pub(super) fn is_mail_address(text: &str) -> bool {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let is_part =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@<>,;".contains(c));
    !text.contains(['\r', '\n'])
        && address
            .split_once('@')
            .is_some_and(|(local, domain)| is_part(local) && is_part(domain))
}

fn is_chat_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_log_target(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte);
    text.split_once('=').is_some_and(|(target, level)| {
        !target.is_empty()
            && target.bytes().all(is_part)
            && ["off", "error", "warn", "info", "debug", "trace"].contains(&level)
    })
}
