//! The server from outside: real sockets, every app on a port and a database of its own.

mod clients;
mod edge;
mod embedding;
mod harness;
mod limits;
mod stopping;
