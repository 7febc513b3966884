use serde_json::json;

use super::{search, taken_in};
use crate::http::testing::Server;

/// A PDF of one page, written by hand after ISO 32000-1.
fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [4 0 R] >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842] /Contents 5 0 R >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    let (mut file, mut table) = ("%PDF-1.4\n".to_owned(), String::new());
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let start = file.len();
    file.push_str(&format!("xref\n0 6\n0000000000 65535 f \n{table}"));
    file.push_str(&format!(
        "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
}

#[tokio::test]
async fn what_is_called_a_pdf_and_is_none_is_refused_and_so_is_text_with_nul() {
    let server = Server::with([]).await;
    let path = "/api/v1/knowledge/documents/upload?title=Foto";
    let [pdf_name, pdf_type] = [("x-filename", "foto.PDF"), ("content-type", "application/pdf")];
    let [text_name, text_type] = [("x-filename", "foto.txt"), ("content-type", "text/plain")];
    let bytes: &[u8] = b"\x00foto\x01abc";
    let words: &[u8] = b"Abrimos cedo";
    let called = "tem nome ou tipo de PDF, mas não é um PDF";
    let nul = "contém bytes NUL, o que nenhum texto tem";
    let language = ("accept-language", "pt-BR");
    for (headers, content, told) in [
        ([pdf_name, text_type, language], bytes, called),
        ([text_name, pdf_type, language], bytes, called),
        ([pdf_name, pdf_type, language], words, called),
        ([text_name, text_type, language], bytes, nul),
    ] {
        let sent = server.exchange("POST", path, &headers, content).await;
        let answer = sent.json();
        let error = &answer["errors"][0];
        assert_eq!(
            (sent.status, &error["field"], &error["message"]),
            (422, &json!("file"), &json!(told)),
            "{headers:?}"
        );
    }
    // What says it late is read as a PDF, and was no text before.
    let late = [b"\r\n".repeat(500), pdf("Jejum de quatro horas")].concat();
    let sent = server.exchange("POST", path, &[pdf_name, pdf_type], late).await;
    assert_eq!(sent.status, 201, "{}", sent.json());

    let kept = [("x-filename", "exames.pdf")];
    let file = server
        .exchange("POST", "/api/v1/files", &kept, "Abrimos às 8 horas")
        .await
        .json();
    let wanted = json!({"title": "Exames", "file_id": file["id"]});
    let sent = server.post("/api/v1/knowledge/documents", &wanted).await;
    assert_eq!(
        (sent.status, &sent.json()["errors"][0]["field"]),
        (422, &json!("file_id")),
        "{}",
        sent.json()
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn files_become_documents() {
    let server = Server::with([]).await;
    let headers = [("x-filename", "regras.md"), ("content-type", "text/markdown")];
    let path = "/api/v1/knowledge/documents/upload?external_id=rules";
    let sent = server
        .exchange("POST", path, &headers, "# Faltas\n\nAvise com 24 horas.")
        .await;
    assert_eq!(sent.status, 201, "{}", sent.json());
    assert_eq!(
        (&sent.json()["title"], &sent.json()["external_id"]),
        (&json!("regras.md"), &json!("rules"))
    );
    assert_eq!(
        search(&server, "faltas").await[0]["citation"]["headings"],
        json!(["Faltas"])
    );

    let body = "--X\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nEndereço\r\n\
        --X\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.html\"\r\ncontent-type: text/html\r\n\r\n\
        <h1>Onde</h1><p>Estacionamento na rua de trás</p><script>x()</script>\r\n--X--\r\n";
    let form = [("content-type", "multipart/form-data; boundary=X")];
    let sent = server
        .exchange("POST", "/api/v1/knowledge/documents/upload", &form, body)
        .await;
    assert_eq!(
        (sent.status, &sent.json()["title"]),
        (201, &json!("Endereço")),
        "{}",
        sent.json()
    );
    let quote = search(&server, "estacionamento").await[0]["citation"]["quote"].to_string();
    assert!(quote.contains("rua de trás") && !quote.contains("x()"), "{quote}");

    let headers = [("x-filename", "exames.pdf"), ("content-type", "application/pdf")];
    let sent = server
        .exchange(
            "POST",
            "/api/v1/knowledge/documents/upload?title=Exames",
            &headers,
            pdf("Jejum de quatro horas"),
        )
        .await;
    assert_eq!(sent.status, 201, "{}", sent.json());
    let hits = search(&server, "jejum").await;
    assert_eq!(hits[0]["citation"]["headings"], json!(["p. 1"]), "{hits:?}");

    let file = server
        .exchange(
            "POST",
            "/api/v1/files",
            &[("x-filename", "horarios.txt")],
            "Abrimos às 8 horas",
        )
        .await
        .json();
    let document = taken_in(&server, &json!({"title": "Horários", "file_id": file["id"]})).await;
    assert_eq!(
        document["source"],
        json!({"kind": "file", "reference": file["id"]})
    );
    assert_eq!(
        search(&server, "abrimos").await[0]["citation"]["title"],
        "Horários"
    );
    server.stop().await.unwrap();
}
