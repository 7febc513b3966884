use aurora_core::store::{Connection, on_connection};

use crate::appointments::{AppointmentPolicy, QuietHours};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    GET = "select cancel_notice_hours, hold_minutes, offer_minutes, no_show_fee, quiet_from, quiet_until, offer_template, version
        from appointment_policies where workspace_id = $1";
    INSERT = "insert into appointment_policies (workspace_id, cancel_notice_hours, hold_minutes, offer_minutes, no_show_fee,
            quiet_from, quiet_until, offer_template, version, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9) on conflict (workspace_id) do nothing";
    UPDATE = "update appointment_policies set cancel_notice_hours = $2, hold_minutes = $3, offer_minutes = $4, no_show_fee = $5,
            quiet_from = $6, quiet_until = $7, offer_template = $8, version = version + 1, updated_at = $9
        where workspace_id = $1 and version = $10";
}

#[derive(sqlx::FromRow)]
struct Row {
    cancel_notice_hours: i64,
    hold_minutes: i64,
    offer_minutes: i64,
    no_show_fee: bool,
    quiet_from: i64,
    quiet_until: i64,
    offer_template: Option<String>,
    version: i64,
}

impl TryFrom<Row> for AppointmentPolicy {
    type Error = aurora_core::store::Error;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let count = |value: i64| u32::try_from(value).map_err(aurora_core::store::Error::corrupt);
        let minute = |value: i64| u16::try_from(value).map_err(aurora_core::store::Error::corrupt);
        Ok(Self {
            cancel_notice_hours: count(row.cancel_notice_hours)?,
            hold_minutes: count(row.hold_minutes)?,
            offer_minutes: count(row.offer_minutes)?,
            no_show_fee: row.no_show_fee,
            quiet: QuietHours {
                from: minute(row.quiet_from)?,
                until: minute(row.quiet_until)?,
            },
            offer_template: row.offer_template,
            version: row.version,
        })
    }
}

pub(in super::super) async fn get(store: &Store, context: &Context) -> Result<AppointmentPolicy, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context).await
    })
}

pub(super) async fn get_in(tx: &mut Connection<'_>, context: &Context) -> Result<AppointmentPolicy, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .fetch_optional(&mut *tx))?;
    Ok(row
        .map(AppointmentPolicy::try_from)
        .transpose()?
        .unwrap_or_default())
}

/// Puts a policy in the place of the one at the version that it carries.
pub(in super::super) async fn set(
    store: &Store,
    context: &Context,
    policy: &AppointmentPolicy,
) -> Result<AppointmentPolicy, Error> {
    let outcome = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let statement = if policy.version == 0 { INSERT } else { UPDATE };
        let minutes = [
            policy.cancel_notice_hours,
            policy.hold_minutes,
            policy.offer_minutes,
        ]
        .map(i64::from);
        let quiet = [policy.quiet.from, policy.quiet.until].map(i64::from);
        let written = on_connection!(tx, |tx| async {
            let mut query = sqlx::query(statement)
                .bind(context.workspace)
                .bind(minutes[0])
                .bind(minutes[1])
                .bind(minutes[2])
                .bind(policy.no_show_fee)
                .bind(quiet[0])
                .bind(quiet[1])
                .bind(policy.offer_template.as_deref())
                .bind(now);
            if policy.version > 0 {
                query = query.bind(policy.version);
            }
            Ok::<_, sqlx::Error>(query.execute(&mut *tx).await?.rows_affected())
        })?;
        let stored = get_in(tx, context).await?;
        if written == 0 {
            return Err(Error::conflict("appointment policy", stored.version));
        }
        let record = Record::new("appointment_policy.changed", "workspace", context.workspace, now)
            .with("version", stored.version);
        store.record(tx, context, now, &[record]).await?;
        Ok(stored)
    });
    outcome.map_err(missing)
}

/// A workspace that there is not has no policy.
fn missing(error: Error) -> Error {
    match error.stored().map(aurora_core::store::Error::kind) {
        Some(aurora_core::store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    }
}
