//! RFC 4180, safe for spreadsheets.

use serde_json::{Map, Value};

/// A table with a header. Lists and objects are JSON in their cell.
pub(super) fn table<'a>(
    columns: impl IntoIterator<Item = &'a str> + Clone,
    rows: &[Map<String, Value>],
) -> String {
    let mut text = String::new();
    line(&mut text, columns.clone().into_iter().map(str::to_owned));
    for row in rows {
        let cells = columns.clone().into_iter().map(|name| match row.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => harmless(text),
            Some(other) => other.to_string(),
        });
        line(&mut text, cells);
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

/// What spreadsheets take for a formula begins with an apostrophe (OWASP, CSV Injection).
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        let Value::Object(row) = json!({"a": "=1+1", "b": "x\",\n=2", "c": ["+"], "d": null, "e": -1}) else {
            return;
        };
        assert_eq!(
            table(["a", "b", "c", "d", "e"], &[row]),
            "a,b,c,d,e\r\n'=1+1,\"x\"\",\n=2\",\"[\"\"+\"\"]\",,-1\r\n"
        );
    }
}
