//! From a request to typed input; whatever does not fit becomes a [`Problem`](super::problem::Problem).

mod body;
mod etag;
mod json;
mod params;
mod strict;

pub(crate) use etag::{IfMatch, etag};
pub(crate) use json::{Json, JsonText};
pub(crate) use params::{Params, PathId};
