//! Which targets a request goes to, and by which model name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::target::{Member, Task};
use crate::chat::ChatRequest;
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, Capabilities};

/// Every target and alias of a client.
#[derive(Debug)]
pub(super) struct Routes {
    members: Vec<Member>,
    aliases: BTreeMap<String, BTreeSet<String>>,
}

impl Routes {
    pub(super) fn new(members: Vec<Member>, aliases: BTreeMap<String, BTreeSet<String>>) -> Self {
        Self { members, aliases }
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) fn names(&self) -> Vec<String> {
        let models = self.members.iter().map(|member| member.model().to_owned());
        models
            .chain(self.aliases.keys().cloned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// The targets for `request`: all of the wanted provider without a model, else those of the alias or those that
    /// serve the model.
    ///
    /// # Errors
    /// [`ErrorKind::ModelNotFound`] when nobody is of the provider or serves the model, [`ErrorKind::Unsupported`] when
    /// nobody who serves it can do what the request needs. Both are found before anything is sent.
    pub(super) fn resolve(&self, request: &ChatRequest, streaming: bool) -> Result<Route, Error> {
        let needed = Capabilities {
            streaming,
            ..request.needs()
        };
        let named = Named {
            model: request.model.as_deref(),
            provider: request.provider.as_deref(),
        };
        self.choose(Task::Chat, named, |member, model| {
            member.provider().capabilities(model).missing(&needed)
        })
    }

    /// The targets for something else than chat; `lacks` names what a target cannot do.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub(super) fn choose(
        &self,
        task: Task,
        named: Named<'_>,
        lacks: impl Fn(&Member, &str) -> Option<&'static str>,
    ) -> Result<Route, Error> {
        let alias = named.model.and_then(|name| self.aliases.get(name));
        let own = || {
            self.members.iter().filter(|member| {
                member.task() == task && named.provider.is_none_or(|name| member.is_of(name))
            })
        };
        let candidates: Vec<&Member> = match (named.model, alias) {
            (None, _) => own().collect(),
            (_, Some(targets)) => own()
                .filter(|member| targets.contains(&*member.target_name()))
                .collect(),
            (Some(name), None) => own().filter(|member| member.serves(name)).collect(),
        };
        if candidates.is_empty() {
            let (code, context) = match own().next() {
                Some(_) => ("model_not_found", "no target serves this model"),
                None => ("provider_not_found", "no target is of this provider"),
            };
            return Err(Error::new(ErrorKind::ModelNotFound)
                .with_context(context)
                .with_code(code));
        }
        let model = match alias {
            Some(_) => None,
            None => named.model.map(Arc::from),
        };
        let mut missing = None;
        let wanted: BTreeSet<String> = candidates
            .into_iter()
            .filter(|member| {
                let lacks = lacks(member, member.model_for(model.as_deref()));
                missing = missing.or(lacks);
                lacks.is_none()
            })
            .map(|member| member.name().to_owned())
            .collect();
        if wanted.is_empty() {
            let context = format!("the request needs {}", missing.unwrap_or("more"));
            return Err(Error::new(ErrorKind::Unsupported).with_context(context));
        }
        Ok(Route { wanted, model })
    }
}

/// What a request names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) model: Option<&'a str>,
    pub(super) provider: Option<&'a str>,
}

/// The way of one request.
#[derive(Debug)]
pub(super) struct Route {
    wanted: BTreeSet<String>,
    /// The model that the request named, unless it was an alias.
    model: Option<Arc<str>>,
}

impl Route {
    pub(super) fn wants(&self, member: &Member) -> bool {
        self.wanted.contains(member.name())
    }

    pub(super) fn model_for<'a>(&'a self, member: &'a Member) -> &'a str {
        member.model_for(self.model.as_deref())
    }

    pub(super) fn call<R>(
        &self,
        request: &Arc<R>,
        member: &Member,
        attempt: u32,
        remaining: Option<Duration>,
    ) -> Call<R> {
        let call = Call::new(Arc::clone(request), self.model_for(member))
            .attempt(attempt)
            .key(member.key());
        match remaining {
            Some(left) => call.timeout(left),
            None => call,
        }
    }
}
