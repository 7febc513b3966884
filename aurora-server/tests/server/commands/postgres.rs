//! The commands on PostgreSQL, where `AURORA_TEST_POSTGRES_URL` names a throwaway server.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use serde_json::Value;

use super::{Running, run_with};
use crate::program::aurora;

/// A database with an owner and an account for the server, all of which go with it.
pub(crate) struct Server {
    admin: String,
    name: String,
}

fn psql(url: &str, statement: &str) {
    let done = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        .output()
        .expect("psql is needed to prepare a database");
    assert!(
        done.status.success(),
        "{statement}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

impl Server {
    /// Under a name that begins so.
    pub(crate) fn new(admin: &str, name: &str) -> Self {
        let name = format!("{name}_{}", std::process::id());
        let server = Self {
            admin: admin.to_owned(),
            name,
        };
        let name = &server.name;
        for role in ["owner", "app"] {
            psql(
                admin,
                &format!("create role {name}_{role} login password 's3cret' nosuperuser nobypassrls"),
            );
        }
        for database in [name.clone(), format!("{name}_restored")] {
            psql(admin, &format!("create database {database} owner {name}_owner"));
        }
        server
    }

    /// Host and port.
    fn host(&self) -> &str {
        let (_, rest) = self.admin.split_once('@').unwrap();
        rest.split_once('/').unwrap().0
    }

    /// The addresses for the server's account and for the owner.
    pub(crate) fn urls(&self) -> [String; 2] {
        ["app", "owner"].map(|account| self.url(Some(account), &self.name))
    }

    /// The address of a database with another account.
    fn url(&self, account: Option<&str>, database: &str) -> String {
        let (_, rest) = self.admin.split_once("://").unwrap();
        let (credentials, _) = rest.split_once('@').unwrap();
        let host = self.host();
        let credentials = account.map_or(credentials.to_owned(), |role| {
            format!("{}_{role}:s3cret", self.name)
        });
        format!("postgres://{credentials}@{host}/{database}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let name = &self.name;
        let mut statements: Vec<String> = [name.clone(), format!("{name}_restored")]
            .iter()
            .map(|database| format!("drop database if exists {database} with (force)"))
            .collect();
        statements.extend(["app", "owner"].map(|role| format!("drop role if exists {name}_{role}")));
        for statement in statements {
            let done = Command::new("psql")
                .args(["-X", "-q", "-d", &self.admin, "-c", &statement])
                .status();
            drop(done);
        }
    }
}

/// The server for tests, as a superuser; `None` where there is none.
#[expect(
    clippy::disallowed_methods,
    reason = "where the server for tests is comes from the environment"
)]
fn admin() -> Option<String> {
    let admin = std::env::var("AURORA_TEST_POSTGRES_URL").ok();
    if admin.is_none() {
        let required = std::env::var("AURORA_TEST_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("postgres"),
            "AURORA_TEST_POSTGRES_URL is required"
        );
        eprintln!("PostgreSQL is left out");
    }
    admin
}

/// Takes connections at `listener` on to `host`.
fn forward(listener: TcpListener, host: String) {
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), TcpStream::connect(&host).unwrap());
            let ways = [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)];
            for (mut from, mut to) in ways {
                std::thread::spawn(move || {
                    drop(std::io::copy(&mut from, &mut to));
                    drop(to.shutdown(std::net::Shutdown::Write));
                });
            }
        }
    });
}

#[test]
fn a_server_waits_for_a_database_that_comes_later() {
    let Some(admin) = admin() else { return };
    let server = Server::new(&admin, "aurora_later");
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let there = |role| {
        let url = server.url(Some(role), &server.name);
        url.replace(server.host(), &address.to_string())
    };
    let mut command = aurora(folder.path(), &["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.env("DATABASE_URL", there("app"));
    command.env("DATABASE_OWNER_URL", there("owner"));
    let mut running = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let mut told = |key: &str, text: &str| {
        lines.any(|line| {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            line[key].as_str().is_some_and(|it| it.contains(text))
        })
    };
    assert!(
        told("message", "does not answer yet"),
        "it ended before it said so"
    );
    forward(TcpListener::bind(address).unwrap(), server.host().to_owned());
    assert!(told("event", "listening"), "it did not wait");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "pg_dump is found through the environment"
)]
fn two_accounts_are_enough_for_everything_but_backups() {
    let Some(admin) = admin() else { return };
    let server = Server::new(&admin, "aurora_cli");
    let folder = tempfile::tempdir().unwrap();
    let (app, owner) = (
        server.url(Some("app"), &server.name),
        server.url(Some("owner"), &server.name),
    );
    let backup = server.url(None, &server.name);
    let path = std::env::var("PATH").unwrap();
    let variables = [
        ("DATABASE_URL", app.as_str()),
        ("DATABASE_OWNER_URL", &owner),
        ("PATH", &path),
    ];
    let run = |arguments: &[&str]| run_with(folder.path(), arguments, &variables, "");

    let pending = run(&["migrate", "--dry-run", "--json"]).json();
    assert_eq!(pending["database"], "postgres");
    assert!(pending["steps"].as_array().unwrap().len() > 20, "{pending}");
    let before = run(&["check", "--json", "--set", "cnpj.free_url=http://127.0.0.1:1"]).json();
    assert!(before.to_string().contains("steps of the schema"), "{before}");
    run(&["migrate"]).text();
    assert_eq!(run(&["migrate"]).text(), "the schema is up to date\n");
    let check = run(&["check", "--json", "--set", "cnpj.free_url=http://127.0.0.1:1"]).json();
    assert!(
        check.to_string().contains("postgres, schema up to date"),
        "{check}"
    );
    let owner_alone = [("DATABASE_URL", owner.as_str())];
    let arguments = ["check", "--json", "--set", "cnpj.free_url=http://127.0.0.1:1"];
    let unsafe_account = run_with(folder.path(), &arguments, &owner_alone, "");
    assert_eq!(unsafe_account.code, Some(1), "{unsafe_account:?}");
    assert!(
        unsafe_account.out.contains("row-level security"),
        "{unsafe_account:?}"
    );

    let made = run(&["workspace", "create", "Padaria", "--json"]).json();
    run(&["key", "create"]).text();
    assert_eq!(run(&["audit", "verify", "--json"]).json()["ok"], true);
    assert_eq!(run(&["alerts", "list"]).text(), "nothing fires\n");
    let (_running, told) = super::serving(folder.path(), &[], &variables);
    assert_eq!(told["database"], "postgres");

    let without = run(&["backup", "--json"]);
    assert!(
        without.error("settings").contains("backup.postgres_url"),
        "{without:?}"
    );
    let with = [&variables[..], &[("DATABASE_BACKUP_URL", backup.as_str())]].concat();
    let with = [&with[..], &[("AURORA__BACKUP__FOLDER", "elsewhere")]].concat();
    let backed_up = run_with(folder.path(), &["backup", "--json"], &with, "").json();
    let listed = run(&["backup", "--list", "--to", "elsewhere", "--json"]).json();
    assert_eq!(
        listed["items"][0]["name"], backed_up["backup"]["name"],
        "the folder is that of the settings, as for the server"
    );
    assert_eq!(
        (&backed_up["verified"], &backed_up["backup"]["kind"]),
        (&true.into(), &"postgres".into())
    );
    let full = run_with(folder.path(), &["restore"], &with, "");
    let advice = full.refused();
    assert!(
        advice.contains(&format!("the database {} on ", server.name))
            && advice.contains("AURORA__BACKUP__POSTGRES_URL"),
        "{full:?}"
    );
    assert!(
        !advice.contains("--force") && !advice.contains("s3cret"),
        "{full:?}"
    );
    let restored = format!("{}_restored", server.name);
    let (app, owner, backup) = (
        server.url(Some("app"), &restored),
        server.url(Some("owner"), &restored),
        server.url(None, &restored),
    );
    let there = [
        ("DATABASE_URL", app.as_str()),
        ("DATABASE_OWNER_URL", &owner),
        ("DATABASE_BACKUP_URL", &backup),
        ("AURORA__BACKUP__FOLDER", "elsewhere"),
        ("PATH", &path),
    ];
    let role = format!("{}_owner", server.name);
    let back = run_with(
        folder.path(),
        &["restore", "--owner", &role, "--json"],
        &there,
        "",
    );
    assert_eq!(back.json()["backup"]["name"], backed_up["backup"]["name"]);
    assert!(
        !back.out.contains("s3cret") && !back.err.contains("s3cret"),
        "{back:?}"
    );
    // The server's account has no right to anything yet: the owner looks, and grants.
    let migrated = run_with(folder.path(), &["migrate"], &there, "");
    assert_eq!(migrated.text(), "the schema is up to date\n");
    let list = run_with(folder.path(), &["workspace", "list"], &there, "");
    assert!(list.text().contains(made["id"].as_str().unwrap()), "{list:?}");
}
