use aurora_core::money::NanoUsd;
use proptest::prelude::*;

use crate::pricing::{Cost, Price, Rates};
use crate::usage::Usage;

fn usd(text: &str) -> NanoUsd {
    text.parse().unwrap()
}

fn usage(parts: [u32; 9]) -> Usage {
    let [
        input,
        cache_read,
        cache_write,
        hour,
        audio,
        tools,
        output,
        reasoning,
        spoken,
    ] = parts.map(u64::from);
    Usage {
        input,
        cache_read,
        cache_write,
        cache_write_hour: hour,
        audio_input: audio,
        tool_input: tools,
        output,
        reasoning,
        audio_output: spoken,
        searches: 0,
    }
}

fn nanos(cost: Cost) -> i64 {
    cost.amount().unwrap().nanos()
}

#[test]
fn a_part_without_a_rate_costs_as_the_part_it_would_be_billed_as() {
    let price = Price::per_million(usd("3"), usd("15"));
    // 5 parts of input besides the plain one, 2 of output: a million tokens of each.
    let each = usage([1_000_000; 9]);
    assert_eq!(price.cost(&each), Cost::Priced(usd("63")), "6 × 3 + 3 × 15");
    let rates = Rates::per_million(usd("3"), usd("15")).cached(usd("0.3"), usd("3.75"));
    let hour = Usage {
        cache_write_hour: 1_000_000,
        ..Usage::default()
    };
    assert_eq!(Price::of(rates).cost(&hour), Cost::Priced(usd("3.75")));
    assert_eq!(
        Price::of(rates.cache_write_hour(usd("6"))).cost(&hour),
        Cost::Priced(usd("6"))
    );
}

#[test]
fn a_call_is_rounded_once_not_once_a_part() {
    // 0.4 nano-dollars three times are 1.2, so 1; rounded part by part they were nothing.
    let price = Price::per_million(usd("0.0004"), usd("0.0004"));
    let spread = usage([1, 1, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(nanos(price.cost(&spread)), 1);
    let half = Price::per_million(NanoUsd::from_nanos(1), NanoUsd::ZERO);
    assert_eq!(
        nanos(half.cost(&Usage::new(500_000, 0))),
        1,
        "half a nano-dollar up"
    );
    assert_eq!(nanos(half.cost(&Usage::new(499_999, 0))), 0);
}

#[test]
fn the_whole_of_a_long_call_costs_the_other_rates() {
    let price =
        Price::per_million(usd("1.25"), usd("10")).above(200_000, Rates::per_million(usd("2.5"), usd("15")));
    assert_eq!(price.cost(&Usage::new(200_000, 0)), Cost::Priced(usd("0.25")));
    let cached = Usage {
        input: 1,
        cache_read: 200_000,
        ..Usage::default()
    };
    assert_eq!(
        nanos(price.cost(&cached)),
        500_002_500,
        "what is cached counts for the length"
    );
}

#[test]
fn a_factor_is_exact_and_reduced() {
    let price = Price::per_million(usd("3"), usd("15")).times(1, 2).times(11, 10);
    assert_eq!(price.cost(&Usage::new(1_000_000, 0)), Cost::Priced(usd("1.65")));
    assert_eq!(price.times(20, 11), Price::per_million(usd("3"), usd("15")));
}

#[test]
fn nothing_is_wrapped_around() {
    let price = Price::per_million(NanoUsd::from_nanos(i64::MAX), NanoUsd::from_nanos(i64::MAX))
        .per_request(NanoUsd::from_nanos(i64::MAX))
        .times(u32::MAX, 1);
    let most = Usage {
        input: u64::MAX,
        output: u64::MAX,
        reasoning: u64::MAX,
        ..Usage::default()
    };
    assert_eq!(nanos(price.cost(&most)), i64::MAX);
    assert_eq!(nanos(Price::FREE.cost(&most)), 0);
}

fn price() -> impl Strategy<Value = Price> {
    let rate = || (0..10_000_000_000_i64).prop_map(NanoUsd::from_nanos);
    let rates = (rate(), rate(), prop::option::of(rate()), prop::option::of(rate())).prop_map(
        |(input, output, read, reasoning)| {
            let mut rates = Rates::per_million(input, output);
            (rates.cache_read, rates.reasoning) = (read, reasoning);
            rates
        },
    );
    rates.prop_map(Price::of)
}

proptest! {
    #[test]
    fn the_parts_of_a_call_sum_to_its_cost(price in price(), parts: [u32; 9]) {
        let whole = nanos(price.cost(&usage(parts)));
        let mut apart = 0;
        for (index, part) in parts.into_iter().enumerate() {
            let mut alone = [0; 9];
            alone[index] = part;
            apart += nanos(price.cost(&usage(alone)));
        }
        // Nine roundings of at most half a nano-dollar against one.
        prop_assert!((whole - apart).abs() <= 5, "{} and {}", whole, apart);
    }

    #[test]
    fn more_tokens_never_cost_less(price in price(), parts: [u32; 9], index in 0..9_usize, more: u16) {
        let mut longer = parts;
        longer[index] = longer[index].saturating_add(u32::from(more));
        prop_assert!(nanos(price.cost(&usage(longer))) >= nanos(price.cost(&usage(parts))));
    }
}
