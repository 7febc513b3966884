//! Leads (`oportunidades`): what may become business, on its way through a pipeline.
//!
//! | type | what it gives |
//! | --- | --- |
//! | [`Pipelines`], [`Pipeline`], [`Stage`] | the ways that leads go |
//! | [`Leads`], [`Lead`] | make, change, move, win, lose, reopen, delete, restore, convert |
//! | [`LeadFilter`], [`Board`] | lists, and the first leads of each stage with counts and sums |
//! | [`StageMove`] | the history: from where, to where, when, by whom, after how long |
//! | [`ScoreRule`], [`LeadScorer`] | points for what is known of a lead, with reasons |

mod board;
mod conversion;
mod filter;
mod handle;
mod history;
mod input;
mod lead;
mod lost;
mod money;
mod pipelines;
mod position;
mod scoring;
mod source;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt::Display;

use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

pub use self::board::{Board, BoardColumn, Total};
pub use self::conversion::{Conversion, Converted};
pub use self::filter::{LeadFilter, LeadOrder};
pub use self::handle::Leads;
pub use self::history::StageMove;
pub use self::input::{LeadChange, NewLead};
pub use self::lead::{Lead, LeadId, LeadStatus, Place};
pub use self::lost::{Loss, LostReason, LostReasonId, NewLoss};
pub use self::money::{Currency, Money};
pub use self::pipelines::{
    Locale, NewPipeline, NewStage, Pipeline, PipelineChange, PipelineId, Pipelines, Stage, StageChange,
    StageId, StageKind,
};
pub use self::scoring::{
    Condition, LeadField, LeadScorer, Rescored, RuleScorer, RuleSet, Score, ScoreReason, ScoreRule,
};
pub use self::source::LeadSource;
pub use crate::clients::OwnerId;

/// One refused field.
pub(crate) fn refused(field: &str, code: &'static str, message: impl Display) -> Error {
    let mut fields = Fields::default();
    fields.refuse(field, code, message);
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

/// Every statement of the folder, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 8] = [
    ("leads", sql::ALL),
    ("leads::place", sql::place::ALL),
    ("leads::history", sql::history::ALL),
    ("leads::lost", sql::lost::ALL),
    ("leads::scores", sql::scores::ALL),
    ("leads::list", sql::list::ALL),
    ("pipelines", pipelines::sql::ALL),
    ("pipelines::removal", pipelines::sql::removal::ALL),
];
