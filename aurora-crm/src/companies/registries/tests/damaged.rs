//! Answers with something else in one place.

use aurora_core::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{cnpja, minha_receita, publica_cnpj_ws, receita_ws};
use super::{LETTERS, NUMERIC, cnpj, fixtures};
use crate::companies::{Company, RegistryError, RegistryErrorKind};

/// What the codec makes of an answer to a question about this number.
fn read(codec: usize, raw: Value, number: &str) -> Result<Company, RegistryError> {
    let (number, now) = (cnpj(number), Timestamp::UNIX_EPOCH);
    match codec {
        0 => cnpja::company(raw, &number, "cnpja-open", now),
        1 => minha_receita::company(raw, &number, "minha-receita", now),
        2 => publica_cnpj_ws::company(raw, &number, now),
        _ => receita_ws::company(raw, &number, now),
    }
}

fn answer(codec: usize, number: &str) -> Value {
    match codec {
        0 => fixtures::cnpja(number),
        1 => fixtures::minha_receita(number),
        2 => fixtures::publica_cnpj_ws(number),
        _ => fixtures::receita_ws(number),
    }
}

/// Every place of a value.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| places(value, &format!("{at}/{key}"), all)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, value)| places(value, &format!("{at}/{index}"), all));
        }
        _ => {}
    }
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,30}|[0-9./ -]{0,20}|0001-01-01.{0,12}".prop_map(Value::from),
        Just(json!({})),
        Just(json!([])),
        Just(json!([null, 1, "x", {"id": "x"}])),
    ]
}

proptest! {
    /// No damage panics, gives another company, or is taken for a negative answer; what is read can be kept.
    #[test]
    fn damage_costs_the_damaged_field_or_the_answer(
        codec in 0_usize..4, which in 0_usize..3, place in any::<prop::sample::Index>(), other in anything()
    ) {
        let number = [NUMERIC, LETTERS[0], LETTERS[1]][which];
        let mut damaged = answer(codec, number);
        let mut all = Vec::new();
        places(&damaged, "", &mut all);
        *damaged.pointer_mut(place.get::<String>(&all)).unwrap() = other;
        match read(codec, damaged.clone(), number) {
            Ok(company) => {
                prop_assert_eq!(company.cnpj, cnpj(number));
                prop_assert!(!company.legal_name.is_empty());
                prop_assert_eq!(&company.raw, &damaged);
                let kept = serde_json::to_string(&company).unwrap();
                prop_assert_eq!(serde_json::from_str::<Company>(&kept).unwrap(), company);
            }
            Err(error) => prop_assert_eq!(error.kind(), RegistryErrorKind::Malformed),
        }
    }
}
