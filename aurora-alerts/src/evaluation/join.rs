//! How the parts of a combination come together: by equal label sets.

use std::sync::Arc;

use super::node::Judgements;
use crate::condition::Verdict;
use crate::labels::Labels;

type Judged = (Verdict, Option<f64>);

/// A condition that judges the empty label set alone applies to all label sets of the others.
fn applies_to_all(judgements: &Judgements) -> bool {
    judgements.len() == 1 && judgements.keys().all(|labels| labels.is_empty())
}

/// What a condition says of one label set.
fn find(judgements: &Judgements, labels: &Labels) -> Option<Judged> {
    if applies_to_all(judgements) {
        return judgements.values().next().copied();
    }
    judgements.get(labels).copied()
}

/// The label sets of all parts, each once; the empty one where no part names others.
fn label_sets(parts: &[Judgements]) -> Vec<Arc<Labels>> {
    let named = parts.iter().filter(|part| !applies_to_all(part));
    let mut sets: Vec<_> = named.flat_map(|part| part.keys().cloned()).collect();
    sets.sort_unstable();
    sets.dedup();
    if sets.is_empty() && parts.iter().any(applies_to_all) {
        sets.push(Arc::default());
    }
    sets
}

/// Breached where all are, clear where one is; only for label sets of which every part has data.
pub(super) fn all(parts: Vec<Judgements>) -> Judgements {
    let judge = |labels: &Arc<Labels>| {
        let judged: Vec<Judged> = parts
            .iter()
            .map(|part| find(part, labels))
            .collect::<Option<_>>()?;
        let has = |wanted: Verdict| judged.iter().any(|(verdict, _)| *verdict == wanted);
        let verdict = if has(Verdict::Clear) {
            Verdict::Clear
        } else if has(Verdict::Between) {
            Verdict::Between
        } else {
            Verdict::Breached
        };
        Some((verdict, judged.iter().find_map(|(_, value)| *value)))
    };
    let sets = label_sets(&parts).into_iter();
    sets.filter_map(|labels| judge(&labels).map(|judged| (labels, judged)))
        .collect()
}

/// Breached where one is, clear where all are of which there is data.
pub(super) fn any(parts: Vec<Judgements>) -> Judgements {
    let judge = |labels: &Arc<Labels>| {
        let judged: Vec<Judged> = parts.iter().filter_map(|part| find(part, labels)).collect();
        let of = |wanted: Verdict| judged.iter().find(|(verdict, _)| *verdict == wanted);
        // The value of the part that decides, if it has one.
        let decides = of(Verdict::Breached)
            .or_else(|| of(Verdict::Between))
            .or_else(|| judged.first());
        let (verdict, value) = decides.copied()?;
        let value = value.or_else(|| judged.iter().find_map(|(_, value)| *value));
        Some((verdict, value))
    };
    let sets = label_sets(&parts).into_iter();
    sets.filter_map(|labels| judge(&labels).map(|judged| (labels, judged)))
        .collect()
}

/// Breached where it is clear, and clear where it is breached.
pub(super) fn not(mut judgements: Judgements) -> Judgements {
    for (verdict, _) in judgements.values_mut() {
        *verdict = match verdict {
            Verdict::Breached => Verdict::Clear,
            Verdict::Between => Verdict::Between,
            Verdict::Clear => Verdict::Breached,
        };
    }
    judgements
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Between, Breached, Clear};

    fn part(judged: &[(&str, Verdict)]) -> Judgements {
        let labels = |zone: &str| Arc::new(Labels::from([("zone", zone)]));
        judged
            .iter()
            .map(|(zone, verdict)| (labels(zone), (*verdict, None)))
            .collect()
    }

    fn shown(judgements: &Judgements) -> Vec<(&str, Verdict)> {
        judgements
            .iter()
            .map(|(labels, (verdict, _))| (labels.get("zone").unwrap_or_default(), *verdict))
            .collect()
    }

    #[test]
    fn parts_join_by_equal_label_sets() {
        let left = part(&[("a", Breached), ("b", Breached), ("c", Clear), ("d", Between)]);
        let right = part(&[("a", Breached), ("b", Clear), ("d", Breached), ("e", Breached)]);
        let both = all(vec![left.clone(), right.clone()]);
        assert_eq!(shown(&both), [("a", Breached), ("b", Clear), ("d", Between)]);
        let either = any(vec![left.clone(), right]);
        assert_eq!(
            shown(&either),
            [
                ("a", Breached),
                ("b", Breached),
                ("c", Clear),
                ("d", Breached),
                ("e", Breached)
            ]
        );
        assert_eq!(
            shown(&not(left)),
            [("a", Clear), ("b", Clear), ("c", Breached), ("d", Between)]
        );
    }

    #[test]
    fn the_empty_label_set_applies_to_all() {
        let zones = part(&[("a", Breached), ("b", Clear)]);
        let everywhere = part(&[("", Breached)]);
        assert_eq!(
            shown(&all(vec![zones.clone(), everywhere.clone()])),
            [("a", Breached), ("b", Clear)]
        );
        assert_eq!(
            shown(&any(vec![zones, everywhere.clone()])),
            [("a", Breached), ("b", Breached)]
        );
        assert_eq!(
            shown(&all(vec![everywhere.clone(), everywhere.clone()])),
            [("", Breached)]
        );
        assert_eq!(shown(&any(vec![everywhere, Judgements::new()])), [("", Breached)]);
    }

    #[test]
    fn without_data_of_one_part_all_judges_nothing() {
        assert!(all(vec![part(&[("a", Breached)]), Judgements::new()]).is_empty());
        assert!(all(Vec::new()).is_empty() && any(Vec::new()).is_empty());
    }
}
