use serde::Serialize;

use super::{Lead, Money, Pipeline, Stage};

/// A pipeline as a board (`kanban`): a column for each stage with its first leads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Board {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// One column for each stage, in their order.
    pub columns: Vec<BoardColumn>,
}

/// A stage on a board.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BoardColumn {
    /// The stage.
    pub stage: Stage,
    /// How many leads there are in it.
    pub count: i64,
    /// What they are worth together, for each currency, in the order of the codes.
    pub totals: Vec<Total>,
    /// The first of them.
    pub leads: Vec<Lead>,
}

/// What leads are worth together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Total {
    /// How many have a value in this currency.
    pub count: i64,
    /// The sum.
    pub value: Money,
    /// The sum weighted by the stage's probability, rounded down (`valor ponderado`).
    pub weighted: Money,
}

impl Total {
    pub(super) fn new(count: i64, value: Money, stage: &Stage) -> Self {
        let cents = i128::from(value.cents) * i128::from(stage.probability) / 100;
        Self {
            count,
            value,
            weighted: Money::new(i64::try_from(cents).unwrap_or(i64::MAX), value.currency),
        }
    }
}
