//! Forgetting what nobody needs any more.

use std::sync::PoisonError;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::Evaluator;
use super::memory::key;
use super::plan::Planned;
use super::watched::{Judged, Watched};
use super::whole::Whole;
use crate::rule::NoData;
use crate::state::Phase;

/// How long a series without alerts may be silent before its place is given free.
const SERIES_KEPT: Duration = Duration::from_secs(60 * 60);
/// How often series are looked through.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

impl Evaluator {
    /// Gives the places of silent series free.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        if let Some(swept_at) = self.swept_at
            && swept_at <= now
            && now.since(swept_at) < SWEPT_EVERY
        {
            return;
        }
        self.swept_at = Some(now);
        let (rules, wholes, series) = (&self.rules, &self.wholes, &self.series);
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        for place in &mut self.watched {
            let Some(watched) = place else {
                continue;
            };
            // The machine's clock may have been set back.
            let heard = watched.heard_at.map(|heard| heard.min(now));
            watched.heard_at = heard;
            let silent = heard.map_or(Duration::ZERO, |heard| now.since(heard));
            if silent < SERIES_KEPT
                || watched.is_needed(rules, wholes, silent)
                || !series.forget(&watched.slot)
            {
                continue;
            }
            for judged in &watched.judged {
                self.places.remove(&judged.fingerprint);
                if let (Some(planned), true) = (rules.get(judged.rule), judged.learned.is_some()) {
                    forgotten.push(key(planned.rule.name(), "", &watched.slot.labels));
                }
            }
            *place = None;
        }
        for whole in &mut self.wholes {
            if let Some(planned) = rules.get(whole.rule) {
                for fingerprint in whole.sweep(&planned.rule, now, SERIES_KEPT) {
                    self.places.remove(&fingerprint);
                }
            }
        }
    }
}

impl Watched {
    fn is_needed(&self, rules: &[Planned], wholes: &[Whole], silent: Duration) -> bool {
        self.judged.iter().any(|judged| judged.is_needed(rules, silent))
            || wholes
                .iter()
                .any(|whole| whole.node.needs(&self.slot, silent, whole.is_active()))
    }
}

impl Judged {
    fn is_needed(&self, rules: &[Planned], silent: Duration) -> bool {
        let state = &self.instance.state;
        if state.phase != Phase::Inactive || self.instance.stored {
            return true;
        }
        let Some(planned) = rules.get(self.rule) else {
            return false;
        };
        let span = match &planned.each {
            Some((_, leaf)) => leaf.memory_span(),
            None => Some(Duration::ZERO),
        };
        planned.rule.no_data() == NoData::Fire || span.is_none_or(|span| silent < span)
    }
}
