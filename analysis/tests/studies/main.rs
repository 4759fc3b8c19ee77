//! Whole analyses of made-up runs in temporary directories. One program, because each would carry the query engine.

// What these tests lack, they may fail for without a word of explanation.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod made_up;
mod notebook;
mod planted;
mod published;
mod scale;
mod simulation;
