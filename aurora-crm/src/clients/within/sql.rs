use aurora_core::store::{Connection, on_connection};

use super::super::sql::{BY_CNPJ, BY_CPF, VERSION};
use super::super::{Client, ClientId};
use crate::context::Context;
use crate::custom_fields::sql::rules;
use crate::custom_fields::{CustomFieldTarget, Rules};
use crate::error::Error;

/// Refuses a client that there is not, or that is deleted.
pub(crate) async fn check_in(tx: &mut Connection<'_>, context: &Context, id: ClientId) -> Result<(), Error> {
    let version: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(VERSION)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    version.map(drop).ok_or(Error::not_found("client"))
}

/// The living client that has the CNPJ or CPF of this one.
pub(crate) async fn holder_in(
    tx: &mut Connection<'_>,
    context: &Context,
    client: &Client,
) -> Result<Option<ClientId>, Error> {
    let (statement, number) = match (&client.cnpj, &client.cpf) {
        (Some(cnpj), _) => (BY_CNPJ, cnpj.plain()),
        (None, Some(cpf)) => (BY_CPF, cpf.plain()),
        (None, None) => return Ok(None),
    };
    Ok(on_connection!(tx, |tx| sqlx::query_scalar(statement)
        .bind(context.workspace)
        .bind(number)
        .fetch_optional(&mut *tx))?)
}

/// What the workspace asks of the fields of its own.
pub(crate) async fn rules_in(tx: &mut Connection<'_>, context: &Context) -> Result<Rules, Error> {
    rules(tx, context, CustomFieldTarget::Client).await
}
