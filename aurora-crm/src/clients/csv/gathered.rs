//! The cells of a row, gathered by what they are of a client.

use serde_json::{Map, Value};

use super::super::{Address, ClientChange, ClientKind, OwnerId};
use super::cells::{self, Document};
use super::field::Field;
use super::options::label;
use super::plan::PlannedColumn;
use super::report::{RowIssue, issue};
use crate::fields::Change;

/// What was read of the cells of one row so far.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) change: ClientChange,
    pub(super) custom: Map<String, Value>,
    pub(super) address: Option<Address>,
    pub(super) further_addresses: Vec<Address>,
    pub(super) emails: Vec<String>,
    pub(super) phones: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) kind: Option<ClientKind>,
    pub(super) external_id: Option<String>,
    pub(super) origins: Vec<(String, usize)>,
    pub(super) errors: Vec<RowIssue>,
    pub(super) notes: Vec<RowIssue>,
}

impl Cells {
    pub(super) fn field(
        &mut self,
        line: u64,
        column: &PlannedColumn,
        field: Field,
        text: &str,
    ) -> Result<(), cells::Refusal> {
        let own = text.to_owned();
        let set = || Change::Set(own.clone());
        let mut path = label(&column.target);
        match field {
            Field::Kind => self.kind = Some(cells::kind(text)?),
            Field::LegalName => self.change.legal_name = set(),
            Field::TradeName => self.change.trade_name = set(),
            Field::Document => path = self.document(line, column, cells::document(text)?),
            Field::Cnpj => path = self.document(line, column, cells::cnpj(text)?),
            Field::Cpf => path = self.document(line, column, cells::cpf(text)?),
            Field::BirthDate => self.change.birth_date = Change::Set(cells::day(text)?),
            Field::Email => self.change.email = set(),
            Field::FurtherEmails => {
                path = "emails".to_owned();
                self.origins
                    .extend(several(&path, &mut self.emails, cells::list(text), column.index));
            }
            Field::Phones => {
                let items = text
                    .split([';', ',', '|', '/', '\n'])
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                self.origins
                    .extend(several(&path, &mut self.phones, items, column.index));
            }
            Field::Tags => {
                self.origins
                    .extend(several(&path, &mut self.tags, cells::list(text), column.index));
            }
            Field::Status => self.change.status = Change::Set(cells::status(text)?),
            Field::Owner => {
                let id: OwnerId = text.parse().map_err(|_| {
                    (
                        "invalid",
                        "must be the id of a user, `usr_` and 32 hexadecimal digits",
                    )
                })?;
                self.change.owner = Change::Set(id.to_string());
            }
            Field::Source => self.change.source = set(),
            Field::FurtherAddresses => {
                path = "addresses".to_owned();
                let read = serde_json::from_str::<Vec<Address>>(text);
                self.further_addresses =
                    read.map_err(|_| ("invalid", "must be a JSON array of addresses"))?;
            }
            Field::ExternalId => self.external_id = Some(own),
            Field::Custom => {
                let read = serde_json::from_str::<Map<String, Value>>(text);
                let object = read.map_err(|_| ("invalid", "must be a JSON object"))?;
                for (key, value) in object {
                    self.custom.entry(key).or_insert(value);
                }
            }
            part => {
                path = format!("addresses[0].{}", part.as_str());
                let address = self.address.get_or_insert_default();
                match part {
                    Field::Street => address.street = Some(own),
                    Field::Number => address.number = Some(own),
                    Field::Complement => address.complement = Some(own),
                    Field::District => address.district = Some(own),
                    Field::City => address.city = Some(own),
                    Field::State => address.state = Some(own),
                    Field::PostalCode => address.postal_code = Some(own),
                    Field::IbgeCode => address.ibge_code = Some(own),
                    _ => address.country = own,
                }
            }
        }
        self.origins.push((path, column.index));
        Ok(())
    }

    /// Takes a number; gives the field that it went to.
    fn document(&mut self, line: u64, column: &PlannedColumn, document: Document) -> String {
        let (path, text, is_padded) = match document {
            Document::Cnpj(text, is_padded) => ("cnpj", text, is_padded),
            Document::Cpf(text, is_padded) => ("cpf", text, is_padded),
        };
        if is_padded {
            let what = "zeros that a spreadsheet had dropped were put back before the number; its check digits are right";
            self.notes
                .push(issue(line, Some(column), path, "zeros_restored", what));
        }
        if path == "cnpj" {
            self.change.cnpj = Change::Set(text);
        } else {
            self.change.cpf = Change::Set(text);
        }
        path.to_owned()
    }
}

/// Adds items to a list; gives the path of each with its column.
fn several<'a>(
    path: &str,
    list: &mut Vec<String>,
    items: impl Iterator<Item = &'a str>,
    column: usize,
) -> Vec<(String, usize)> {
    let first = list.len();
    list.extend(items.map(str::to_owned));
    (first..list.len())
        .map(|index| (format!("{path}[{index}]"), column))
        .collect()
}
