//! The pages of `docs/core/`, whose examples are compiled and run with the documentation tests.
