//! A client out of what a registry tells.

use serde_json::{Map, Value, json};

use super::{Company, CompanyAddress};
use crate::clients::{Address, NewClient};

/// As many as a client may have.
const MAX_PHONES: usize = 10;

impl NewClient {
    /// A client with what a registry tells of a company: number, names, the first e-mail address, phones, the address
    /// if it is in Brazil. What else a form may want is added by [`Self::with_registry_details`].
    ///
    /// It is a proposal: a person looks at it and may change each part before it is created. Partners are left out,
    /// being personal data that a client does not need (Lei 13.709/2018, art. 6, III).
    ///
    /// # Examples
    /// ```
    /// # fn example(company: &aurora_crm::companies::Company) {
    /// use aurora_crm::clients::NewClient;
    ///
    /// let new = NewClient::from_company(company).tag("imported").phone("(11) 98765-4321");
    /// # }
    /// ```
    #[must_use]
    pub fn from_company(company: &Company) -> Self {
        let mut new = Self::company(&company.legal_name).cnpj(company.cnpj.plain());
        if let Some(name) = &company.trade_name {
            new = new.trade_name(name);
        }
        if let Some(email) = company.emails.first() {
            new = new.email(email.as_str());
        }
        for phone in company.phones.iter().take(MAX_PHONES) {
            new = new.phone(phone.as_str());
        }
        if let Some(address) = address(&company.address) {
            new = new.address(address);
        }
        new
    }

    /// Adds what else a registry tells of a company under `company` in the client's own fields: status, main activity,
    /// size, source and dates. A workspace that refuses fields it has not defined refuses this one, too, and no definition
    /// takes an object; leave it out there.
    ///
    /// # Examples
    /// ```
    /// # fn example(company: &aurora_crm::companies::Company) {
    /// use aurora_crm::clients::NewClient;
    ///
    /// let new = NewClient::from_company(company).with_registry_details(company);
    /// # }
    /// ```
    #[must_use]
    pub fn with_registry_details(self, company: &Company) -> Self {
        self.custom("company", about(company))
    }
}

/// The address of a company in Brazil; of one abroad (`EX`) the registries tell no more than that.
fn address(from: &CompanyAddress) -> Option<Address> {
    let state = from.state.as_deref().filter(|state| *state != "EX")?;
    let mut address = Address::new().state(state);
    address.street.clone_from(&from.street);
    address.number.clone_from(&from.number);
    address.complement.clone_from(&from.complement);
    address.district.clone_from(&from.district);
    address.city.clone_from(&from.city);
    address.postal_code.clone_from(&from.zip);
    address.ibge_code = from.ibge_code.map(|code| format!("{code:07}"));
    Some(address)
}

fn about(company: &Company) -> Value {
    let mut about = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            about.insert(key.to_owned(), value);
        }
    };
    put("status", json!(company.status));
    put("founded", json!(company.founded));
    put(
        "main_activity",
        json!(company.main_activity.as_ref().map(|activity| &activity.code)),
    );
    put("size", json!(company.size));
    put("source", json!(company.source));
    put("fetched_at", json!(company.fetched_at));
    put("updated_at", json!(company.updated_at));
    Value::Object(about)
}
