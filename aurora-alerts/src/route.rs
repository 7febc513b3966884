//! Who is told: a tree of routes over labels, receivers of channels, and what keeps alerts back.

use std::time::Duration;

use crate::matcher::{Matcher, Matchers};
use crate::rule::Escalation;
use crate::time_interval::TimeInterval;

/// By which labels alerts are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// Every alert on its own (`...` in Alertmanager).
    Alert,
    /// Alerts whose values of these labels are equal; none of them puts all into one group.
    Labels(Vec<String>),
}

/// One node of the routing tree, in the semantics of Alertmanager.
///
/// An alert goes depth first, left to right. A node whose matchers it does not fulfil has no part in it. The first child
/// that takes it ends the search among its siblings unless that child continues; where no child takes it, the node itself
/// does. What a node leaves out it has from its parent, but not its times.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::Route;
///
/// let tree = Route::to("ops")
///     .group_by(["alertname"])
///     .group_wait(Duration::from_secs(30))
///     .child(Route::to("on-call").when("severity", "critical").and_continue())
///     .child(Route::to("sales").when("team", "sales"));
/// assert_eq!(tree.children().len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
pub struct Route {
    pub(crate) receiver: Option<String>,
    pub(crate) matchers: Matchers,
    pub(crate) group_by: Option<GroupBy>,
    pub(crate) group_wait: Option<Duration>,
    pub(crate) group_interval: Option<Duration>,
    pub(crate) repeat_interval: Option<Duration>,
    pub(crate) mute: Vec<String>,
    pub(crate) active: Vec<String>,
    pub(crate) unseen: Option<Unseen>,
    pub(crate) escalation: Option<Escalation>,
    pub(crate) continues: bool,
    pub(crate) children: Vec<Self>,
}

/// What becomes of an alert that fired and resolved before it could be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unseen {
    /// One message says both; what was accepted is told.
    #[default]
    Mention,
    /// Nothing is said, as Alertmanager does.
    Drop,
}

impl Route {
    /// A route to a receiver.
    pub fn to(receiver: impl Into<String>) -> Self {
        Self {
            receiver: Some(receiver.into()),
            ..Self::default()
        }
    }

    /// A route to the receiver of its parent.
    pub fn inherit() -> Self {
        Self::default()
    }

    /// Only alerts whose label has exactly this value.
    pub fn when(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matchers.push(Matcher::equal(label, value));
        self
    }

    /// Only alerts that fulfil this too.
    pub fn matching(mut self, matcher: Matcher) -> Self {
        self.matchers.push(matcher);
        self
    }

    /// Alerts whose values of these labels are equal are told together.
    pub fn group_by<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>) -> Self {
        self.group_by = Some(GroupBy::Labels(labels.into_iter().map(Into::into).collect()));
        self
    }

    /// Every alert is told on its own; the default.
    pub fn each_alert(mut self) -> Self {
        self.group_by = Some(GroupBy::Alert);
        self
    }

    /// How long the first notification of a group waits for further alerts; default zero.
    pub fn group_wait(mut self, wait: Duration) -> Self {
        self.group_wait = Some(wait);
        self
    }

    /// The least time between two notifications of a group about changes; default zero.
    pub fn group_interval(mut self, interval: Duration) -> Self {
        self.group_interval = Some(interval);
        self
    }

    /// How often a group that fires and does not change is told again; default 4 hours.
    pub fn repeat_interval(mut self, interval: Duration) -> Self {
        self.repeat_interval = Some(interval);
        self
    }

    /// Nothing is told within this named interval; what happened then is told at its end, as far as it still matters.
    pub fn mute_during(mut self, interval: impl Into<String>) -> Self {
        self.mute.push(interval.into());
        self
    }

    /// Told only within this named interval. Several count together.
    pub fn active_during(mut self, interval: impl Into<String>) -> Self {
        self.active.push(interval.into());
        self
    }

    /// What becomes of an alert that fired and resolved before it could be told.
    pub fn unseen(mut self, policy: Unseen) -> Self {
        self.unseen = Some(policy);
        self
    }

    /// Who is told next if nobody acknowledges, for alerts whose rule has no chain of its own.
    pub fn escalation(mut self, chain: Escalation) -> Self {
        self.escalation = Some(chain);
        self
    }

    /// Siblings after this one are looked at too.
    pub fn and_continue(mut self) -> Self {
        self.continues = true;
        self
    }

    /// A more special route.
    pub fn child(mut self, route: Self) -> Self {
        self.children.push(route);
        self
    }

    /// The receiver; `None` is that of the parent.
    #[must_use]
    pub fn receiver(&self) -> Option<&str> {
        self.receiver.as_deref()
    }

    /// What an alert must fulfil.
    #[must_use]
    pub const fn matchers(&self) -> &Matchers {
        &self.matchers
    }

    /// By which labels alerts are told together; `None` is as the parent.
    #[must_use]
    pub const fn grouping(&self) -> Option<&GroupBy> {
        self.group_by.as_ref()
    }

    /// The waits of its groups, each `None` as the parent: before the first notification, between two about changes,
    /// between two about nothing new.
    #[must_use]
    pub const fn waits(&self) -> [Option<Duration>; 3] {
        [self.group_wait, self.group_interval, self.repeat_interval]
    }

    /// The named times within which nothing is told, and those within which alone something is.
    #[must_use]
    pub fn times(&self) -> [&[String]; 2] {
        [&self.mute, &self.active]
    }

    /// Who is told next if nobody acknowledges.
    #[must_use]
    pub const fn chain(&self) -> Option<&Escalation> {
        self.escalation.as_ref()
    }

    /// Whether siblings after this one are looked at too.
    #[must_use]
    pub const fn continues(&self) -> bool {
        self.continues
    }

    /// The more special routes, in their order.
    pub fn children(&self) -> &[Self] {
        &self.children
    }
}

/// Some channels under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The name that routes and escalation steps use.
    pub name: String,
    /// The names of its channels.
    pub channels: Vec<String>,
}

/// An alert that fires keeps others back.
///
/// A target is held back while an alert fires that is a source and has the same values of the labels in `equal`; a label
/// that both lack counts as equal. An alert that is both source and target is not held back by one that is both too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InhibitRule {
    /// What keeps others back.
    pub source: Matchers,
    /// What is held back.
    pub target: Matchers,
    /// Labels that must be equal.
    pub equal: Vec<String>,
}

/// Everything about routing that can be replaced while an engine runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Routing {
    /// The root of the tree; its matchers are not looked at. `None` tells every channel of every alert.
    pub root: Option<Route>,
    /// Receivers by name; the name of a channel is a receiver by itself.
    pub receivers: Vec<Receiver>,
    /// What keeps others back.
    pub inhibit: Vec<InhibitRule>,
    /// Named times that routes use; each is active within one of its intervals.
    pub times: Vec<(String, Vec<TimeInterval>)>,
}
