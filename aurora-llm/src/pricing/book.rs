//! Prices by provider, model and time.

use std::sync::{Arc, LazyLock};

use aurora_core::time::Timestamp;

use super::cost::Cost;
use super::price::Price;
use crate::catalog::{self, Known, Names};
use crate::error::{Error, ErrorKind};
use crate::usage::Usage;

/// A price, when it holds, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriceEntry {
    /// The price.
    pub price: Price,
    /// The first moment it holds; `None` is always before.
    pub from: Option<Timestamp>,
    /// The first moment it holds no more; `None` is never.
    pub until: Option<Timestamp>,
    /// Where it was read.
    pub source: Option<Arc<str>>,
    /// The day it was read there, as `2026-11-20`.
    pub read: Option<Arc<str>>,
}

impl PriceEntry {
    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

static BUILT_IN: LazyLock<PriceBook> = LazyLock::new(|| {
    let mut book = PriceBook::empty();
    book.take(catalog::built_in());
    book
});

/// What models cost, by provider kind, model name and time. Clones are cheap.
///
/// A model is met by its exact name, else as a dated snapshot of a known one (`gpt-5-2025-08-07` is `gpt-5`), else by
/// the longest prefix that was entered as such. A name that merely resembles another is not known, and what is not
/// known is [`Cost::Unpriced`]: no price is ever guessed.
///
/// # Examples
/// ```
/// use aurora_core::time::{Clock, SystemClock};
/// use aurora_llm::pricing::{Cost, Price, PriceBook};
/// use aurora_llm::usage::Usage;
///
/// let now = SystemClock.now();
/// let book = PriceBook::built_in().set("openai_compatible", "llama-*", Price::FREE);
/// let usage = Usage::new(1_000, 500);
/// assert_eq!(book.cost("openai", "gpt-5", now, Some(&usage)), Cost::Priced("0.00625".parse()?));
/// assert_eq!(book.cost("openai_compatible", "llama-4", now, Some(&usage)), Cost::Priced("0".parse()?));
/// assert_eq!(book.cost("openai", "gpt-5-micro", now, Some(&usage)), Cost::Unpriced);
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PriceBook {
    /// Of each name the entry that was added last comes first.
    names: Arc<Names<Vec<PriceEntry>>>,
    date: Option<Arc<str>>,
}

impl Default for PriceBook {
    /// The built-in one.
    fn default() -> Self {
        Self::built_in()
    }
}

impl PriceBook {
    /// The vendors' published prices that come with this version; [`date`](Self::date) says of which day.
    #[must_use]
    pub fn built_in() -> Self {
        BUILT_IN.clone()
    }

    /// No prices at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            names: Arc::default(),
            date: None,
        }
    }

    /// Sets the price of a model, or with a trailing `*` of all whose names begin so, whenever it is called.
    #[must_use]
    pub fn set(self, kind: &str, model: &str, price: Price) -> Self {
        self.set_during(kind, model, None, None, price)
    }

    /// Sets the price of a model from one moment on until another; before and after, what was known before holds.
    #[must_use]
    pub fn set_during(
        mut self,
        kind: &str,
        model: &str,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
        price: Price,
    ) -> Self {
        let entry = PriceEntry {
            price,
            from,
            until,
            source: None,
            read: None,
        };
        let names = Arc::make_mut(&mut self.names);
        names.entry(kind, model).insert(0, entry);
        self
    }

    /// Gives a model the prices that another has now, such as an Azure deployment those of the model behind it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the other is not known.
    pub fn same(
        mut self,
        kind: &str,
        model: &str,
        other_kind: &str,
        other_model: &str,
    ) -> Result<Self, Error> {
        let Some(entries) = self.names.find(other_kind, other_model).cloned() else {
            let context =
                format!("{other_kind} {other_model:?} has no price that {kind} {model:?} could have");
            return Err(Error::new(ErrorKind::Config).with_context(context));
        };
        let names = Arc::make_mut(&mut self.names);
        names.entry(kind, model).splice(0..0, entries);
        Ok(self)
    }

    /// Adds the prices of a text in the form of `docs/llm/pricing.md`; they come before those that are known.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] names every entry that is wrong, and why.
    pub fn json(mut self, text: &str) -> Result<Self, Error> {
        match catalog::read(text) {
            Ok(known) => {
                self.take(known);
                Ok(self)
            }
            Err(problems) => Err(Error::new(ErrorKind::Config).with_context(problems.join("; "))),
        }
    }

    fn take(&mut self, known: impl IntoIterator<Item = Known>) {
        let names = Arc::make_mut(&mut self.names);
        for model in known.into_iter().filter(|model| !model.prices.is_empty()) {
            let newest = model.prices.iter().filter_map(|entry| entry.read.as_ref()).max();
            if let Some(read) = newest.filter(|read| self.date.as_ref().is_none_or(|date| date < *read)) {
                self.date = Some(Arc::clone(read));
            }
            names
                .entry(&model.kind, &model.pattern)
                .splice(0..0, model.prices);
        }
    }

    /// The last day on which a price of it was read, as `2026-11-20`; `None` when none says.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// What is known of `model` at a moment, with its source.
    #[must_use]
    pub fn entry(&self, kind: &str, model: &str, at: Timestamp) -> Option<&PriceEntry> {
        let entries = self.names.find(kind, model)?;
        entries.iter().find(|entry| entry.holds(at))
    }

    /// What `model` costs at a moment. Allocates nothing.
    #[must_use]
    pub fn price(&self, kind: &str, model: &str, at: Timestamp) -> Option<Price> {
        self.entry(kind, model, at).map(|entry| entry.price)
    }

    /// What a call cost that was made at that moment; `usage` is `None` when the provider did not say.
    #[must_use]
    pub fn cost(&self, kind: &str, model: &str, at: Timestamp, usage: Option<&Usage>) -> Cost {
        match (self.entry(kind, model, at), usage) {
            (Some(entry), Some(usage)) => entry.price.cost(usage),
            _ => Cost::Unpriced,
        }
    }
}
