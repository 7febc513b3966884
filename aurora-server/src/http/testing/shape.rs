//! Answers against the description of the API.

use serde_json::Value;

/// Every member that came is described, and every member that must be there came.
pub(super) fn shape(api: &Value, place: &str, wanted: &Value, value: &Value) {
    if let Some(target) = wanted["$ref"].as_str() {
        let target = api.pointer(target.trim_start_matches('#')).unwrap();
        return shape(api, place, target, value);
    }
    if let Some(choices) = wanted["oneOf"].as_array() {
        let rest: Vec<&Value> = choices.iter().filter(|one| one["type"] != "null").collect();
        if let ([one], false) = (rest.as_slice(), value.is_null()) {
            shape(api, place, one, value);
        }
        return;
    }
    if let Some(words) = wanted["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value} is not among {words:?}");
    }
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| shape(api, place, &wanted["items"], item)),
        Value::Object(members) => {
            let Some(properties) = wanted["properties"].as_object() else {
                return;
            };
            for (name, member) in members {
                let wanted = properties.get(name);
                let wanted = wanted.unwrap_or_else(|| panic!("{place}.{name} is not described"));
                shape(api, &format!("{place}.{name}"), wanted, member);
            }
            for name in wanted["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(name.as_str().unwrap()), "{place}: no {name}");
            }
        }
        _ => {}
    }
}
