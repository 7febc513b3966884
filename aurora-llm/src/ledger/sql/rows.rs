//! How entries and totals are read back.

use std::sync::Arc;

use aurora_core::money::NanoUsd;
use aurora_core::page::InvalidCursor;
use aurora_core::time::Timestamp;

use super::books::read;
use crate::client::{Caller, Task};
use crate::ledger::{Entry, EntryId, Error, ErrorKind, Tokens, UsageRow};
use crate::pricing::Cost;

/// Group, calls, tokens (input, cached, output, reasoning), cost, unpriced, estimated.
pub(super) type UsageTuple = (String, i64, i64, i64, i64, i64, i64, i64, i64);

pub(super) fn usage(row: UsageTuple) -> UsageRow {
    let (group, calls, input, cached, output, reasoning, cost, unpriced, estimated) = row;
    UsageRow {
        group,
        calls: read(calls),
        tokens: Tokens {
            input: read(input),
            cached: read(cached),
            output: read(output),
            reasoning: read(reasoning),
        },
        cost: NanoUsd::from_nanos(cost),
        unpriced: read(unpriced),
        estimated: read(estimated),
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct EntryRow {
    tenant: String,
    id: EntryId,
    at: Timestamp,
    user_id: String,
    key_id: String,
    task: String,
    provider: String,
    model: String,
    input_tokens: i64,
    cached_tokens: i64,
    output_tokens: i64,
    reasoning_tokens: i64,
    cost: Option<i64>,
    estimated: bool,
}

impl EntryRow {
    pub(super) fn into_entry(self) -> Entry {
        let part = |text: String| (!text.is_empty()).then(|| Arc::from(text));
        let caller = Caller {
            tenant: part(self.tenant),
            user: part(self.user_id),
            key: part(self.key_id),
        };
        let tokens = Tokens {
            input: read(self.input_tokens),
            cached: read(self.cached_tokens),
            output: read(self.output_tokens),
            reasoning: read(self.reasoning_tokens),
        };
        let cost = self
            .cost
            .map_or(Cost::Unpriced, |nanos| Cost::Priced(NanoUsd::from_nanos(nanos)));
        let entry = Entry::new(self.id, self.at, caller, self.provider, self.model)
            .task(task_of(&self.task))
            .used(tokens, cost);
        if self.estimated { entry.estimated() } else { entry }
    }
}

/// A task as it is stored.
pub(super) const fn task_name(task: Task) -> &'static str {
    match task {
        Task::Chat => "chat",
        Task::Embeddings => "embeddings",
        Task::Rerank => "rerank",
    }
}

fn task_of(name: &str) -> Task {
    match name {
        "embeddings" => Task::Embeddings,
        "rerank" => Task::Rerank,
        _ => Task::Chat,
    }
}

/// Anybody can forge a cursor or ask for the year 300,000: what the database cannot hold is drawn to its ends.
pub(super) fn storable(at: Timestamp) -> Timestamp {
    // 0001-01-01 and 9999-12-31
    at.clamp(
        Timestamp::from_secs(-62_135_596_800),
        Timestamp::from_secs(253_402_214_400),
    )
}

pub(super) fn wrong_cursor(_: InvalidCursor) -> Error {
    Error::new(ErrorKind::Invalid, "the cursor belongs to another query")
}
