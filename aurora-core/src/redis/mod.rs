//! The one way to Redis or Valkey: connection, limits, circuit, scripts and messages.
