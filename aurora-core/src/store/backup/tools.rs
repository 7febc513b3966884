//! PostgreSQL's own programs as child processes.
//!
//! Where to connect and the password travel in the child's environment: a command line can be read by everybody on the
//! machine. What a program says can hold stored values, so only what is recognised is passed on, in other words.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use url::Url;
use url::form_urlencoded;

use super::{Error, ErrorKind};
use crate::secret::Secret;

/// How much of a program's words is looked at, in bytes; the rest is read and forgotten.
const WORDS: usize = 64 * 1_024;

/// What a backup role needs where tables have row-level security.
pub(super) const NEEDS_BYPASS: &str = "the role cannot see every row, because tables have row-level security: let it \
    bypass that (alter role … bypassrls) or use a superuser";

/// A program of PostgreSQL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Dump,
    Restore,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Dump => "pg_dump",
            Self::Restore => "pg_restore",
        }
    }
}

/// Where the programs are.
#[derive(Debug, Clone, Default)]
pub(super) struct Tools {
    folder: Option<PathBuf>,
}

/// Where to connect to, as variables that PostgreSQL's programs understand. Never shown: it holds the password.
#[derive(Clone)]
pub(super) struct Address(Vec<(&'static str, String)>);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl Address {
    /// Reads a URL as the driver does; what it leaves out the programs take from the usual `PG…` variables.
    pub(super) fn parse(url: &Secret) -> Result<Self, Error> {
        let wrong = || Error::new(ErrorKind::Invalid, "the database URL cannot be understood");
        let url = Url::parse(url.expose()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the database URL must begin with postgres:",
            ));
        }
        let mut variables = Self(Vec::new());
        if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
            let host = decoded(host);
            variables.set("PGHOST", host.trim_matches(['[', ']']).to_owned());
        }
        if let Some(port) = url.port() {
            variables.set("PGPORT", port.to_string());
        }
        if !url.username().is_empty() {
            variables.set("PGUSER", decoded(url.username()));
        }
        if let Some(password) = url.password() {
            variables.set("PGPASSWORD", decoded(password));
        }
        let database = url.path().trim_start_matches('/');
        if !database.is_empty() {
            variables.set("PGDATABASE", decoded(database));
        }
        for (key, value) in url.query_pairs() {
            let variable = match &*key {
                "host" | "hostaddr" => "PGHOST",
                "port" => "PGPORT",
                "user" => "PGUSER",
                "password" => "PGPASSWORD",
                "dbname" => "PGDATABASE",
                "sslmode" | "ssl-mode" => "PGSSLMODE",
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
                "sslcert" | "ssl-cert" => "PGSSLCERT",
                "sslkey" | "ssl-key" => "PGSSLKEY",
                _ => continue, // settings of the driver and of the session
            };
            variables.set(variable, value.into_owned());
        }
        Ok(variables)
    }

    fn set(&mut self, variable: &'static str, value: String) {
        self.0.retain(|(name, _)| *name != variable);
        self.0.push((variable, value));
    }

    fn has(&self, variable: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == variable)
    }
}

/// Undoes the percent-encoding of a part of a URL.
fn decoded(text: &str) -> String {
    // The form's own rules beyond that, plus for space and ampersand for the next field, must not apply.
    let field = format!("={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(field.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

impl Tools {
    pub(super) const fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Makes sure that `program` is there and not older than the server: an older one does not know what to write.
    pub(super) async fn check(&self, program: Program, server: u32) -> Result<(), Error> {
        let mut command = self.command(program);
        command
            .arg("--version")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|error| missing(program, server, &error))?;
        let words = read(child.stdout.take()).await;
        let status = child.wait().await;
        let status = status.map_err(|error| Error::io("running a program of PostgreSQL", error))?;
        let name = program.name();
        match version(&words) {
            Some(found) if status.success() && found >= server => Ok(()),
            Some(found) if status.success() => Err(Error::new(
                ErrorKind::Tools,
                format!(
                    "{name} is of version {found} and the server of version {server}: install the client programs of \
                     PostgreSQL {server} or later (Debian: postgresql-client-{server}) and name their folder"
                ),
            )),
            _ => Err(Error::new(
                ErrorKind::Tools,
                format!("{name} does not say its version: it is not the program of PostgreSQL"),
            )),
        }
    }

    /// Runs `program` against `address` to its end; dropping the future kills it.
    pub(super) async fn run(
        &self,
        program: Program,
        address: &Address,
        arguments: &[OsString],
    ) -> Result<(), Error> {
        let mut command = self.command(program);
        if address.has("PGHOST") {
            command.env_remove("PGHOSTADDR").env_remove("PGSERVICE");
        }
        command
            .arg("--no-password")
            .args(arguments)
            .envs(address.0.iter().map(|(name, value)| (name, value)))
            .env("PGAPPNAME", "aurora-backup")
            .env("PGCONNECT_TIMEOUT", "30")
            .env("LC_ALL", "C") // so that its words can be recognised
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| missing(program, 0, &error))?;
        let words = read(child.stderr.take());
        let (status, words) = tokio::join!(child.wait(), words);
        let status = status.map_err(|error| Error::io("running a program of PostgreSQL", error))?;
        if status.success() {
            return Ok(());
        }
        Err(refused(program, status, &String::from_utf8_lossy(&words)))
    }

    fn command(&self, program: Program) -> Command {
        let path = self.folder.as_deref().map_or_else(
            || PathBuf::from(program.name()),
            |folder: &Path| folder.join(program.name()),
        );
        let mut command = Command::new(path);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// The beginning of what a program says.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut words = Vec::new();
    let Some(mut stream) = stream else { return words };
    let mut buffer = [0; 4_096];
    // When it breaks off, so do the words; how the program ended is told by its status.
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        if words.len() < WORDS {
            words.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }
    words
}

/// `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → 15
fn version(words: &[u8]) -> Option<u32> {
    let words = String::from_utf8_lossy(words);
    let (_, rest) = words.split_once("(PostgreSQL) ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn missing(program: Program, server: u32, error: &std::io::Error) -> Error {
    let name = program.name();
    let version = if server == 0 {
        String::new()
    } else {
        format!(" {server} or later")
    };
    if error.kind() == std::io::ErrorKind::NotFound {
        return Error::new(
            ErrorKind::Tools,
            format!(
                "{name} was not found: install the client programs of PostgreSQL{version} (Debian: postgresql-client), \
                 or name the folder they are in"
            ),
        );
    }
    Error::new(
        ErrorKind::Tools,
        format!("{name} cannot be started: {}", error.kind()),
    )
}

/// What a failed program means. Unknown words of `pg_restore` are taken for a backup that cannot be restored.
fn refused(program: Program, status: ExitStatus, words: &str) -> Error {
    let name = program.name();
    let says = |any: &[&str]| any.iter().any(|part| words.contains(part));
    let (kind, detail) = if says(&["No space left on device", "could not extend file"]) {
        (ErrorKind::NoSpace, "no room is left on the disk")
    } else if says(&["server version mismatch"]) {
        (
            ErrorKind::Tools,
            "it is older than the server: install a later version",
        )
    } else if says(&["row-level security"]) {
        (ErrorKind::Denied, NEEDS_BYPASS)
    } else if says(&[
        "password authentication failed",
        "no password supplied",
        "no pg_hba.conf entry",
    ]) {
        (ErrorKind::Denied, "the server refuses the role or its password")
    } else if says(&["permission denied", "must be owner", "must be superuser"]) {
        (
            ErrorKind::Denied,
            "the role may not do it: to read everything it needs pg_read_all_data, to restore it must own the database",
        )
    } else if says(&["lock timeout"]) {
        (ErrorKind::Busy, "a table is locked by somebody else")
    } else if says(&["is not available", "could not open extension control file"]) {
        (
            ErrorKind::Denied,
            "an extension that the database uses is not installed on the server",
        )
    } else if says(&[
        "connection to server",
        "could not connect",
        "server closed the connection",
        "terminating connection",
    ]) {
        (ErrorKind::Database, "the server cannot be reached")
    } else if status.code().is_none() {
        (ErrorKind::Database, "it was ended by a signal")
    } else if program == Program::Restore {
        (
            ErrorKind::Corrupt,
            "the backup cannot be restored; its own words come when it is run by hand",
        )
    } else {
        (
            ErrorKind::Database,
            "it ended with an error; its own words come when it is run by hand",
        )
    };
    Error::new(kind, format!("{name}: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_variables_and_is_never_shown() {
        let url = Secret::new(
            "postgres://ana%40x:p%26%2B%20%3D+%25@[::1]:5433/my%20db?sslmode=require&statement-cache-capacity=1",
        );
        let address = Address::parse(&url).unwrap();
        let mut variables = address.0.clone();
        variables.sort_unstable();
        let expected = [
            ("PGDATABASE", "my db"),
            ("PGHOST", "::1"),
            ("PGPASSWORD", "p&+ =+%"),
            ("PGPORT", "5433"),
            ("PGSSLMODE", "require"),
            ("PGUSER", "ana@x"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(format!("{address:?}"), "Address(…)");
        let socket = Address::parse(&Secret::new("postgres:///db?host=/run/pg&password=s")).unwrap();
        assert!(socket.0.contains(&("PGHOST", "/run/pg".to_owned())));
        assert!(socket.0.contains(&("PGPASSWORD", "s".to_owned())));
        let encoded = Address::parse(&Secret::new("postgres://%2Frun%2Fpg/db")).unwrap();
        assert!(encoded.0.contains(&("PGHOST", "/run/pg".to_owned())));
    }

    #[test]
    fn versions_are_read_from_what_the_programs_say() {
        for (words, major) in [
            ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("pg_restore (PostgreSQL) 17beta1\n", Some(17)),
            ("something else", None),
            ("", None),
        ] {
            assert_eq!(version(words.as_bytes()), major, "{words}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_programs_say_is_told_in_other_words() {
        use std::os::unix::process::ExitStatusExt as _;

        let failed = |program, words| {
            let error = refused(program, ExitStatus::from_raw(256), words);
            assert!(!error.to_string().contains("Ana"), "{error}");
            error.kind()
        };
        for (words, kind) in [
            (
                "could not write to output file: No space left on device",
                ErrorKind::NoSpace,
            ),
            (
                "query would be affected by row-level security policy for table \"Ana\"",
                ErrorKind::Denied,
            ),
            ("permission denied for table Ana", ErrorKind::Denied),
            (
                "connection to server at \"h\" failed: FATAL: password authentication failed for user \"Ana\"",
                ErrorKind::Denied,
            ),
            (
                "connection to server at \"h\" failed: Connection refused",
                ErrorKind::Database,
            ),
            ("aborting because of server version mismatch", ErrorKind::Tools),
            ("canceling statement due to lock timeout", ErrorKind::Busy),
            ("something new about Ana", ErrorKind::Database),
        ] {
            assert_eq!(failed(Program::Dump, words), kind, "{words}");
        }
        let duplicate = "COPY failed for table \"x\": duplicate key value DETAIL: Key (name)=(Ana)";
        assert_eq!(failed(Program::Restore, duplicate), ErrorKind::Corrupt);
        let killed = refused(Program::Restore, ExitStatus::from_raw(9), "");
        assert_eq!(killed.kind(), ErrorKind::Database);
    }
}
