//! Users, keys, workspaces and the audit log.

use std::path::Path;

use aurora_core::access::jwt::{KeyRing, SigningKey};
use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_crm::accounts::{Accounts, Login, LoginOutcome};
use aurora_crm::audit::{Checkpoints, FileSink};
use aurora_crm::{Context, Crm};
use serde_json::Value;

use super::{Running, run, run_with, serving};
use crate::harness::PATIENCE;
use crate::program::ask;

const PASSWORD: &str = "três pratos de trigo para tigres\n";

async fn crm(folder: &Path) -> Crm {
    let path = folder.join("data/aurora.db");
    Crm::open(format!("sqlite:{}", path.display())).await.unwrap()
}

/// Whether somebody can sign in so.
async fn signs_in(folder: &Path, email: &str, password: &str) -> bool {
    let keys = LocalKeys::from_file(folder.join("data/sealing.keys")).unwrap();
    let accounts = Accounts::builder(&crm(folder).await, Sealer::new(keys))
        .build()
        .unwrap();
    let login = Login::new(email, password.trim_end());
    let outcome = accounts.login(&Context::installation("test"), login).await;
    matches!(outcome, Ok(LoginOutcome::SignedIn(_)))
}

#[tokio::test]
async fn a_key_that_was_made_beside_a_server_opens_its_doors_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let (server, told): (Running, Value) = serving(folder.path(), &[], &[]);
    let address = told["address"].as_str().unwrap().to_owned();
    assert_eq!(
        (&told["database"], &told["simulated"], &told["open"]),
        (&"sqlite".into(), &true.into(), &false.into())
    );
    assert_eq!(ask(&address, "/api/v1/clients", &[]).await.status, 401);

    let made = run(
        folder.path(),
        &[
            "key",
            "create",
            "--json",
            "--scope",
            "client:read",
            "--name",
            "report",
        ],
    )
    .json();
    let key = made["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("aur_live_"), "{made}");
    assert_eq!(made["scopes"], serde_json::json!(["client:read"]));
    assert_eq!(made["expires_at"], Value::Null);
    let bearer = format!("Bearer {key}");
    let shown = [("authorization", bearer.as_str())];
    let answer = ask(&address, "/api/v1/clients", &shown).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["items"], serde_json::json!([]));

    let other = run(
        folder.path(),
        &["key", "create", "--scope", "llm:use", "--expires", "2d"],
    );
    let bearer = format!("Bearer {}", other.text().trim_end());
    assert_eq!(
        ask(&address, "/api/v1/clients", &[("authorization", &bearer)])
            .await
            .status,
        403
    );
    assert!(other.err.contains("llm:use"), "{other:?}");

    let listed = run(folder.path(), &["key", "list", "--json"]);
    assert!(!listed.out.contains(&key), "the list shows a key");
    let items = listed.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    assert_eq!(items[1]["name"], "report");
    assert_eq!(items[1]["created_by"], "command line");
    let id = made["id"].as_str().unwrap();
    assert!(
        run(folder.path(), &["key", "revoke", id])
            .text()
            .contains("revoked")
    );
    // The server remembers for a second that the key was good.
    let refused = async { while ask(&address, "/api/v1/clients", &shown).await.status != 401 {} };
    tokio::time::timeout(PATIENCE, refused).await.unwrap();
    let again = run(folder.path(), &["key", "revoke", id, "--json"]);
    assert!(again.error("refused").contains("API key"), "{again:?}");
    assert!(run(folder.path(), &["key", "list"]).text().contains("revoked"));
    drop(server);
}

#[test]
fn a_key_carries_everything_unless_told_and_wrong_scopes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["key", "create"]);
    first.text();
    let path = folder.path().canonicalize().unwrap().join("data/aurora.db");
    let told = format!("a new database is made: {}", path.display());
    assert!(first.err.contains(&told), "{first:?}");
    let made = run(folder.path(), &["key", "create", "--json"]);
    assert!(!made.err.contains("a new database"), "{made:?}");
    let made = made.json();
    let scopes = made["scopes"].as_array().unwrap();
    assert!(
        scopes.contains(&"client:read".into()) && scopes.contains(&"llm:use".into()),
        "{made}"
    );
    let wrong = run(folder.path(), &["key", "create", "--scope", "clients:read"]);
    assert!(wrong.refused().contains("client:read"), "{wrong:?}");
    let past = run(
        folder.path(),
        &["key", "create", "--expires", "2001-01-01T00:00:00Z"],
    );
    assert!(past.refused().contains("expires_at"), "{past:?}");
    let nowhere = run(
        folder.path(),
        &[
            "key",
            "create",
            "--workspace",
            "wsp_018bcfe5687b7fffbfffffffffffffff",
        ],
    );
    assert!(nowhere.refused().contains("workspace"), "{nowhere:?}");
    assert!(
        run(folder.path(), &["key", "create", "--workspace", "cli_7"])
            .refused()
            .contains("--workspace")
    );
}

#[tokio::test]
async fn the_first_administrator_is_made_once_and_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let create = [
        "user",
        "create",
        "ana@example.com",
        "--admin",
        "--name",
        "Ana Souza",
        "--json",
    ];
    let weak = run_with(folder.path(), &create, &[], "password\n");
    assert!(weak.error("refused").contains("password"), "{weak:?}");
    let none = run_with(folder.path(), &create, &[], "");
    assert!(none.err.contains("no password was given"), "{none:?}");
    let made = run_with(folder.path(), &create, &[], PASSWORD);
    assert!(
        !made.out.contains("trigo") && !made.err.contains("trigo"),
        "{made:?}"
    );
    let made = made.json();
    assert_eq!(
        (&made["is_administrator"], &made["status"]),
        (&true.into(), &"active".into())
    );
    assert_eq!(made["roles"], serde_json::json!(["owner"]));
    assert!(signs_in(folder.path(), "ana@example.com", PASSWORD).await);
    let second = ["user", "create", "bia@example.com", "--admin"];
    let second = run_with(folder.path(), &second, &[], PASSWORD);
    assert!(second.refused().contains("only the first"), "{second:?}");
}

#[tokio::test]
async fn users_are_listed_kept_out_and_given_other_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["user", "create", "bia@example.com", "--role", "agent,manager"];
    let made = run_with(folder.path(), &create, &[], PASSWORD);
    assert!(
        made.text().contains("agent") && made.text().contains("manager"),
        "{made:?}"
    );
    let double = run_with(folder.path(), &create, &[], PASSWORD);
    assert!(double.refused().contains("exists already"), "{double:?}");
    let list = run(folder.path(), &["user", "list", "--json"]).json();
    assert_eq!(list["items"][0]["email"], "bia@example.com");
    let id = list["items"][0]["id"].as_str().unwrap();

    assert!(
        run(folder.path(), &["user", "disable", "BIA@example.com"])
            .text()
            .contains("disabled")
    );
    assert!(!signs_in(folder.path(), "bia@example.com", PASSWORD).await);
    let kept_out = run_with(
        folder.path(),
        &["user", "reset-password", id],
        &[],
        "outra senha bem comprida\n",
    );
    assert!(kept_out.refused().contains("user enable"), "{kept_out:?}");
    assert_eq!(
        run(folder.path(), &["user", "enable", id, "--json"]).json()["status"],
        "active"
    );
    let reset = run_with(
        folder.path(),
        &["user", "reset-password", id],
        &[],
        "outra senha bem comprida\n",
    );
    assert!(reset.text().contains("changed the password"), "{reset:?}");
    assert!(signs_in(folder.path(), "bia@example.com", "outra senha bem comprida").await);
    assert!(!signs_in(folder.path(), "bia@example.com", PASSWORD).await);
    let unknown = run(
        folder.path(),
        &["user", "disable", "nobody@example.com", "--json"],
    );
    assert!(unknown.error("refused").contains("user"), "{unknown:?}");
}

#[tokio::test]
async fn somebody_who_was_invited_chooses_a_password_later() {
    let folder = tempfile::tempdir().unwrap();
    let invited = run(
        folder.path(),
        &["user", "create", "caio@example.com", "--invite", "--json"],
    )
    .json();
    assert!(
        invited["invitation"].as_str().unwrap().starts_with("aur_invite_"),
        "{invited}"
    );
    assert_eq!(invited["roles"], serde_json::json!(["viewer"]));
    let again = run(
        folder.path(),
        &["user", "reset-password", "caio@example.com", "--token", "--json"],
    )
    .json();
    assert!(
        again["token"].as_str().unwrap().starts_with("aur_invite_"),
        "{again}"
    );
    let chosen = run_with(
        folder.path(),
        &["user", "reset-password", "caio@example.com"],
        &[],
        PASSWORD,
    );
    assert!(chosen.text().contains("caio@example.com"), "{chosen:?}");
    assert!(signs_in(folder.path(), "caio@example.com", PASSWORD).await);
}

#[test]
fn workspaces_are_made_and_listed_and_have_keys_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(
        folder.path(),
        &[
            "workspace",
            "create",
            "Clínica Aurora",
            "--kind",
            "clinic",
            "--json",
        ],
    )
    .json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["kind"], &made["time_zone"]),
        (&"clinic".into(), &"America/Sao_Paulo".into())
    );
    let list = run(folder.path(), &["workspace", "list", "--json"]).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
    assert!(
        run(folder.path(), &["workspace", "list"])
            .text()
            .contains("Clínica Aurora")
    );
    assert_eq!(
        run(folder.path(), &["key", "create", "--workspace", id, "--json"]).json()["workspace"],
        id
    );
    assert_eq!(
        run(folder.path(), &["key", "list", "--json"]).json()["items"],
        serde_json::json!([])
    );
    let wrong = run(folder.path(), &["workspace", "create", "X", "--kind", "hospital"]);
    assert!(wrong.refused().contains("a company or a clinic"), "{wrong:?}");
    let nameless = run(folder.path(), &["workspace", "create", " ", "--json"]);
    assert!(nameless.error("refused").contains("name"), "{nameless:?}");
}

#[tokio::test]
async fn the_audit_log_is_verified_also_against_what_was_kept_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["key", "create"]).text();
    let verified = run(folder.path(), &["audit", "verify", "--json"]).json();
    assert_eq!(verified["ok"], true);
    assert_eq!(verified["chains"].as_array().unwrap().len(), 2, "{verified}");
    assert!(
        verified["chains"][1]["entries"].as_u64().unwrap() >= 2,
        "{verified}"
    );
    assert!(run(folder.path(), &["audit", "verify"]).text().starts_with("ok"));

    let kept = folder.path().join("checkpoints");
    let foreign = KeyRing::new(SigningKey::generate().unwrap());
    let checkpoints = Checkpoints::builder(&crm(folder.path()).await, foreign, FileSink::new(&kept)).build();
    checkpoints.round().await.unwrap();
    let forged = run(
        folder.path(),
        &["audit", "verify", "--checkpoints", "checkpoints", "--json"],
    );
    assert_eq!(forged.code, Some(1), "{forged:?}");
    let told: Value = serde_json::from_str(&forged.out).unwrap();
    assert_eq!(
        (&told["ok"], &told["chains"][0]["fault"]["kind"]),
        (&false.into(), &"bad_checkpoint".into())
    );
    assert!(forged.error("refused").contains("not as it was written"));
    let missing = run(folder.path(), &["audit", "verify", "--checkpoints", "nowhere"]);
    assert!(missing.refused().contains("nowhere"), "{missing:?}");
}
