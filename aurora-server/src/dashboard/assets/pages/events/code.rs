use aurora_alerts::engine::Event;
use aurora_alerts::{AlertEngine, Console, Rule};

let rule = Rule::new("Queue long").metric("queue_length").above(100.0);
let alerts = AlertEngine::builder().rule(rule).notify(Console::new()).build()?;
let mut events = alerts.subscribe();
alerts.record("queue_length", 120.0);
alerts.tick().await;
while let Some(event) = events.next().await {
    match event {
        Event::Alert(change) => println!("{}: {:?}", change.alert.rule, change.decision),
        Event::Delivery(record) => println!("{}: {:?}", record.channel, record.outcome),
        _ => {}
    }
}
