//! For whom and how one call is made.

use std::sync::Arc;

use aurora_core::resilience::{Deadline, Hedge};

use super::continuation::Continuation;
use super::route::Strategy;

use super::cache::CacheOptions;

/// Who a call is made for: whose limits and budget it counts against, and whose cache it may see.
///
/// # Examples
/// ```
/// use aurora_llm::client::Caller;
///
/// let caller = Caller::tenant("wsp_17").user("usr_4").key("key_9");
/// assert_eq!(caller.to_string(), "wsp_17/usr_4/key_9");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Caller {
    /// The tenant: a workspace, an organisation. `None` is the application itself.
    pub tenant: Option<Arc<str>>,
    /// The user within the tenant, by an opaque id.
    pub user: Option<Arc<str>>,
    /// The virtual key by which the caller came, by its id, never the key itself.
    pub key: Option<Arc<str>>,
}

impl Caller {
    /// Somebody of this tenant.
    #[must_use]
    pub fn tenant(id: impl AsRef<str>) -> Self {
        Self {
            tenant: Some(Arc::from(id.as_ref())),
            ..Self::default()
        }
    }

    /// Names the user.
    #[must_use]
    pub fn user(mut self, id: impl AsRef<str>) -> Self {
        self.user = Some(Arc::from(id.as_ref()));
        self
    }

    /// Names the virtual key by its id.
    #[must_use]
    pub fn key(mut self, id: impl AsRef<str>) -> Self {
        self.key = Some(Arc::from(id.as_ref()));
        self
    }
}

impl std::fmt::Display for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |part: &Option<Arc<str>>| part.as_deref().unwrap_or("-").to_owned();
        write!(
            f,
            "{}/{}/{}",
            part(&self.tenant),
            part(&self.user),
            part(&self.key)
        )
    }
}

/// How one call is made; the default is for nobody in particular, by the client's own settings.
///
/// # Examples
/// ```
/// use aurora_llm::client::{CallOptions, Caller};
///
/// let options = CallOptions::default().caller(Caller::tenant("wsp_17")).sticky("conversation-5");
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// For whom the call is made.
    pub caller: Caller,
    /// Until when the answer is of use, where that is earlier than the client's own limit.
    pub deadline: Deadline,
    /// Calls with the same text go to the same target while it is healthy, such as those of one conversation.
    pub sticky: Option<Arc<str>>,
    /// In which order targets are tried, whatever client, alias or rule say.
    pub strategy: Option<Strategy>,
    /// What happens when a stream breaks after something was handed out, whatever the client says.
    pub continuation: Option<Continuation>,
    /// Whether and when a second target is asked before the first has answered, whatever the client says.
    pub hedge: Option<Hedge>,
    /// What the call wants of the client's cache.
    pub cache: CacheOptions,
}

impl CallOptions {
    /// Says for whom the call is made.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// Says until when the answer is of use.
    #[must_use]
    pub const fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Says what the call wants of the client's cache; a [`CacheMode`](super::CacheMode) will do.
    #[must_use]
    pub fn cache(mut self, cache: impl Into<CacheOptions>) -> Self {
        self.cache = cache.into();
        self
    }

    /// Keeps calls with the same text at the same target.
    #[must_use]
    pub fn sticky(mut self, text: impl AsRef<str>) -> Self {
        self.sticky = Some(Arc::from(text.as_ref()));
        self
    }

    /// Tries targets in this order.
    #[must_use]
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Says what happens when a stream breaks after something was handed out.
    #[must_use]
    pub const fn continuation(mut self, policy: Continuation) -> Self {
        self.continuation = Some(policy);
        self
    }

    /// Says whether and when a second target is asked before the first has answered; [`Hedge::default`] is never. Clones of
    /// one `Hedge` share what they have learned and how many backups are left, so keep one for all calls of a kind.
    #[must_use]
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.hedge = Some(hedge);
        self
    }
}
