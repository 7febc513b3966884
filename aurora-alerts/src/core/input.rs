//! What a core is told.

use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::history::Record;
use crate::labels::{Fingerprint, Labels};
use crate::notification::DeliveryId;
use crate::notifier::{NotifyError, Receipt};
use crate::pipeline::{Acknowledgement, LaneKey, Setup};
use crate::posted::PostedAlert;
use crate::rule::Rule;
use crate::series::Share;
use crate::silence::{Silence, SilenceId};

/// One input of [`Core::step`](super::Core::step).
#[derive(Debug)]
pub(crate) enum Input {
    /// Judge what is new and let time pass.
    Tick,
    /// Let time pass, without judging.
    Wake,
    /// As `Wake`, where nobody sends afterwards: nothing is launched.
    Ask,
    /// Somebody wants something.
    Command(Command),
    /// An attempt to deliver ended.
    Outcome {
        lane: LaneKey,
        id: DeliveryId,
        result: Result<Receipt, NotifyError>,
        took: Duration,
    },
    /// Other rules and routes are in force.
    Configure(Box<Setting>),
}

/// Rules and routes.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) rules: Vec<Rule>,
    pub(crate) setup: Setup,
}

/// What people and programs ask of an engine; also what one replica hands to the one that leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    Post {
        alerts: Vec<PostedAlert>,
    },
    Silence {
        silence: Box<Silence>,
        /// The version that it takes the place of; whatever is there where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<i64>,
    },
    Expire {
        id: SilenceId,
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<i64>,
    },
    Acknowledge {
        alerts: Vec<Fingerprint>,
        acknowledgement: Acknowledgement,
    },
    Unacknowledge {
        alert: Fingerprint,
        by: String,
    },
    Enable {
        channel: String,
    },
    Samples {
        samples: Vec<Sample>,
    },
    /// What was sent beside the pipeline, for the history.
    Note {
        records: Vec<Record>,
    },
    /// A text that an application keeps with the engine; none takes it away.
    Keep {
        name: String,
        text: Option<String>,
        #[serde(default)]
        after: Before,
    },
}

impl Command {
    /// Whether what becomes of it says more than that it was written down.
    pub(crate) const fn is_answered(&self) -> bool {
        !matches!(self, Self::Post { .. } | Self::Samples { .. } | Self::Note { .. })
    }
}

/// A command on its way to the replica that leads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Handed<C> {
    /// Under which name the answer is to be written down; none where nobody waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<String>,
    #[serde(flatten)]
    pub(crate) command: C,
}

/// What must be kept under a name for another text to take its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Before {
    /// Whatever is there.
    #[default]
    Anything,
    /// Nothing so far.
    Nothing,
    /// This text.
    Text(String),
}

impl Before {
    pub(crate) fn fits(&self, kept: Option<&String>) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => kept.is_none(),
            Self::Text(text) => kept == Some(text),
        }
    }
}

/// One sample on its way to the replica that judges it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) metric: String,
    pub(crate) labels: Labels,
    pub(crate) value: f64,
    pub(crate) at: Timestamp,
    /// Whose share of a mean it is, where several replicas measure one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) share: Option<(String, Share)>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// It was done.
    Done,
    /// There was nothing that it could be done to.
    NotFound,
    /// Something else is there than what was to be replaced.
    Overtaken,
    /// There are as many as there may be; nothing, or not everything, was taken.
    Full,
}

impl Reply {
    pub(crate) const fn found(found: bool) -> Self {
        if found { Self::Done } else { Self::NotFound }
    }
}
