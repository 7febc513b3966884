use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::{
    CustomField, CustomFieldChange, CustomFieldId, CustomFieldTarget, CustomFields, Rules, UndefinedFields,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::hold;

aurora_core::store::statements! {
    /// At least one row when the workspace exists, so that one statement tells all.
    RULES = "select s.undefined, f.id, f.applies_to, f.key, f.label, f.kind, f.required, f.options, f.version, f.created_at,
            f.updated_at
        from workspaces w
        left join custom_field_settings s on s.workspace_id = w.id
        left join custom_fields f on f.workspace_id = w.id and f.applies_to = $2
        where w.id = $1 and (f.workspace_id = $1 or f.workspace_id is null) order by f.key";
    GET = "select null as undefined, f.id, f.applies_to, f.key, f.label, f.kind, f.required, f.options, f.version,
            f.created_at, f.updated_at
        from custom_fields f where f.workspace_id = $1 and f.id = $2";
    BY_KEY = "select id from custom_fields where workspace_id = $1 and applies_to = $2 and key = $3";
    INSERT = "insert into custom_fields (workspace_id, id, applies_to, key, label, kind, required, options, version,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "update custom_fields set label = $4, required = $5, options = $6, version = $7, updated_at = $8
        where workspace_id = $1 and id = $2 and version = $3";
    DELETE = "delete from custom_fields where workspace_id = $1 and id = $2 and version = $3";
    SET_UNDEFINED = "insert into custom_field_settings (workspace_id, undefined) values ($1, $2)
        on conflict (workspace_id) do update set undefined = excluded.undefined,
            version = custom_field_settings.version + 1";
    INSERT_UNDEFINED = "insert into custom_field_settings (workspace_id, undefined) values ($1, $2)
        on conflict (workspace_id) do nothing";
    UPDATE_UNDEFINED = "update custom_field_settings set undefined = $2, version = version + 1
        where workspace_id = $1 and version = $3";
    UNDEFINED = "select undefined, version from custom_field_settings where workspace_id = $1";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    undefined: Option<String>,
    id: Option<CustomFieldId>,
    applies_to: Option<String>,
    key: Option<String>,
    label: Option<String>,
    kind: Option<String>,
    required: Option<i64>,
    options: Option<Json<Vec<String>>>,
    version: Option<i64>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

impl Row {
    /// `None` when the row tells of the settings alone.
    fn field(self) -> Result<Option<CustomField>, store::Error> {
        let corrupt = |error: &'static str| store::Error::corrupt(error);
        let Some(id) = self.id else { return Ok(None) };
        let missing = || store::Error::corrupt("a column is missing");
        Ok(Some(CustomField {
            id,
            applies_to: self.applies_to.ok_or_else(missing)?.parse().map_err(corrupt)?,
            key: self.key.ok_or_else(missing)?,
            label: self.label.ok_or_else(missing)?,
            kind: self.kind.ok_or_else(missing)?.parse().map_err(corrupt)?,
            required: self.required.ok_or_else(missing)? != 0,
            options: self.options.ok_or_else(missing)?.0,
            version: self.version.ok_or_else(missing)?,
            created_at: self.created_at.ok_or_else(missing)?,
            updated_at: self.updated_at.ok_or_else(missing)?,
        }))
    }
}

/// The rules for a target, within a transaction.
///
/// # Errors
/// `NotFound` when the workspace does not exist.
pub(crate) async fn rules(
    connection: &mut Connection<'_>,
    context: &Context,
    target: CustomFieldTarget,
) -> Result<Rules, Error> {
    let rows: Vec<Row> = on_connection!(connection, |tx| sqlx::query_as(RULES)
        .bind(context.workspace)
        .bind(target.as_str())
        .fetch_all(&mut *tx))?;
    let first = rows.first().ok_or(Error::not_found("workspace"))?;
    let undefined = match &first.undefined {
        Some(text) => text.parse().map_err(|error: &str| store::Error::corrupt(error))?,
        None => UndefinedFields::default(),
    };
    let mut fields = Vec::new();
    for row in rows {
        fields.extend(row.field()?);
    }
    Ok(Rules::new(fields, undefined))
}

pub(super) async fn read_rules(
    store: &Store,
    context: &Context,
    target: CustomFieldTarget,
) -> Result<Rules, Error> {
    reading!(store, context, |tx| {
        rules(&mut (&mut *tx).into(), context, target).await
    })
}

pub(super) async fn insert(store: &Store, context: &Context, field: &CustomField) -> Result<(), Error> {
    let now = field.created_at;
    let record = Record::new("custom_field.created", "custom_field", field.id, now)
        .with("applies_to", field.applies_to.as_str())
        .with("kind", field.kind.as_str());
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        hold(&mut (&mut *tx).into(), context).await?;
        let present = rules(&mut (&mut *tx).into(), context, field.applies_to).await?;
        if present.into_fields().len() >= CustomFields::MAX {
            let mut fields = Fields::default();
            let message = format_args!("there are at most {} fields", CustomFields::MAX);
            fields.refuse("key", "too_many", message);
            return fields.finish(());
        }
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(field.id)
            .bind(field.applies_to.as_str())
            .bind(&field.key)
            .bind(&field.label)
            .bind(field.kind.as_str())
            .bind(i64::from(field.required))
            .bind(Json(&field.options))
            .bind(field.version)
            .bind(field.created_at)
            .bind(field.updated_at)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    });
    let Err(refused) = outcome else { return Ok(()) };
    if refused.stored().map(store::Error::kind) != Some(store::ErrorKind::Conflict) {
        return Err(refused);
    }
    let holder: Option<CustomFieldId> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(BY_KEY)
            .bind(context.workspace)
            .bind(field.applies_to.as_str())
            .bind(&field.key)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Err(holder.map_or(refused, |holder| Error::already_exists("custom field", holder)))
}

pub(super) async fn update(
    store: &Store,
    context: &Context,
    id: CustomFieldId,
    expected: i64,
    change: CustomFieldChange,
) -> Result<CustomField, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let current = get(&mut (&mut *tx).into(), context, id, expected).await?;
        let changed = change.apply(&current, now)?;
        let done = sqlx::query(UPDATE)
            .bind(context.workspace)
            .bind(id)
            .bind(expected)
            .bind(&changed.label)
            .bind(i64::from(changed.required))
            .bind(Json(&changed.options))
            .bind(changed.version)
            .bind(changed.updated_at)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            // Somebody was faster between the two statements.
            get(&mut (&mut *tx).into(), context, id, expected).await?;
            return Err(Error::new(ErrorKind::Internal));
        }
        let record =
            Record::new("custom_field.updated", "custom_field", id, now).with("version", changed.version);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(changed)
    })
}

pub(super) async fn delete(
    store: &Store,
    context: &Context,
    id: CustomFieldId,
    expected: i64,
) -> Result<(), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        get(&mut (&mut *tx).into(), context, id, expected).await?;
        let done = sqlx::query(DELETE)
            .bind(context.workspace)
            .bind(id)
            .bind(expected)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            get(&mut (&mut *tx).into(), context, id, expected).await?;
            return Err(Error::new(ErrorKind::Internal));
        }
        let record = Record::new("custom_field.removed", "custom_field", id, now);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

/// What becomes of undefined keys, and the version of that.
pub(super) async fn undefined(store: &Store, context: &Context) -> Result<(UndefinedFields, i64), Error> {
    reading!(store, context, |tx| {
        // A workspace that there is not has none.
        rules(&mut (&mut *tx).into(), context, CustomFieldTarget::Client).await?;
        let stored: Option<(String, i64)> = sqlx::query_as(UNDEFINED)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?;
        let Some((text, version)) = stored else {
            return Ok((UndefinedFields::default(), 0));
        };
        let undefined: UndefinedFields = text.parse().map_err(|error: &str| store::Error::corrupt(error))?;
        Ok((undefined, version))
    })
}

/// Gives the new version; without an expected one, whatever was there is replaced.
pub(super) async fn set_undefined(
    store: &Store,
    context: &Context,
    undefined: UndefinedFields,
    expected: Option<i64>,
) -> Result<i64, Error> {
    let now = store.now();
    let statement = match expected {
        None => SET_UNDEFINED,
        Some(0) => INSERT_UNDEFINED,
        Some(_) => UPDATE_UNDEFINED,
    };
    let outcome: Result<i64, Error> = writing!(store, context, |tx| {
        let mut query = sqlx::query(statement)
            .bind(context.workspace)
            .bind(undefined.as_str());
        if let Some(version) = expected.filter(|version| *version != 0) {
            query = query.bind(version);
        }
        let written = query.execute(&mut *tx).await?.rows_affected();
        let stored: Option<(String, i64)> = sqlx::query_as(UNDEFINED)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?;
        let version = stored.map_or(0, |(_, version)| version);
        if written == 0 {
            return Err(Error::conflict("custom field settings", version));
        }
        let record = Record::new("custom_fields.undefined_set", "workspace", context.workspace, now)
            .with("undefined", undefined.as_str());
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(version)
    });
    outcome.map_err(|error| {
        let kind = error.stored().map(store::Error::kind);
        if kind == Some(store::ErrorKind::ForeignKey) {
            Error::not_found("workspace")
        } else {
            error
        }
    })
}

/// The definition at the version that is expected.
async fn get(
    connection: &mut Connection<'_>,
    context: &Context,
    id: CustomFieldId,
    expected: i64,
) -> Result<CustomField, Error> {
    let row: Option<Row> = on_connection!(connection, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    let field = row
        .map(Row::field)
        .transpose()?
        .flatten()
        .ok_or(Error::not_found("custom field"))?;
    if field.version == expected {
        Ok(field)
    } else {
        Err(Error::conflict("custom field", field.version))
    }
}
