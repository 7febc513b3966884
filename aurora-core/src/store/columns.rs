//! How ids and timestamps are kept in columns.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Decode, Encode, Type};
use uuid::Uuid;

use crate::id::{Id, IdKind};
use crate::time::Timestamp;

impl<T, DB: sqlx::Database> Type<DB> for Id<T>
where
    Uuid: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        Uuid::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        Uuid::compatible(ty)
    }
}

impl<'q, T: IdKind, DB: sqlx::Database> Encode<'q, DB> for Id<T>
where
    Uuid: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.uuid().encode(buffer)
    }
}

impl<'r, T: IdKind, DB: sqlx::Database> Decode<'r, DB> for Id<T>
where
    Uuid: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Uuid::decode(value).map(Self::from_uuid)
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sqlx::Sqlite;
    use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};

    use super::{BoxDynError, Decode, Encode, IsNull, Timestamp, Type};

    impl Type<Sqlite> for Timestamp {
        fn type_info() -> SqliteTypeInfo {
            <i64 as Type<Sqlite>>::type_info()
        }

        fn compatible(ty: &SqliteTypeInfo) -> bool {
            <i64 as Type<Sqlite>>::compatible(ty)
        }
    }

    impl Encode<'_, Sqlite> for Timestamp {
        fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
            <i64 as Encode<'_, Sqlite>>::encode(self.as_micros(), buffer)
        }
    }

    impl<'r> Decode<'r, Sqlite> for Timestamp {
        fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
            <i64 as Decode<'r, Sqlite>>::decode(value).map(Self::from_micros)
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use sqlx::Postgres;
    use sqlx::postgres::types::Oid;
    use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef};

    use super::{BoxDynError, Decode, Encode, IsNull, Timestamp, Type};

    /// `timestamptz`, fixed in PostgreSQL's `pg_type.dat`.
    const TIMESTAMPTZ: Oid = Oid(1184);
    /// 2000-01-01T00:00:00Z, where PostgreSQL begins to count, in microseconds since the Unix epoch.
    const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
    /// The range of `timestamptz`: 4714-11-24 BC up to, not including, 294277-01-01, counted from `POSTGRES_EPOCH`.
    const RANGE: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

    impl Type<Postgres> for Timestamp {
        fn type_info() -> PgTypeInfo {
            PgTypeInfo::with_oid(TIMESTAMPTZ)
        }
    }

    impl Encode<'_, Postgres> for Timestamp {
        fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
            let since_2000 = self.as_micros().saturating_sub(POSTGRES_EPOCH);
            if !RANGE.contains(&since_2000) {
                return Err("the time is outside of what timestamptz can hold".into());
            }
            buffer.extend_from_slice(&since_2000.to_be_bytes());
            Ok(IsNull::No)
        }
    }

    impl<'r> Decode<'r, Postgres> for Timestamp {
        fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
            match value.format() {
                PgValueFormat::Binary => {
                    let since_2000 = i64::from_be_bytes(value.as_bytes()?.try_into()?);
                    if !RANGE.contains(&since_2000) {
                        return Err("the stored time is infinite".into());
                    }
                    since_2000
                        .checked_add(POSTGRES_EPOCH)
                        .map(Self::from_micros)
                        .ok_or_else(|| "the stored time is later than a timestamp can say".into())
                }
                PgValueFormat::Text => Err("timestamps are read in binary form only".into()),
            }
        }
    }
}
