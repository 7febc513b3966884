//! W3C trace context, level 1 (<https://www.w3.org/TR/trace-context/>).

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::rng::Random;

/// Most members of `tracestate`.
const MAX_MEMBERS: usize = 32;

/// Longest `tracestate` in bytes that is passed on; members beyond it are left out from the end.
const MAX_STATE: usize = 512;

const SAMPLED: u8 = 1;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// The id of a trace, never zero; shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// The id of a step in a trace, never zero; shown as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

/// The place of a piece of work in a trace that may span many systems.
///
/// Read from the headers `traceparent` and `tracestate`, continued with [`child`](Self::child), carried along with
/// [`scope`](Self::scope); `http::HttpClient` sends what it finds in [`current`](Self::current).
///
/// # Examples
/// ```
/// use aurora_core::rng::Random;
/// use aurora_core::telemetry::TraceContext;
///
/// let random = Random::seeded(1);
/// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let theirs = TraceContext::parse(parent, ["congo=t61rcWkgMzE"]).unwrap();
/// let ours = theirs.child(&random);
/// assert_eq!(ours.trace_id(), theirs.trace_id());
/// assert_ne!(ours.span_id(), theirs.span_id());
/// assert_eq!(ours.tracestate(), Some("congo=t61rcWkgMzE"));
/// assert!(TraceContext::parse("00-0-0-01", []).is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext {
    trace: TraceId,
    span: SpanId,
    flags: u8,
    state: Option<Arc<str>>,
}

impl TraceContext {
    /// The beginning of a new trace, which is recorded.
    #[must_use]
    pub fn new(random: &Random) -> Self {
        let high = u128::from(nonzero(random)) << 64;
        Self {
            trace: TraceId(high | u128::from(nonzero(random))),
            span: SpanId(nonzero(random)),
            flags: SAMPLED,
            state: None,
        }
    }

    /// What a caller sent: its `traceparent` and all its `tracestate` headers in their order.
    ///
    /// Nothing when `traceparent` is not valid; a `tracestate` that is not valid is left out, as the standard wants it.
    /// A later version is read as far as it is known.
    #[must_use]
    pub fn parse<'a>(traceparent: &str, tracestate: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let text = traceparent.trim_matches([' ', '\t']);
        let mut parts = text.splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let trace = hex(parts.next()?, 32)?;
        let span = hex(parts.next()?, 16)?;
        let flags = hex(parts.next()?, 2)?;
        let has_more = parts.next().is_some();
        if version == 0xff || (version == 0 && has_more) || trace == 0 || span == 0 {
            return None;
        }
        Some(Self {
            trace: TraceId(trace),
            span: SpanId(u64::try_from(span).ok()?),
            flags: u8::try_from(flags).ok()? & SAMPLED,
            state: state(tracestate),
        })
    }

    /// A step within this one: the same trace, an id of its own.
    #[must_use]
    pub fn child(&self, random: &Random) -> Self {
        Self {
            span: SpanId(nonzero(random)),
            ..self.clone()
        }
    }

    /// The id of the trace.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace
    }

    /// The id of this step.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        self.span
    }

    /// Whether the one who began the trace has it recorded.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The value of the header `traceparent`, always version 00.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace, self.span, self.flags)
    }

    /// The value of the header `tracestate`, where a caller sent one; vendors' own words, passed on as they came.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Runs a future in this context: whatever it awaits finds it in [`current`](Self::current). A task that it spawns
    /// does not, and has to be given a scope of its own.
    ///
    /// # Cancel safety
    /// As safe as the future.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// Runs a closure in this context, as [`scope`](Self::scope) runs a future; for what is polled by hand, such as a
    /// body that is sent after its request was answered.
    pub fn sync_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// The context that the running future is in.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())
    }
}

/// A random number from 1 on.
fn nonzero(random: &Random) -> u64 {
    random.below(u64::MAX).saturating_add(1)
}

/// A number of exactly so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let allowed = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != digits || !text.bytes().all(allowed) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

/// All headers as one list, or nothing when it is empty or breaks a rule.
fn state<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Arc<str>> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    for member in headers.into_iter().flat_map(|header| header.split(',')) {
        let member = member.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue;
        }
        let (key, value) = member.split_once('=')?;
        let is_new = members.iter().all(|(known, _)| *known != key);
        if !is_key(key) || !is_value(value) || !is_new || members.len() == MAX_MEMBERS {
            return None;
        }
        members.push((key, value));
    }
    let mut state = String::new();
    for (key, value) in members {
        let comma = usize::from(!state.is_empty());
        if state.len() + comma + key.len() + 1 + value.len() > MAX_STATE {
            break;
        }
        if comma == 1 {
            state.push(',');
        }
        state.push_str(key);
        state.push('=');
        state.push_str(value);
    }
    (!state.is_empty()).then(|| state.into())
}

fn is_key(key: &str) -> bool {
    let word = |text: &str, longest: usize, digit_first: bool| {
        let first = text.bytes().next();
        let begins =
            first.is_some_and(|byte| byte.is_ascii_lowercase() || (digit_first && byte.is_ascii_digit()));
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/')
        };
        begins && text.len() <= longest && text.bytes().all(allowed)
    };
    match key.split_once('@') {
        None => word(key, 256, false),
        Some((tenant, system)) => word(tenant, 241, true) && word(system, 14, false),
    }
}

fn is_value(value: &str) -> bool {
    let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b',' | b'=');
    (1..=256).contains(&value.len()) && !value.ends_with(' ') && value.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(text: &str) -> Option<String> {
        TraceContext::parse(text, []).map(|context| context.traceparent())
    }

    #[test]
    fn traceparent_is_read_by_the_rules_of_the_standard() {
        assert_eq!(read(PARENT).as_deref(), Some(PARENT));
        let unsampled = PARENT.replace("-01", "-00");
        assert_eq!(read(&unsampled), Some(unsampled.clone()));
        // Unknown flags are not passed on; a later version is read as far as it is known and answered as 00.
        assert_eq!(read(&PARENT.replace("-01", "-ff")).as_deref(), Some(PARENT));
        assert_eq!(read(&PARENT.replacen("00", "cc", 1)).as_deref(), Some(PARENT));
        let later = format!("{}-what-the-future-brings", PARENT.replacen("00", "cc", 1));
        assert_eq!(read(&later).as_deref(), Some(PARENT));
        let invalid = [
            String::new(),
            PARENT.to_uppercase(),
            PARENT.replacen("00", "ff", 1),
            format!("{PARENT}-more"),
            format!("{PARENT}."),
            PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            PARENT.replace("4bf9", "4bg9"),
            PARENT.replace("4bf9", "+bf9"),
            PARENT.replace("-01", "-1"),
            PARENT.replace("-01", ""),
            format!("{}.x", PARENT.replacen("00", "cc", 1)),
        ];
        for text in invalid {
            assert_eq!(read(&text), None, "{text}");
        }
    }

    #[test]
    fn tracestate_is_read_by_the_rules_of_the_standard() {
        let state = |headers: &[&str]| {
            let context = TraceContext::parse(PARENT, headers.iter().copied()).unwrap();
            context.tracestate().map(str::to_owned)
        };
        assert_eq!(
            state(&["foo=1,bar=2", "rojo=3"]).as_deref(),
            Some("foo=1,bar=2,rojo=3")
        );
        assert_eq!(state(&["foo=1 \t,\t bar=2, ,"]).as_deref(), Some("foo=1,bar=2"));
        assert_eq!(
            state(&["fw529a3039@dt=FfD,0tenant@sys=x y"]).as_deref(),
            Some("fw529a3039@dt=FfD,0tenant@sys=x y")
        );
        for invalid in [
            "foo",
            "foo=",
            "=1",
            "Foo=1",
            "1foo=1",
            "foo@=1",
            "@foo=1",
            "foo@1=1",
            "foo@bar@baz=1",
            "foo=1,foo=2",
            "foo=1=2",
            "foo=é",
            "foo =1",
        ] {
            assert_eq!(state(&[invalid]), None, "{invalid}");
        }
        let many = |count: usize| {
            (0..count)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(state(&[&many(32)]), Some(many(32)));
        assert_eq!(state(&[&many(33)]), None);
        let long = format!("a={},b={},c=3", "x".repeat(256), "y".repeat(256));
        let kept = state(&[&long]).unwrap();
        assert!(
            kept.starts_with("a=x") && kept.len() <= MAX_STATE && !kept.contains("b="),
            "{kept}"
        );
    }

    #[tokio::test]
    async fn a_context_is_found_by_whatever_runs_within_it() {
        let random = Random::seeded(3);
        let (outer, inner) = (TraceContext::new(&random), TraceContext::new(&random));
        assert!(TraceContext::current().is_none());
        let expected = (outer.clone(), inner.clone());
        let found = outer
            .scope(async {
                tokio::task::yield_now().await;
                let found = inner.scope(async { TraceContext::current() }).await;
                (TraceContext::current(), found)
            })
            .await;
        assert_eq!(found, (Some(expected.0.clone()), Some(expected.1)));
        assert!(TraceContext::current().is_none());
        assert_eq!(expected.0.sync_scope(TraceContext::current), Some(expected.0));
        assert!(TraceContext::current().is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seed in any::<u64>()) {
            let context = TraceContext::new(&Random::seeded(seed)).child(&Random::seeded(seed ^ 1));
            prop_assert_eq!(TraceContext::parse(&context.traceparent(), []), Some(context));
        }

        #[test]
        fn no_text_is_too_odd(parent in any::<String>(), state in any::<String>()) {
            if let Some(context) = TraceContext::parse(&parent, [state.as_str()]) {
                prop_assert_eq!(read(&context.traceparent()), Some(context.traceparent()));
            }
            let context = TraceContext::parse(PARENT, [state.as_str()]).unwrap();
            prop_assert!(context.tracestate().is_none_or(|state| state.len() <= MAX_STATE && state.is_ascii()));
        }
    }
}
