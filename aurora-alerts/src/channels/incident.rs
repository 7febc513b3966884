//! What the channels have in common that keep incidents: which one is meant, and what happens to it.

use sha2::{Digest, Sha256};

use crate::notification::{NamedAlert, Notification, Reason, Status};

/// What becomes one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dedup {
    /// Each alert on its own: by its fingerprint, which is the same over restarts.
    #[default]
    Alert,
    /// All alerts of a group together: by the group's key. It is closed when none of them fires any more.
    Group,
}

impl Dedup {
    /// How many alerts one message names: one that is an incident is told on its own.
    pub(super) const fn alerts(self) -> usize {
        match self {
            Self::Alert => 1,
            Self::Group => 100,
        }
    }
}

/// What is done to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It is opened; where it is open, nothing changes but its log.
    Open,
    /// Somebody works on it.
    Acknowledge,
    /// It is over.
    Close,
}

/// One thing that is done to one incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step<'a> {
    pub(super) action: Action,
    pub(super) key: String,
    /// The one alert of the incident, or those of the group that this is about.
    pub(super) alerts: &'a [NamedAlert],
}

impl Step<'_> {
    /// What the step is about in one line: the alert, or the title of the notification.
    pub(super) fn headline(&self, notification: &Notification) -> String {
        match self.alerts {
            [alert] => format!("[{}] {alert}", notification.mark()),
            _ => notification.title(),
        }
    }
}

/// The steps that tell a notification, in their order; a later one is taken only when the earlier ones were.
///
/// An alert that fired and resolved before it could be told is opened and closed, so that it is in the channel's record.
/// Keys have at most `longest` characters.
pub(super) fn steps(notification: &Notification, dedup: Dedup, longest: usize) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    match dedup {
        Dedup::Alert => {
            for alert in notification.alerts.chunks(1) {
                let key = alert.iter().map(|alert| alert.fingerprint.to_string()).collect();
                let (fires, is_new) = (fires(alert), is_over_before_told(alert));
                take(&mut steps, notification.reason, key, alert, fires, is_new);
            }
        }
        Dedup::Group => {
            let alerts = notification.alerts.as_slice();
            let fires = fires(alerts) || notification.others_firing > 0;
            let key = group_key(&notification.group_key, longest);
            let is_new = is_over_before_told(alerts);
            take(&mut steps, notification.reason, key, alerts, fires, is_new);
        }
    }
    steps
}

fn take<'a>(
    steps: &mut Vec<Step<'a>>,
    reason: Reason,
    key: String,
    alerts: &'a [NamedAlert],
    fires: bool,
    is_new: bool,
) {
    let mut step = |action| {
        steps.push(Step {
            action,
            key: key.clone(),
            alerts,
        });
    };
    match (fires, reason) {
        (true, Reason::Acknowledged) => step(Action::Acknowledge),
        (true, _) => step(Action::Open),
        (false, _) => {
            if is_new {
                step(Action::Open);
            }
            step(Action::Close);
        }
    }
}

fn fires(alerts: &[NamedAlert]) -> bool {
    alerts.iter().any(|alert| alert.status == Status::Firing)
}

fn is_over_before_told(alerts: &[NamedAlert]) -> bool {
    alerts.iter().any(NamedAlert::is_over_before_told)
}

/// The group's key as it is; where it is too long, or could not be part of a URL unchanged, its hash.
fn group_key(key: &str, longest: usize) -> String {
    let readable = format!("group:{key}");
    let is_plain = readable
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if is_plain && readable.len() <= longest && !readable.ends_with(' ') {
        return readable;
    }
    let hash = Sha256::digest(key);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("group-sha256:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::samples;

    fn actions(notification: &Notification, dedup: Dedup) -> Vec<Action> {
        let steps = steps(notification, dedup, 255);
        steps.iter().map(|step| step.action).collect()
    }

    #[test]
    fn alerts_are_opened_acknowledged_and_closed() {
        use Action::{Acknowledge, Close, Open};
        let several = samples::several();
        assert_eq!(actions(&several, Dedup::Alert), [Open, Open, Close]);
        assert_eq!(actions(&several, Dedup::Group), [Open]);
        let over = samples::over_before_told();
        for dedup in [Dedup::Alert, Dedup::Group] {
            assert_eq!(actions(&over, dedup), [Open, Close]);
            let mut acknowledged = samples::firing();
            acknowledged.reason = Reason::Acknowledged;
            assert_eq!(actions(&acknowledged, dedup), [Acknowledge]);
        }
    }

    #[test]
    fn a_group_stays_open_while_others_of_it_fire() {
        let mut part = samples::several();
        part.alerts.retain(|alert| alert.status == Status::Resolved);
        assert_eq!(actions(&part, Dedup::Group), [Action::Open], "two others fire");
        part.others_firing = 0;
        assert_eq!(actions(&part, Dedup::Group), [Action::Close]);
    }

    #[test]
    fn keys_tell_incidents_apart_and_stay_within_their_length() {
        let keys = |notification: &Notification, dedup| -> Vec<String> {
            let steps = steps(notification, dedup, 255);
            steps.into_iter().map(|step| step.key).collect()
        };
        let several = samples::several();
        let alerts = keys(&several, Dedup::Alert);
        assert_eq!(alerts[1], several.alerts[1].fingerprint.to_string());
        assert!(alerts[0] != alerts[1] && alerts[1] != alerts[2]);
        assert_eq!(keys(&several, Dedup::Group), ["group:ops/{zone=\"sa-east-1\"}"]);
        let mut odd = Vec::new();
        for key in [
            "k".repeat(250),
            "k".repeat(251),
            "ação".to_owned(),
            "a\nb".to_owned(),
            "ab".to_owned(),
        ] {
            let mut notification = samples::firing();
            notification.group_key = key;
            odd.extend(keys(&notification, Dedup::Group));
        }
        assert!(
            odd.iter().all(|key| key.len() <= 255 && key.is_ascii()),
            "{odd:?}"
        );
        let distinct: std::collections::BTreeSet<_> = odd.iter().collect();
        assert_eq!(distinct.len(), odd.len());
    }
}
