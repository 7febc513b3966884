//! Files of the fake.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::answers::{error, token};
use super::fake::{Shared, StoredFile};
use super::http::{Answer, Request};

pub(super) fn upload(shared: &Shared, number: &str, request: &Request) -> Answer {
    let boundary = request
        .header("content-type")
        .and_then(|kind| kind.strip_prefix("multipart/form-data; boundary="));
    let Some(parts) = boundary.and_then(|boundary| parts(&request.body, boundary)) else {
        return error(400, 100, false);
    };
    let field = |name: &str| parts.iter().find(|part| part.name == name);
    let is_whatsapp = field("messaging_product").is_some_and(|part| part.bytes == b"whatsapp");
    let Some(file) = field("file").filter(|_| is_whatsapp) else {
        return error(400, 131_008, false);
    };
    let id = shared.state().store(StoredFile {
        number: number.to_owned(),
        mime_type: file.content_type.clone(),
        bytes: file.bytes.to_vec(),
        address: None,
    });
    Answer::json(200, &json!({ "id": id }))
}

pub(super) fn info(shared: &Shared, id: &str, request: &Request) -> Answer {
    if !may_see(shared, id, request) {
        return error(400, 100, false);
    }
    let Some(url) = shared.give_address(id) else {
        return error(400, 100, false);
    };
    let state = shared.state();
    let Some(file) = state.files.get(id) else {
        return error(400, 100, false);
    };
    let sha256: String = Sha256::digest(&file.bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Answer::json(
        200,
        &json!({
            "url": url, "mime_type": file.mime_type, "sha256": sha256, "file_size": file.bytes.len(), "id": id,
            "messaging_product": "whatsapp",
        }),
    )
}

pub(super) fn delete(shared: &Shared, id: &str, request: &Request) -> Answer {
    if !may_see(shared, id, request) {
        return error(400, 100, false);
    }
    shared.state().files.remove(id);
    Answer::json(200, &json!({"success": true}))
}

/// With the token of its number, and while its address is good; else 401 and 404.
pub(super) fn download(shared: &Shared, request: &Request) -> Answer {
    let now = shared.now();
    let state = shared.state();
    let found = state.files.values().find(|file| {
        let address = file.address.as_ref();
        address.is_some_and(|(path, until)| *path == request.path && now < *until)
    });
    let empty = |status| Answer {
        status,
        content_type: "text/plain".to_owned(),
        body: Vec::new(),
    };
    let Some(file) = found else {
        return empty(404);
    };
    if token(request) != state.numbers.get(&file.number).map(String::as_str) {
        return empty(401);
    }
    Answer {
        status: 200,
        content_type: file.mime_type.clone(),
        body: file.bytes.clone(),
    }
}

/// With the token of its number, and where the query names a number, of that one.
fn may_see(shared: &Shared, id: &str, request: &Request) -> bool {
    let state = shared.state();
    let asked = request.query.strip_prefix("phone_number_id=");
    state.files.get(id).is_some_and(|file| {
        token(request) == state.numbers.get(&file.number).map(String::as_str)
            && asked.is_none_or(|number| number == file.number)
    })
}

struct Part<'a> {
    name: String,
    content_type: String,
    bytes: &'a [u8],
}

/// The parts of a form (RFC 7578).
fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let boundary = boundary.trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(format!("--{boundary}").as_bytes())?;
    let mut parts = Vec::new();
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        let end = find(after, delimiter.as_bytes())?;
        let (part, next) = after.split_at_checked(end)?;
        rest = next.get(delimiter.len()..)?;
        let middle = find(part, b"\r\n\r\n")?;
        let (head, bytes) = part.split_at_checked(middle)?;
        let head = std::str::from_utf8(head).ok()?;
        parts.push(Part {
            name: quoted(head, " name=\"")?,
            content_type: line(head, "content-type:"),
            bytes: bytes.get(4..)?,
        });
    }
    rest.starts_with(b"--").then_some(parts)
}

fn quoted(head: &str, before: &str) -> Option<String> {
    let (_, after) = head.split_once(before)?;
    Some(after.split_once('"')?.0.to_owned())
}

fn line(head: &str, name: &str) -> String {
    let lines = head.lines();
    let mut found = lines.filter_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    found.next().unwrap_or_default()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
