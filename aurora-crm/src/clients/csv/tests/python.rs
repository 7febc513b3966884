//! Python's csv module reads what is exported and writes what is imported.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::*;
use crate::clients::NewClient;
use crate::testing::each_database;

fn ask(script: &str, input: &[u8]) -> Option<Vec<u8>> {
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

const NAMES: [&str; 6] = ["Plain", "a;b,c\td", "say \"x\"", "=1+1", "Pão €", "'quoted'"];

#[tokio::test]
async fn python_reads_what_is_exported() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        for name in NAMES {
            let name = name.replace('\t', " ");
            crm.clients()
                .create(&context, NewClient::company(name).tag("x;y").tag("z"))
                .await
                .unwrap();
        }
        for (separator, mark) in [
            (Separator::Semicolon, ";"),
            (Separator::Comma, ","),
            (Separator::Tab, "\t"),
        ] {
            let columns = [Column::Field(Field::LegalName), Column::Field(Field::Tags)];
            let options = ExportOptions::new()
                .columns(columns)
                .separator(separator)
                .language(Language::English);
            let file = exported(&crm, &context, options).await;
            let script = format!(
                "import csv, io, json, sys\n\
                 text = io.TextIOWrapper(sys.stdin.buffer, 'utf-8-sig', newline='')\n\
                 print(json.dumps(list(csv.reader(text, delimiter={mark:?}, strict=True))))"
            );
            let Some(read) = ask(&script, &file) else { return };
            let rows: Vec<Vec<String>> = serde_json::from_slice(&read).unwrap();
            assert_eq!(rows[0], ["legal_name", "tags"]);
            let mut names: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).collect();
            names.sort_unstable();
            let mut expected: Vec<String> = NAMES
                .iter()
                .map(|name| name.replace('\t', " ").replace("=1", "'=1"))
                .collect();
            expected.sort_unstable();
            assert_eq!(names, expected);
            assert_eq!(rows[1][1], "x;y\nz\n");
        }
    })
    .await;
}

#[tokio::test]
async fn what_python_writes_is_imported() {
    each_database(|db| async move {
        let (crm, _) = crm(db.database.clone()).await;
        for (encoding, delimiter, quoting) in [
            ("utf-8", ";", "csv.QUOTE_MINIMAL"),
            ("utf-8-sig", ",", "csv.QUOTE_ALL"),
            ("utf-16", "\t", "csv.QUOTE_MINIMAL"),
            ("cp1252", ";", "csv.QUOTE_NONNUMERIC"),
        ] {
            let script = format!(
                "import csv, io, sys, json\n\
                 names = json.loads(sys.stdin.read())\n\
                 raw = io.BytesIO()\n\
                 text = io.TextIOWrapper(raw, {encoding:?}, newline='')\n\
                 out = csv.writer(text, delimiter={delimiter:?}, quoting={quoting})\n\
                 out.writerow(['Razão social', 'Observação'])\n\
                 [out.writerow([name, 'line\\nline ' + name]) for name in names]\n\
                 text.flush()\n\
                 sys.stdout.buffer.write(raw.getvalue())"
            );
            let names = NAMES.map(|name| name.replace('\t', " "));
            let Some(file) = ask(&script, Value::from(names.to_vec()).to_string().as_bytes()) else {
                return;
            };
            let context = house(&crm).await;
            let options = ImportOptions::new().unknown_columns(UnknownColumns::Custom);
            let imports = crm.clients().imports();
            let report = imports
                .run(&context, id(&crm), file.as_slice(), &options, ImportWatch::new())
                .await
                .unwrap();
            assert!(report.errors.is_empty(), "{encoding}: {:?}", report.errors);
            let clients = all(&crm, &context).await;
            assert_eq!(clients.len(), NAMES.len());
            for client in clients {
                assert!(names.contains(&client.legal_name), "{encoding}");
                assert_eq!(
                    client.custom["observacao"],
                    Value::from(format!("line\nline {}", client.legal_name))
                );
            }
        }
    })
    .await;
}
