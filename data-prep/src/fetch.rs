//! Files from servers: asked for again where that can help, resumed, at no less than a minimum speed.

pub mod download;
pub mod failure;
pub mod http;
pub mod pace;
pub mod progress;
pub mod retry;
