//! The stage as a whole, on tiny generated data and a server on the loopback interface.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod advice;
mod download;
#[path = "../../../artifacts/tests/equipped/mod.rs"]
mod equipped;
mod forms;
mod hundred;
mod kills;
mod origins;
mod prepare;
mod program;
mod samples;
mod server;
