//! A condition of one's own: a quorum of nodes per cluster, judged by several series together.
//!
//! `cargo run --example custom_condition` prints
//! ```text
//! [CRITICAL] Quorum lost: 33.3333 {cluster="north"}
//! [RESOLVED] Quorum lost {cluster="north"}
//! ```
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aurora::alerts::condition::{
    Condition, CustomCondition, Evaluate, EvaluateError, Judgement, Selector, SeriesView, Verdict,
};
use aurora::alerts::{AlertEngine, Console, Error, Labels, Rule, Severity};
use aurora::core::time::{ManualClock, Timestamp};

/// Breached where at most half of the nodes of a cluster are up. A node that is silent for a minute is not.
#[derive(Debug)]
struct Quorum;

const SILENT: Duration = Duration::from_secs(60);

impl Evaluate for Quorum {
    fn evaluate(
        &self,
        series: &dyn SeriesView,
        _now: Timestamp,
        judgements: &mut Vec<Judgement>,
    ) -> Result<(), EvaluateError> {
        let mut clusters: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        series.visit(&Selector::new("node_up"), SILENT, &mut |labels, samples| {
            let cluster = labels.get("cluster").unwrap_or_default().to_owned();
            let (up, nodes) = clusters.entry(cluster).or_default();
            *nodes += 1;
            *up += u32::from(samples.last().is_some_and(|(_, value)| *value > 0.0));
        });
        // One judgement for each label set that there is data of: each has an alert of its own.
        judgements.extend(clusters.into_iter().map(|(cluster, (up, nodes))| Judgement {
            labels: Labels::from([("cluster", cluster)]),
            value: Some(100.0 * f64::from(up) / f64::from(nodes)),
            verdict: if 2 * up > nodes {
                Verdict::Clear
            } else {
                Verdict::Breached
            },
        }));
        Ok(())
    }

    // So that samples of these metrics are kept, for so long.
    fn reads(&self) -> Vec<(String, Duration)> {
        vec![("node_up".to_owned(), SILENT)]
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clock = ManualClock::default();
    let rule = Rule::new("Quorum lost")
        .condition(Condition::Custom(CustomCondition(Arc::new(Quorum))))
        .severity(Severity::Critical);
    let engine = AlertEngine::builder()
        .rule(rule)
        .notify(Console::new())
        .clock(clock.clone())
        .build()?;
    for second in 0..90 {
        for (node, is_up) in [("1", true), ("2", second >= 60), ("3", second < 30)] {
            let labels = [("cluster", "north"), ("node", node)];
            engine.record_with("node_up", labels, f64::from(u8::from(is_up)));
        }
        engine.record_with("node_up", [("cluster", "south"), ("node", "1")], 1.0);
        engine.tick().await;
        clock.advance(Duration::from_secs(1));
    }
    Ok(())
}
