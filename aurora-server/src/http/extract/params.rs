//! Parts of the address: ids in the path, parameters in the query.

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Cursor, PageRequest};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};

use crate::http::problem::{FieldError, Problem, ProblemKind};

/// The id at the end of a path. A text that is no such id names nothing: 404.
#[derive(Debug)]
pub(crate) struct PathId<T: IdKind>(pub(crate) Id<T>);

impl<S: Send + Sync, T: IdKind> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::new(ProblemKind::NotFound);
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// Two ids in a path: of a thing, and of a part of it.
#[derive(Debug)]
pub(crate) struct PathIds<A: IdKind, B: IdKind>(pub(crate) Id<A>, pub(crate) Id<B>);

impl<S: Send + Sync, A: IdKind, B: IdKind> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::new(ProblemKind::NotFound);
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(nothing()),
        }
    }
}

/// A text in a path that is no id, without its percent-encoding.
#[derive(Debug)]
pub(crate) struct PathText(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::new(ProblemKind::NotFound))?;
        Ok(Self(text))
    }
}

/// The parameters of a query, taken out one by one; [`Params::finish`] refuses what is left over.
#[derive(Debug)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::try_from_uri(&parts.uri).map_err(|_| {
            Problem::new(ProblemKind::BadRequest).detail("the query of the address cannot be read")
        })?;
        Ok(Self {
            pairs,
            errors: Vec::new(),
        })
    }
}

impl Params {
    /// A parameter that may be absent; `allowed` tells what it may be.
    pub(crate) fn take<T: FromStr>(&mut self, name: &'static str, allowed: &'static str) -> Option<T> {
        self.read(name, allowed, |text| text.parse().ok())
    }

    /// One of the words of an enum, as its JSON has them.
    pub(crate) fn word<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        allowed: &'static str,
    ) -> Option<T> {
        self.read(name, allowed, |text| {
            let text: StrDeserializer<'_, WordError> = text.into_deserializer();
            T::deserialize(text).ok()
        })
    }

    /// A parameter that must be there; [`Params::finish`] refuses the request when it is not.
    pub(crate) fn need<T: FromStr>(&mut self, name: &'static str, allowed: &'static str) -> Option<T> {
        if !self.pairs.iter().any(|(key, _)| key == name) {
            self.errors.push(FieldError::new(name, "required", "is required"));
        }
        self.take(name, allowed)
    }

    /// Every value of a parameter that may stand several times, in its order.
    pub(crate) fn every(&mut self, name: &str) -> Vec<String> {
        self.split_off(|key| key == name)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    /// Passes over a parameter that was read before the handler.
    pub(crate) fn pass(&mut self, name: &str) {
        drop(self.split_off(|key| key == name));
    }

    /// The parameters whose names begin so, with what follows.
    pub(crate) fn beginning(&mut self, with: &str) -> Vec<(String, String)> {
        self.split_off(|key| key.starts_with(with))
            .into_iter()
            .map(|(key, text)| (key.chars().skip(with.chars().count()).collect(), text))
            .collect()
    }

    fn split_off(&mut self, is_mine: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let (mine, others) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition(|(key, _)| is_mine(key));
        self.pairs = others;
        mine
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        allowed: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let mine = self.split_off(|key| key == name);
        match mine.as_slice() {
            [] => None,
            [(_, text)] => {
                let value = parse(text);
                if value.is_none() {
                    self.refuse(name, allowed);
                }
                value
            }
            _ => {
                self.errors
                    .push(FieldError::new(name, "repeated", "must stand once"));
                None
            }
        }
    }

    /// Refuses a parameter after a look at its value.
    pub(crate) fn refuse(&mut self, name: &'static str, allowed: &'static str) {
        self.errors
            .push(FieldError::new(name, "invalid", format!("must be {allowed}")));
    }

    /// `limit` and `cursor` of a list.
    pub(crate) fn page(&mut self) -> PageRequest {
        const LIMIT: &str = "a whole number from 1 to 200";
        let limit = self.take::<u32>("limit", LIMIT);
        if limit.is_some_and(|limit| !(1..=PageRequest::MAX_LIMIT).contains(&limit)) {
            self.refuse("limit", LIMIT);
        }
        let page = limit.map_or_else(PageRequest::default, PageRequest::first);
        match self.take::<Cursor>("cursor", "the text that the page before gave as next") {
            Some(cursor) => page.after(cursor),
            None => page,
        }
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }

    /// The end of reading when something was refused.
    pub(crate) fn refusal(self) -> Problem {
        self.finish()
            .err()
            .unwrap_or_else(|| Problem::new(ProblemKind::InvalidParameter))
    }

    /// The sort key within the cursor of a page; of a cursor of another list that is said.
    pub(crate) fn key<K: serde::de::DeserializeOwned>(
        &mut self,
        page: &PageRequest,
        scope: &str,
    ) -> Option<K> {
        let key = page.cursor()?.key(scope).ok();
        if key.is_none() {
            self.refuse("cursor", "the text that the page before gave as next");
        }
        key
    }

    /// The end of reading where later versions of a protocol may say more.
    ///
    /// # Errors
    /// With every parameter that is wrong.
    pub(crate) fn finish_known(mut self) -> Result<(), Problem> {
        self.pairs.clear();
        self.finish()
    }

    /// The end of reading.
    ///
    /// # Errors
    /// With every parameter that is wrong or unknown.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in self.pairs {
            let name: String = name.chars().take(64).collect();
            self.errors
                .push(FieldError::new(name, "unknown", "is not known here"));
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::new(ProblemKind::InvalidParameter).errors(self.errors))
        }
    }
}
