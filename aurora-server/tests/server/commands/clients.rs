//! Clients from files and into files.

use super::run;

const FILE: &str = "Razão social;CNPJ;E-mail;Telefone\n\
    Padaria Pão Quente Ltda;11.222.333/0001-81;contato@paoquente.example;(11) 98765-4321\n\
    Oficina Roda Viva;12.ABC.345/01DE-35;;\n";
const WRONG: &str = "Razão social;CNPJ\nMercado Bom;11.222.333/0001-82\n";

#[test]
fn clients_come_in_once_and_go_out_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("clientes.csv"), FILE).unwrap();
    let import = |more: &[&str]| {
        let mut arguments = vec!["import", "clients", "clientes.csv", "--json"];
        arguments.extend(more);
        run(folder.path(), &arguments).json()
    };
    let tried = import(&["--dry-run"]);
    assert_eq!(
        (&tried["created"], &tried["dry_run"]),
        (&2.into(), &true.into()),
        "{tried}"
    );
    let done = import(&[]);
    assert_eq!(
        (&done["created"], &done["finished"]),
        (&2.into(), &true.into()),
        "{done}"
    );
    assert!(done["import"].as_str().unwrap().starts_with("imp_"));
    let words = run(folder.path(), &["import", "clients", "clientes.csv"]);
    assert!(words.text().starts_with("imported already"), "{words:?}");
    assert_eq!(
        (&done["already"], &import(&[])["already"]),
        (&false.into(), &true.into())
    );

    let out = run(folder.path(), &["export", "clients"]);
    assert!(
        out.text().contains("Padaria Pão Quente Ltda") && out.text().contains("12.ABC.345/01DE-35"),
        "{out:?}"
    );
    let file = run(folder.path(), &["export", "clients", "out.csv", "--json"]).json();
    assert_eq!((&file["clients"], &file["file"]), (&2.into(), &"out.csv".into()));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("out.csv")).unwrap(),
        out.out
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("out.csv"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "it holds personal data");
    }
    let again = run(folder.path(), &["export", "clients", "out.csv"]);
    assert!(again.refused().contains("there already"), "{again:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.path().join("out.csv");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let nowhere = ["export", "clients", "out.csv", "--force", "--workspace"];
        let nowhere = run(
            folder.path(),
            &[&nowhere[..], &["wsp_018bcfe5687b7fffbfffffffffffffff"]].concat(),
        );
        nowhere.refused();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "old",
            "what failed leaves it"
        );
        run(folder.path(), &["export", "clients", "out.csv", "--force"]).text();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "also where others could read the one before");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), out.out);
        let over = run(folder.path(), &["export", "clients", "/dev/null", "--force"]);
        assert!(over.refused().contains("there already"), "{over:?}");
        let names = std::fs::read_dir(folder.path()).unwrap();
        let left = names.filter(|it| {
            it.as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with(".tmp")
        });
        assert_eq!(left.count(), 0);
    }
    let mixed = run(folder.path(), &["export", "clients", "--json"]);
    assert!(mixed.error("refused").contains("file"), "{mixed:?}");
}

#[test]
fn wrong_rows_are_told_and_kept_for_mending() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("clientes.csv"), WRONG).unwrap();
    let arguments = [
        "import",
        "clients",
        "clientes.csv",
        "--refused",
        "recusadas.csv",
        "--json",
    ];
    let refused = run(folder.path(), &arguments);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let report: serde_json::Value = serde_json::from_str(&refused.out).unwrap();
    assert_eq!(
        (&report["refused"], &report["errors"][0]["line"]),
        (&1.into(), &2.into()),
        "{report}"
    );
    assert_eq!(report["errors"][0]["field"], "cnpj");
    assert!(refused.error("refused").contains("1 row"));
    let kept = std::fs::read_to_string(folder.path().join("recusadas.csv")).unwrap();
    assert!(kept.contains("Mercado Bom") && kept.contains("_erros"), "{kept}");
    let missing = run(folder.path(), &["import", "clients", "nowhere.csv"]);
    assert!(missing.refused().contains("nowhere.csv"), "{missing:?}");
    std::fs::write(folder.path().join("picture.csv"), b"PK\x03\x04\0\0\0\0").unwrap();
    assert_eq!(
        run(folder.path(), &["import", "clients", "picture.csv"]).code,
        Some(1)
    );
}
