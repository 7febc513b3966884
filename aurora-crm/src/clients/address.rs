use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fields::Fields;

const MAX_LINE: usize = 200;
const MAX_SHORT: usize = 60;
/// The states of Brazil with the two digits that begin the IBGE codes of their municipalities.
const STATES: [(&str, &str); 27] = [
    ("RO", "11"),
    ("AC", "12"),
    ("AM", "13"),
    ("RR", "14"),
    ("PA", "15"),
    ("AP", "16"),
    ("TO", "17"),
    ("MA", "21"),
    ("PI", "22"),
    ("CE", "23"),
    ("RN", "24"),
    ("PB", "25"),
    ("PE", "26"),
    ("AL", "27"),
    ("SE", "28"),
    ("BA", "29"),
    ("MG", "31"),
    ("ES", "32"),
    ("RJ", "33"),
    ("SP", "35"),
    ("PR", "41"),
    ("SC", "42"),
    ("RS", "43"),
    ("MS", "50"),
    ("MT", "51"),
    ("GO", "52"),
    ("DF", "53"),
];

/// A postal address (`endereço`), as somebody typed it or as it is stored.
///
/// In Brazil the state is one of the 27 abbreviations (`UF`), the postal code (`CEP`) has 8 digits and is stored without
/// its hyphen, and the IBGE code of the municipality has 7 digits and belongs to the state. Elsewhere these are free
/// texts. Whether street and postal code exist is not checked. `Debug` shows only the country.
///
/// # Examples
/// ```
/// use aurora_crm::clients::Address;
///
/// let address = Address::new().street("Avenida Paulista").number("1578").city("São Paulo").state("SP").postal_code("01310-200");
/// assert_eq!(address.country, "BR");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Address {
    /// Street (`logradouro`), up to 200 characters.
    pub street: Option<String>,
    /// House number, or `s/n`; up to 60 characters.
    pub number: Option<String>,
    /// Flat, floor, block (`complemento`); up to 200 characters.
    pub complement: Option<String>,
    /// District (`bairro`), up to 200 characters.
    pub district: Option<String>,
    /// City (`município`), up to 200 characters.
    pub city: Option<String>,
    /// State (`UF`): two letters in Brazil.
    pub state: Option<String>,
    /// Postal code (`CEP`): 8 digits in Brazil.
    pub postal_code: Option<String>,
    /// The municipality's number of 7 digits given by the IBGE; Brazil only.
    pub ibge_code: Option<String>,
    /// ISO 3166-1 alpha-2, `BR` unless told.
    pub country: String,
}

impl Default for Address {
    fn default() -> Self {
        Self {
            street: None,
            number: None,
            complement: None,
            district: None,
            city: None,
            state: None,
            postal_code: None,
            ibge_code: None,
            country: "BR".to_owned(),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident)+) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $field(mut self, text: impl Into<String>) -> Self {
            self.$field = Some(text.into());
            self
        })+
    };
}

impl Address {
    /// An address in Brazil without anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets the street.
        street
        /// Sets the house number.
        number
        /// Sets flat, floor, block.
        complement
        /// Sets the district.
        district
        /// Sets the city.
        city
        /// Sets the state.
        state
        /// Sets the postal code, with or without its hyphen.
        postal_code
        /// Sets the IBGE code of the municipality.
        ibge_code
    }

    /// Sets the country, as two letters of ISO 3166-1.
    #[must_use]
    pub fn country(mut self, code: impl Into<String>) -> Self {
        self.country = code.into();
        self
    }

    /// This address with the parts that `given` has, and its country only when told so: it is `BR` where nobody said one.
    /// The IBGE code names the city, and goes with it.
    pub(super) fn merged(&self, given: &Self, takes_country: bool) -> Self {
        let part = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
        let moves = |new: &Option<String>, old: &Option<String>| new.is_some() && new != old;
        let is_elsewhere = moves(&given.city, &self.city) || moves(&given.state, &self.state);
        Self {
            street: part(&given.street, &self.street),
            number: part(&given.number, &self.number),
            complement: part(&given.complement, &self.complement),
            district: part(&given.district, &self.district),
            city: part(&given.city, &self.city),
            state: part(&given.state, &self.state),
            postal_code: part(&given.postal_code, &self.postal_code),
            ibge_code: given
                .ibge_code
                .clone()
                .or_else(|| self.ibge_code.clone().filter(|_| !is_elsewhere)),
            country: if takes_country {
                &given.country
            } else {
                &self.country
            }
            .clone(),
        }
    }

    /// The address as it is stored; what is wrong goes to `fields` under `path`.
    pub(super) fn check(&self, path: &str, fields: &mut Fields) -> Self {
        let mut line = |name: &str, text: &Option<String>, max| {
            fields.optional_line(&format!("{path}.{name}"), text.as_deref(), max)
        };
        let mut checked = Self {
            street: line("street", &self.street, MAX_LINE),
            number: line("number", &self.number, MAX_SHORT),
            complement: line("complement", &self.complement, MAX_LINE),
            district: line("district", &self.district, MAX_LINE),
            city: line("city", &self.city, MAX_LINE),
            state: line("state", &self.state, MAX_SHORT),
            postal_code: line("postal_code", &self.postal_code, MAX_SHORT),
            ibge_code: line("ibge_code", &self.ibge_code, MAX_SHORT),
            country: self.country.trim().to_ascii_uppercase(),
        };
        if checked.country.len() != 2 || !checked.country.bytes().all(|b| b.is_ascii_uppercase()) {
            let expected = "must be two letters of ISO 3166-1, such as BR";
            fields.refuse(format!("{path}.country"), "invalid", expected);
        } else if checked.country == "BR" {
            checked.check_brazilian(path, fields);
        } else if checked.ibge_code.is_some() {
            let expected = "only municipalities of Brazil have an IBGE code";
            fields.refuse(format!("{path}.ibge_code"), "not_allowed", expected);
        }
        let parts = [
            &checked.street,
            &checked.number,
            &checked.complement,
            &checked.district,
            &checked.city,
            &checked.state,
            &checked.postal_code,
            &checked.ibge_code,
        ];
        if parts.iter().all(|part| part.is_none()) {
            fields.refuse(path, "required", "must say something");
        }
        checked
    }

    fn check_brazilian(&mut self, path: &str, fields: &mut Fields) {
        let digits = |text: &str| {
            text.chars()
                .filter(|c| *c != '-' && *c != '.')
                .collect::<String>()
        };
        let are_digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        let mut prefix = None;
        if let Some(state) = self.state.as_mut().filter(|state| !state.is_empty()) {
            *state = state.to_uppercase();
            prefix = STATES
                .iter()
                .find(|(known, _)| known == state)
                .map(|(_, code)| *code);
            if prefix.is_none() {
                let expected = "must be one of the 27 abbreviations of states, such as SP";
                fields.refuse(format!("{path}.state"), "invalid", expected);
            }
        }
        if let Some(code) = self.postal_code.as_mut().filter(|code| !code.is_empty()) {
            *code = digits(code);
            if !are_digits(code, 8) || code == "00000000" {
                fields.refuse(
                    format!("{path}.postal_code"),
                    "invalid",
                    "a CEP has 8 digits, such as 01310-200",
                );
            }
        }
        if let Some(code) = self.ibge_code.as_deref().filter(|code| !code.is_empty()) {
            let is_known = STATES.iter().any(|(_, known)| code.starts_with(known));
            if !are_digits(code, 7) || !is_known || prefix.is_some_and(|prefix| !code.starts_with(prefix)) {
                let expected = "must be the 7 digits of a municipality of the state";
                fields.refuse(format!("{path}.ibge_code"), "invalid", expected);
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("country", &self.country)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn check(address: &Address) -> Result<Address, Error> {
        let mut fields = Fields::default();
        let checked = address.check("addresses[0]", &mut fields);
        fields.finish(checked)
    }

    fn wrong(address: &Address) -> Vec<(String, &'static str)> {
        let error = check(address).unwrap_err();
        error.fields().iter().map(|f| (f.field.clone(), f.code)).collect()
    }

    #[test]
    fn a_brazilian_address_is_checked_and_brought_into_form() {
        let typed = Address::new()
            .street(" Rua A ")
            .city("São Paulo")
            .state("sp")
            .postal_code("01310-200")
            .ibge_code("3550308");
        let stored = check(&typed).unwrap();
        assert_eq!(
            (
                stored.street.as_deref(),
                stored.state.as_deref(),
                stored.postal_code.as_deref()
            ),
            (Some("Rua A"), Some("SP"), Some("01310200"))
        );
        assert_eq!(check(&stored).unwrap(), stored);
        let bad = Address::new()
            .state("XX")
            .postal_code("1310-200")
            .ibge_code("99")
            .number("n".repeat(61));
        assert_eq!(
            wrong(&bad),
            [
                ("number", "too_long"),
                ("state", "invalid"),
                ("postal_code", "invalid"),
                ("ibge_code", "invalid")
            ]
            .map(|(field, code)| (format!("addresses[0].{field}"), code))
        );
        let elsewhere = Address::new().state("RJ").ibge_code("3550308");
        assert_eq!(
            wrong(&elsewhere),
            [("addresses[0].ibge_code".to_owned(), "invalid")]
        );
        assert_eq!(wrong(&Address::new()), [("addresses[0]".to_owned(), "required")]);
    }

    #[test]
    fn elsewhere_state_and_postal_code_are_free() {
        let foreign = Address::new()
            .state("Île-de-France")
            .postal_code("F-75001")
            .country("fr");
        assert_eq!(check(&foreign).unwrap().country, "FR");
        let wrong_code = foreign.clone().ibge_code("3550308");
        assert_eq!(
            wrong(&wrong_code),
            [("addresses[0].ibge_code".to_owned(), "not_allowed")]
        );
        assert_eq!(
            wrong(&foreign.country("FRA")),
            [("addresses[0].country".to_owned(), "invalid")]
        );
        assert!(!format!("{:?}", Address::new().street("Rua A")).contains("Rua"));
    }
}
