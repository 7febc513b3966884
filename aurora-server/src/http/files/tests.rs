mod links;
mod rights;

use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use serde_json::{Value, json};

use crate::http::testing::Server;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A form with these fields, and a file at its end.
fn form(fields: &[(&str, &str)], name: &str, media_type: &str, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        let part = format!("--X\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--X\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {media_type}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--X--\r\n");
    body
}

const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=X");

async fn uploaded(server: &Server, name: &str, content: &[u8]) -> Value {
    let reply = server
        .exchange("POST", "/api/v1/files", &[("x-filename", name)], content)
        .await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    reply.json()
}

#[tokio::test]
async fn a_form_and_a_whole_body_are_taken_under_either_address() {
    let server = Server::with([]).await;
    let client = server
        .post(
            "/api/v1/clients",
            &json!({"kind": "person", "legal_name": "Ana Souza"}),
        )
        .await
        .json();
    let client = client["id"].as_str().unwrap();
    let body = form(&[("subject", client)], "Laudo João.pdf", "application/pdf", PDF);
    let reply = server.exchange("POST", "/files/upload", &[FORM], &body).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    let file = reply.json();
    assert_eq!(file["name"], "Laudo João.pdf");
    assert_eq!(
        (&file["media_type"], &file["subject"]),
        (&json!("application/pdf"), &json!(client))
    );
    assert_eq!(file["size"], PDF.len());
    let id = file["id"].as_str().unwrap();
    assert_eq!(
        reply.header("location"),
        Some(format!("/api/v1/files/{id}").as_str())
    );

    for path in ["/api/v1/files", "/api/v1/files/upload"] {
        let headers = [
            ("x-filename", "recado%20%C3%A7.txt"),
            ("content-type", "text/plain"),
        ];
        let reply = server.exchange("POST", path, &headers, "Bom dia").await;
        assert_eq!(reply.status, 201, "{path}: {}", reply.json());
        assert_eq!(reply.json()["name"], "recado ç.txt");
    }
    let mine = server
        .get(&format!("/api/v1/files?subject={client}"))
        .await
        .json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    let all = server.get("/api/v1/files?limit=2").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let next = all["next"].as_str().unwrap();
    let rest = server
        .get(&format!("/api/v1/files?limit=2&cursor={next}"))
        .await
        .json();
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    let usage = server.get("/api/v1/files/usage").await.json();
    assert_eq!(usage["bytes"], PDF.len() + 7, "equal contents count once");

    let path = format!("/api/v1/files/{id}");
    assert_eq!(server.get(&path).await.json()["sha256"], file["sha256"]);
    assert_eq!(server.exchange("DELETE", &path, &[], "").await.status, 204);
    assert_eq!(server.get(&path).await.status, 404);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_too_large_of_another_type_or_broken_is_refused() {
    let server = Server::set(&[("files.max_bytes", "1024"), ("files.quota_bytes", "2048")]).await;
    let name = ("x-filename", "a.txt");
    let large = vec![b'a'; 1_025];
    let announced = server.exchange("POST", "/files/upload", &[name], &large).await;
    assert_eq!(
        (announced.status, announced.code().as_str()),
        (413, "body_too_large")
    );
    // Of a form nobody knows the size before it has passed.
    let reply = server
        .exchange(
            "POST",
            "/files/upload",
            &[FORM],
            form(&[], "a.txt", "text/plain", &large),
        )
        .await;
    assert_eq!(reply.status, 413, "{}", reply.json());

    let page = b"<html><script>alert(1)</script></html>";
    for (file, declared) in [
        ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"),
        ("a.txt", "text/plain"),
    ] {
        let reply = server
            .exchange("POST", "/files/upload", &[FORM], form(&[], file, declared, page))
            .await;
        assert!([415, 422].contains(&reply.status), "{file}: {}", reply.json());
    }
    // A picture that is a page.
    let reply = server
        .exchange(
            "POST",
            "/files/upload",
            &[FORM],
            form(&[], "a.png", "image/png", page),
        )
        .await;
    assert!([415, 422].contains(&reply.status), "{}", reply.json());
    // A declared type that the content contradicts.
    let reply = server
        .exchange(
            "POST",
            "/files/upload",
            &[FORM],
            form(&[], "a.png", "image/png", PDF),
        )
        .await;
    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["field"]),
        (422, &json!("media_type"))
    );

    let reply = server.exchange("POST", "/files/upload", &[], "text").await;
    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["field"]),
        (422, &json!("name"))
    );
    assert_eq!(
        server.exchange("POST", "/files/upload", &[name], "").await.status,
        422,
        "nothing"
    );
    let hash = format!("/files/upload?sha256={}", "0".repeat(64));
    assert_eq!(server.exchange("POST", &hash, &[name], "text").await.status, 422);
    for path in [
        "/files/upload?sha256=x",
        "/files/upload?subject=x",
        "/files/upload?colour=red",
    ] {
        assert_eq!(
            server.exchange("POST", path, &[name], "text").await.status,
            400,
            "{path}"
        );
    }
    let without_end = form(&[], "a.txt", "text/plain", b"text");
    let without_end = &without_end[..without_end.len() - 9];
    let reply = server
        .exchange("POST", "/files/upload", &[FORM], without_end)
        .await;
    assert!([400, 422].contains(&reply.status), "{}", reply.json());
    let mut two = form(&[], "a.txt", "text/plain", b"text");
    two.truncate(two.len() - 7);
    two.extend_from_slice(&form(&[], "b.txt", "text/plain", b"more"));
    assert_eq!(
        server
            .exchange("POST", "/files/upload", &[FORM], &two)
            .await
            .status,
        400
    );
    let unknown = form(&[("colour", "red")], "a.txt", "text/plain", b"text");
    let reply = server.exchange("POST", "/files/upload", &[FORM], &unknown).await;
    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["field"]),
        (422, &json!("colour"))
    );
    let no_boundary = [("content-type", "multipart/form-data")];
    assert_eq!(
        server
            .exchange("POST", "/files/upload", &no_boundary, "x")
            .await
            .status,
        400
    );
    let no_file = b"--X\r\ncontent-disposition: form-data; name=\"subject\"\r\n\r\nx\r\n--X--\r\n";
    assert_eq!(
        server
            .exchange("POST", "/files/upload", &[FORM], no_file)
            .await
            .status,
        422
    );

    let left = server.get("/api/v1/files").await.json();
    assert_eq!(left["items"], json!([]), "nothing of all this was kept");
    for letter in ["a", "b"] {
        uploaded(&server, "a.txt", letter.repeat(1_000).as_bytes()).await;
    }
    let reply = server
        .exchange("POST", "/files/upload", &[name], "c".repeat(1_000))
        .await;
    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["code"]),
        (422, &json!("over_quota"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_name_never_leads_anywhere_and_never_breaks_out_of_its_header() {
    let server = Server::with([]).await;
    for (sent, kept) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cx%5Ca.txt", "a.txt"),
        ("%2Fetc%2Fshadow", "shadow"),
    ] {
        assert_eq!(uploaded(&server, sent, b"text").await["name"], kept, "{sent}");
    }
    for sent in [
        "..",
        "%2E%2E",
        "a%0D%0Aset-cookie:%20x",
        "%E2%80%AEfdp.exe",
        "a%00b",
        "%FF",
    ] {
        let reply = server
            .exchange("POST", "/api/v1/files", &[("x-filename", sent)], "text")
            .await;
        assert!([400, 422].contains(&reply.status), "{sent}: {}", reply.json());
    }
    let file = uploaded(&server, "a%22;%20b%C3%A7.txt", b"text").await;
    let path = format!("/api/v1/files/{}/content", file["id"].as_str().unwrap());
    let reply = server.exchange("GET", &path, &[], "").await;
    assert_eq!(
        reply.header("content-disposition"),
        Some("attachment; filename=\"a_; b_.txt\"; filename*=UTF-8''a%22%3B%20b%C3%A7.txt")
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_is_fetched_whole_or_in_part_and_runs_nothing() {
    let server = Server::with([]).await;
    let file = uploaded(&server, "a.txt", b"0123456789").await;
    let path = format!("/api/v1/files/{}/content", file["id"].as_str().unwrap());
    let whole = server.exchange("GET", &path, &[], "").await;
    assert_eq!((whole.status, whole.body.as_str()), (200, "0123456789"));
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-length", "10"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "attachment; filename=\"a.txt\""),
    ] {
        assert_eq!(whole.header(name), Some(value), "{name}");
    }
    assert!(
        whole
            .header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    let tag = whole.header("etag").unwrap();

    let part = server.exchange("GET", &path, &[("range", "bytes=2-4")], "").await;
    assert_eq!((part.status, part.body.as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    let last = server
        .exchange("GET", &path, &[("range", "bytes=-3"), ("if-range", tag)], "")
        .await;
    assert_eq!((last.status, last.body.as_str()), (206, "789"));
    let other = [("range", "bytes=-3"), ("if-range", "\"x\"")];
    assert_eq!(server.exchange("GET", &path, &other, "").await.status, 200);
    for several in ["bytes=0-1,3-4", "lines=1-2", "bytes=x"] {
        assert_eq!(
            server
                .exchange("GET", &path, &[("range", several)], "")
                .await
                .status,
            200,
            "{several}"
        );
    }
    let behind = server.exchange("GET", &path, &[("range", "bytes=10-")], "").await;
    assert_eq!(
        (behind.status, behind.code().as_str()),
        (416, "range_not_satisfiable")
    );
    assert_eq!(behind.header("content-range"), Some("bytes */10"));
    let known = server.exchange("GET", &path, &[("if-none-match", tag)], "").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = server.exchange("HEAD", &path, &[], "").await;
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, Some("10"), 0)
    );

    let shown = server
        .exchange("GET", &format!("{path}?disposition=inline"), &[], "")
        .await;
    assert!(shown.header("content-disposition").unwrap().starts_with("inline"));
    assert_eq!(server.get(&format!("{path}?disposition=run")).await.status, 400);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn files_of_another_workspace_are_not_there() {
    let server = Server::with([]).await;
    let other = NewWorkspace::new(WorkspaceKind::Clinic, "Vida");
    let other = server
        .state
        .crm
        .workspaces()
        .create(other)
        .await
        .unwrap()
        .id
        .to_string();
    let file = uploaded(&server, "a.txt", b"text").await;
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    let there = [("x-workspace-id", other.as_str())];
    for (method, path) in [
        ("GET", path.clone()),
        ("GET", format!("{path}/content")),
        ("DELETE", path.clone()),
    ] {
        assert_eq!(
            server.exchange(method, &path, &there, "").await.status,
            404,
            "{method} {path}"
        );
    }
    let link = server
        .send("POST", &format!("{path}/links"), &there, &json!({}))
        .await;
    assert_eq!(link.status, 404);
    assert_eq!(
        server.exchange("GET", "/api/v1/files", &there, "").await.json()["items"],
        json!([])
    );
    assert_eq!(server.get(&path).await.status, 200);
    for wrong in [
        "/api/v1/files/fil_x",
        "/api/v1/files/cli_0190a8b0c0de7000800000000000000a",
    ] {
        assert_eq!(server.get(wrong).await.status, 404, "{wrong}");
    }
    server.stop().await.unwrap();
}
