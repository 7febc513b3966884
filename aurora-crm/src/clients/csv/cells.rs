//! What people and spreadsheets write into cells.

use serde_json::Value;

use super::super::name::name_key;
use super::super::{ClientKind, ClientStatus};
use super::field::CustomKind;
use crate::companies::{Cnpj, Cpf};

/// Why a cell is refused: a code and what is wrong.
pub(super) type Refusal = (&'static str, &'static str);

/// A number of a company or a person, and whether zeros were put before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Document {
    Cnpj(String, bool),
    Cpf(String, bool),
}

const SCIENTIFIC: Refusal = (
    "digits_lost",
    "a spreadsheet has written the number with an exponent and lost digits: format the column as text",
);

/// `1,12223E+13` is what is left of a number in a column that is not text.
fn is_scientific(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    upper.split_once("E+").is_some_and(|(mantissa, exponent)| {
        mantissa.starts_with(|c: char| c.is_ascii_digit())
            && exponent.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Digits that a spreadsheet has taken for a number, with the zeros before them that it dropped.
fn padded(text: &str, length: usize) -> Option<String> {
    let digits: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, '.' | '-' | '/'))
        .collect();
    let is_short = !digits.is_empty() && digits.len() < length;
    (is_short && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| format!("{digits:0>length$}"))
}

fn padded_cnpj(text: &str) -> Option<String> {
    padded(text, 14).filter(|digits| digits.parse::<Cnpj>().is_ok())
}

fn padded_cpf(text: &str) -> Option<String> {
    padded(text, 11).filter(|digits| digits.parse::<Cpf>().is_ok())
}

pub(super) fn cnpj(text: &str) -> Result<Document, Refusal> {
    match padded_cnpj(text) {
        _ if is_scientific(text) => Err(SCIENTIFIC),
        Some(digits) => Ok(Document::Cnpj(digits, true)),
        None => Ok(Document::Cnpj(text.to_owned(), false)),
    }
}

pub(super) fn cpf(text: &str) -> Result<Document, Refusal> {
    match padded_cpf(text) {
        _ if is_scientific(text) => Err(SCIENTIFIC),
        Some(digits) => Ok(Document::Cpf(digits, true)),
        None => Ok(Document::Cpf(text.to_owned(), false)),
    }
}

/// A CNPJ or a CPF. A number that is right as it stands is not padded.
pub(super) fn document(text: &str) -> Result<Document, Refusal> {
    if is_scientific(text) {
        Err(SCIENTIFIC)
    } else if text.parse::<Cnpj>().is_ok() {
        Ok(Document::Cnpj(text.to_owned(), false))
    } else if text.parse::<Cpf>().is_ok() {
        Ok(Document::Cpf(text.to_owned(), false))
    } else {
        match (padded_cnpj(text), padded_cpf(text)) {
            (Some(_), Some(_)) => Err((
                "ambiguous",
                "with zeros before it this is a right CNPJ and a right CPF: write all digits",
            )),
            (Some(digits), None) => Ok(Document::Cnpj(digits, true)),
            (None, Some(digits)) => Ok(Document::Cpf(digits, true)),
            (None, None) if text.chars().filter(char::is_ascii_alphanumeric).count() > 11 => {
                Ok(Document::Cnpj(text.to_owned(), false))
            }
            (None, None) => Ok(Document::Cpf(text.to_owned(), false)),
        }
    }
}

pub(super) fn kind(text: &str) -> Result<ClientKind, Refusal> {
    match super::field::fold(text).as_str() {
        "company" | "pj" | "j" | "juridica" | "pessoa juridica" | "empresa" => Ok(ClientKind::Company),
        "person" | "pf" | "f" | "fisica" | "pessoa fisica" | "pessoa" => Ok(ClientKind::Person),
        _ => Err(("invalid", "must be PJ or PF, company or person")),
    }
}

pub(super) fn status(text: &str) -> Result<ClientStatus, Refusal> {
    match name_key(text).as_str() {
        "active" | "ativo" | "ativa" => Ok(ClientStatus::Active),
        "inactive" | "inativo" | "inativa" => Ok(ClientStatus::Inactive),
        "blocked" | "bloqueado" | "bloqueada" => Ok(ClientStatus::Blocked),
        _ => Err(("invalid", "must be ativo, inativo or bloqueado")),
    }
}

/// A day as `1990-02-28`; a time of midnight after it, as spreadsheets write it, is dropped.
pub(super) fn day(text: &str) -> Result<String, Refusal> {
    const WRONG: Refusal = ("invalid", "must be a day such as 28/02/1990 or 1990-02-28");
    let text = text.trim();
    let text = text
        .strip_suffix(" 00:00:00")
        .or_else(|| text.strip_suffix(" 00:00"))
        .or_else(|| text.strip_suffix("T00:00:00"))
        .unwrap_or(text);
    let number = |part: &str, max_digits: usize| {
        let is_good =
            (1..=max_digits).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_good.then(|| part.parse::<u16>().ok()).flatten()
    };
    let split = |separator: char| {
        let mut parts = text.split(separator);
        let all = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some(all)
    };
    let parts = match (split('/'), split('-')) {
        (Some((day, month, year)), _) if year.len() == 4 => {
            (number(year, 4), number(month, 2), number(day, 2))
        }
        (_, Some((year, month, day))) if year.len() == 4 => {
            (number(year, 4), number(month, 2), number(day, 2))
        }
        _ => return Err(WRONG),
    };
    let (Some(year), Some(month), Some(day)) = parts else {
        return Err(WRONG);
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return Err(WRONG),
    };
    if year == 0 || day == 0 || day > days {
        return Err(WRONG);
    }
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// A number as Brazilians or programs write it.
pub(super) fn number(text: &str) -> Result<Value, Refusal> {
    const WRONG: Refusal = ("invalid", "must be a number such as 1.234,56 or 1234.56");
    let text = text.trim();
    let text = text.strip_prefix("R$").unwrap_or(text);
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}')).collect();
    let is_grouped = |whole: &str, mark: char| {
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        let mut groups = unsigned.split(mark);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()))
            && groups.all(|group| group.len() == 3)
    };
    let plain = match (compact.rfind(','), compact.rfind('.')) {
        (None, None) => compact,
        (Some(comma), Some(dot)) => {
            let (mark, decimal) = if comma > dot { ('.', ',') } else { (',', '.') };
            let (whole, fraction) = compact.rsplit_once(decimal).unwrap_or_default();
            if whole.contains(decimal) || !is_grouped(whole, mark) {
                return Err(WRONG);
            }
            format!("{}.{fraction}", whole.replace(mark, ""))
        }
        (Some(_), None) => {
            let (whole, fraction) = compact.split_once(',').unwrap_or_default();
            format!("{whole}.{fraction}")
        }
        (None, Some(_)) if compact.matches('.').count() > 1 => {
            if !is_grouped(&compact, '.') {
                return Err(WRONG);
            }
            compact.replace('.', "")
        }
        (None, Some(_)) => {
            if is_grouped(&compact, '.') {
                return Err((
                    "ambiguous",
                    "one dot before three digits: write 1234 or 1234,000 or 1.234,00",
                ));
            }
            compact
        }
    };
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.matches('.').count() <= 1;
    if !is_plain {
        return Err(WRONG);
    }
    if let Ok(whole) = plain.parse::<i64>() {
        return Ok(Value::from(whole));
    }
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::from(number)),
        _ => Err(WRONG),
    }
}

fn boolean(text: &str) -> Result<Value, Refusal> {
    match name_key(text).as_str() {
        "sim" | "s" | "true" | "verdadeiro" | "1" | "yes" | "y" => Ok(Value::Bool(true)),
        "nao" | "n" | "false" | "falso" | "0" | "no" => Ok(Value::Bool(false)),
        _ => Err(("invalid", "must be sim or não")),
    }
}

pub(super) fn custom(text: &str, kind: CustomKind) -> Result<Value, Refusal> {
    match kind {
        CustomKind::Text => Ok(Value::from(text)),
        CustomKind::Number => number(text),
        CustomKind::Date => day(text).map(Value::from),
        CustomKind::Boolean => boolean(text),
    }
}

/// The items of a cell: one a line if there are lines, or else between `;`, `,` and `|`.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    let has_lines = text.contains('\n');
    text.split(move |c| {
        if has_lines {
            c == '\n'
        } else {
            matches!(c, ';' | ',' | '|')
        }
    })
    .map(str::trim)
    .filter(|item| !item.is_empty())
}

/// A cell that [`list`] reads back as it was.
pub(super) fn join<'a>(items: impl Iterator<Item = &'a str> + Clone) -> String {
    if items.clone().any(|item| item.contains([';', ',', '|'])) {
        items.flat_map(|item| [item, "\n"]).collect()
    } else {
        items.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn zeros_that_a_spreadsheet_dropped_come_back_only_with_right_check_digits() {
        let cnpj = |digits: &str| Ok(Document::Cnpj(digits.to_owned(), true));
        assert_eq!(
            document("191"),
            Err(("ambiguous", document("191").unwrap_err().1))
        );
        assert_eq!(super::cnpj("191"), cnpj("00000000000191"));
        assert_eq!(
            super::cpf("191"),
            Ok(Document::Cpf("00000000191".to_owned(), true))
        );
        // SERPRO's own, which begins with 33; Petrobras' 33.000.167/0001-01 has no zeros to lose
        assert_eq!(document("6990590000123"), cnpj("06990590000123"));
        assert_eq!(document("6.990.590/0001-23"), cnpj("06990590000123"));
        assert_eq!(
            document("6990590000124"),
            Ok(Document::Cnpj("6990590000124".to_owned(), false))
        );
        assert_eq!(
            document("529.982.247-25"),
            Ok(Document::Cpf("529.982.247-25".to_owned(), false))
        );
        assert_eq!(
            document("12.ABC.345/01DE-35"),
            Ok(Document::Cnpj("12.ABC.345/01DE-35".to_owned(), false))
        );
        for lost in ["6,99059E+12", "6.99059e+12"] {
            assert_eq!(document(lost).unwrap_err().0, "digits_lost");
        }
    }

    #[test]
    fn days_and_numbers_are_read_as_brazilians_and_programs_write_them() {
        for (text, expected) in [
            ("28/02/1990", "1990-02-28"),
            ("1/2/2001", "2001-02-01"),
            ("1990-02-28", "1990-02-28"),
            ("29/02/2000 00:00:00", "2000-02-29"),
        ] {
            assert_eq!(day(text).unwrap(), expected);
        }
        for bad in [
            "",
            "31/04/2000",
            "29/02/1900",
            "02/28/1990",
            "1/1/90",
            "1990/02/28",
            "01-02-2001",
            "1//2001",
            "1/1/2001/1",
        ] {
            assert_eq!(day(bad).unwrap_err().0, "invalid", "{bad}");
        }
        for (text, expected) in [
            ("1.234,56", json!(1234.56)),
            ("1,234.56", json!(1234.56)),
            ("-0,5", json!(-0.5)),
            ("R$ 1.000.000,00", json!(1_000_000.0)),
            ("1.000.000", json!(1_000_000)),
            ("12", json!(12)),
            ("12.5", json!(12.5)),
        ] {
            assert_eq!(number(text).unwrap(), expected, "{text}");
        }
        for (bad, code) in [
            ("1.234", "ambiguous"),
            ("1,2,3", "invalid"),
            ("1.23,4.5", "invalid"),
            ("abc", "invalid"),
            ("1e5", "invalid"),
            ("", "invalid"),
            ("1,", "invalid"),
            ("inf", "invalid"),
        ] {
            assert_eq!(number(bad).unwrap_err().0, code, "{bad}");
        }
    }

    #[test]
    fn a_list_comes_back_as_it_was() {
        for items in [
            vec![],
            vec!["a"],
            vec!["a", "b c"],
            vec!["a;b"],
            vec!["a, b", "c|d"],
        ] {
            let cell = join(items.iter().copied());
            assert_eq!(list(&cell).collect::<Vec<_>>(), items);
        }
        assert_eq!(
            list("vip, novo;  x|y").collect::<Vec<_>>(),
            ["vip", "novo", "x", "y"]
        );
    }
}
