//! What is told to a client over HTTP.

use std::time::Duration;

use super::verdict::{Decision, PolicyState, Verdict};

/// Values of the header fields `RateLimit-Policy`, `RateLimit` and `Retry-After`.
///
/// The first two are those of the IETF's draft-ietf-httpapi-ratelimit-headers in the syntax of RFC 9651, the third is
/// that of RFC 9110, section 10.2.3. All policies that may refuse are listed with their quota `q` in a window of `w`
/// seconds; of the one nearest to refusing, `r` units remain, and `t` is the number of seconds until the refused request
/// would pass, or else until the whole quota is back. `Retry-After` is never earlier than `t`.
///
/// # Examples
/// ```
/// use aurora_core::resilience::limiter::{Headers, MemoryLimiter, Policies, Policy, Subject};
///
/// let auth = Policies::new([Policy::per_minute("auth", 5), Policy::per_hour("auth-h", 100)])?;
/// let verdict = MemoryLimiter::new().check(&Subject::new("login"), &auth, 1);
/// let headers = Headers::of(&verdict).unwrap();
/// assert_eq!(headers.policy, r#""auth";q=5;w=60, "auth-h";q=100;w=3600"#);
/// assert_eq!(headers.limit, r#""auth";r=4;t=60"#);
/// assert_eq!(headers.retry_after, None);
/// # Ok::<(), aurora_core::resilience::limiter::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Headers {
    /// The value of `RateLimit-Policy`.
    pub policy: String,
    /// The value of `RateLimit`.
    pub limit: String,
    /// The value of `Retry-After`, in seconds, when the request was refused and may pass later.
    pub retry_after: Option<u64>,
}

impl Headers {
    /// What `verdict` tells a client; nothing when all its policies are shadow ones, of which no client knows.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Option<Self> {
        let nearest = verdict.most_restrictive();
        if nearest.is_shadow {
            return None;
        }
        let mut policy = String::new();
        for state in verdict.states().filter(|state| !state.is_shadow) {
            if !policy.is_empty() {
                policy.push_str(", ");
            }
            push(
                &mut policy,
                &state,
                "q",
                u64::from(state.limit),
                "w",
                seconds(state.period),
            );
        }
        let retry_after = verdict.retry_after().map(seconds);
        let reset = match verdict.decision() {
            Decision::Limited { retry_after } => retry_after,
            _ => nearest.reset,
        };
        let mut limit = String::new();
        push(
            &mut limit,
            &nearest,
            "r",
            u64::from(nearest.remaining),
            "t",
            seconds(reset),
        );
        Some(Self {
            policy,
            limit,
            retry_after,
        })
    }

    /// The fields by their names, those that there are.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let always = [
            ("RateLimit-Policy", self.policy.clone()),
            ("RateLimit", self.limit.clone()),
        ];
        let retry_after = self
            .retry_after
            .map(|seconds| ("Retry-After", seconds.to_string()));
        always.into_iter().chain(retry_after)
    }
}

/// Whole seconds, rounded up: who comes back then does not come too early.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// An item of a structured list: a string, in which `"` and `\` are escaped, with two integers.
fn push(text: &mut String, state: &PolicyState<'_>, first: &str, a: u64, second: &str, b: u64) {
    text.push('"');
    for letter in state.name.chars() {
        if matches!(letter, '"' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push_str(&format!("\";{first}={a};{second}={b}"));
}
