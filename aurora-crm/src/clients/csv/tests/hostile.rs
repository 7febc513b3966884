use std::pin::Pin;
use std::task::{Context as Waker, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use super::super::parser::{Problem, Record};
use super::super::plan::plan;
use super::super::reader::Reader;
use super::*;
use crate::testing::each_database;

#[tokio::test]
async fn what_is_no_csv_file_is_told_with_the_remedy() {
    let many = vec!["x"; 201].join(";");
    for (file, expected, words) in [
        (&b""[..], "empty", "empty"),
        (b"\xef\xbb\xbf", "empty", "no row"),
        (b"\n\r\n\n", "empty", "no row"),
        (b"PK\x03\x04\x14\x00\x06\x00", "not_csv", ".xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_csv", ".xls"),
        (b"\x1f\x8b\x08", "not_csv", "gzip"),
        (b"%PDF-1.7", "not_csv", "PDF"),
        (b"n\0o\0m\0e\0\n\0", "unknown_encoding", "UTF-16"),
        (b"cpf;email\n", "no_name", "legal_name"),
        (b"nome;cpf;CPF\n", "duplicate_column", "column 3"),
        (b"nome;\"cpf\n", "header", "never closed"),
        (many.as_bytes(), "header", "200"),
        (b"nome;a\0b;c;ddddddddddddddd\n", "header", "column 2"),
    ] {
        match plan(file, &ImportOptions::new()).await.unwrap_err() {
            CsvError::File { code, message } => {
                assert_eq!(code, expected, "{message}");
                assert!(message.contains(words), "{message}");
            }
            other => panic!("{other}"),
        }
    }
    // a header that is a formula is a header like any other, and is not run by anybody
    let found = plan(&b"=HYPERLINK(1);nome\nx;Ana\n"[..], &ImportOptions::new())
        .await
        .unwrap();
    assert_eq!(found.columns[0].decided, Decided::Unknown);
}

/// A header, and then one field without end.
struct Endless(u64);

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Waker<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let begin: &[u8] = if self.0 == 0 { b"nome;nota\nAna;\"" } else { &[] };
        buffer.put_slice(begin);
        let left = 200_000_000_u64.saturating_sub(self.0);
        let count = buffer.remaining().min(usize::try_from(left).unwrap());
        buffer.initialize_unfilled_to(count).fill(b'x');
        buffer.advance(count);
        self.0 += u64::try_from(count).unwrap().max(1);
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_field_without_end_is_held_at_its_bound() {
    let mut reader = Reader::open(Endless(0), None, None).await.unwrap();
    let mut record = Record::default();
    assert!(reader.next(&mut record).await.unwrap());
    assert!(reader.next(&mut record).await.unwrap());
    assert_eq!(record.problem, Some(Problem::Unterminated));
    assert_eq!(record.size(), 64 * 1024);
    assert!(reader.bytes() > 199_000_000);
    assert!(!reader.next(&mut record).await.unwrap());
}

#[tokio::test]
async fn rows_that_are_broken_are_refused_and_the_others_go_on() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let long = "y".repeat(70_000);
        let mut file =
            format!("nome;cpf;e-mail\nAna;;a@b.co\nBia;\nCid;;;\n{long};;\nD\0ra;;\n;;\n").into_bytes();
        // the sample was UTF-8 already, so this is a mistake and not another encoding
        file.splice(0..0, "observação;".as_bytes().iter().copied());
        let mut file = String::from_utf8(file).unwrap().replace("\n", "\n;").into_bytes();
        file.extend(b"Z\xe9;;\n;Eva;;e@b.co\n;\"Fim;;\n;Gil;;\n");
        let mut refused = Vec::new();
        let watch = ImportWatch::new().refused(&mut refused);
        let imports = crm.clients().imports();
        let options = ImportOptions::new();
        let report = imports
            .run(&context, id(&crm), file.as_slice(), &options, watch)
            .await
            .unwrap();
        let expected = [
            (3, "", "column_count"),
            (4, "", "column_count"),
            (5, "", "too_long"),
            (6, "legal_name", "invalid"),
            (8, "legal_name", "invalid_encoding"),
            (10, "", "unterminated_quote"),
        ];
        assert_eq!(codes(&report), expected);
        assert_eq!(counts(&report), (2, 0, 0, 0, 6));
        let refused = String::from_utf8(refused).unwrap();
        assert!(
            refused.starts_with("\u{feff}_linha;_erros;observação;nome;cpf;e-mail\r\n3;"),
            "{refused}"
        );
        assert!(
            !refused.contains("yyyy"),
            "what is left of a long record is not the record"
        );
        assert!(!refused.contains("Gil"));
    })
    .await;
}

#[tokio::test]
async fn a_file_that_began_in_ascii_may_turn_out_to_be_windows_1252() {
    each_database(|db| async move {
        let (crm, context) = crm(db.database.clone()).await;
        let mut file = b"nome;tipo\n".to_vec();
        for n in 0..4_000 {
            file.extend(format!(";{n:020}\n").bytes().take(0));
            file.extend(b";;;;;;;;;;;;;;;;;\n");
        }
        file.extend(b"Jo\xe3o;PF\n");
        let imports = crm.clients().imports();
        let report = imports
            .run(
                &context,
                id(&crm),
                file.as_slice(),
                &ImportOptions::new(),
                ImportWatch::new(),
            )
            .await
            .unwrap();
        assert_eq!(counts(&report), (1, 0, 0, 0, 0));
        assert_eq!(all(&crm, &context).await[0].legal_name, "João");
    })
    .await;
}
