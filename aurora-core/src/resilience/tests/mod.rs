//! Tests of the mechanisms, apart from their files so that the model checks can take those as they are.

mod breaker;
mod call;
mod retry;
