//! A record of the file, read as what somebody wants of a client.

use aurora_core::time::Timestamp;
use serde_json::{Map, Value};

use super::super::{Address, Client, ClientChange, ClientId, ClientKind};
use super::cells;
use super::dialect::Dialect;
use super::field::{Field, Target};
use super::formula::unguard;
use super::gathered::Cells;
use super::options::{Identity, ImportOptions, label};
use super::parser::{Problem, Record};
use super::plan::PlannedColumn;
use super::reader::text;
use super::report::{RowIssue, issue};
use crate::custom_fields::Rules;
use crate::error::{Error, FieldError};
use crate::fields::{Change, Fields};

/// By what a client is known again. Never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::clients) enum Key {
    Cnpj(String),
    Cpf(String),
    ExternalId(String),
    Email(String),
}

/// One row that was read.
pub(in crate::clients) struct Draft {
    pub(super) line: u64,
    kind: Option<ClientKind>,
    /// Everything but addresses and own fields, of which a client keeps what the row does not name.
    change: ClientChange,
    custom: Map<String, Value>,
    address: Option<Address>,
    further_addresses: Vec<Address>,
    /// Where in the file a field comes from: its path and the column, from 1.
    origins: Vec<(String, usize)>,
    pub(in crate::clients) external_id: Option<String>,
    pub(super) notes: Vec<RowIssue>,
    /// The client that it would make, checked.
    pub(in crate::clients) client: Client,
    /// By what its client is known; the numbers that the database holds unique are always among them.
    pub(in crate::clients) keys: Vec<Key>,
}

/// Reads rows of one file.
pub(super) struct RowReader<'a> {
    pub(super) columns: &'a [PlannedColumn],
    pub(super) options: &'a ImportOptions,
    pub(super) dialect: Dialect,
    pub(super) rules: &'a Rules,
}

impl RowReader<'_> {
    /// The row, or all that is wrong with it. `Ok(None)` when all its cells are empty.
    pub(super) fn read(&self, record: &Record, now: Timestamp) -> Result<Option<Draft>, Vec<RowIssue>> {
        let whole = |code, message: &str| vec![issue(record.line, None, "", code, message)];
        match record.problem {
            Some(Problem::TooLong) => return Err(whole("too_long", "the row is longer than 64 KiB")),
            Some(Problem::TooManyColumns) => {
                return Err(whole("column_count", "the row has more than 200 columns"));
            }
            Some(Problem::Unterminated) => {
                let what = "a quote is opened in this row and never closed; the rows after it are part of it";
                return Err(whole("unterminated_quote", what));
            }
            None => {}
        }
        if record.fields().all(<[u8]>::is_empty) {
            return Ok(None);
        }
        if record.len() != self.columns.len() {
            let what = format!(
                "the row has {} columns and the header {}: is a separator or a quote missing or too many?",
                record.len(),
                self.columns.len()
            );
            return Err(whole("column_count", &what));
        }
        let mut cells = Cells::default();
        for (column, cell) in self.columns.iter().zip(record.fields()) {
            if column.target != Target::Ignored {
                self.cell(&mut cells, record.line, column, cell);
            }
        }
        self.settle(cells, record.line, now)
    }

    fn cell(&self, cells: &mut Cells, line: u64, column: &PlannedColumn, cell: &[u8]) {
        let Some(text) = text(cell, &self.dialect) else {
            let what = "has characters that are not written in the encoding of the file";
            let wrong = issue(
                line,
                Some(column),
                &label(&column.target),
                "invalid_encoding",
                what,
            );
            cells.errors.push(wrong);
            return;
        };
        let text = unguard(text.trim_matches([' ', '\u{a0}']));
        if text.trim().is_empty() {
            return;
        }
        if text.contains('\0') {
            let what = "must not hold the character U+0000";
            let wrong = issue(line, Some(column), &label(&column.target), "invalid", what);
            cells.errors.push(wrong);
            return;
        }
        let outcome = match &column.target {
            Target::Field(field) => cells.field(line, column, *field, text),
            Target::Custom { key, kind } => cells::custom(text, *kind).map(|value| {
                cells.custom.insert(key.clone(), value);
            }),
            Target::Ignored => Ok(()),
        };
        if let Err((code, message)) = outcome {
            let wrong = issue(line, Some(column), &label(&column.target), code, message);
            cells.errors.push(wrong);
        }
    }

    fn settle(&self, mut cells: Cells, line: u64, now: Timestamp) -> Result<Option<Draft>, Vec<RowIssue>> {
        if !self.options.knows_by(Identity::ExternalId) {
            cells.external_id = None;
        }
        let set = |list: Vec<String>| {
            if list.is_empty() {
                Change::Keep
            } else {
                Change::Set(list)
            }
        };
        let mut change = cells.change;
        change.emails = set(cells.emails);
        change.phones = set(cells.phones);
        change.tags = set(cells.tags);
        if let Some(code) = cells.address.as_mut().and_then(short_postal_code) {
            code.insert(0, '0');
            let column = self
                .columns
                .iter()
                .find(|column| column.target == Target::Field(Field::PostalCode));
            let what = "the zero that a spreadsheet had dropped was put back before the CEP";
            cells
                .notes
                .push(issue(line, column, "postal_code", "zeros_restored", what));
        }
        let kind = cells.kind.unwrap_or(match (&change.cnpj, &change.cpf) {
            (Change::Set(_), _) => ClientKind::Company,
            (_, Change::Set(_)) => ClientKind::Person,
            _ => self.options.default_kind,
        });
        let mut full = change.clone();
        if full.legal_name == Change::Keep {
            full.legal_name = Change::Set(String::new());
        }
        full.custom = Change::Set(cells.custom.clone());
        let addresses = cells.address.iter().chain(&cells.further_addresses);
        full.addresses = Change::Set(addresses.cloned().collect());
        let mut fields = Fields::default();
        let blank = Client::blank(ClientId::new(now), kind, now);
        let client = full.read(blank, now, self.rules, &mut fields);
        if cells
            .external_id
            .as_deref()
            .is_some_and(|id| id.chars().count() > 200 || id.chars().any(char::is_control))
        {
            fields.refuse(
                "external_id",
                "invalid",
                "must be one line of at most 200 characters",
            );
        }
        let client = match fields.finish(client) {
            Ok(client) if cells.errors.is_empty() => client,
            Ok(_) => return Err(cells.errors),
            Err(error) => {
                let missing: Vec<usize> = cells.errors.iter().filter_map(|error| error.column).collect();
                let told = error
                    .fields()
                    .iter()
                    .map(|field| self.told(line, &cells.origins, field));
                // a cell that could not be read at all is not missing on top of it
                cells.errors.extend(
                    told.filter(|issue| issue.column.is_none_or(|column| !missing.contains(&column))),
                );
                return Err(cells.errors);
            }
        };
        let keys = self.keys(&client, cells.external_id.as_deref());
        Ok(Some(Draft {
            line,
            kind: cells.kind,
            change,
            custom: cells.custom,
            address: cells.address,
            further_addresses: cells.further_addresses,
            origins: cells.origins,
            external_id: cells.external_id,
            notes: cells.notes,
            client,
            keys,
        }))
    }

    fn keys(&self, client: &Client, external_id: Option<&str>) -> Vec<Key> {
        let cnpj = client
            .cnpj
            .as_ref()
            .map(|cnpj| Key::Cnpj(cnpj.plain().to_owned()));
        let cpf = client.cpf.as_ref().map(|cpf| Key::Cpf(cpf.plain().to_owned()));
        let external_id = external_id.map(|id| Key::ExternalId(id.to_owned()));
        let by_email = self.options.knows_by(Identity::Email);
        let email = client.email.as_ref().filter(|_| by_email);
        let email = email.map(|email| Key::Email(email.as_str().to_ascii_lowercase()));
        cnpj.into_iter()
            .chain(cpf)
            .chain(external_id)
            .chain(email)
            .collect()
    }

    /// Where in the file a field is that the domain refuses.
    fn told(&self, line: u64, origins: &[(String, usize)], error: &FieldError) -> RowIssue {
        let base = |path: &str| path.split(['[', '.']).next().unwrap_or_default().to_owned();
        let exact = origins.iter().find(|(path, _)| *path == error.field);
        let near = || origins.iter().find(|(path, _)| base(path) == base(&error.field));
        let by_target = || {
            let column = self
                .columns
                .iter()
                .find(|column| label(&column.target) == error.field);
            column.map(|column| column.index)
        };
        let index = exact.or_else(near).map(|(_, column)| *column).or_else(by_target);
        let column = self.columns.iter().find(|column| Some(column.index) == index);
        issue(line, column, &error.field, error.code, &error.message)
    }

    /// What the domain says about applying a row to a client.
    pub(super) fn refused(&self, draft: &Draft, error: &Error) -> Vec<RowIssue> {
        let fields = error.fields().iter();
        fields
            .map(|field| self.told(draft.line, &draft.origins, field))
            .collect()
    }
}

impl Draft {
    /// What the client becomes that is there already: it takes what the row holds, and keeps the rest.
    pub(in crate::clients) fn apply(
        &self,
        current: &Client,
        now: Timestamp,
        rules: &Rules,
    ) -> Result<Client, Error> {
        if self.kind.is_some_and(|kind| kind != current.kind) {
            let mut fields = Fields::default();
            fields.refuse(
                "kind",
                "not_allowed",
                "a company cannot become a person, nor the other way round",
            );
            fields.finish(())?;
        }
        let mut change = self.change.clone();
        if !self.custom.is_empty() {
            let mut merged = current.custom.clone();
            merged.extend(self.custom.clone());
            change.custom = Change::Set(merged);
        }
        if self.address.is_some() || !self.further_addresses.is_empty() {
            change.addresses = Change::Set(self.addresses(&current.addresses));
        }
        change.apply(current, now, rules)
    }

    /// The first address takes the parts that the row has; the further ones are kept unless the row has such.
    fn addresses(&self, current: &[Address]) -> Vec<Address> {
        let has_country = self
            .origins
            .iter()
            .any(|(path, _)| path == "addresses[0].country");
        let first = match (current.first(), &self.address) {
            (Some(current), Some(given)) => Some(current.merged(given, has_country)),
            (current, given) => given.as_ref().or(current).cloned(),
        };
        let further = if self.further_addresses.is_empty() {
            current.get(1..).unwrap_or_default()
        } else {
            &self.further_addresses
        };
        first.into_iter().chain(further.iter().cloned()).collect()
    }
}

/// A CEP of the state of São Paulo may begin with a zero, which a spreadsheet drops; no other begins so.
fn short_postal_code(address: &mut Address) -> Option<&mut String> {
    let may_be = address.country.trim().eq_ignore_ascii_case("br")
        && address
            .state
            .as_deref()
            .is_none_or(|state| state.trim().eq_ignore_ascii_case("sp"));
    let code = address.postal_code.as_mut().filter(|_| may_be)?;
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    (digits == 7
        && code
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')))
    .then_some(code)
}

/// Something about a row as a whole.
pub(super) fn about_row(draft: &Draft, code: &'static str, message: String) -> RowIssue {
    issue(draft.line, None, "", code, &message)
}
