use proptest::prelude::*;

use super::{HEAD_BYTES, MediaFamily, MediaType};

fn of(head: impl AsRef<[u8]>) -> MediaType {
    MediaType::of_content(head.as_ref())
}

/// A ZIP's first local header (APPNOTE 4.3.7), as it begins for an entry of this name and content.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\x50\0\0\0\0".to_vec();
    bytes.extend(length);
    bytes.extend(length);
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(name.as_bytes());
    bytes.extend(content);
    bytes
}

#[test]
fn signatures_of_the_formats_specifications_are_recognised() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0"; // PNG §5.2
    let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"; // T.81, JFIF
    let webp = b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0"; // RFC 9649 §2
    let mp4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"; // ISO 14496-12 §4.3
    let m4a = b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0";
    let mut opus = b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13".to_vec(); // RFC 7845 §5.1
    opus.extend(b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
    let wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0";
    let cases: [(&[u8], MediaType); 14] = [
        (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", MediaType::Pdf),
        (b"%PDF-1.4\nall of it text", MediaType::Pdf),
        (png, MediaType::Png),
        (jpeg, MediaType::Jpeg),
        (b"GIF89a\x01\0\x01\0\x80\0\0", MediaType::Gif),
        (webp, MediaType::Webp),
        (mp4, MediaType::Mp4),
        (m4a, MediaType::M4a),
        (&opus, MediaType::Ogg),
        (b"ID3\x04\0\0\0\0\0\x23TSSE", MediaType::Mp3),
        (b"\xFF\xFB\x90\x64\0\0\0\0", MediaType::Mp3),
        (wav, MediaType::Wav),
        (b"\x1F\x8B\x08\0\0\0\0\0", MediaType::Gzip),
        (b"MZ\x90\0\x03\0\0\0\x04\0", MediaType::Executable),
    ];
    for (head, wanted) in cases {
        assert_eq!(of(head), wanted, "{head:?}");
    }
    let mut dicom = vec![0; 128];
    dicom.extend(b"DICM\x02\0\0\0UL\x04\0"); // PS3.10 §7.1
    assert_eq!(of(dicom), MediaType::Dicom);
    assert_eq!(of(zip("notes.txt", b"hello")), MediaType::Zip);
    assert_eq!(of(zip("word/document.xml", b"<w:document/>")), MediaType::Docx);
    let odt = zip("mimetype", b"application/vnd.oasis.opendocument.text");
    assert_eq!(of(odt), MediaType::Odt);
    let mut elf = b"\x7FELF\x02\x01\x01".to_vec();
    elf.resize(64, 0);
    assert_eq!(of(elf), MediaType::Executable);
    assert_eq!(of(b"#!/bin/sh\nrm -rf /\n"), MediaType::Executable);
    assert_eq!(of([0, 1, 2, 3, 4, 5]), MediaType::Binary);
    assert_eq!(of([]), MediaType::Binary);
}

#[test]
fn text_is_told_apart() {
    let long = format!("[{}", "{\"nome\": \"Ana\"},".repeat(1_000));
    let cases: [(&[u8], MediaType); 12] = [
        (b"Bom dia", MediaType::Text),
        ("Olá, São Paulo".as_bytes(), MediaType::Text),
        (b"Ol\xE1, S\xE3o Paulo", MediaType::Text), // Windows-1252
        (b"\xEF\xBB\xBFnome;telefone\r\nAna;11\r\n", MediaType::Csv),
        (b"nome;cidade\r\nJo\xE3o;S\xE3o Paulo\r\n", MediaType::Csv),
        (b"a,b\n1,2\n3,4\n", MediaType::Csv),
        (b"\xFF\xFEO\0i\0", MediaType::Text), // UTF-16
        (br#"{"a": [1, 2]}"#, MediaType::Json),
        (b"[1, 2", MediaType::Text),
        (long.as_bytes(), MediaType::Json),
        (b"BEGIN:VCARD\r\nVERSION:4.0\r\n", MediaType::Vcard),
        (b"{\\rtf1\\ansi}", MediaType::Rtf),
    ];
    for (head, wanted) in cases {
        assert_eq!(of(head), wanted, "{}", String::from_utf8_lossy(head));
    }
}

#[test]
fn what_a_browser_may_run_is_found_out() {
    let utf16 = |text: &str| {
        let mut bytes = b"\xFF\xFE".to_vec();
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    let pages = [
        "<!DOCTYPE html><html>",
        "  \n<HTML>",
        "<script>alert(1)</script>",
        "<ScRiPt src=//x>",
        "<!-- x --><b>",
        "<body onload=x>",
        "<iframe src=x>",
        "text first <script >x",
        "<img src=x onerror=alert(1)>",
        "<a href=x>",
        "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">",
        "\u{FEFF}<html>",
        "<p>x",
        "<meta charset=x>",
    ];
    for page in pages {
        assert_eq!(of(page), MediaType::Html, "{page}");
    }
    assert_eq!(of(utf16("<html>")), MediaType::Html);
    let drawings = [
        "<svg xmlns=\"http://www.w3.org/2000/svg\">",
        "<?xml version=\"1.0\"?>\n<!-- x -->\n<svg>",
        "<SVG/>",
        "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\">",
        "<s:svg xmlns:s=\"http://www.w3.org/2000/svg\">",
        "text <svg onload=alert(1)>",
    ];
    for drawing in drawings {
        assert_eq!(of(drawing), MediaType::Svg, "{drawing}");
    }
    assert_eq!(of("<?xml version=\"1.0\"?><nfe/>"), MediaType::Xml);
    // The signature of a picture in front of a script is text, not a picture.
    assert_eq!(of("GIF89a=1;alert(1)//"), MediaType::Text);
    assert_eq!(of("GIF89a<script>alert(1)</script>"), MediaType::Html);
    for media_type in MediaType::ALL {
        let active = matches!(media_type, MediaType::Html | MediaType::Svg | MediaType::Xml);
        assert_eq!(media_type.is_active(), active, "{media_type}");
    }
}

#[test]
fn content_and_declaration_are_reconciled() {
    use MediaType::{Binary, Csv, Docx, Html, Jpeg, Json, M4a, Mp4, Pdf, Png, Svg, Text, Xml, Zip};
    let cases = [
        (Png, None, Some(Png)),
        (Png, Some(Binary), Some(Png)),
        (Png, Some(Png), Some(Png)),
        (Png, Some(Jpeg), None),
        (Zip, Some(Docx), Some(Docx)),
        (Docx, Some(Zip), Some(Docx)),
        (Zip, Some(Pdf), None),
        (Text, Some(Csv), Some(Csv)),
        (Csv, Some(Text), Some(Text)),
        (Text, Some(Json), Some(Json)),
        (Text, Some(Png), None),
        (Mp4, Some(M4a), Some(M4a)),
        (Html, Some(Text), None),
        (Html, Some(Png), None),
        (Html, Some(Html), Some(Html)),
        (Text, Some(Html), None),
        (Svg, Some(Png), None),
        (Svg, Some(Xml), Some(Svg)),
        (Binary, Some(Png), None),
        (Binary, None, Some(Binary)),
    ];
    for (content, declared, wanted) in cases {
        assert_eq!(
            content.agree(declared),
            wanted,
            "{content} declared as {declared:?}"
        );
    }
    for content in MediaType::ALL {
        for declared in MediaType::ALL {
            if let Some(agreed) = content.agree(Some(*declared)) {
                assert_eq!(
                    agreed.is_active(),
                    content.is_active(),
                    "{content} declared as {declared}"
                );
            }
        }
    }
}

#[test]
fn names_are_read_and_written() {
    for media_type in MediaType::ALL {
        assert_eq!(media_type.as_str().parse(), Ok(*media_type));
        assert_eq!(media_type.as_str(), media_type.as_str().to_ascii_lowercase());
    }
    assert_eq!("audio/ogg; codecs=opus".parse(), Ok(MediaType::Ogg)); // as WhatsApp names voice messages
    assert_eq!(" Image/JPG ".parse(), Ok(MediaType::Jpeg));
    for unknown in ["", "text", "application/javascript", "image/png\r\nX: y", "a/b"] {
        assert!(unknown.parse::<MediaType>().is_err(), "{unknown}");
    }
    assert_eq!(MediaType::Zip.family(), MediaFamily::Archive);
}

proptest! {
    #[test]
    fn any_beginning_has_a_type(start in 0_usize..16, noise in proptest::collection::vec(any::<u8>(), 0..600)) {
        let starts: [&[u8]; 16] = [
            b"", b"PK\x03\x04", b"RIFF", b"\0\0\0\x20ftyp", b"OggS", b"ID3", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            b"\x1A\x45\xDF\xA3", b"<?xml", b"\xFF\xFE", b"\xFE\xFF", b"\xEF\xBB\xBF", b"{", b"%PDF-", b"<",
            b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\0\0\0\0\xFF\xFF\xFF\xFF\0\0\0\0\x13\0\0\0[Content_Types].xml",
        ];
        let head = [starts[start], &noise].concat();
        prop_assert!(MediaType::ALL.contains(&MediaType::of_content(&head)));
    }

    #[test]
    fn what_lies_behind_the_head_does_not_count(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut content = vec![b'a'; HEAD_BYTES];
        content.extend(tail);
        prop_assert_eq!(MediaType::of_content(&content), MediaType::Text);
    }
}
