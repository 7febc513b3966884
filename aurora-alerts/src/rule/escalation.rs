use std::time::Duration;

/// One step of an escalation chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationStep {
    /// How long after the step before, or after the alert was first told.
    pub after: Duration,
    /// The receiver that is told then.
    pub receiver: String,
}

/// Who is told next if nobody acknowledges.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::rule::Escalation;
///
/// let minutes = |n: u64| Duration::from_secs(n * 60);
/// let chain = Escalation::new()
///     .step(minutes(5), "on-call")
///     .step(minutes(15), "head-of-operations")
///     .repeat(2);
/// assert_eq!(chain.steps().len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Escalation {
    steps: Vec<EscalationStep>,
    repeat: u32,
    threshold: Option<u32>,
}

impl Escalation {
    /// A chain without steps.
    pub const fn new() -> Self {
        Self {
            steps: Vec::new(),
            repeat: 0,
            threshold: None,
        }
    }

    /// Tells a receiver so long after the step before, or after the alert was first told.
    pub fn step(mut self, after: Duration, receiver: impl Into<String>) -> Self {
        self.steps.push(EscalationStep {
            after,
            receiver: receiver.into(),
        });
        self
    }

    /// How often the whole chain begins again after its last step; default never.
    pub const fn repeat(mut self, times: u32) -> Self {
        self.repeat = times;
        self
    }

    /// Goes on to the next step also after so many notifications without an acknowledgement (`escalation_threshold`).
    pub const fn threshold(mut self, notifications: u32) -> Self {
        self.threshold = Some(notifications);
        self
    }

    /// The steps, in their order.
    #[must_use]
    pub fn steps(&self) -> &[EscalationStep] {
        &self.steps
    }

    /// How often the chain begins again.
    #[must_use]
    pub const fn repeats(&self) -> u32 {
        self.repeat
    }

    /// After how many notifications without an acknowledgement the next step is taken.
    #[must_use]
    pub const fn notifications(&self) -> Option<u32> {
        self.threshold
    }
}

/// From when on an alert changes too often to tell each change.
///
/// More than `start` changes within `window` make it flap: instead of every change there is a digest each
/// `digest_every`, and a last word once there were fewer than `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flapping {
    /// How far back changes count; default 10 minutes.
    pub window: Duration,
    /// From how many changes on; default 8.
    pub start: u32,
    /// Below how many it is over; default 4.
    pub stop: u32,
    /// How often the digest comes; default 10 minutes.
    pub digest_every: Duration,
}

impl Default for Flapping {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(600),
            start: 8,
            stop: 4,
            digest_every: Duration::from_secs(600),
        }
    }
}
