//! Whose an answer is, and the key under which it is kept.
//!
//! An [`AnswerKey`] needs an [`Owner`], and an owner comes from nowhere but the caller: no other code can name whose
//! answer is read or written.

use std::sync::Arc;

use aurora_core::cache::{Key, Scope};

use super::canonical::{Canon, Digest};
use super::settings::Settings;
use crate::chat::ChatRequest;
use crate::client::options::{CallOptions, Caller};
use crate::client::route::Routes;

/// The kind of the cache's keys, and the version of what is kept under them.
const KIND: &str = "llm.answer";
pub(super) const VERSION: u32 = 1;

/// What a scope begins with that stands for a tenant whose id cannot be part of a key.
const HASHED: &str = "h.";

/// The longest id of a tenant that stands in a key as it is.
const MAX_PLAIN: usize = 64;

/// Who may see an answer.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    scope: Scope,
    digest: Digest,
}

impl Owner {
    /// Who may see what is answered to `caller`; `None` when that is nobody else.
    pub(super) fn of(caller: &Caller, settings: &Settings) -> Option<Self> {
        let scope = match caller.tenant.as_deref() {
            // An id that is empty was forgotten.
            Some("") => return None,
            Some(id) => Scope::Tenant(name(id)),
            None if settings.without_tenant => Scope::Global,
            None => return None,
        };
        let user = match caller.user.as_deref() {
            None | Some("") if settings.per_user => return None,
            user => user.filter(|_| settings.per_user),
        };
        let mut canon = Canon::new("owner");
        canon.option(caller.tenant.as_deref(), Canon::text);
        canon.option(user, Canon::text);
        Some(Self {
            scope,
            digest: canon.finish(),
        })
    }
}

/// A tenant's id as part of a key: as it is where the store takes it, else its hash. Two ids never have the same name,
/// since none that is taken as it is begins as a hash does.
fn name(id: &str) -> String {
    let plain = id.len() <= MAX_PLAIN
        && !id.starts_with(HASHED)
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if plain {
        return id.to_owned();
    }
    let mut canon = Canon::new("tenant");
    canon.text(id);
    format!("{HASHED}{}", canon.finish().short())
}

/// The name of an answer: its owner, and 256 bits of the request and of all else that has a say in the answer.
#[derive(Debug, Clone)]
pub(super) struct AnswerKey {
    digest: Digest,
    #[cfg(feature = "semantic-cache")]
    owner: Digest,
    key: Option<Arc<Key>>,
}

impl AnswerKey {
    pub(super) fn new(
        owner: &Owner,
        targets: &Digest,
        routes: &Routes,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Self {
        let mut canon = Canon::new("answer");
        canon.number(u64::from(VERSION));
        canon.digest(&owner.digest);
        canon.digest(targets);
        canon.request(request, None);
        canon.call(options, rules(routes, request, options));
        let digest = canon.finish();
        // The store is asked under a key of the owner's scope; the digest says whose it is once more.
        let key = Key::new(&owner.scope, KIND, VERSION, &digest.to_string()).ok();
        Self {
            digest,
            #[cfg(feature = "semantic-cache")]
            owner: owner.digest,
            key: key.map(Arc::new),
        }
    }

    /// The key of some answer of somebody.
    #[cfg(all(test, feature = "semantic-cache"))]
    pub(super) fn invented(owner: &str, text: &str) -> Self {
        let digest = |texts: [&str; 2]| {
            let mut canon = Canon::new("invented");
            canon.list(&texts, |canon, text| canon.text(text));
            canon.finish()
        };
        Self {
            digest: digest([owner, text]),
            owner: digest([owner, ""]),
            key: None,
        }
    }

    pub(super) const fn digest(&self) -> Digest {
        self.digest
    }

    /// Whose answer it is.
    #[cfg(feature = "semantic-cache")]
    pub(super) const fn owner(&self) -> Digest {
        self.owner
    }

    /// All that an answer's key is made of but the text of one message, and the model that makes the text's vector.
    #[cfg(feature = "semantic-cache")]
    pub(super) fn context(
        &self,
        targets: &Digest,
        routes: &Routes,
        request: &ChatRequest,
        options: &CallOptions,
        (hole, model): (usize, &str),
    ) -> Digest {
        let mut canon = Canon::new("context");
        canon.text(model);
        canon.number(u64::from(VERSION));
        canon.digest(&self.owner);
        canon.digest(targets);
        canon.request(request, Some(hole));
        canon.call(options, rules(routes, request, options));
        canon.finish()
    }

    /// The key in the store.
    pub(super) fn stored(&self) -> Option<&Key> {
        self.key.as_deref()
    }
}

/// Which rules hold. Whether an answer is streamed has no say in it, but a rule may ask.
fn rules(routes: &Routes, request: &ChatRequest, options: &CallOptions) -> [Option<usize>; 2] {
    [false, true].map(|streaming| routes.rule(request, options, streaming))
}
