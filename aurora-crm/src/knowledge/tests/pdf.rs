//! PDFs written by hand after ISO 32000-1: what is read does not come from the library that reads.

use std::fmt::Write as _;

use super::World;
use crate::error::ErrorKind;
use crate::knowledge::{Content, Limits, NewDocument, Query};
use crate::testing::each_database;

/// A PDF whose pages show these contents in Helvetica with WinAnsi letters.
fn pdf(pages: &[&str]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len())
        .map(|page| format!("{} 0 R", 4 + 2 * page))
        .collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!(
            "<< /Type /Pages /Count {} /Kids [{}] >>",
            pages.len(),
            kids.join(" ")
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    for (page, content) in pages.iter().enumerate() {
        let resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]";
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R {resources} /Contents {} 0 R >>",
            5 + 2 * page
        ));
        objects.push(format!(
            "<< /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        ));
    }
    file(&objects)
}

fn file(objects: &[String]) -> Vec<u8> {
    let mut text = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        offsets.push(text.len());
        write!(text, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let start = text.len();
    write!(text, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(text, "{offset:010} 00000 n ").unwrap();
    }
    write!(
        text,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    )
    .unwrap();
    text.into_bytes()
}

/// `\343` is ã, `\347` ç, `\351` é in WinAnsi.
const FIRST: &str = "BT /F1 12 Tf 72 720 Td (Orienta\\347\\365es para a resso-) Tj 0 -14 Td (n\\342ncia: jejum de quatro horas.) Tj ET
    BT /F1 12 Tf 1 0 0 1 72 600 Tm [(Traga) -300 (exames) 20 ( antigos)] TJ T* (N\\343o use metal) ' ET";
const SECOND: &str = "BT /F1 12 Tf 72 720 Td (Caf\\351 \\351 permitido depois.) Tj ET";

fn document(bytes: Vec<u8>) -> NewDocument {
    NewDocument::new("Ressonância", Content::Pdf(bytes)).external_id("mri")
}

#[tokio::test]
async fn text_is_read_with_its_lines_and_cited_with_its_page() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let (knowledge, context) = (&world.knowledge, &world.context);
        let ingested = knowledge.ingest(context, document(pdf(&[FIRST, SECOND]))).await.unwrap();
        let versions = knowledge.versions(context, ingested.document().id).await.unwrap();
        let expected = "Orientações para a ressonância: jejum de quatro horas.\nTraga exames antigos\nNão use metal\n\n\
            Café é permitido depois.";
        assert_eq!(versions[0].text, expected);
        let hits = world.search(Query::new("posso tomar cafe")).await;
        assert_eq!(hits[0].citation.headings, ["p. 2"]);
        let again = knowledge.ingest(context, document(pdf(&[FIRST, SECOND]))).await.unwrap();
        assert!(matches!(again, crate::knowledge::Ingested::Unchanged(_)));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_pdf_is_hostile_or_too_much_is_refused() {
    each_database(|db| async move {
        let world = World::with(&db, |builder| builder.limits(Limits::default().pages(2))).await;
        let whole = pdf(&[FIRST]);
        let looping_pages = vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Count 1 /Kids [2 0 R] /Parent 2 0 R >>".to_owned(),
        ];
        let nested = vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            format!(
                "<< /Type /Pages /Count 0 /Kids {}{} >>",
                "[".repeat(100_000),
                "]".repeat(100_000)
            ),
        ];
        for (name, bytes, code) in [
            ("text", b"isto nao e um pdf".to_vec(), "invalid"),
            ("cut", whole[..whole.len() / 3].to_vec(), "required"),
            ("pages", pdf(&[SECOND; 3]), "too_many"),
            ("nothing in it", pdf(&["q Q"]), "required"),
            ("pages in a circle", file(&looping_pages), "required"),
            ("nested", file(&nested), "required"),
        ] {
            let error = world
                .knowledge
                .ingest(&world.context, document(bytes))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{name}: {error}");
            let told = error.fields()[0].code;
            assert!(
                told == code || (told == "invalid" && code == "required"),
                "{name}: {told}"
            );
        }
        // Every single byte of it changed: an answer each time, and the process lives.
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] = bytes[at].wrapping_add(31);
            drop(world.knowledge.ingest(&world.context, document(bytes)).await);
        }
    })
    .await;
}

/// A stream that unpacks to these bytes, and then so many times 128 of one.
fn packed(dictionary: &str, begin: &str, byte: u8, times: usize) -> String {
    let begin: String = begin.bytes().map(|byte| format!("00{byte:02x}")).collect();
    let content = format!("{begin}{}80>", format!("81{byte:02x}").repeat(times));
    let filter = "/Filter [/ASCIIHexDecode /RunLengthDecode]";
    let length = content.len();
    format!("<< {dictionary} {filter} /Length {length} >>\nstream\n{content}\nendstream")
}

/// A PDF of one page with this content and this table of letters.
fn one_page(content: String, table: String) -> Vec<u8> {
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 5 0 R >>";
    let page = "<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents 6 0 R >>";
    let stream = |content: String| format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    file(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [4 0 R] >>".to_owned(),
        font.to_owned(),
        page.to_owned(),
        stream(table),
        if content.starts_with("<<") {
            content
        } else {
            stream(content)
        },
    ])
}

fn letters(ranges: &str) -> String {
    format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /X def\n/CMapType 2 def\n\
        1 begincodespacerange\n<00> <FF>\nendcodespacerange\n{ranges}\nendcmap\n\
        CMapName currentdict /CMap defineresource pop\nend\nend\n"
    )
}

#[tokio::test]
async fn what_unpacks_to_much_is_refused_before_it_is_kept() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let taken = async |bytes: Vec<u8>| world.knowledge.ingest(&world.context, document(bytes)).await;
        let one = letters("1 beginbfchar\n<41> <0061>\nendbfchar");
        let long = format!("1 beginbfchar\n<41> <{}>\nendbfchar", "0061".repeat(256));
        let show = |text: &str| format!("BT /F1 12 Tf ({text}) Tj ET");
        let objects = |times: usize, streams: usize| {
            let one = packed("/Type /ObjStm /N 1 /First 5", "90 0 ", b' ', times);
            let mut objects = vec![
                "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
                "<< /Type /Pages /Count 1 /Kids [3 0 R] >>".to_owned(),
                "<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>"
                    .to_owned(),
                format!(
                    "<< /Length {} >>\nstream\n{}\nendstream",
                    show("A").len(),
                    show("A")
                ),
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
                    .to_owned(),
            ];
            objects.extend(std::iter::repeat_n(one, streams));
            file(&objects)
        };
        for (name, bytes) in [
            (
                "a page of spaces",
                one_page(packed("", "", b' ', 66_000), one.clone()),
            ),
            (
                "a page of one operation",
                one_page(packed("", "", b'/', 34_000), one.clone()),
            ),
            (
                "a letter that is many",
                one_page(show(&"A".repeat(60_000)), letters(&long)),
            ),
            ("a stream of objects", objects(17_000, 1)),
            ("streams of objects", objects(8_192, 17)),
            ("objects", file(&["/".repeat(4_100_000)])),
        ] {
            let error = taken(bytes).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{name}: {error}");
            assert_eq!(error.fields()[0].code, "too_large", "{name}: {error}");
        }
        for (name, bytes) in [("small", objects(8, 3)), ("letters", one_page(show("A"), one))] {
            assert!(taken(bytes).await.is_ok(), "{name}");
        }
        // A range of all codes of four bytes: the library would keep four billion letters. The font is left out.
        let wide = "1 beginbfrange\n<00000000> <FFFFFFFF> <0041>\nendbfrange";
        let error = taken(one_page(show("A"), letters(wide))).await.unwrap_err();
        assert_eq!(error.fields()[0].code, "required", "{error}");
    })
    .await;
}
