//! Which clients, as parameters of an address say it.

use aurora_core::time::Timestamp;
use aurora_crm::clients::{
    BlockedClients, ClientFilter, ClientKind, ClientOrder, ClientStatus, OwnerId, Presence,
};
use aurora_crm::workspaces::CrmPermission;
use serde_json::Value;

use crate::http::access::{Caller, also};
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

const TIME: &str = "an RFC 3339 time such as 2026-07-01T12:00:00Z";
const USER: &str = "the id of a user, usr_…";

/// The order, and whether clients are shown whose data may not be used.
pub(super) fn blocked(params: &mut Params) -> BlockedClients {
    params
        .word("blocked", "hidden, shown or only")
        .unwrap_or_default()
}

/// The same beside a search, which cannot look for those alone.
pub(super) fn beside_search(params: &mut Params) -> BlockedClients {
    let blocked = blocked(params);
    if blocked == BlockedClients::Only {
        params.refuse("blocked", "hidden or shown beside q");
    }
    blocked
}

/// Whoever wants to see clients whose data may not be used must look after the rights of people.
pub(super) fn may_see(state: &AppState, caller: &Caller, blocked: BlockedClients) -> Result<(), Problem> {
    match blocked {
        BlockedClients::Hidden => Ok(()),
        _ => also(state, CrmPermission::PrivacyRead, caller),
    }
}

/// Takes the filters of a list.
pub(super) fn of(params: &mut Params) -> ClientFilter {
    let mut filter = ClientFilter::all();
    if let Some(order) = params.word::<ClientOrder>("order", "newest, name or updated") {
        filter = filter.order(order);
    }
    filter.kind = params.take::<ClientKind>("kind", "company or person");
    filter.status = params.take::<ClientStatus>("status", "active, inactive or blocked");
    filter.owner = params.take::<OwnerId>("owner", USER);
    filter.tags = params.every("tag");
    filter.state = params.take("state", "two letters");
    filter.city = params.take("city", "the name of a city");
    filter.document = params.word::<Presence>("document", "present or absent");
    filter.created_from = params.take::<Timestamp>("created_from", TIME);
    filter.created_before = params.take::<Timestamp>("created_before", TIME);
    filter.updated_from = params.take::<Timestamp>("updated_from", TIME);
    filter.updated_before = params.take::<Timestamp>("updated_before", TIME);
    for (key, text) in params.beginning("custom.") {
        filter = filter.custom(key, value(text));
    }
    filter.blocked = blocked(params);
    filter
}

/// A number or a truth value where the text is one, and what stands between quotes as the text that it is.
fn value(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::String(_))) => value,
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::value;

    #[test]
    fn numbers_are_numbers_unless_they_stand_between_quotes() {
        for (text, expected) in [
            ("3", json!(3)),
            ("true", json!(true)),
            ("\"3\"", json!("3")),
            ("gold", json!("gold")),
            ("null", json!("null")),
            ("[1]", json!("[1]")),
            ("", json!("")),
        ] {
            assert_eq!(value(text.to_owned()), expected, "{text}");
        }
    }
}
