//! A client as the cells of an export.

use super::cells::join;
use super::export::Column;
use super::field::{Field, Language};
use crate::clients::{Address, Client, ClientKind, ClientStatus};

/// What stands in a column of a client.
pub(super) fn cell(client: &Client, column: &Column, language: Language) -> String {
    let field = match column {
        Column::Field(field) => *field,
        Column::Custom(key) => {
            return match client.custom.get(key) {
                None | Some(serde_json::Value::Null) => String::new(),
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
        }
        Column::Id => return client.id.to_string(),
        Column::CreatedAt => return client.created_at.to_string(),
        Column::UpdatedAt => return client.updated_at.to_string(),
    };
    let main = client.addresses.first();
    let part = |of: fn(&Address) -> Option<&String>| main.and_then(of).cloned();
    let text = match field {
        Field::Kind => Some(kind(client.kind, language).to_owned()),
        Field::LegalName => Some(client.legal_name.clone()),
        Field::TradeName => client.trade_name.clone(),
        Field::Document => {
            let cnpj = client.cnpj.as_ref().map(ToString::to_string);
            cnpj.or_else(|| client.cpf.as_ref().map(ToString::to_string))
        }
        Field::Cnpj => client.cnpj.as_ref().map(ToString::to_string),
        Field::Cpf => client.cpf.as_ref().map(ToString::to_string),
        Field::BirthDate => client.birth_date.map(|day| day.to_string()),
        Field::Email => client.email.as_ref().map(ToString::to_string),
        Field::FurtherEmails => Some(join(client.emails.iter().map(|email| email.as_str()))),
        Field::Phones => Some(join(client.phones.iter().map(|phone| phone.as_str()))),
        Field::Status => Some(status(client.status, language).to_owned()),
        Field::Owner => client.owner.map(|owner| owner.to_string()),
        Field::Source => client.source.clone(),
        Field::Tags => Some(join(client.tags.iter().map(String::as_str))),
        Field::Street => part(|address| address.street.as_ref()),
        Field::Number => part(|address| address.number.as_ref()),
        Field::Complement => part(|address| address.complement.as_ref()),
        Field::District => part(|address| address.district.as_ref()),
        Field::City => part(|address| address.city.as_ref()),
        Field::State => part(|address| address.state.as_ref()),
        Field::PostalCode => part(|address| address.postal_code.as_ref()),
        Field::IbgeCode => part(|address| address.ibge_code.as_ref()),
        Field::Country => part(|address| Some(&address.country)),
        Field::FurtherAddresses => {
            let further = client.addresses.get(1..).filter(|further| !further.is_empty());
            further.and_then(|further| serde_json::to_string(further).ok())
        }
        Field::ExternalId => None,
        Field::Custom => (!client.custom.is_empty())
            .then(|| serde_json::to_string(&client.custom).ok())
            .flatten(),
    };
    text.unwrap_or_default()
}

const fn kind(kind: ClientKind, language: Language) -> &'static str {
    match (kind, language) {
        (_, Language::English) => kind.as_str(),
        (ClientKind::Company, Language::Portuguese) => "PJ",
        (ClientKind::Person, Language::Portuguese) => "PF",
    }
}

const fn status(status: ClientStatus, language: Language) -> &'static str {
    match (status, language) {
        (_, Language::English) => status.as_str(),
        (ClientStatus::Active, Language::Portuguese) => "ativo",
        (ClientStatus::Inactive, Language::Portuguese) => "inativo",
        (ClientStatus::Blocked, Language::Portuguese) => "bloqueado",
    }
}
