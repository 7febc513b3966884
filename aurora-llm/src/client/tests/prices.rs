use aurora_core::time::Timestamp;

use super::*;
use crate::chat::Role;
use crate::pricing::{Cost, Price, PriceBook};

fn usd(text: &str) -> Cost {
    Cost::Priced(text.parse().unwrap())
}

fn price(input: &str, output: &str) -> Price {
    Price::per_million(input.parse().unwrap(), output.parse().unwrap())
}

/// The puppet reports 1,000 tokens of input and 500 of output.
fn book() -> PriceBook {
    PriceBook::empty()
        .set("puppet", "m", price("1", "2"))
        .set("puppet", "house-*", price("10", "20"))
}

#[tokio::test]
async fn a_model_served_by_a_pattern_costs_what_the_book_says() {
    let target = LlmTarget::new(Puppet::new("a"), "m")
        .serves("house-*")
        .serves("other");
    let client = builder(&ManualClock::default())
        .prices(book())
        .target(target)
        .build()
        .unwrap();
    assert_eq!(client.ask("?").await.unwrap().cost(), usd("0.002"));
    let named = |model: &str| client.chat(ChatRequest::user("?").model(model));
    assert_eq!(named("house-blend").await.unwrap().cost(), usd("0.02"));
    assert_eq!(
        named("other").await.unwrap().cost(),
        Cost::Unpriced,
        "never the price of another model"
    );
    assert_eq!(client.targets().next().unwrap().price, Some(price("1", "2")));
}

#[tokio::test]
async fn the_price_of_a_target_goes_before_the_book_for_its_own_model_alone() {
    let target = LlmTarget::new(Puppet::new("a"), "m")
        .price(price("3", "15"))
        .serves("house-*");
    let client = builder(&ManualClock::default())
        .prices(book())
        .target(target)
        .build()
        .unwrap();
    assert_eq!(client.ask("?").await.unwrap().cost(), usd("0.0105"));
    let house = client
        .chat(ChatRequest::user("?").model("house-blend"))
        .await
        .unwrap();
    assert_eq!(house.cost(), usd("0.02"));
}

#[tokio::test]
async fn a_call_costs_what_its_model_cost_at_the_time() {
    let turn = Timestamp::parse("2027-01-01T00:00:00Z").unwrap();
    let clock = ManualClock::at(turn - Duration::from_secs(10));
    let book = PriceBook::empty().set("puppet", "m", price("1", "2")).set_during(
        "puppet",
        "m",
        Some(turn),
        None,
        price("2", "4"),
    );
    let client = builder(&clock)
        .prices(book)
        .provider(Puppet::new("a"), "m")
        .build()
        .unwrap();
    let before = client.ask("?").await.unwrap();
    clock.advance(Duration::from_secs(10));
    let after = client.ask("?").await.unwrap();
    assert_eq!((before.cost(), after.cost()), (usd("0.002"), usd("0.004")));
    assert_eq!(before.cost(), usd("0.002"), "what was paid stays paid");
}

#[tokio::test]
async fn what_a_target_says_of_its_model_goes_before_what_the_provider_says() {
    let blind = Capabilities {
        images: false,
        ..Capabilities::ALL
    };
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let client = builder(&ManualClock::default())
        .target(LlmTarget::new(a.clone(), "m").capabilities(blind))
        .provider(b.clone(), "m")
        .build()
        .unwrap();
    let picture = crate::chat::MediaSource::Bytes(bytes::Bytes::from_static(b"x"));
    let picture = crate::chat::Media::new("image/png", picture).into_part();
    let request = ChatRequest::new(vec![Message::new(Role::User, vec![picture])]);
    client.chat(request).await.unwrap();
    assert_eq!((a.asked().len(), b.asked().len()), (0, 1));
}
