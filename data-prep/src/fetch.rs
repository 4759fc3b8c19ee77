//! Downloads from servers: retried where that can help, resumed, and at a minimum speed.

pub mod download;
pub mod failure;
pub mod http;
pub mod pace;
pub mod progress;
pub mod retry;
