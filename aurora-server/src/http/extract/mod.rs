//! From a request to typed input; whatever does not fit becomes a [`Problem`](super::problem::Problem).

mod body;
mod etag;
mod idempotency;
mod json;
mod params;
mod strict;
mod upload;

pub(crate) use body::{Raw, read as read_body, whole as read_whole};
pub(crate) use etag::{IfMatch, etag};
pub(crate) use idempotency::IdempotencyKey;
pub(crate) use json::{Json, JsonList, JsonText, MaybeJson, object_of};
pub(crate) use params::{Params, PathId, PathIds, PathText};
pub(crate) use upload::Upload;
