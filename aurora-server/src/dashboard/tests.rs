use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aurora_llm::providers::simulated::Simulated;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::assets::Assets;
use crate::http::testing::Server;

fn files() -> BTreeMap<String, String> {
    Assets::iter()
        .map(|path| {
            let file = Assets::get(&path).unwrap();
            (
                path.into_owned(),
                String::from_utf8(file.data.into_owned()).unwrap(),
            )
        })
        .collect()
}

fn ours() -> impl Iterator<Item = (String, String)> {
    files()
        .into_iter()
        .filter(|(path, _)| !path.starts_with("vendor/"))
}

#[test]
fn nothing_comes_from_elsewhere_or_stands_within_the_page() {
    for (path, text) in ours() {
        let text = text
            .replace("http://www.w3.org/2000/svg", "")
            .replace("http://www.w3.org/1999/xhtml", "");
        for foreign in [
            "src=\"http",
            "href=\"http",
            "//cdn",
            "@import",
            "url(http",
            "from \"http",
            "import(\"http",
        ] {
            assert!(!text.contains(foreign), "{path} has {foreign}");
        }
        let markup = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ];
        for markup in markup.into_iter().filter(|_| path.ends_with(".js")) {
            assert!(!text.contains(markup), "{path} has {markup}");
        }
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
            assert!(
                !path.ends_with(".html") || !text.contains(inline),
                "{path} has {inline}"
            );
        }
    }
}

#[test]
fn a_page_is_a_folder_and_a_line() {
    let files = files();
    let pages = files.get("pages.js").unwrap();
    let lines: BTreeSet<_> = pages
        .lines()
        .filter_map(|line| line.split_once("import(\"./pages/"))
        .collect();
    let named: BTreeSet<&str> = lines
        .iter()
        .filter_map(|(_, rest)| rest.split('/').next())
        .collect();
    let folders: BTreeSet<&str> = files
        .keys()
        .filter_map(|path| path.strip_prefix("pages/")?.split('/').next())
        .collect();
    assert_eq!(named, folders);
    assert!(!named.is_empty());
}

/// That it compiles is seen by the doctests of `code.rs`.
#[test]
fn every_page_shows_its_code_and_all_of_it_is_compiled() {
    let files = files();
    let compiled = include_str!("code.rs");
    let pages: BTreeSet<&str> = files
        .keys()
        .filter_map(|path| path.strip_prefix("pages/")?.split('/').next())
        .collect();
    for page in pages {
        let code = files.get(&format!("pages/{page}/code.rs"));
        let code = code.unwrap_or_else(|| panic!("{page} has no code.rs"));
        let lines: Vec<_> = code.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!((5..=15).contains(&lines.len()), "{page}: {} lines", lines.len());
        let longest = lines.iter().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{page}: {longest:?}");
        assert!(code.starts_with("use ") && code.contains("aurora_"), "{page}");
        assert!(
            compiled.contains(&format!("\"{page}\"")),
            "{page} is not compiled"
        );
    }
}

/// The source of a crate without its tests.
fn source_of(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_of_tests = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_of_tests {
            continue;
        }
        if path.is_dir() {
            source_of(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_audit_log_has_words_for_what_is_recorded() {
    let mut source = String::new();
    source_of(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../aurora-crm/src"),
        &mut source,
    );
    let actions: BTreeSet<&str> = ["Record::new(", "Journal::new(", "noted("]
        .into_iter()
        .flat_map(|maker| source.split(maker).skip(1))
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .collect();
    assert!(actions.len() > 100, "{actions:?}");
    let files = files();
    let words = &files["pages/settings/audit-words.js"];
    for action in actions {
        let key = format!("\"did.{action}\": ");
        assert_eq!(words.matches(&key).count(), 2, "{action}");
    }
}

#[test]
fn what_is_of_others_is_as_it_came_and_has_its_licence() {
    let files = files();
    let vendored: BTreeSet<&str> = files
        .keys()
        .filter_map(|path| path.strip_prefix("vendor/"))
        .filter(|path| *path != "CHECKSUMS")
        .collect();
    let sums = files.get("vendor/CHECKSUMS").unwrap();
    let listed: BTreeMap<&str, &str> = sums
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, path)| (path, sum))
        .collect();
    assert_eq!(listed.keys().copied().collect::<BTreeSet<_>>(), vendored);
    for (path, sum) in listed {
        let data = Assets::get(&format!("vendor/{path}")).unwrap().data;
        let found: String = Sha256::digest(&data)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(found, sum, "{path}");
        let (folder, _) = path.split_once('/').unwrap();
        assert!(
            vendored.contains(format!("{folder}/LICENSE").as_str()),
            "{folder}"
        );
    }
}

/// The files that a first look at the overview loads: what the shell names, and what those import, over and over.
fn first_load(files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["index.html".to_owned()]);
    let mut todo = vec!["index.html".to_owned(), "pages/overview/page.js".to_owned()];
    while let Some(path) = todo.pop() {
        let text = files.get(&path).unwrap_or_else(|| panic!("{path} is missing"));
        found.insert(path.clone());
        let folder: Vec<&str> = path.split('/').rev().skip(1).collect();
        for part in text.split('"').skip(1).step_by(2) {
            let named = if let Some(rest) = part.strip_prefix("/dashboard/assets/") {
                rest.to_owned()
            } else if part.starts_with("./") || part.starts_with("../") {
                let up = part.matches("../").count();
                let rest = part.trim_start_matches("../").trim_start_matches("./");
                let mut steps: Vec<&str> = folder.iter().rev().copied().collect();
                steps.truncate(steps.len().saturating_sub(up));
                steps.push(rest);
                steps.join("/")
            } else {
                continue;
            };
            let is_other_page = named.starts_with("pages/") && !named.starts_with("pages/overview/");
            if files.contains_key(&named) && !is_other_page && !found.contains(&named) {
                todo.push(named);
            }
        }
    }
    found
}

/// The bytes of those files as they are sent.
fn packed_files() -> usize {
    let files = files();
    let loaded = first_load(&files);
    assert!(loaded.contains("app.js") && loaded.len() > 20, "{loaded:?}");
    let mut total = 0;
    for path in loaded {
        use std::io::Write as _;
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(files.get(&path).unwrap().as_bytes()).unwrap();
        total += packed.finish().unwrap().len();
    }
    total
}

/// With who is there and the first beat, on a server that has seen calls.
#[tokio::test]
async fn the_first_load_is_below_150_kb() {
    const CALLS: usize = 40;
    let server = Server::with([("sim-a", Simulated::new("sim-a"))]).await;
    for call in 0..CALLS {
        let body = json!({"prompt": format!("Question {call}?")});
        server.post("/llm/chat", &body).await.good(200);
    }
    let has_all = |status: &Value| status["totals"]["requests"] == CALLS;
    server.until("/api/status", has_all).await;
    let state = server.send("GET", "/api/v1/auth/state", &[], "").await;
    assert_eq!(state.status, 200, "{}", state.body);
    let mut total = packed_files() + state.bytes.len();
    let mut beat = server.open("GET", "/api/events", "").await;
    beat.until_whole("event: snapshot").await;
    total += beat.answer().bytes.len();
    assert!(total < 150_000, "{total} bytes");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn files_are_told_apart_kept_and_packed() {
    let server = Server::adapted(|builder| builder).await;
    let ask = async |path: &str, headers: &[(&str, &str)]| server.send("GET", path, headers, "").await;
    for place in [
        "/",
        "/dashboard",
        "/dashboard/clients",
        "/dashboard/clients/cli_1",
        "/dashboard/none",
    ] {
        let shell = ask(place, &[]).await;
        assert_eq!(shell.status, 200, "{place}");
        assert!(shell.body.contains("/dashboard/assets/app.js"), "{place}");
        let policy = shell.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
    }
    let script = ask("/dashboard/assets/app.js", &[("accept-encoding", "gzip")]).await;
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(script.header("content-encoding"), Some("gzip"));
    let code = ask("/dashboard/assets/pages/overview/code.rs", &[]).await;
    assert_eq!(code.header("content-type"), Some("text/plain; charset=utf-8"));
    let tag = script.header("etag").unwrap().to_owned();
    let known = ask("/dashboard/assets/app.js", &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    let changed = ask("/dashboard/assets/app.js", &[("if-none-match", "W/\"0\"")]).await;
    assert_eq!(changed.status, 200);
    for nothing in [
        "/dashboard/assets/none.js",
        "/dashboard/assets/../mod.rs",
        "/dashboard/assets/vendor/CHECKSUMS",
    ] {
        ask(nothing, &[]).await.problem(404, "not_found");
    }
}
