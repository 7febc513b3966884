//! Rules.

use std::collections::HashMap;
use std::time::Duration;

use super::conditions::{INNER, condition};
use super::fields::{Fields, wrong};
use super::findings::Findings;
use super::node::{Mark, Node, Value, quoted};
use crate::condition::{Condition, Selector};
use crate::rule::{Escalation, Flapping, NoData, Rule, RuleBuilder};

/// The rules of a list; those that are wrong are left out, which was said.
pub(super) fn rules(node: &Node, findings: &mut Findings) -> Vec<Rule> {
    let Value::List(items) = &node.value else {
        wrong("rules", "a list", node, findings);
        return Vec::new();
    };
    let mut lines = HashMap::new();
    let mut rules = Vec::new();
    for (index, item) in items.iter().enumerate() {
        rules.extend(rule(index + 1, item, &mut lines, findings));
    }
    rules
}

fn rule(
    number: usize,
    node: &Node,
    lines: &mut HashMap<String, usize>,
    findings: &mut Findings,
) -> Option<Rule> {
    let mut fields = Fields::of("a rule", node, findings)?;
    let name = match fields.take("name").map(|node| &node.value) {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    };
    let subject = match &name {
        Some(name) => format!("rule {}", quoted(name)),
        None => format!("rule {number}"),
    };
    findings.within(subject, |findings| {
        let before = findings.count();
        fields.require(&["name"], findings);
        fields.text("name", findings);
        if let Some(name) = &name {
            unique(name, fields.place("name"), lines, findings);
        }
        let rule = built(name.unwrap_or_else(|| number.to_string()), &mut fields, findings);
        fields.finish(findings);
        rule.filter(|_| !findings.has_new(before))
    })
}

fn unique(name: &str, at: Mark, lines: &mut HashMap<String, usize>, findings: &mut Findings) {
    if let Some(line) = lines.get(name) {
        findings.add(at, format!("the name is given twice, first on line {line}"));
    } else {
        lines.insert(name.to_owned(), at.line);
    }
}

fn built(name: String, fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Rule> {
    // Where the condition is wrong, one that is right stands in for it, so that the rest is checked too.
    let condition = condition(fields, findings).unwrap_or_else(|| Condition::Absent {
        selector: Selector::new("unknown"),
        after: Duration::from_secs(60),
    });
    let mut builder = Rule::new(name).condition(condition);
    builder = life(builder, fields, findings);
    builder = told(builder, fields, findings);
    match builder.build() {
        Ok(rule) => Some(rule),
        Err(error) => {
            for problem in error.into_problems() {
                findings.add(fields.place_of(&problem.detail, &INNER), problem.detail);
            }
            None
        }
    }
}

/// How patient the rule is.
fn life(mut builder: RuleBuilder, fields: &mut Fields<'_>, findings: &mut Findings) -> RuleBuilder {
    if let Some(severity) = fields.word("severity", findings) {
        builder = builder.severity(severity);
    }
    if let Some(text) = fields.text("description", findings) {
        builder = builder.description(text);
    }
    if let Some(duration) = fields.duration("for", findings) {
        builder = builder.for_(duration);
    }
    if let Some(duration) = fields.duration("keep_firing_for", findings) {
        builder = builder.keep_firing_for(duration);
    }
    let seconds = fields.whole("cooldown_seconds", findings).map(u64::from);
    let cooldown = fields.duration("cooldown", findings);
    if fields.given(&["cooldown", "cooldown_seconds"]).len() == 2 {
        findings.add(
            fields.place("cooldown_seconds"),
            "cooldown_seconds has no place beside cooldown",
        );
    }
    if let Some(duration) = cooldown.or(seconds.map(Duration::from_secs)) {
        builder = builder.cooldown(duration);
    }
    if let Some(duration) = fields.duration("stale_after", findings) {
        builder = builder.stale_after(duration);
    }
    let policies = [("resolve", NoData::Resolve), ("fire", NoData::Fire)];
    if let Some(policy) = fields.choice("no_data", &policies, findings) {
        builder = builder.no_data(policy);
    }
    builder
}

/// What its alerts carry, and who is told when nobody acknowledges.
fn told(mut builder: RuleBuilder, fields: &mut Fields<'_>, findings: &mut Findings) -> RuleBuilder {
    if let Some(chain) = escalation(fields, findings) {
        builder = builder.escalation(chain);
    }
    if let Some(node) = fields.take("flapping") {
        builder = match (&node.value, flapping(node, findings)) {
            (Value::Flag(false), _) => builder.never_flapping(),
            (_, Some(flapping)) => builder.flapping(flapping),
            _ => builder,
        };
    }
    for (name, value) in fields.pairs("labels", findings) {
        builder = builder.label(name, value);
    }
    for (name, text) in fields.pairs("annotations", findings) {
        builder = builder.annotation(name, text);
    }
    builder
}

pub(super) fn escalation(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Escalation> {
    let of_rule = fields.whole("escalation_threshold", findings);
    let Some(node) = fields.take("escalation") else {
        if of_rule.is_some() {
            let detail = "escalation_threshold needs an escalation with steps";
            findings.add(fields.place("escalation_threshold"), detail);
        }
        return None;
    };
    let mut inner = Fields::of("escalation", node, findings)?;
    inner.require(&["steps"], findings);
    let mut chain = Escalation::new();
    let steps = inner.list("steps");
    if steps.is_some_and(<[Node]>::is_empty) {
        findings.add(inner.place("steps"), "steps must not be an empty list");
    }
    for item in steps.unwrap_or_default() {
        if let Some((after, receiver)) = step(item, findings) {
            chain = chain.step(after, receiver);
        }
    }
    if let Some(times) = inner.whole("repeat", findings) {
        chain = chain.repeat(times);
    }
    let of_chain = inner.whole("threshold", findings);
    if of_chain.is_some() && of_rule.is_some() {
        let detail = "escalation_threshold has no place beside the threshold of the escalation";
        findings.add(fields.place("escalation_threshold"), detail);
    }
    if let Some(notifications) = of_chain.or(of_rule) {
        chain = chain.threshold(notifications);
    }
    inner.finish(findings);
    // A chain without a step has been spoken of.
    (!chain.steps().is_empty()).then_some(chain)
}

fn step(node: &Node, findings: &mut Findings) -> Option<(Duration, String)> {
    let mut fields = Fields::of("a step", node, findings)?;
    fields.require(&["after", "receiver"], findings);
    let after = fields.duration("after", findings);
    let receiver = fields.text("receiver", findings);
    fields.finish(findings);
    Some((after?, receiver?))
}

fn flapping(node: &Node, findings: &mut Findings) -> Option<Flapping> {
    let mut flapping = Flapping::default();
    match node.value {
        Value::Flag(true) => return Some(flapping),
        Value::Flag(false) => return None,
        _ => {}
    }
    if !matches!(node.value, Value::Map(_)) {
        wrong("flapping", "true, false or a map", node, findings);
        return None;
    }
    let mut fields = Fields::of("flapping", node, findings)?;
    if let Some(window) = fields.duration("window", findings) {
        flapping.window = window;
    }
    if let Some(start) = fields.whole("start", findings) {
        flapping.start = start;
    }
    if let Some(stop) = fields.whole("stop", findings) {
        flapping.stop = stop;
    }
    if let Some(interval) = fields.duration("digest_every", findings) {
        flapping.digest_every = interval;
    }
    fields.finish(findings);
    Some(flapping)
}
