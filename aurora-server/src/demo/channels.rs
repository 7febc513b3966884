//! Channels that write what Slack, mail and Telegram would show, and send nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_alerts::{
    Email, Encryption, Error, Limits, Notification, Notifier, NotifyError, Receipt, Rendered, Slack, Telegram,
};
use aurora_core::time::Clock;

/// Slack, mail and Telegram, in this order. Their addresses cannot exist (RFC 2606), and nothing connects to them.
pub(super) fn all(clock: &Arc<dyn Clock>) -> Result<[Muted; 3], Error> {
    let slack = Slack::builder("https://slack.invalid/simulated").build()?;
    let email = Email::builder("mail.invalid", "Aurora <alerts@example.com>")
        .encryption(Encryption::None)
        .to("on-call@example.com")
        .build()?;
    let telegram = Telegram::builder("1:simulated")
        .base_url("https://telegram.invalid")
        .chat("@on_call")
        .build()?;
    Ok([
        Muted::new("sim-slack", slack, Duration::from_millis(140), clock),
        Muted::new("sim-email", email, Duration::from_millis(420), clock),
        Muted::new("sim-telegram", telegram, Duration::from_millis(210), clock),
    ])
}

/// A real channel that writes its messages as ever, and takes as long as one does, but never sends them.
#[derive(Debug)]
pub(super) struct Muted {
    name: &'static str,
    channel: Box<dyn Notifier>,
    takes: Duration,
    clock: Arc<dyn Clock>,
}

impl Muted {
    fn new(name: &'static str, channel: impl Notifier, takes: Duration, clock: &Arc<dyn Clock>) -> Self {
        Self {
            name,
            channel: Box::new(channel),
            takes,
            clock: Arc::clone(clock),
        }
    }
}

#[async_trait]
impl Notifier for Muted {
    fn name(&self) -> &str {
        self.name
    }

    fn kind(&self) -> &str {
        self.channel.kind()
    }

    fn targets(&self) -> Vec<String> {
        self.channel.targets()
    }

    fn limits(&self) -> Limits {
        self.channel.limits()
    }

    fn render(&self, notification: &Notification) -> Rendered {
        self.channel.render(notification)
    }

    async fn send(&self, _notification: &Notification) -> Result<Receipt, NotifyError> {
        self.clock.sleep(self.takes).await;
        Ok(Receipt::new())
    }
}

#[cfg(test)]
mod tests {
    use aurora_alerts::Severity;
    use aurora_core::time::{ManualClock, SystemClock};

    use super::*;

    #[test]
    fn messages_are_those_of_the_real_channels() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let channels = all(&clock).unwrap();
        assert_eq!(
            channels.each_ref().map(|channel| channel.name()),
            ["sim-slack", "sim-email", "sim-telegram"]
        );
        assert_eq!(
            channels.each_ref().map(|channel| channel.kind()),
            ["slack", "email", "telegram"]
        );
        let message = Notification::message("Sim-a fails", "others answer", Severity::Warning, clock.now());
        let [slack, email, telegram] = channels.each_ref().map(|channel| channel.render(&message));
        assert!(slack.json.unwrap().to_string().contains("Sim-a fails"));
        assert!(email.html.unwrap().contains("others answer"));
        let form = telegram.json.unwrap();
        assert_eq!(form["parse_mode"], "HTML", "{form}");
    }

    #[tokio::test]
    async fn what_is_sent_goes_nowhere_and_takes_its_time() {
        let manual = ManualClock::default();
        let clock: Arc<dyn Clock> = Arc::new(manual.clone());
        for channel in all(&clock).unwrap() {
            let target = channel.targets().swap_remove(0);
            let test = Notification::test(target, clock.now());
            let sent = channel.send(&test);
            let passes = async {
                tokio::task::yield_now().await;
                manual.advance(Duration::from_secs(1));
            };
            let (receipt, ()) = tokio::join!(sent, passes);
            assert_eq!(receipt.unwrap(), Receipt::new());
        }
    }
}
