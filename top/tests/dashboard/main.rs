//! Tests of the whole dashboard: screens of made-up states, real folders, and the program in a
//! pseudo-terminal.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod folder;
mod made_up;
mod screens;
mod terminal;
