//! Pages of lists.

use aurora_core::id::Id;
use aurora_core::page::{Cursor, InvalidCursor, Page, PageRequest};
use aurora_core::time::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::types::Uuid;

use super::SqlClients;
use super::row::{Row, select, select_from};
use crate::clients::{Client, ClientFilter, ClientId, ClientOrder, facets, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::store::{END_OF_TIME, START_OF_TIME, TIMES, reading};

/// How many facets a statement checks beside the one whose index it reads.
const OTHERS: usize = 10;

/// What is checked on each client that is met: `$5` to `$8` times, `$9` presence of a number, `$10` how many of the
/// facets `$11` to `$20` there must be, `$21` whether those are shown whose data may not be used.
macro_rules! narrowed {
    ($rest:literal) => {
        concat!(
            "
            and c.created_at >= $5 and c.created_at < $6 and c.updated_at >= $7 and c.updated_at < $8
            and (cast($9 as text) is null
                or (cast($9 as text) = 'present') = (c.cnpj is not null or c.cpf is not null))
            and (cast($10 as bigint) = 0 or cast($10 as bigint) = (select count(*) from client_facets o
                where o.workspace_id = $1 and o.client_id = c.id
                and o.facet in ($11, $12, $13, $14, $15, $16, $17, $18, $19, $20)))
            and (cast($21 as bigint) = 1 or c.blocked_at is null) ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    NEWEST = select!(narrowed!("and (c.created_at, c.id) < ($2, $3) order by c.created_at desc, c.id desc limit $4"));
    NEWEST_OF = select_from!("client_facets f cross join",
        narrowed!("and f.workspace_id = $1 and f.facet = $22 and c.id = f.client_id
            and (f.created_at, f.client_id) < ($2, $3) order by f.created_at desc, f.client_id desc limit $4"));
    BY_NAME = select!(narrowed!("and (c.name_key, c.id) > ($2, $3) order by c.name_key, c.id limit $4"));
    BY_NAME_OF = select_from!("client_facets f cross join",
        narrowed!("and f.workspace_id = $1 and f.facet = $22 and c.id = f.client_id
            and (f.name_key, f.client_id) > ($2, $3) order by f.name_key, f.client_id limit $4"));
    UPDATED = select!(narrowed!("and (c.updated_at, c.id) < ($2, $3) order by c.updated_at desc, c.id desc limit $4"));
}

/// Binds everything but the key; `$rare` is the facet whose index is read.
macro_rules! fetch {
    ($store:expr, $context:expr, $plan:expr, $key:expr, $id:expr, $limit:expr) => {
        reading!($store, $context, |tx| {
            let plan: &Plan<'_> = $plan;
            let mut query = sqlx::query_as(plan.statement)
                .bind($context.workspace)
                .bind($key)
                .bind($id)
                .bind($limit)
                .bind(storable(plan.filter.created_from.unwrap_or(START_OF_TIME)))
                .bind(storable(plan.filter.created_before.unwrap_or(END_OF_TIME)))
                .bind(storable(plan.filter.updated_from.unwrap_or(START_OF_TIME)))
                .bind(storable(plan.filter.updated_before.unwrap_or(END_OF_TIME)))
                .bind(plan.filter.document.map(|presence| presence.as_str()))
                .bind(i64::try_from(plan.others.len()).unwrap_or(i64::MAX));
            for slot in 0..OTHERS {
                query = query.bind(plan.others.get(slot).map_or("", String::as_str));
            }
            query = query.bind(i64::from(plan.filter.blocked.are_shown()));
            if let Some(rare) = plan.rare {
                query = query.bind(rare);
            }
            Ok(query.fetch_all(&mut *tx).await?)
        })
    };
}

/// How a list is read.
struct Plan<'f> {
    filter: &'f ClientFilter,
    statement: &'static str,
    rare: Option<&'f String>,
    others: &'f [String],
}

impl<'f> Plan<'f> {
    fn new(filter: &'f ClientFilter, facets: &'f [String]) -> Self {
        let (statement, rare, others) = match (filter.order, facets) {
            (ClientOrder::Newest, [rare, others @ ..]) => (NEWEST_OF, Some(rare), others),
            (ClientOrder::Newest, others) => (NEWEST, None, others),
            (ClientOrder::Name, [rare, others @ ..]) => (BY_NAME_OF, Some(rare), others),
            (ClientOrder::Name, others) => (BY_NAME, None, others),
            (ClientOrder::Updated, others) => (UPDATED, None, others),
        };
        Self {
            filter,
            statement,
            rare,
            others,
        }
    }
}

/// What a cursor is bound to.
pub(in super::super) fn scope(context: &Context, filter: &ClientFilter) -> String {
    format!("clients/{}/{filter:?}", context.workspace)
}

impl SqlClients {
    /// One page of a list.
    pub(in super::super) async fn page(
        &self,
        context: &Context,
        filter: &ClientFilter,
        request: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        filter.check()?;
        let scope = scope(context, filter);
        let facets = facets::of_filter(filter);
        let plan = Plan::new(filter, &facets);
        let limit = i64::from(request.limit()) + 1;
        let cursor = request.cursor();
        let rows: Vec<Row> = match filter.order {
            ClientOrder::Newest | ClientOrder::Updated => {
                let before = match filter.order {
                    ClientOrder::Updated => filter.updated_before,
                    _ => filter.created_before,
                };
                let (micros, id) = match cursor {
                    Some(cursor) => key(cursor, &scope, |(micros, _): &(i64, ClientId)| {
                        TIMES.contains(micros)
                    })?,
                    // Earlier than the first of that moment.
                    None => match before {
                        Some(before) => (storable(before).as_micros(), Id::from_uuid(Uuid::nil())),
                        None => (END_OF_TIME.as_micros(), Id::from_uuid(Uuid::max())),
                    },
                };
                fetch!(
                    self.store,
                    context,
                    &plan,
                    Timestamp::from_micros(micros),
                    id,
                    limit
                )?
            }
            ClientOrder::Name => {
                let (name, id) = match cursor {
                    Some(cursor) => key(cursor, &scope, |(name, _): &(String, ClientId)| {
                        !name.contains('\0')
                    })?,
                    None => (String::new(), Id::from_uuid(Uuid::nil())),
                };
                fetch!(self.store, context, &plan, &name, id, limit)?
            }
        };
        let page = match filter.order {
            ClientOrder::Newest => Page::from_rows(rows, request, &scope, |row: &Row| {
                (row.created_at.as_micros(), row.id)
            }),
            ClientOrder::Updated => Page::from_rows(rows, request, &scope, |row: &Row| {
                (row.updated_at.as_micros(), row.id)
            }),
            ClientOrder::Name => {
                Page::from_rows(rows, request, &scope, |row: &Row| (row.name_key.clone(), row.id))
            }
        };
        clients_of(page.map_err(wrong_cursor)?)
    }
}

/// A time that both databases can hold.
fn storable(time: Timestamp) -> Timestamp {
    time.clamp(START_OF_TIME, END_OF_TIME)
}

/// Where a page ended. Anybody can forge a cursor, so what a database could not take is refused here.
pub(super) fn key<K: DeserializeOwned>(
    cursor: &Cursor,
    scope: &str,
    is_storable: impl Fn(&K) -> bool,
) -> Result<K, Error> {
    let key = cursor.key::<K>(scope).map_err(wrong_cursor)?;
    if is_storable(&key) {
        Ok(key)
    } else {
        Err(wrong_cursor(InvalidCursor))
    }
}

fn clients_of(page: Page<Row>) -> Result<Page<Client>, Error> {
    let items = page
        .items
        .into_iter()
        .map(Client::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next,
    })
}
