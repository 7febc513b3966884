//! Values that are unlike what was usual.

use super::conditions::series;
use super::fields::Fields;
use super::findings::Findings;
use crate::condition::{Anomaly, Baseline, Condition, Direction};

/// The score from which on Iglewicz and Hoaglin call a value an outlier.
const SCORE: f64 = 3.5;
/// How many samples are learned before anything is judged, where the file does not say.
const WARM_UP: u32 = 30;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Robust,
    Ewma,
    Seasonal,
}

pub(super) fn anomaly(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.require(&["baseline"], findings);
    let selector = series(fields, findings);
    let baseline = baseline(fields, findings);
    let score = fields.number("score", findings).unwrap_or(SCORE);
    let recovery = fields.number("recovery", findings);
    let directions = [
        ("both", Direction::Both),
        ("above", Direction::Above),
        ("below", Direction::Below),
    ];
    let direction = fields.choice("direction", &directions, findings);
    let warm_up = fields.whole("warm_up", findings).unwrap_or(WARM_UP);
    Some(Condition::Anomaly(Anomaly {
        selector: selector?,
        baseline: baseline?,
        score,
        recovery,
        direction: direction.unwrap_or_default(),
        warm_up,
    }))
}

fn baseline(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Baseline> {
    let kinds = [
        ("robust", Kind::Robust),
        ("ewma", Kind::Ewma),
        ("seasonal", Kind::Seasonal),
    ];
    let kind = fields.choice("baseline", &kinds, findings);
    let window = fields.duration("window", findings);
    let half_life = fields.duration("half_life", findings);
    let period = fields.duration("period", findings);
    let slots = fields.whole("slots", findings);
    let (name, needed): (_, &[&'static str]) = match kind? {
        Kind::Robust => ("robust", &["window"]),
        Kind::Ewma => ("ewma", &["half_life"]),
        Kind::Seasonal => ("seasonal", &["period", "slots"]),
    };
    fields.require(needed, findings);
    for stray in fields.given(&["window", "half_life", "period", "slots"]) {
        if !needed.contains(&stray) {
            let detail = format!("{stray} has no meaning with the baseline {name}");
            findings.add(fields.place(stray), detail);
        }
    }
    Some(match kind? {
        Kind::Robust => Baseline::Robust { window: window? },
        Kind::Ewma => Baseline::Ewma {
            half_life: half_life?,
        },
        Kind::Seasonal => Baseline::Seasonal {
            period: period?,
            // More slots than fit are too many in any case, which the condition says.
            slots: u16::try_from(slots?).unwrap_or(u16::MAX),
        },
    })
}
