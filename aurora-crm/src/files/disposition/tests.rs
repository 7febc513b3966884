use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Disposition;
use crate::files::MediaType;

#[test]
fn values_are_what_rfc_6266_shows() {
    let value = |name| Disposition::Attachment.header_value(name);
    // RFC 6266 §5
    assert_eq!(value("example.html"), "attachment; filename=\"example.html\"");
    assert_eq!(
        value("€ rates"),
        "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"
    );
    assert_eq!(
        Disposition::Inline.header_value("foo.html"),
        "inline; filename=\"foo.html\""
    );
}

#[test]
fn no_name_gets_out_of_its_place() {
    for name in [
        "a\"; filename=\"b.exe",
        "a\r\nSet-Cookie: x=1",
        "../../etc/passwd",
        "C:\\x",
        "%00",
        "a\0b",
        "\u{202E}",
    ] {
        let value = Disposition::Attachment.header_value(name);
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{value}");
        assert_eq!(value.matches('"').count(), 2, "{value}");
        assert!(!value.contains('/') && !value.contains('\\'), "{value}");
    }
}

#[test]
fn what_runs_scripts_is_never_shown() {
    for media_type in [MediaType::Html, MediaType::Svg, MediaType::Xml] {
        assert_eq!(Disposition::Inline.for_type(media_type), Disposition::Attachment);
    }
    assert_eq!(Disposition::Inline.for_type(MediaType::Pdf), Disposition::Inline);
}

proptest! {
    #[test]
    fn a_value_is_always_one_line_of_ascii_with_two_quotes(name in ".{0,300}") {
        let value = Disposition::Inline.header_value(&name);
        prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert_eq!(value.matches('"').count(), 2);
        prop_assert!(value.len() <= 1_400 * 3);
    }
}

/// Werkzeug reads the values as Flask's servers and clients do.
#[test]
fn another_program_reads_the_names_back() {
    let Some(python) = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON") else {
        return;
    };
    let names = [
        "example.html",
        "Laudo João.pdf",
        "€ rates",
        "a\"b;c=d.txt",
        "100% café.csv",
        "文件 名.docx",
        "😀.png",
        "O'Brien.txt",
        "semi;colon, comma.txt",
        "tab\tname.txt",
        "a_b-c~d!#$&+.^`|.txt",
        "  padded  .txt",
    ];
    let values: Vec<String> = names
        .iter()
        .map(|name| Disposition::Attachment.header_value(name))
        .collect();
    let script = "import json, sys\n\
        from werkzeug.http import parse_options_header\n\
        print(json.dumps([parse_options_header(value) for value in json.load(sys.stdin)]))";
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(json!(values).to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (index, name) in names.iter().enumerate() {
        assert_eq!(read[index][0], "attachment");
        assert_eq!(
            read[index][1]["filename"],
            name.replace('\t', "_"),
            "{}",
            values[index]
        );
    }
}
