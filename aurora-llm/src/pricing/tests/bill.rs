//! One bill: what a vendor reports, and what it costs by the vendor's published rules.

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;
use http::HeaderMap;
use serde_json::Value;

use crate::pricing::{Cost, PriceBook};
use crate::usage::Usage;
use crate::wire::{Codec, ResponseHead};

/// The day of the cases that do not say one.
pub(super) const NOW: &str = "2026-11-20";

pub(super) struct Bill {
    name: &'static str,
    kind: &'static str,
    model: &'static str,
    day: &'static str,
    /// The vendor's whole answer, with its usage as the vendor writes it.
    answer: Value,
    times: (u32, u32),
    cost: Cost,
}

impl Bill {
    pub(super) fn new(
        name: &'static str,
        kind: &'static str,
        model: &'static str,
        day: &'static str,
        answer: Value,
        cost: impl IntoCost,
    ) -> Self {
        let cost = cost.into_cost();
        Self {
            name,
            kind,
            model,
            day,
            answer,
            times: (1, 1),
            cost,
        }
    }

    pub(super) fn times(mut self, numerator: u32, denominator: u32) -> Self {
        self.times = (numerator, denominator);
        self
    }
}

/// Nano-dollars, or what a cost is otherwise.
pub(super) trait IntoCost {
    fn into_cost(self) -> Cost;
}

impl IntoCost for i64 {
    fn into_cost(self) -> Cost {
        Cost::Priced(NanoUsd::from_nanos(self))
    }
}

impl IntoCost for Cost {
    fn into_cost(self) -> Cost {
        self
    }
}

fn noon(day: &str) -> Timestamp {
    Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap()
}

pub(super) fn cost(kind: &str, model: &str, day: &str, usage: Option<&Usage>) -> Cost {
    PriceBook::built_in().cost(kind, model, noon(day), usage)
}

pub(super) fn check(name: &str, kind: &str, model: &str, day: &str, usage: Option<&Usage>, expected: Cost) {
    assert_eq!(cost(kind, model, day, usage), expected, "{name}: {usage:?}");
}

pub(super) fn bills(codec: &dyn Codec, bills: impl IntoIterator<Item = Bill>) {
    let head = ResponseHead::new(200, HeaderMap::new());
    for bill in bills {
        let answer = codec.decode(&head, bill.answer.to_string().as_bytes()).unwrap();
        let price = PriceBook::built_in().price(bill.kind, bill.model, noon(bill.day));
        let cost = match (price, &answer.usage) {
            (Some(price), Some(usage)) => price.times(bill.times.0, bill.times.1).cost(usage),
            _ => Cost::Unpriced,
        };
        assert_eq!(
            cost, bill.cost,
            "{} ({}): {:?}",
            bill.name, bill.model, answer.usage
        );
    }
}
