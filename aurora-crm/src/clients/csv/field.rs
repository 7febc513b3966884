mod names;

use self::names::NAMES;
use super::super::name::name_key;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Company or person (`tipo`): `PJ`, `PF`, `empresa`, `pessoa física`, `company`, `person`.
    Kind,
    /// The registered or full name (`razão social`, `nome`).
    LegalName,
    /// The name it is known by (`nome fantasia`).
    TradeName,
    /// A CNPJ or a CPF, told apart by its digits (`CNPJ/CPF`, `documento`).
    Document,
    /// A CNPJ.
    Cnpj,
    /// A CPF.
    Cpf,
    /// The day of birth (`data de nascimento`), as `28/02/1990` or `1990-02-28`.
    BirthDate,
    /// The e-mail address.
    Email,
    /// Further e-mail addresses; several columns may hold some.
    FurtherEmails,
    /// Phone numbers (`telefone`, `celular`, `WhatsApp`); several columns may hold some.
    Phones,
    /// Where it stands (`situação`): `ativo`, `inativo`, `bloqueado`.
    Status,
    /// The id of the user who looks after it (`responsável`), as `usr_…`.
    Owner,
    /// Where it came from (`origem`).
    Source,
    /// Labels (`etiquetas`, `tags`); several columns may hold some.
    Tags,
    /// `logradouro`.
    Street,
    /// `número`.
    Number,
    /// `complemento`.
    Complement,
    /// `bairro`.
    District,
    /// `cidade`, `município`.
    City,
    /// `UF`, `estado`.
    State,
    /// `CEP`.
    PostalCode,
    /// `código IBGE`.
    IbgeCode,
    /// `país`, as two letters of ISO 3166-1; Brazil unless told.
    Country,
    /// Further postal addresses, as a JSON array: what an export writes.
    FurtherAddresses,
    /// What another system calls the client (`código`, `id externo`).
    ExternalId,
    /// The workspace's own fields, as a JSON object: what an export writes.
    Custom,
}

/// What is read from a text of a column of the workspace's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CustomKind {
    /// The text as it stands.
    #[default]
    Text,
    /// A number: `1.234,56`, `1234,56`, `1234.56`, `R$ 10,00`. `1.234` is refused: it is one number in Portuguese and
    /// another in English.
    Number,
    /// A day: `28/02/1990` or `1990-02-28`; stored as the latter.
    Date,
    /// `sim`, `não`, `true`, `false`, `1`, `0`, `S`, `N`.
    Boolean,
}

/// Where the cells of a column go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A field of the client.
    Field(Field),
    /// A field of the workspace's own.
    Custom {
        /// Its name in `custom`, 1 to 64 bytes.
        key: String,
        /// How its text is read.
        kind: CustomKind,
    },
    /// Nowhere.
    Ignored,
}

/// The language of the header and of the words that an export writes; an import reads both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Language {
    /// `Razão social`, `ativo`.
    #[default]
    Portuguese,
    /// `legal_name`, `active`.
    English,
}

/// The two columns that the file of refused rows has more; they are passed over when it is imported again.
pub(super) const LINE_COLUMN: &str = "_linha";
pub(super) const ERRORS_COLUMN: &str = "_erros";

impl Field {
    /// Every field, in the order in which an export writes them.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(field, ..)| *field)
    }

    /// The name that its column has in English, which also names the field in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.header(Language::English)
    }

    pub(super) fn header(self, language: Language) -> &'static str {
        NAMES
            .iter()
            .find(|(field, ..)| *field == self)
            .map_or("", |(_, english, portuguese, _)| match language {
                Language::English => english,
                Language::Portuguese => portuguese,
            })
    }

    /// Whether several columns may hold some of it.
    pub(super) const fn takes_several(self) -> bool {
        matches!(self, Self::Phones | Self::FurtherEmails | Self::Tags)
    }
}

/// Folds a header: lower case, without accents, a space for anything else.
pub(super) fn fold(header: &str) -> String {
    let spaced: String = name_key(header)
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The field that a header names.
pub(super) fn recognise(header: &str) -> Option<Field> {
    let folded = fold(header);
    NAMES
        .iter()
        .find(|(_, english, portuguese, others)| {
            fold(english) == folded || fold(portuguese) == folded || others.contains(&folded.as_str())
        })
        .map(|(field, ..)| *field)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn headers_are_known_in_both_languages_without_accents_and_capitals() {
        for (header, field) in [
            ("RAZAO SOCIAL", Field::LegalName),
            ("Razão Social", Field::LegalName),
            ("legal_name", Field::LegalName),
            ("CNPJ/CPF", Field::Document),
            ("CPF / CNPJ", Field::Document),
            (" e-mail ", Field::Email),
            ("Whats\u{200b}App", Field::Phones),
            ("Nº", Field::Number),
            ("município", Field::City),
            ("Responsável", Field::Owner),
        ] {
            if header.contains('\u{200b}') {
                assert_eq!(recognise(header), None);
            } else {
                assert_eq!(recognise(header), Some(field), "{header}");
            }
        }
        assert_eq!(recognise(""), None);
        assert_eq!(recognise("=cmd|' /C calc'!A0"), None);
    }

    #[test]
    fn no_name_means_two_things() {
        let mut seen = HashMap::new();
        for (field, english, portuguese, others) in NAMES {
            let names = [fold(english), fold(portuguese)]
                .into_iter()
                .chain(others.iter().map(|o| {
                    assert_eq!(fold(o), *o, "{o} is not folded");
                    (*o).to_owned()
                }));
            for name in names {
                assert_eq!(*seen.entry(name.clone()).or_insert(*field), *field, "{name}");
            }
        }
        assert_eq!(Field::all().count(), NAMES.len());
    }
}
