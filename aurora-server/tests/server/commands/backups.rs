//! Backups and what is brought back of them.

use super::{run, serving};

fn name_of_only(folder: &std::path::Path) -> String {
    let list = run(folder, &["backup", "--list", "--json"]).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    list["items"][0]["name"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_lost_is_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = run(folder.path(), &["workspace", "create", "Padaria", "--json"]).json();
    let made = {
        // While a server works on the file.
        let _server = serving(folder.path(), &[], &[]);
        run(folder.path(), &["backup", "--json"]).json()
    };
    assert_eq!(made["verified"], true);
    assert_eq!(made["backup"]["kind"], "sqlite");
    assert_eq!(made["removed"], serde_json::json!([]));
    let name = name_of_only(folder.path());
    assert_eq!(made["backup"]["name"], name.as_str());

    let refused = run(folder.path(), &["restore"]);
    assert!(refused.refused().contains("--force"), "{refused:?}");
    run(folder.path(), &["workspace", "create", "Later"]).text();
    assert!(
        run(folder.path(), &["workspace", "list"])
            .text()
            .contains("Later")
    );
    let restored = run(folder.path(), &["restore", &name, "--force", "--json"]).json();
    assert_eq!(restored["backup"]["name"], name.as_str());
    let after = run(folder.path(), &["workspace", "list"]);
    assert!(
        after.text().contains(workspace["id"].as_str().unwrap()),
        "{after:?}"
    );
    assert!(!after.text().contains("Later"), "{after:?}");

    let elsewhere = run(folder.path(), &["restore", "--to", "copy/other.db"]);
    assert!(elsewhere.text().contains("copy/other.db"), "{elsewhere:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let made = std::fs::metadata(folder.path().join("copy")).unwrap();
        assert_eq!(made.permissions().mode() & 0o777, 0o700, "it holds everything");
    }
    let copy = ["workspace", "list", "--set", "database.url=sqlite:copy/other.db"];
    assert!(run(folder.path(), &copy).text().contains("Padaria"));
}

#[test]
fn a_backup_that_is_not_what_was_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = run(folder.path(), &["backup", "--json"]);
    assert!(nothing.error("storage").contains("aurora migrate"), "{nothing:?}");
    assert!(
        run(folder.path(), &["restore"])
            .refused()
            .contains("no verified backup")
    );
    run(folder.path(), &["migrate"]).text();
    run(folder.path(), &["backup", "--to", "elsewhere"]).text();
    assert_eq!(
        run(folder.path(), &["backup", "--list", "--json"]).json()["items"],
        serde_json::json!([])
    );
    run(folder.path(), &["backup"]).text();
    let name = name_of_only(folder.path());
    let verified = run(folder.path(), &["backup", "--verify", &name]);
    assert!(verified.text().contains("verified"), "{verified:?}");
    assert!(
        run(folder.path(), &["restore", "nope"])
            .refused()
            .contains("no backup")
    );
    let data = folder.path().join(format!("data/backups/{name}.db"));
    let mut bytes = std::fs::read(&data).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&data, bytes).unwrap();
    let database = std::fs::read(folder.path().join("data/aurora.db")).unwrap();
    let corrupt = run(folder.path(), &["restore", &name, "--force", "--json"]);
    corrupt.error("storage");
    assert_eq!(
        std::fs::read(folder.path().join("data/aurora.db")).unwrap(),
        database
    );
    assert_eq!(run(folder.path(), &["backup", "--verify", &name]).code, Some(1));
    let list = run(folder.path(), &["backup", "--list"]);
    assert!(list.text().contains("needs a look"), "{list:?}");
}

#[test]
fn only_so_many_backups_stay() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["migrate"]).text();
    run(folder.path(), &["backup"]).text();
    let second = run(folder.path(), &["backup", "--keep", "1", "--json"]).json();
    assert_eq!(second["removed"].as_array().unwrap().len(), 1, "{second}");
    assert_eq!(
        name_of_only(folder.path()),
        second["backup"]["name"].as_str().unwrap()
    );
    assert!(
        run(folder.path(), &["backup", "--keep", "0"])
            .refused()
            .contains("--keep")
    );
}
