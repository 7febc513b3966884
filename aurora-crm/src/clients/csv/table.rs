//! Writing CSV.

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One row, with quotes where they are needed and the line end of RFC 4180.
pub(super) fn line(separator: u8, cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new()
        .delimiter(separator)
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // A row goes to memory, which does not fail; the writer keeps what it has seen in either case.
    let written = writer.write_record(cells.map(String::into_bytes));
    debug_assert!(written.is_ok(), "memory takes what it is given");
    writer.into_inner().unwrap_or_default()
}
