//! The notification about one alert as it would be written now; nothing goes into a lane.

use aurora_core::time::Timestamp;

use super::{Known, Pipeline};
use crate::link::AckSubject;
use crate::notification::{Notification, Reason, Status};

impl Pipeline {
    /// What is told of the last change of an alert to a target that knows of all before it.
    ///
    /// Its link to acknowledge has ended as it is made: it shows the form, and whoever sees a preview cannot use it.
    pub(crate) fn preview(&self, known: &Known, now: Timestamp) -> Notification {
        let fingerprint = known.facts.fingerprint;
        let mut notification = Notification::test("", now);
        notification.status = known.status;
        notification.reason = Reason::Changed;
        notification.severity = known.facts.severity;
        notification.alerts = vec![known.named(known.seq.saturating_sub(1))];
        let groups = self.setup.tree.memberships(&known.matched(), fingerprint);
        let group = groups.into_iter().next();
        let node = group.as_ref().and_then(|group| self.setup.tree.node(group.route));
        let routed = node.map_or("", |node| node.receiver.as_str());
        notification.receiver = self.receiver_of(Some(fingerprint), routed);
        if let Some(group) = group {
            notification.group_key = group.key;
            notification.group_labels = group.labels;
        }
        if known.status == Status::Firing && known.acknowledgement.is_none() {
            let links = self.setup.links.as_ref();
            let subject = AckSubject::Alerts(vec![fingerprint]);
            notification.acknowledge_url =
                links.and_then(|links| links.sign(&subject, Timestamp::UNIX_EPOCH));
        }
        notification
    }
}
