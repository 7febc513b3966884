use aurora_alerts::{AlertEngine, Notification, Severity, Slack, Telegram};
use aurora_core::time::{Clock as _, SystemClock};

let slack = Slack::builder("https://hooks.slack.com/services/T000/B000/secret").build()?;
let telegram = Telegram::builder("123456:secret").chat("@ops").build()?;
let alerts = AlertEngine::builder().notify(slack).notify(telegram).build()?;

let now = SystemClock.now();
let message = Notification::message("Maintenance", "Back at nine.", Severity::Info, now);
for channel in alerts.channels() {
    let shown = alerts.preview(&channel.channel, &message)?; // nothing is sent
    println!("{}: {}", channel.channel, shown.text);
}
