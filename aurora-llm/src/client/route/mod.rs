//! Which targets a request goes to, in which order, and by which model name.

pub(in crate::client) mod fit;
mod rule;
mod settings;
mod strategy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aurora_core::fallback::{Attempt, Selection};

use self::fit::Fit;
pub(super) use self::rule::matches;
pub use self::rule::{Attributes, Condition, Predicate, Rule};
pub(super) use self::settings::Settings;
pub use self::strategy::Strategy;
use self::strategy::{Order, Slot, hash};
use super::limits::Weight;
use super::options::CallOptions;
use super::target::{Member, Task};
use crate::chat::ChatRequest;
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, Capabilities, Ear};

/// Every target, alias and rule of a client.
#[derive(Debug)]
pub(super) struct Routes {
    /// By priority and then as they were added, as in the set of targets.
    members: Vec<Member>,
    /// What never changes of each member's slot.
    slots: Vec<Slot>,
    strategy: Strategy,
    aliases: BTreeMap<String, List>,
    rules: Vec<(Rule, Option<List>)>,
}

/// What rules may know of a request of so many bytes.
fn attributes<'a>(
    request: &'a ChatRequest,
    options: &'a CallOptions,
    streaming: bool,
    bytes: u64,
) -> Attributes<'a> {
    Attributes {
        model: request.model.as_deref(),
        provider: request.provider.as_deref(),
        caller: &options.caller,
        metadata: &request.metadata,
        needs: Capabilities {
            streaming,
            ..request.needs()
        },
        input_tokens: bytes / fit::BYTES_PER_TOKEN,
    }
}

/// Members in an order of their own.
#[derive(Debug, Clone, Default)]
struct List {
    /// Each with its target's place in the list.
    places: Vec<(usize, u32)>,
    strategy: Option<Strategy>,
}

impl Routes {
    /// `members` in the order in which the set of targets has them.
    pub(super) fn new(members: Vec<Member>, settings: Settings) -> Self {
        let mut targets: Vec<Arc<str>> = Vec::new();
        let slots = members.iter().map(|member| {
            let name = member.target_name();
            let target = targets
                .iter()
                .position(|known| *known == name)
                .unwrap_or_else(|| {
                    targets.push(Arc::clone(&name));
                    targets.len() - 1
                });
            Slot {
                wanted: false,
                roomy: true,
                target: u32::try_from(target).unwrap_or(u32::MAX),
                key: u32::try_from(member.key()).unwrap_or(u32::MAX),
                keys: u32::try_from(member.provider().keys()).unwrap_or(u32::MAX),
                tier: member.priority(),
                listed: 0,
                weight: member.weight(),
                hash: hash(&name),
                cost: None,
            }
        });
        let slots = slots.collect();
        let list = |names: &[String], strategy: Option<Strategy>| {
            let mut places = Vec::new();
            for (at, name) in names.iter().enumerate() {
                for (place, member) in members.iter().enumerate() {
                    if *member.target_name() == **name && places.iter().all(|(known, _)| *known != place) {
                        places.push((place, u32::try_from(at).unwrap_or(u32::MAX)));
                    }
                }
            }
            List { places, strategy }
        };
        let aliases: BTreeMap<String, List> = settings
            .aliases
            .into_iter()
            .map(|(alias, of)| (alias, list(&of.targets, of.strategy)))
            .collect();
        let rules = settings.rules.into_iter().map(|rule| {
            let named = match &rule.alias {
                Some(alias) => aliases.get(alias).cloned(),
                None => (!rule.targets.is_empty()).then(|| list(&rule.targets, None)),
            };
            (rule, named)
        });
        let rules = rules.collect();
        Self {
            members,
            slots,
            strategy: settings.strategy,
            aliases,
            rules,
        }
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// What a request for `task` may name.
    pub(super) fn names(&self, task: Task) -> Vec<String> {
        let is_for = |member: &&Member| member.task() == task;
        let models = self.members.iter().filter(is_for);
        let models = models.map(|member| member.model().to_owned());
        let leads = |list: &List| {
            let mut members = list
                .places
                .iter()
                .filter_map(|(place, _)| self.members.get(*place));
            members.any(|member| is_for(&member))
        };
        let aliases = self.aliases.iter().filter(|(_, list)| leads(list));
        models
            .chain(aliases.map(|(alias, _)| alias.clone()))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// The way of a chat request: to the targets of the first rule that holds, else of the alias, else to those that serve
    /// the model, else to all; of the wanted provider alone.
    ///
    /// # Errors
    /// [`ErrorKind::ModelNotFound`] when nobody is of the provider or serves the model, [`ErrorKind::Unsupported`] when
    /// nobody who serves it can do what the request needs, [`ErrorKind::ContextOverflow`] when it is larger than anybody
    /// can take. All are found before anything is sent.
    pub(super) fn resolve(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
        streaming: bool,
    ) -> Result<Route, Error> {
        let bytes = fit::bytes(request);
        let attributes = attributes(request, options, streaming, bytes);
        let Attributes {
            needs, input_tokens, ..
        } = attributes;
        let rule = self.rules.iter().find(|(rule, _)| rule.when.holds(&attributes));
        let asked = Asked {
            task: Task::Chat,
            named: Named {
                model: attributes.model,
                provider: attributes.provider,
            },
            rule,
            options,
        };
        let mut route = self.find(&asked, |member, model, slot, strategy| {
            let able = member.capabilities(model);
            if let Some(lacks) = able.missing(&needs) {
                return Err(Refused::Lacks(lacks));
            }
            let context = member.context_tokens_with(model, &able);
            let fit = fit::fit(bytes, needs.max_output_tokens, context);
            if fit == Fit::Never {
                return Err(Refused::TooSmall);
            }
            slot.roomy = fit == Fit::Roomy;
            if strategy == Strategy::LowestCost {
                slot.cost = fit::cost(member.price(model), input_tokens, needs.max_output_tokens);
            }
            Ok(())
        })?;
        route.weight = Weight::of(input_tokens, needs.max_output_tokens);
        Ok(route)
    }

    /// Where aliases and rules lead: for each the names of its targets. Rules are named by their place.
    pub(super) fn ways(&self) -> Vec<(String, Vec<Arc<str>>)> {
        let names = |list: &List| {
            let members = list
                .places
                .iter()
                .filter_map(|(place, _)| self.members.get(*place));
            members.map(Member::target_name).collect::<Vec<_>>()
        };
        let aliases = self
            .aliases
            .iter()
            .map(|(alias, list)| (format!("alias {alias}"), names(list)));
        let rules = self.rules.iter().enumerate();
        let rules =
            rules.map(|(at, (_, list))| (format!("rule {at}"), list.as_ref().map(names).unwrap_or_default()));
        aliases.chain(rules).collect()
    }

    /// Which rule holds for a chat request, by its place.
    pub(super) fn rule(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
        streaming: bool,
    ) -> Option<usize> {
        if self.rules.is_empty() {
            return None;
        }
        let attributes = attributes(request, options, streaming, fit::bytes(request));
        self.rules
            .iter()
            .position(|(rule, _)| rule.when.holds(&attributes))
    }

    /// The targets for something else than chat; `lacks` names what a target cannot do. Rules are for chat alone.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub(super) fn choose(
        &self,
        task: Task,
        named: Named<'_>,
        options: &CallOptions,
        lacks: impl Fn(&Member, &str) -> Option<&'static str>,
    ) -> Result<Route, Error> {
        let asked = Asked {
            task,
            named,
            rule: None,
            options,
        };
        self.find(&asked, |member, model, slot, _| match lacks(member, model) {
            Some(lacks) => Err(Refused::Lacks(lacks)),
            None => {
                slot.cost = fit::cost(member.price(model), 1_000, Some(0));
                Ok(())
            }
        })
    }

    /// `admit` says whether a target may be asked, and fills its slot.
    fn find(
        &self,
        asked: &Asked<'_>,
        admit: impl Fn(&Member, &str, &mut Slot, Strategy) -> Result<(), Refused>,
    ) -> Result<Route, Error> {
        let Named { model, provider } = asked.named;
        let by_rule = asked.rule.and_then(|(_, list)| list.as_ref());
        let list = by_rule.or_else(|| model.and_then(|name| self.aliases.get(name)));
        let model = if list.is_some() { None } else { model };
        let strategy = asked
            .options
            .strategy
            .or_else(|| asked.rule.and_then(|(rule, _)| rule.strategy))
            .or_else(|| list.and_then(|list| list.strategy))
            .unwrap_or(self.strategy);
        let mut slots = self.slots.clone();
        let mut seen = Seen::default();
        let mut consider = |place: usize, listed: Option<u32>| {
            let (Some(member), Some(slot)) = (self.members.get(place), slots.get_mut(place)) else {
                return;
            };
            if member.task() != asked.task || provider.is_some_and(|name| !member.is_of(name)) {
                return;
            }
            seen.provider = true;
            if model.is_some_and(|name| !member.serves(name)) {
                return;
            }
            seen.model = true;
            match admit(member, member.model_for(model), slot, strategy) {
                Ok(()) => slot.wanted = true,
                Err(Refused::Lacks(what)) => seen.missing = seen.missing.or(Some(what)),
                Err(Refused::TooSmall) => seen.too_small = true,
            }
            seen.wanted |= slot.wanted;
            if let Some(listed) = listed {
                slot.listed = listed;
                slot.tier = if strategy == Strategy::Priority { listed } else { 0 };
            }
        };
        match list {
            Some(list) => list
                .places
                .iter()
                .for_each(|(place, at)| consider(*place, Some(*at))),
            None => (0..self.members.len()).for_each(|place| consider(place, None)),
        }
        if !seen.wanted {
            return Err(seen.refusal());
        }
        Ok(Route {
            order: Order {
                slots,
                strategy,
                sticky: asked.options.sticky.as_deref().map(hash),
            },
            model: model.map(Arc::from),
            weight: Weight::default(),
            tenant: asked.options.caller.tenant.clone(),
        })
    }
}

/// What a request names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) model: Option<&'a str>,
    pub(super) provider: Option<&'a str>,
}

/// What is asked for, and by which rule.
struct Asked<'a> {
    task: Task,
    named: Named<'a>,
    rule: Option<&'a (Rule, Option<List>)>,
    options: &'a CallOptions,
}

/// Why a target may not be asked.
enum Refused {
    Lacks(&'static str),
    TooSmall,
}

/// What was seen of the targets while they were looked through.
#[derive(Debug, Default)]
struct Seen {
    provider: bool,
    model: bool,
    wanted: bool,
    too_small: bool,
    missing: Option<&'static str>,
}

impl Seen {
    /// Why nobody may be asked.
    fn refusal(&self) -> Error {
        if !self.model {
            let (code, context) = if self.provider {
                ("model_not_found", "no target serves this model")
            } else {
                ("provider_not_found", "no target is of this provider")
            };
            return Error::new(ErrorKind::ModelNotFound)
                .with_context(context)
                .with_code(code);
        }
        if self.too_small {
            return Error::new(ErrorKind::ContextOverflow)
                .with_context("it is larger than any target can take");
        }
        let context = format!("the request needs {}", self.missing.unwrap_or("more"));
        Error::new(ErrorKind::Unsupported).with_context(context)
    }
}

/// The way of one request.
#[derive(Debug, Clone)]
pub(super) struct Route {
    order: Order,
    /// The model that the request named, unless it was an alias.
    model: Option<Arc<str>>,
    /// What it takes of the limits, and for whom.
    weight: Weight,
    tenant: Option<Arc<str>>,
}

impl Route {
    pub(super) fn wants(&self, member: &Member) -> bool {
        self.order.slot(member.place()).wanted
    }

    /// Leaves only those whom `keep` wants, with the model they are asked for; whether anybody is left.
    pub(super) fn narrow(&mut self, members: &[Member], keep: impl Fn(&Member, &str) -> bool) -> bool {
        let model = self.model.as_deref();
        let mut left = false;
        for (member, slot) in members.iter().zip(&mut self.order.slots) {
            slot.wanted = slot.wanted && keep(member, member.model_for(model));
            left |= slot.wanted;
        }
        left
    }

    /// The same, for a call that is taken to have so many tokens of input and is not answered in words.
    pub(super) fn weighing(mut self, input: u64) -> Self {
        self.weight = Weight::of(input, Some(0));
        self
    }

    pub(super) const fn weight(&self) -> Weight {
        self.weight
    }

    /// For whom it is, among those who share slots.
    pub(super) fn tenant(&self) -> Arc<str> {
        self.tenant.clone().unwrap_or_else(|| Arc::from(""))
    }

    /// The order in which its targets are tried.
    pub(super) fn order(&self) -> &dyn Selection {
        &self.order
    }

    pub(super) fn model_for<'a>(&'a self, member: &'a Member) -> &'a str {
        member.model_for(self.model.as_deref())
    }

    /// What is asked for in `attempt`, of which `ear` hears.
    pub(super) fn call<R>(&self, request: &Arc<R>, attempt: &Attempt<Member>, ear: Ear) -> Call<R> {
        let member = attempt.payload();
        let call = Call::new(Arc::clone(request), self.model_for(member))
            .attempt(attempt.number())
            .key(member.key())
            .ear(ear);
        match attempt.remaining() {
            Some(left) => call.timeout(left),
            None => call,
        }
    }
}
