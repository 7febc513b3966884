use std::fmt;

use aurora_core::secret::Secret;

use super::WhatsAppNumber;
use crate::error::Error;
use crate::fields::Fields;

const MAX_NAME: usize = 100;
const MAX_TOKEN: usize = 1_000;

/// What is needed to add a number.
#[derive(Clone)]
pub struct NewNumber {
    number_id: String,
    display_number: String,
    app: String,
    token: Secret,
    account_id: Option<String>,
    name: Option<String>,
}

impl NewNumber {
    /// A number by Meta's name of it (`phone_number_id`), as people see it, under an app, with a token of a system user.
    #[must_use]
    pub fn new(
        number_id: impl Into<String>,
        display_number: impl Into<String>,
        app: impl Into<String>,
        token: impl Into<Secret>,
    ) -> Self {
        Self {
            number_id: number_id.into(),
            display_number: display_number.into(),
            app: app.into(),
            token: token.into(),
            account_id: None,
            name: None,
        }
    }

    /// The WhatsApp Business Account (WABA) that it belongs to.
    #[must_use]
    pub fn account(mut self, id: impl Into<String>) -> Self {
        self.account_id = Some(id.into());
        self
    }

    /// What the workspace calls it, up to 100 characters; the number as people see it unless told.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Puts what is right into `number`, and gives the token.
    pub(super) fn check(
        self,
        mut number: WhatsAppNumber,
        apps: &[&str],
    ) -> Result<(WhatsAppNumber, Secret), Error> {
        let mut fields = Fields::default();
        number.number_id = id(&mut fields, "number_id", &self.number_id);
        number.account_id = self
            .account_id
            .map(|account| id(&mut fields, "account_id", &account));
        number.display_number = fields.line("display_number", &self.display_number, 40);
        let name = self.name.as_deref().unwrap_or(&self.display_number);
        number.name = fields.line("name", name, MAX_NAME);
        if apps.contains(&self.app.as_str()) {
            number.app = self.app;
        } else {
            fields.refuse("app", "invalid", "must be an app of the settings");
        }
        check_token(&mut fields, &self.token);
        fields.finish((number, self.token))
    }
}

/// What to change in a number; what is not named stays.
#[derive(Clone, Default)]
pub struct NumberChange {
    pub(super) name: Option<String>,
    pub(super) token: Option<Secret>,
}

impl NumberChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the workspace calls it, up to 100 characters.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Another token.
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        if let Some(name) = &self.name {
            fields.line("name", name, MAX_NAME);
        }
        if let Some(token) = &self.token {
            check_token(&mut fields, token);
        }
        fields.finish(())
    }

    /// The names of what changes.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let names = [
            self.name.as_ref().map(|_| "name"),
            self.token.as_ref().map(|_| "token"),
        ];
        names.into_iter().flatten().collect()
    }
}

fn id(fields: &mut Fields, field: &str, id: &str) -> String {
    let id = fields.line(field, id, 32);
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        fields.refuse(field, "invalid", "must be digits: Meta's id, not the number");
    }
    id
}

fn check_token(fields: &mut Fields, token: &Secret) {
    let is_token = (1..=MAX_TOKEN).contains(&token.expose().len())
        && token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token {
        fields.refuse("token", "invalid", "must be a token of Meta");
    }
}

impl fmt::Debug for NewNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewNumber")
            .field("number_id", &self.number_id)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NumberChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberChange")
            .field("fields", &self.names())
            .finish()
    }
}
