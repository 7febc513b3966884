use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::time::Timestamp;

use crate::condition::Operator;
use crate::labels::Labels;
use crate::notification::{Change, NamedAlert, Notification, Reason, Status};
use crate::notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Receipt};
use crate::rule::Severity;
use crate::state::ResolveReason;

/// A channel that takes everything and remembers it; clones share the memory.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    seen: Arc<Mutex<Vec<Notification>>>,
    limits: Limits,
}

impl Recorder {
    /// A recorder that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A recorder with other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Everything it was told since the last call, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Notification> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything it was told, in order.
    #[must_use]
    pub fn notifications(&self) -> Vec<Notification> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything it was told, as lines.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.notifications().iter().map(ToString::to_string).collect()
    }
}

#[async_trait]
impl Notifier for Recorder {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn name(&self) -> &str {
        "recorder"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(notification.clone());
        Ok(Receipt::named(seen.len().to_string()))
    }
}

/// A channel whose first attempts fail; the later ones go to a [`Recorder`]. Clones share the count.
#[derive(Debug, Clone)]
pub struct Failing {
    kind: NotifyErrorKind,
    retry_after: Option<Duration>,
    left: Arc<Mutex<u32>>,
    attempts: Recorder,
    taken: Recorder,
}

impl Failing {
    /// A channel that always fails like this.
    #[must_use]
    pub fn new(kind: NotifyErrorKind) -> Self {
        let (attempts, taken) = (Recorder::new(), Recorder::new());
        Self {
            kind,
            retry_after: None,
            left: Arc::new(Mutex::new(u32::MAX)),
            attempts,
            taken,
        }
    }

    /// Fails only so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = Arc::new(Mutex::new(times));
        self
    }

    /// Asks to be left alone for so long with every failure.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Every attempt, failed or not.
    #[must_use]
    pub fn attempts(&self) -> Vec<Notification> {
        self.attempts.notifications()
    }

    /// What it took in the end.
    #[must_use]
    pub fn taken(&self) -> Vec<Notification> {
        self.taken.notifications()
    }

    fn fails(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let fails = *left > 0;
        if *left != u32::MAX {
            *left = left.saturating_sub(1);
        }
        fails
    }
}

#[async_trait]
impl Notifier for Failing {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn name(&self) -> &str {
        "failing"
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        self.attempts.send(notification).await?;
        if !self.fails() {
            return self.taken.send(notification).await;
        }
        let error = NotifyError::new(self.kind, "failing as told");
        Err(match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        })
    }
}

/// A notification of a warning, `error_rate 31 > 20`, as a channel would get it.
#[must_use]
pub fn sample_notification(rule: &str, status: Status) -> Notification {
    let starts_at = Timestamp::from_secs(1_767_225_600);
    let mut notification = Notification::test("", starts_at);
    notification.status = status;
    notification.reason = Reason::Changed;
    notification.severity = Severity::Warning;
    notification.receiver = "default".to_owned();
    notification.alerts = vec![sample_alert(rule, status)];
    notification.group_key = notification
        .alerts
        .iter()
        .map(|alert| alert.fingerprint.to_string())
        .collect();
    notification
}

/// One alert as [`sample_notification`] names it.
#[must_use]
pub fn sample_alert(rule: &str, status: Status) -> NamedAlert {
    let starts_at = Timestamp::from_secs(1_767_225_600);
    let resolved = status == Status::Resolved;
    NamedAlert {
        fingerprint: Labels::from([("alertname", rule)]).fingerprint(),
        rule: rule.to_owned(),
        status,
        severity: Severity::Warning,
        metric: Some("error_rate".to_owned()),
        value: Some(if resolved { 4.0 } else { 31.0 }),
        operator: Some(Operator::Above),
        threshold: Some(20.0),
        description: String::new(),
        labels: Labels::new(),
        annotations: BTreeMap::new(),
        starts_at,
        ends_at: resolved.then_some(starts_at + Duration::from_secs(60)),
        resolve_reason: resolved.then_some(ResolveReason::Recovered),
        generator_url: None,
        acknowledged_by: None,
        changes: vec![Change {
            seq: 1,
            status,
            at: starts_at,
        }],
        changes_total: 1,
    }
}
