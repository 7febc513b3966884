//! Five channels, routes by severity, groups, a throttled channel that catches up with one digest, an acknowledgement by
//! signed link, and why somebody was or was not told.
//!
//! The channels talk to fakes of the services on this machine, which keep their limits; time is moved by hand. No key,
//! no network.
//! `cargo run --example alerts_multi_channel --features slack,discord,telegram,pagerduty,testing`
use std::error::Error;
use std::time::Duration;

use aurora::alerts::testing::fakes::{
    FakeDiscord, FakePagerDuty, FakeResponse, FakeServer, FakeSlack, FakeTelegram,
};
use aurora::alerts::{
    AckLinks, AckSubject, AlertEngine, Discord, Fingerprint, PagerDuty, Route, Rule, Severity, Slack,
    Telegram, Webhook,
};
use aurora::core::time::{Clock as _, ManualClock};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Lets seconds pass, one by one.
async fn pass(engine: &AlertEngine, clock: &ManualClock, seconds: u32) {
    for _ in 0..seconds {
        engine.tick().await;
        clock.advance(Duration::from_secs(1));
    }
}

/// The alerts that the last link in what the webhook got acknowledges.
fn linked(hook: &FakeServer, links: &AckLinks, clock: &ManualClock) -> Option<Vec<Fingerprint>> {
    let bodies = hook.requests().into_iter().rev();
    let url = bodies
        .filter_map(|request| request.json())
        .find_map(|body| Some(body.pointer("/data/acknowledge_url")?.as_str()?.to_owned()))?;
    let (_, token) = url.split_once("token=")?;
    match links.verify(token, clock.now()).ok()?.subject {
        AckSubject::Alerts(alerts) => Some(alerts),
        _ => None,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::default();
    let slack = FakeSlack::start().await?;
    let discord = FakeDiscord::start().await?;
    let telegram = FakeTelegram::start().await?;
    let pagerduty = FakePagerDuty::start(KEY).await?;
    let hook = FakeServer::start(|_| FakeResponse::new(204)).await?;
    let links = AckLinks::new("https://app.example.com/ack", KEY)?;

    let metric = |name: &str, metric: &str, severity| Rule::new(name).metric(metric).severity(severity);
    let bot = Telegram::builder(telegram.token()).base_url(telegram.base_url());
    let engine = AlertEngine::builder()
        .rule(metric("Payments down", "payments_up", Severity::Critical).below(1.0))
        .rule(metric("Error rate high", "error_rate", Severity::Warning).above(20.0))
        .rule(metric("Disk filling", "disk_used", Severity::Info).above(80.0))
        .notify(Slack::builder(slack.url()).build()?)
        .notify(Discord::builder(discord.url()).build()?)
        .notify(bot.chat("-1001").chat("42").build()?)
        .notify(PagerDuty::builder(KEY).endpoint(pagerduty.url()).build()?)
        .notify(Webhook::builder(hook.url("/hook")).build()?)
        .receiver("team", ["slack", "discord"])
        .receiver("on-call", ["pagerduty", "telegram", "webhook"])
        .route(
            Route::to("team")
                .group_by(["zone"])
                .group_wait(Duration::from_secs(5))
                .group_interval(Duration::from_secs(10))
                .child(Route::to("on-call").when("severity", "critical").and_continue())
                .child(Route::to("team")),
        )
        .acknowledge_links(links.clone())
        .clock(clock.clone())
        .build()?;

    println!("Three services fail in zone a: the team gets one message, whoever is on call is woken.");
    engine.record_with("payments_up", [("zone", "a")], 0.0);
    for service in ["cart", "search"] {
        engine.record_with("error_rate", [("zone", "a"), ("service", service)], 31.0);
    }
    pass(&engine, &clock, 8).await;
    let counts = || {
        let (slack, discord) = (slack.accepted().len(), discord.accepted().len());
        let (telegram, incidents) = (telegram.accepted().len(), pagerduty.incidents());
        let incidents: Vec<_> = incidents.iter().map(|incident| incident.status).collect();
        println!("  slack {slack}, discord {discord}, telegram {telegram}, pagerduty {incidents:?}");
    };
    counts();

    println!("Slack wants to be left alone for a minute while zones b, c and d get into trouble:");
    let throttled = FakeResponse::new(429).header("retry-after", 60);
    slack.server().answer_next(throttled);
    for zone in ["b", "c", "d"] {
        engine.record_with("disk_used", [("zone", zone)], 91.0);
        pass(&engine, &clock, 3).await;
    }
    pass(&engine, &clock, 5).await;
    counts();
    let disk = engine
        .active()
        .into_iter()
        .find(|alert| alert.rule == "Disk filling");
    let explanation = disk.and_then(|alert| engine.explain(alert.fingerprint));
    for target in explanation
        .iter()
        .flat_map(|found| &found.groups)
        .flat_map(|group| &group.targets)
    {
        let stage = serde_json::to_value(&target.stage)?;
        let stage = stage
            .get("stage")
            .and_then(|stage| stage.as_str())
            .unwrap_or_default();
        println!("  explained: {} is at {stage}", target.channel);
    }
    pass(&engine, &clock, 70).await;
    println!("A minute later one message has told Slack what the others heard one by one:");
    counts();

    println!("Ana presses the button behind the link that came with the page:");
    let alerts = linked(&hook, &links, &clock).ok_or("no link came")?;
    engine.acknowledge(alerts, "Ana", "on it", None).await?;
    pass(&engine, &clock, 5).await;
    counts();

    println!("Everything recovers:");
    engine.record_with("payments_up", [("zone", "a")], 1.0);
    pass(&engine, &clock, 20).await;
    counts();
    for channel in engine.channels() {
        let (name, delivered, retried) = (channel.channel, channel.delivered, channel.retried);
        println!(
            "  {name:<10} {delivered} delivered, {retried} tried again, {} superseded",
            channel.superseded
        );
    }
    Ok(())
}
