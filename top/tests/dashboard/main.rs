//! The dashboard as a whole: screens of made-up states, folders as they come, and the program in a terminal of its own.

#![allow(clippy::unwrap_used, reason = "a test stops where it stands")]

mod folder;
mod made_up;
mod screens;
mod terminal;
