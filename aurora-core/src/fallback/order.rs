//! Which targets a call may try, and in which order.

use std::sync::Arc;

use super::Inner;
use super::member::{Member, Mode};
use super::selection::{Candidate, Selection};

impl<T> Inner<T> {
    /// The targets that one call may try, in their order.
    pub(super) fn order(
        &self,
        prefer: Option<&str>,
        only: Option<&(dyn Fn(&T) -> bool + Send + Sync)>,
        selection: Option<&dyn Selection>,
    ) -> Vec<Arc<Member<T>>> {
        let (members, now) = (self.members(), self.clock.elapsed());
        let may = |member: &Member<T>| {
            member.health.mode() == Mode::Enabled && only.is_none_or(|wanted| wanted(member.payload()))
        };
        let mut candidates: Vec<_> = members
            .iter()
            .enumerate()
            .filter(|(_, member)| may(member))
            .map(|(at, member)| Candidate::new(member.facts(), &member.health, now, at))
            .collect();
        let selection = selection.unwrap_or(&*self.selection);
        selection.order(&mut candidates, &self.random);
        if let Some(at) =
            prefer.and_then(|name| candidates.iter().position(|candidate| candidate.name() == name))
            && let Some(head) = candidates.get_mut(..=at)
        {
            head.rotate_right(1);
        }
        let member = |candidate: &Candidate<'_>| members.get(candidate.at).map(Arc::clone);
        candidates.iter().filter_map(member).collect()
    }
}
