use proptest::prelude::*;

use super::super::parser::{Parser, Record};
use super::super::plan::plan;
use super::super::reader::Reader;
use super::*;

/// What the parser makes of a text, as the tests compare it.
fn parse(text: &[u8], separator: u8) -> Vec<Vec<Vec<u8>>> {
    let (mut parser, mut record, mut rows) = (Parser::new(separator), Record::default(), Vec::new());
    let mut take = |record: &Record| rows.push(record.fields().map(<[u8]>::to_vec).collect());
    parser.begin(&mut record);
    for &byte in text {
        if parser.step(byte, &mut record) {
            take(&record);
            parser.begin(&mut record);
        }
    }
    if parser.finish(&mut record) {
        take(&record);
    }
    rows
}

proptest! {
    /// The `csv` crate reads the same, whatever the text.
    #[test]
    fn the_grammar_is_that_of_the_csv_crate(text in "[a\";\\r\\n]{0,30}") {
        let mut oracle = ::csv::ReaderBuilder::new()
            .delimiter(b';')
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let expected: Vec<Vec<Vec<u8>>> = oracle
            .byte_records()
            .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
            .collect();
        prop_assert_eq!(parse(text.as_bytes(), b';'), expected);
    }

    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[a;\"\\n\\r é]{0,5}", 3), 1..5)) {
        let file: Vec<u8> = rows
            .iter()
            .flat_map(|row| super::super::table::line(b';', row.iter().cloned()))
            .collect();
        let expected: Vec<Vec<Vec<u8>>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.clone().into_bytes()).collect())
            .collect();
        prop_assert_eq!(parse(&file, b';'), expected);
    }
}

#[tokio::test]
async fn a_record_is_told_by_the_line_on_which_it_begins() {
    let file = "nome;nota\r\n\r\nAna;\"two\r\nlines\"\rBia;x\n\nCid;\"a\n\nb\"\nDora;";
    let mut reader = Reader::open(file.as_bytes(), None, None).await.unwrap();
    let (mut record, mut lines) = (Record::default(), Vec::new());
    while reader.next(&mut record).await.unwrap() {
        lines.push((
            record.line,
            String::from_utf8(record.get(0).unwrap().to_vec()).unwrap(),
        ));
    }
    let expected = [(1, "nome"), (3, "Ana"), (5, "Bia"), (7, "Cid"), (10, "Dora")];
    assert_eq!(lines, expected.map(|(line, name)| (line, name.to_owned())));
}

fn utf16(text: &str, high_first: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if high_first {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[tokio::test]
async fn the_dialect_is_found_out() {
    let semicolons = "Razão social;CNPJ;Observação\r\nPão, Açúcar e Cia;1;a,b,c\r\n";
    let commas = "nome,e-mail\nAna;Bia,a@b.co\n";
    let tabs = "nome\ttelefone\nAna, a primeira\t11\n";
    let latin: Vec<u8> = semicolons
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let marked = format!("\u{feff}{semicolons}").into_bytes();
    let ordered = "sep=,\r\nnome,cpf\r\nAna;1,2\r\n";
    for (file, encoding, separator, mark) in [
        (
            semicolons.as_bytes().to_vec(),
            Encoding::Utf8,
            Separator::Semicolon,
            false,
        ),
        (marked, Encoding::Utf8, Separator::Semicolon, true),
        (latin, Encoding::Windows1252, Separator::Semicolon, false),
        (
            utf16(semicolons, false),
            Encoding::Utf16Le,
            Separator::Semicolon,
            true,
        ),
        (
            utf16(semicolons, true),
            Encoding::Utf16Be,
            Separator::Semicolon,
            true,
        ),
        (
            commas.as_bytes().to_vec(),
            Encoding::Utf8,
            Separator::Comma,
            false,
        ),
        (tabs.as_bytes().to_vec(), Encoding::Utf8, Separator::Tab, false),
        (
            ordered.as_bytes().to_vec(),
            Encoding::Utf8,
            Separator::Comma,
            false,
        ),
        (b"nome".to_vec(), Encoding::Utf8, Separator::Semicolon, false),
    ] {
        let found = plan(file.as_slice(), &ImportOptions::new()).await.unwrap();
        let dialect = found.dialect;
        assert_eq!(
            (dialect.encoding, dialect.separator, dialect.byte_order_mark),
            (encoding, separator, mark)
        );
        if separator == Separator::Semicolon && found.columns.len() > 1 {
            assert_eq!(found.columns[0].header, "Razão social");
            assert_eq!(found.sample, [["Pão, Açúcar e Cia", "1", "a,b,c"]]);
        }
    }
}

#[tokio::test]
async fn a_plan_tells_where_each_column_goes() {
    let file = "RAZAO SOCIAL;cpf/cnpj;Whats App;WhatsApp;Limite;Ignorar isto\n";
    let limit = Target::Custom {
        key: "limit".to_owned(),
        kind: CustomKind::Number,
    };
    let options = ImportOptions::new()
        .column("limite", limit.clone())
        .column("IGNORAR isto", Target::Ignored);
    let found = plan(file.as_bytes(), &options).await.unwrap();
    let columns: Vec<_> = found
        .columns
        .iter()
        .map(|c| (c.target.clone(), c.decided))
        .collect();
    let expected = [
        (Target::Field(Field::LegalName), Decided::Recognised),
        (Target::Field(Field::Document), Decided::Recognised),
        (Target::Ignored, Decided::Unknown),
        (Target::Field(Field::Phones), Decided::Recognised),
        (limit, Decided::Told),
        (Target::Ignored, Decided::Told),
    ];
    assert_eq!(columns, expected);
    assert_eq!(
        found.unknown().map(|column| column.index).collect::<Vec<_>>(),
        [3]
    );
    let custom = options.clone().unknown_columns(UnknownColumns::Custom);
    let found = plan(file.as_bytes(), &custom).await.unwrap();
    let key = Target::Custom {
        key: "whats_app".to_owned(),
        kind: CustomKind::Text,
    };
    assert_eq!(found.columns[2].target, key);
    let refusing = options.unknown_columns(UnknownColumns::Refuse);
    let error = plan(file.as_bytes(), &refusing).await.unwrap_err();
    assert!(
        matches!(
            error,
            CsvError::File {
                code: "unknown_column",
                ..
            }
        ),
        "{error}"
    );
}
