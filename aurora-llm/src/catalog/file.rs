//! The form of the data: models with their prices and abilities, as JSON.

use std::collections::BTreeMap;

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::pricing::{Price, PriceEntry, Rates};
use crate::provider::Capabilities;

/// A file of models.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Kinds of provider that all models are of which name none.
    #[serde(default)]
    kinds: Vec<String>,
    /// Where the prices stand, unless an entry says where.
    source: Option<String>,
    /// The day on which they were read there, unless an entry says when.
    read: Option<String>,
    /// What models have in common, by a name of its own.
    #[serde(default)]
    families: BTreeMap<String, Family>,
    models: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    /// Names of [`Capabilities`].
    can: Vec<String>,
    max_stop: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    kind: Option<String>,
    models: Vec<String>,
    #[serde(default)]
    prices: Vec<Value>,
    family: Option<String>,
    context: Option<u32>,
    output: Option<u32>,
    #[expect(dead_code, reason = "for whoever reads the file")]
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePrice {
    from: Option<String>,
    until: Option<String>,
    source: Option<String>,
    read: Option<String>,
    input: NanoUsd,
    output: NanoUsd,
    cache_read: Option<NanoUsd>,
    cache_write: Option<NanoUsd>,
    cache_write_hour: Option<NanoUsd>,
    audio_input: Option<NanoUsd>,
    tool_input: Option<NanoUsd>,
    reasoning: Option<NanoUsd>,
    audio_output: Option<NanoUsd>,
    search: Option<NanoUsd>,
    request: Option<NanoUsd>,
    long_context: Option<WireLong>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLong {
    above: u64,
    input: NanoUsd,
    output: NanoUsd,
    cache_read: Option<NanoUsd>,
    cache_write: Option<NanoUsd>,
    cache_write_hour: Option<NanoUsd>,
    audio_input: Option<NanoUsd>,
    tool_input: Option<NanoUsd>,
    reasoning: Option<NanoUsd>,
    audio_output: Option<NanoUsd>,
}

macro_rules! rates {
    ($wire:expr) => {{
        let mut rates = Rates::per_million($wire.input, $wire.output);
        rates.cache_read = $wire.cache_read;
        rates.cache_write = $wire.cache_write;
        rates.cache_write_hour = $wire.cache_write_hour;
        rates.audio_input = $wire.audio_input;
        rates.tool_input = $wire.tool_input;
        rates.reasoning = $wire.reasoning;
        rates.audio_output = $wire.audio_output;
        rates
    }};
}

/// What a file says about one name of a model.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) kind: String,
    pub(crate) pattern: String,
    pub(crate) prices: Vec<PriceEntry>,
    pub(crate) capabilities: Option<Capabilities>,
}

/// What a file says, or everything that is wrong with it, each with the entry it is in.
pub(crate) fn read(text: &str) -> Result<Vec<Known>, Vec<String>> {
    let file: File = serde_json::from_str(text).map_err(|error| vec![error.to_string()])?;
    let (mut known, mut problems) = (Vec::new(), Vec::new());
    for (index, model) in file.models.iter().enumerate() {
        let place = || format!("models[{index}]{}", title(model));
        match Model::deserialize(model) {
            Ok(model) => {
                let place = place();
                file.take(model, &place, &mut known, &mut problems);
            }
            Err(error) => problems.push(format!("{}: {error}", place())),
        }
    }
    if problems.is_empty() {
        Ok(known)
    } else {
        Err(problems)
    }
}

fn title(model: &Value) -> String {
    let name = model
        .get("models")
        .and_then(|names| names.get(0))
        .and_then(Value::as_str);
    name.map(|name| format!(" ({name})")).unwrap_or_default()
}

impl File {
    fn take(&self, model: Model, place: &str, known: &mut Vec<Known>, problems: &mut Vec<String>) {
        let kinds = match &model.kind {
            Some(kind) => std::slice::from_ref(kind),
            None => self.kinds.as_slice(),
        };
        if kinds.is_empty() {
            problems.push(format!(
                "{place}: no kind of provider is named, here or for the whole file"
            ));
        }
        if model.models.is_empty() || model.models.iter().any(String::is_empty) {
            problems.push(format!(
                "{place}: at least one model is needed, none of them empty"
            ));
        }
        let mut prices = Vec::new();
        for (index, price) in model.prices.iter().enumerate() {
            match self.price(price) {
                Ok(price) => prices.push(price),
                Err(problem) => problems.push(format!("{place}: prices[{index}]: {problem}")),
            }
        }
        let capabilities = self.capabilities(&model).unwrap_or_else(|problem| {
            problems.push(format!("{place}: {problem}"));
            None
        });
        for kind in kinds {
            known.extend(model.models.iter().map(|pattern| Known {
                kind: kind.clone(),
                pattern: pattern.clone(),
                prices: prices.clone(),
                capabilities,
            }));
        }
    }

    fn price(&self, price: &Value) -> Result<PriceEntry, String> {
        let wire = WirePrice::deserialize(price).map_err(|error| error.to_string())?;
        let mut found = Price::of(rates!(wire));
        found.search = wire.search;
        found.request = wire.request.unwrap_or_default();
        if let Some(long) = &wire.long_context {
            found = found.above(long.above, rates!(long));
        }
        if found.is_negative() {
            return Err("a price is never below zero".to_owned());
        }
        let (from, until) = (day(wire.from.as_deref())?, day(wire.until.as_deref())?);
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            return Err("a price begins before it ends".to_owned());
        }
        let read = wire.read.or_else(|| self.read.clone());
        day(read.as_deref())?;
        Ok(PriceEntry {
            price: found,
            from,
            until,
            source: wire.source.or_else(|| self.source.clone()).map(Into::into),
            read: read.map(Into::into),
        })
    }

    fn capabilities(&self, model: &Model) -> Result<Option<Capabilities>, String> {
        let Some(family) = &model.family else {
            return match (model.context, model.output) {
                (None, None) => Ok(None),
                _ => Err("context and output need a family".to_owned()),
            };
        };
        let Some(family) = self.families.get(family) else {
            return Err(format!("no family is named {family:?}"));
        };
        let mut able = Capabilities::NONE;
        for name in &family.can {
            *able
                .flag(name)
                .ok_or_else(|| format!("no ability is named {name:?}"))? = true;
        }
        able.max_stop = family.max_stop;
        able.context_tokens = model.context;
        able.max_output_tokens = model.output;
        Ok(Some(able))
    }
}

/// The beginning of a day in UTC.
fn day(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let parse = |text: &str| {
        Timestamp::parse(&format!("{text}T00:00:00Z"))
            .map_err(|_| format!("expected a day such as 2026-11-20 instead of {text:?}"))
    };
    text.map(parse).transpose()
}
