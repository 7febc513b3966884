use aurora_core::time::Timestamp;
use serde_json::{Map, Value};
use sqlx::types::{Json, Uuid};
use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::privacy::registry::Kind;

/// A row of either database as JSON.
pub(super) fn read<R>(row: &R, columns: &[(&'static str, Kind)]) -> Result<Map<String, Value>, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    Uuid: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    Timestamp: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    Json<Value>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let mut object = Map::new();
    for (index, (name, kind)) in columns.iter().enumerate() {
        let value = match kind {
            Kind::Text => row.try_get::<Option<String>, _>(index)?.map(Value::from),
            Kind::Integer => row.try_get::<Option<i64>, _>(index)?.map(Value::from),
            Kind::Json => row.try_get::<Option<Json<Value>>, _>(index)?.map(|json| json.0),
            Kind::Uuid => row
                .try_get::<Option<Uuid>, _>(index)?
                .map(|id| Value::from(id.to_string())),
            Kind::Id(prefix) => row
                .try_get::<Option<Uuid>, _>(index)?
                .map(|id| Value::from(format!("{prefix}_{}", id.as_simple()))),
            Kind::Time => row
                .try_get::<Option<Timestamp>, _>(index)?
                .map(|time| Value::from(time.to_string())),
            Kind::Bytes => row
                .try_get::<Option<Vec<u8>>, _>(index)?
                .map(|bytes| Value::from(hex(&bytes))),
        };
        object.insert((*name).to_owned(), value.unwrap_or(Value::Null));
    }
    Ok(object)
}

/// Lower-case hexadecimal digits.
pub(in crate::privacy) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
