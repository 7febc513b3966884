//! Parts of the address: ids in the path, parameters in the query.

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Cursor, PageRequest};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;

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
        let (mine, others) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition(|(key, _)| key == name);
        self.pairs = others;
        let mine: Vec<(String, String)> = mine;
        match mine.as_slice() {
            [] => None,
            [(_, text)] => {
                let value = text.parse().ok();
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
