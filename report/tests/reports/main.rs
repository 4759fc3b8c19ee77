//! Reports of made-up studies, and the program that writes them. They form one program, so that only one is
//! linked.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod checked;
mod degenerate;
mod export;
mod program;
mod sentences;
mod special;
#[path = "../support/mod.rs"]
mod support;
mod verdicts;
