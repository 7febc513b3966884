//! The routing tree, made ready: what a node leaves out is filled in, names are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::error::Problem;
use crate::labels::{Fingerprint, Labels};
use crate::matcher::Matchers;
use crate::route::{GroupBy, Route, Routing, Unseen};
use crate::rule::Escalation;
use crate::time_interval::TimeInterval;

/// How often a group that fires and does not change is told again, unless told otherwise; as in Alertmanager.
const REPEAT: Duration = Duration::from_secs(4 * 60 * 60);
/// The deepest tree.
const DEEPEST: usize = 32;

/// Where alerts go.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    times: BTreeMap<String, Vec<TimeInterval>>,
    receivers: BTreeMap<String, Vec<String>>,
}

/// One route with everything that it has from its parents.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its way from the root, by which its groups are told from others'.
    path: String,
    matchers: Matchers,
    pub(crate) receiver: String,
    group_by: GroupBy,
    pub(crate) group_wait: Duration,
    pub(crate) group_interval: Duration,
    pub(crate) repeat_interval: Duration,
    pub(crate) unseen: Unseen,
    pub(crate) escalation: Option<Escalation>,
    mute: Vec<String>,
    active: Vec<String>,
    continues: bool,
    children: Vec<usize>,
}

/// One group that an alert belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) route: usize,
    pub(crate) key: String,
    pub(crate) labels: Labels,
}

impl Tree {
    /// Fills in and checks; `channels` are the names that are receivers by themselves.
    pub(crate) fn new(routing: &Routing, channels: &[String], problems: &mut Vec<Problem>) -> Self {
        let mut receivers: BTreeMap<String, Vec<String>> = channels
            .iter()
            .map(|name| (name.clone(), vec![name.clone()]))
            .collect();
        let mut named = BTreeSet::new();
        for receiver in &routing.receivers {
            let subject = format!("receiver {:?}", receiver.name);
            if !named.insert(receiver.name.as_str()) {
                problems.push(Problem::new(
                    subject.as_str(),
                    "another receiver has the same name",
                ));
            }
            for channel in receiver.channels.iter().filter(|name| !channels.contains(name)) {
                problems.push(Problem::new(
                    subject.as_str(),
                    format!("there is no channel {channel:?}"),
                ));
            }
            receivers.insert(receiver.name.clone(), receiver.channels.clone());
        }
        let mut times = BTreeMap::new();
        for (name, intervals) in &routing.times {
            if times.insert(name.clone(), intervals.clone()).is_some() {
                problems.push(Problem::new(
                    format!("time interval {name:?}"),
                    "another has the same name",
                ));
            }
        }
        let mut tree = Self {
            nodes: Vec::new(),
            times,
            receivers,
        };
        let root = routing.root.clone().unwrap_or_default();
        if root.receiver.is_none() {
            tree.receivers
                .entry(String::new())
                .or_insert_with(|| channels.to_vec());
        }
        tree.plant(&root, None, "", 0, problems);
        tree
    }

    fn plant(
        &mut self,
        route: &Route,
        parent: Option<usize>,
        path: &str,
        depth: usize,
        problems: &mut Vec<Problem>,
    ) -> usize {
        let above = parent.and_then(|index| self.nodes.get(index));
        let inherited = |own: Option<Duration>, of: fn(&Node) -> Duration, default: Duration| {
            own.unwrap_or_else(|| above.map_or(default, of))
        };
        let node = Node {
            path: path.to_owned(),
            matchers: if above.is_some() {
                route.matchers.clone()
            } else {
                Matchers::new()
            },
            receiver: route
                .receiver
                .clone()
                .unwrap_or_else(|| above.map(|node| node.receiver.clone()).unwrap_or_default()),
            group_by: route
                .group_by
                .clone()
                .unwrap_or_else(|| above.map_or(GroupBy::Alert, |node| node.group_by.clone())),
            group_wait: inherited(route.group_wait, |node| node.group_wait, Duration::ZERO),
            group_interval: inherited(route.group_interval, |node| node.group_interval, Duration::ZERO),
            repeat_interval: inherited(route.repeat_interval, |node| node.repeat_interval, REPEAT),
            unseen: route
                .unseen
                .unwrap_or_else(|| above.map_or(Unseen::Mention, |node| node.unseen)),
            escalation: route
                .escalation
                .clone()
                .or_else(|| above.and_then(|node| node.escalation.clone())),
            mute: route.mute.clone(),
            active: route.active.clone(),
            continues: route.continues,
            children: Vec::new(),
        };
        self.check(&node, depth, problems);
        let index = self.nodes.len();
        self.nodes.push(node);
        if depth < DEEPEST {
            let mut children = Vec::new();
            for (number, child) in route.children.iter().enumerate() {
                let path = format!("{path}/{number}{}", child.matchers);
                children.push(self.plant(child, Some(index), &path, depth + 1, problems));
            }
            if let Some(node) = self.nodes.get_mut(index) {
                node.children = children;
            }
        }
        index
    }

    fn check(&self, node: &Node, depth: usize, problems: &mut Vec<Problem>) {
        let subject = format!("route {:?}", if node.path.is_empty() { "/" } else { &node.path });
        let mut wrong = |detail: String| problems.push(Problem::new(subject.as_str(), detail));
        if !self.receivers.contains_key(&node.receiver) {
            wrong(format!("there is no receiver or channel {:?}", node.receiver));
        }
        for step in node.escalation.iter().flat_map(Escalation::steps) {
            if !self.receivers.contains_key(&step.receiver) {
                wrong(format!(
                    "escalation: there is no receiver or channel {:?}",
                    step.receiver
                ));
            }
        }
        for name in node.mute.iter().chain(&node.active) {
            if !self.times.contains_key(name) {
                wrong(format!("there is no time interval {name:?}"));
            }
        }
        if node.repeat_interval.is_zero() {
            wrong("repeat interval must be greater than zero".to_owned());
        }
        if depth == DEEPEST {
            wrong(format!("the tree is deeper than {DEEPEST}"));
        }
    }

    /// Every group that an alert with these labels belongs to.
    pub(crate) fn memberships(&self, labels: &Labels, fingerprint: Fingerprint) -> Vec<Membership> {
        let mut found = Vec::new();
        self.descend(0, labels, &mut found);
        found
            .into_iter()
            .filter_map(|route| {
                let node = self.nodes.get(route)?;
                let (key, labels) = match &node.group_by {
                    GroupBy::Alert => (format!("{}:{fingerprint}", node.path), labels.clone()),
                    GroupBy::Labels(names) => {
                        let shared: Labels = names
                            .iter()
                            .map(|name| (name.as_str(), labels.get(name).unwrap_or_default()))
                            .collect();
                        (format!("{}:{shared}", node.path), shared)
                    }
                };
                Some(Membership { route, key, labels })
            })
            .collect()
    }

    fn descend(&self, index: usize, labels: &Labels, found: &mut Vec<usize>) -> bool {
        let Some(node) = self.nodes.get(index).filter(|node| node.matchers.matches(labels)) else {
            return false;
        };
        let mut taken = false;
        for child in &node.children {
            if self.descend(*child, labels, found) {
                taken = true;
                if !self.nodes.get(*child).is_some_and(|child| child.continues) {
                    break;
                }
            }
        }
        if !taken {
            found.push(index);
        }
        true
    }

    pub(crate) fn node(&self, route: usize) -> Option<&Node> {
        self.nodes.get(route)
    }

    /// The channels of a receiver.
    pub(crate) fn channels(&self, receiver: &str) -> &[String] {
        self.receivers.get(receiver).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has_receiver(&self, name: &str) -> bool {
        self.receivers.contains_key(name)
    }

    /// The named times that keep a route quiet at `now`.
    pub(crate) fn muted_by(&self, node: &Node, now: Timestamp) -> Vec<String> {
        let within = |name: &String| {
            self.times
                .get(name)
                .is_some_and(|intervals| intervals.iter().any(|interval| interval.contains(now)))
        };
        let mut by: Vec<String> = node.mute.iter().filter(|name| within(name)).cloned().collect();
        if !node.active.is_empty() && !node.active.iter().any(within) {
            by.extend(node.active.iter().cloned());
        }
        by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Receiver;

    fn tree(root: Route) -> Tree {
        let routing = Routing {
            root: Some(root),
            ..Routing::default()
        };
        let channels = ["ops", "page", "sales", "log"].map(str::to_owned);
        let mut problems = Vec::new();
        let tree = Tree::new(&routing, &channels, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        tree
    }

    fn receivers(tree: &Tree, labels: &Labels) -> Vec<String> {
        tree.memberships(labels, labels.fingerprint())
            .iter()
            .map(|found| tree.node(found.route).unwrap().receiver.clone())
            .collect()
    }

    #[test]
    fn the_first_child_takes_it_unless_it_continues() {
        let tree = tree(
            Route::to("ops")
                .child(Route::to("log").when("team", "sales").and_continue())
                .child(
                    Route::to("sales")
                        .when("team", "sales")
                        .child(Route::to("page").when("severity", "critical")),
                )
                .child(Route::to("page").when("severity", "critical")),
        );
        let of = |pairs: &[(&str, &str)]| receivers(&tree, &pairs.iter().copied().collect());
        assert_eq!(of(&[]), ["ops"]);
        assert_eq!(of(&[("severity", "critical")]), ["page"]);
        assert_eq!(of(&[("team", "sales")]), ["log", "sales"]);
        assert_eq!(
            of(&[("team", "sales"), ("severity", "critical")]),
            ["log", "page"]
        );
    }

    #[test]
    fn what_a_route_leaves_out_it_has_from_its_parent_but_not_its_times() {
        let routing = Routing {
            root: Some(
                Route::to("ops")
                    .group_by(["team"])
                    .group_wait(Duration::from_secs(30))
                    .mute_during("nights")
                    .child(Route::inherit().when("a", "b")),
            ),
            times: vec![("nights".to_owned(), Vec::new())],
            ..Routing::default()
        };
        let tree = Tree::new(&routing, &["ops".to_owned()], &mut Vec::new());
        let labels = Labels::from([("a", "b"), ("team", "x"), ("zone", "y")]);
        let found = tree.memberships(&labels, labels.fingerprint());
        let node = tree.node(found[0].route).unwrap();
        assert_eq!((node.receiver.as_str(), node.group_wait.as_secs()), ("ops", 30));
        assert_eq!(found[0].labels, Labels::from([("team", "x")]));
        assert!(node.mute.is_empty());
    }

    #[test]
    fn names_that_lead_nowhere_are_all_told() {
        let routing = Routing {
            root: Some(
                Route::to("nobody")
                    .mute_during("never")
                    .repeat_interval(Duration::ZERO)
                    .child(Route::to("crew")),
            ),
            receivers: vec![Receiver {
                name: "crew".to_owned(),
                channels: vec!["smoke".to_owned()],
            }],
            ..Routing::default()
        };
        let mut problems = Vec::new();
        Tree::new(&routing, &["ops".to_owned()], &mut problems);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                r#"receiver "crew": there is no channel "smoke""#,
                r#"route "/": there is no receiver or channel "nobody""#,
                r#"route "/": there is no time interval "never""#,
                r#"route "/": repeat interval must be greater than zero"#,
                r#"route "/0{}": repeat interval must be greater than zero"#,
            ]
        );
    }
}
