//! What a list of clients can be narrowed by, as one text for each.

use std::collections::BTreeSet;

use serde_json::Value;

use super::name::name_key;
use super::{BlockedClients, Client, ClientFilter, ClientKind, ClientStatus, OwnerId};

/// A longer facet, as of a long text in a field of the workspace's own, cannot be filtered by; in bytes.
const MAX_FACET: usize = 300;

pub(super) const TAG: &str = "tag:";
/// Greater than every facet of a tag, and less than any other that is.
pub(super) const AFTER_TAGS: &str = "tag;";

/// Of the clients whose data may not be used.
const BLOCKED: &str = "blocked";

pub(super) fn tag(tag: &str) -> String {
    format!("{TAG}{tag}")
}

fn owner(id: OwnerId) -> String {
    format!("owner:{id}")
}

fn city(state: &str, city: &str) -> String {
    format!("city:{state}:{}", name_key(city))
}

fn state(state: &str) -> String {
    format!("state:{state}")
}

fn kind(kind: ClientKind) -> String {
    format!("kind:{}", kind.as_str())
}

fn status(status: ClientStatus) -> String {
    format!("status:{}", status.as_str())
}

/// A whole number is the same however it is written: `1e6`, `1000000.0` and `1000000`.
fn custom(key: &str, value: &Value) -> String {
    match value
        .as_f64()
        .filter(|number| value.is_f64() && number.fract() == 0.0)
    {
        Some(number) => match format!("{number:.0}").parse::<i64>() {
            Ok(whole) => format!("custom:{key}={whole}"),
            Err(_) => format!("custom:{key}={value}"),
        },
        None => format!("custom:{key}={value}"),
    }
}

/// Everything that a client can be filtered by.
pub(super) fn of_client(client: &Client) -> BTreeSet<String> {
    let mut facets = BTreeSet::from([kind(client.kind), status(client.status)]);
    facets.extend(client.tags.iter().map(|text| tag(text)));
    facets.extend(client.owner.map(owner));
    facets.extend(client.blocked.as_ref().map(|_| BLOCKED.to_owned()));
    for address in client.addresses.iter().filter(|address| address.country == "BR") {
        if let Some(abbreviation) = &address.state {
            facets.insert(state(abbreviation));
            facets.extend(address.city.as_deref().map(|name| city(abbreviation, name)));
        }
    }
    for (key, value) in &client.custom {
        match value {
            Value::Array(values) => {
                facets.extend(
                    values
                        .iter()
                        .filter(|value| is_plain(value))
                        .map(|value| custom(key, value)),
                );
            }
            value if is_plain(value) => {
                facets.insert(custom(key, value));
            }
            _ => {}
        }
    }
    facets.retain(|facet| facet.len() <= MAX_FACET);
    facets
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

/// What a filter asks for, the one that is likely the rarest first.
pub(super) fn of_filter(filter: &ClientFilter) -> Vec<String> {
    let mut facets = Vec::new();
    if filter.blocked == BlockedClients::Only {
        facets.push(BLOCKED.to_owned());
    }
    facets.extend(filter.custom.iter().map(|(key, value)| custom(key, value)));
    facets.extend(filter.tags.iter().map(|text| tag(text)));
    match (&filter.state, &filter.city) {
        (Some(abbreviation), Some(name)) => facets.push(city(abbreviation, name)),
        (Some(abbreviation), None) => facets.push(state(abbreviation)),
        (None, _) => {}
    }
    facets.extend(filter.owner.map(owner));
    facets.extend(filter.status.map(status));
    facets.extend(filter.kind.map(kind));
    facets
}

#[cfg(test)]
mod tests {
    use aurora_core::time::Timestamp;
    use serde_json::json;

    use super::super::{Address, ClientId, NewClient};
    use super::*;
    use crate::custom_fields::Rules;

    #[test]
    fn a_filter_asks_for_what_a_client_shows() {
        let at = Timestamp::UNIX_EPOCH;
        let owner = OwnerId::new(at);
        let new = NewClient::person("Ana")
            .tag("vip")
            .owner(owner)
            .address(Address::new().city("São Paulo").state("SP"))
            .custom("plan", "gold")
            .custom("days", json!(["mon", "tue"]))
            .custom("long", "x".repeat(400));
        let shown = of_client(&new.check(ClientId::new(at), at, &Rules::default()).unwrap());
        for (written, asked) in [
            (json!(1_000_000.0), json!(1_000_000)),
            (json!(1e6), json!(1_000_000)),
            (json!(-0.0), json!(0)),
            (json!(0.5), json!(0.5)),
            (json!(1e300), json!(1e300)),
        ] {
            assert_eq!(custom("limit", &written), custom("limit", &asked));
        }
        let filter = ClientFilter::all()
            .kind(ClientKind::Person)
            .status(ClientStatus::Active)
            .tag("vip")
            .owner(owner)
            .city("SP", "SAO PAULO")
            .custom("plan", "gold")
            .custom("days", "tue");
        let asked = of_filter(&filter);
        assert_eq!(asked.len(), 7);
        assert!(
            asked.iter().all(|facet| shown.contains(facet)),
            "{asked:?} {shown:?}"
        );
        assert!(
            of_filter(&ClientFilter::all().state("SP"))
                .iter()
                .all(|facet| shown.contains(facet))
        );
        assert!(shown.iter().all(|facet| facet.len() <= MAX_FACET));
    }
}
