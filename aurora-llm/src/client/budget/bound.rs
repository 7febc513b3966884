//! The most that one attempt can cost.

use aurora_core::money::NanoUsd;

use super::billing::{self, Options};
use crate::chat::{ChatRequest, Part};
use crate::client::target::{Member, Task};
use crate::ledger::Amount;
use crate::pricing::Price;
use crate::rerank::RerankRequest;
use crate::tokens;
use crate::usage::Usage;

/// How long an answer may be when neither the request nor the model's capabilities say.
const OUTPUT: u32 = 4_096;

/// What a provider frames one text with, in tokens.
const FRAME: u64 = 8;

/// Cohere bills a search for each 100 documents, and counts one with more than 500 tokens, the query included, as
/// several (docs.cohere.com/docs/how-does-cohere-pricing-work).
const SEARCH_DOCUMENTS: u64 = 100;
const DOCUMENT_TOKENS: u64 = 500;

/// What a request can consume at most, whoever answers it.
#[derive(Debug, Clone, Copy)]
pub(in crate::client) struct Demand {
    pub(super) task: Task,
    /// Tokens of input at most.
    input: u64,
    /// What the request says of the answer's length.
    output: Option<u32>,
    has_answer: bool,
    hears: bool,
    speaks: bool,
    keeps_for_an_hour: bool,
    searches: u64,
}

impl Demand {
    pub(in crate::client) fn chat(request: &ChatRequest) -> Self {
        let needs = request.needs();
        let marked = |part: &Part| matches!(part, Part::CachePoint(_));
        let parts = || request.messages.iter().flat_map(|message| &message.parts);
        Self {
            task: Task::Chat,
            input: tokens::upper_bound(request).saturating_add(billing::read(&request.options)),
            output: request.max_tokens,
            has_answer: true,
            hears: needs.audio,
            speaks: needs.speech,
            // Options of a dialect can ask for anything.
            keeps_for_an_hour: !request.options.is_empty() || parts().any(marked),
            searches: 0,
        }
    }

    /// These texts of a request, each read once, and each with the options.
    pub(in crate::client) fn embed<'a>(
        texts: impl IntoIterator<Item = &'a String>,
        options: &Options,
    ) -> Self {
        let frame = billing::read(options).saturating_add(FRAME);
        let input = texts.into_iter().map(|text| bytes(text).saturating_add(frame));
        Self::read(Task::Embeddings, input.fold(0, u64::saturating_add), 0)
    }

    /// The query read with every document.
    pub(in crate::client) fn rerank(request: &RerankRequest) -> Self {
        let query = bytes(&request.query).saturating_add(FRAME);
        let documents = || request.documents.iter().map(|document| bytes(document));
        let input = documents().map(|document| document.saturating_add(query));
        // A provider cuts a query that leaves documents no room.
        let room = DOCUMENT_TOKENS - query.min(DOCUMENT_TOKENS / 2);
        let pieces = documents().map(|document| document.div_ceil(room).max(1));
        let pieces = pieces.fold(0, u64::saturating_add);
        let options = billing::read(&request.options);
        Self::read(
            Task::Rerank,
            input.fold(options, u64::saturating_add),
            pieces.div_ceil(SEARCH_DOCUMENTS),
        )
    }

    /// What is read and not answered in words.
    const fn read(task: Task, input: u64, searches: u64) -> Self {
        Self {
            task,
            input,
            output: None,
            has_answer: false,
            hears: false,
            speaks: false,
            keeps_for_an_hour: false,
            searches,
        }
    }

    /// Most tokens of an answer by this target.
    pub(super) fn output(&self, member: &Member, model: &str, cap: Option<u32>) -> u32 {
        if !self.has_answer {
            return 0;
        }
        let own = member.capabilities(model).max_output_tokens;
        match (self.output, own) {
            (Some(asked), _) => asked,
            (None, Some(own)) => cap.map_or(own, |cap| cap.min(own)),
            (None, None) => cap.unwrap_or(OUTPUT),
        }
    }

    /// What the request must be made to say so that the answer is not longer than what was reserved.
    pub(super) fn clamp(&self, member: &Member, model: &str, cap: Option<u32>) -> Option<u32> {
        let output = self.output(member, model, cap);
        let own = member.capabilities(model).max_output_tokens;
        (self.has_answer && self.output.is_none() && own != Some(output)).then_some(output)
    }

    /// Most tokens that this target reads.
    pub(super) fn input(&self, member: &Member, model: &str) -> u64 {
        // A provider refuses what its model cannot take: of a chat, as a whole; of texts, each by itself.
        let context = member.context_tokens(model).map(u64::from);
        let context = context.filter(|_| self.has_answer);
        context.map_or(self.input, |context| self.input.min(context))
    }

    /// The most that one attempt at this target can cost; without a price no money.
    pub(super) fn most(&self, member: &Member, model: &str, cap: Option<u32>) -> Amount {
        let input = self.input(member, model);
        let output = u64::from(self.output(member, model, cap));
        let cost = match member.price(model) {
            Some(price) => self.dearest(&price, input, output),
            None => NanoUsd::ZERO,
        };
        Amount::new(cost, input.saturating_add(output))
    }

    /// What it costs when every token is of the dearest sort that it can be of.
    fn dearest(&self, price: &Price, input: u64, output: u64) -> NanoUsd {
        let reads = [
            (
                true,
                Usage {
                    input,
                    ..Usage::default()
                },
            ),
            (
                true,
                Usage {
                    cache_read: input,
                    ..Usage::default()
                },
            ),
            (
                true,
                Usage {
                    cache_write: input,
                    ..Usage::default()
                },
            ),
            (
                self.keeps_for_an_hour,
                Usage {
                    cache_write_hour: input,
                    ..Usage::default()
                },
            ),
            (
                self.hears,
                Usage {
                    audio_input: input,
                    ..Usage::default()
                },
            ),
            (
                true,
                Usage {
                    tool_input: input,
                    ..Usage::default()
                },
            ),
        ];
        let writes = [
            (
                true,
                Usage {
                    output,
                    ..Usage::default()
                },
            ),
            (
                true,
                Usage {
                    reasoning: output,
                    ..Usage::default()
                },
            ),
            (
                self.speaks,
                Usage {
                    audio_output: output,
                    ..Usage::default()
                },
            ),
        ];
        let searches = Usage {
            searches: self.searches(price),
            ..Usage::default()
        };
        let possible = reads.iter().filter(|(can, _)| *can);
        possible
            .flat_map(|(_, read)| {
                let possible = writes.iter().filter(|(can, _)| *can);
                possible.filter_map(|(_, write)| price.cost(&read.plus(write).plus(&searches)).amount())
            })
            .max()
            .unwrap_or_default()
    }

    /// Most searches, where they are what is billed.
    pub(super) const fn searches(&self, price: &Price) -> u64 {
        if price.search.is_some() { self.searches } else { 0 }
    }

    /// How many searches it surely is, for a call whose provider never says.
    pub(super) fn about_searches(&self, price: Option<&Price>) -> u64 {
        price.map_or(0, |price| self.searches(price).min(1))
    }

    /// About how much input it is, for a call whose provider never says.
    pub(in crate::client) fn about(&self) -> u64 {
        self.input.div_ceil(4)
    }
}

fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
