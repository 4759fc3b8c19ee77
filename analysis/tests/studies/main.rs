//! Whole analyses of made-up runs in temporary directories. One program, so that one is linked.

// What these tests lack, they may fail for without a word of explanation.
#![allow(clippy::unwrap_used)]

mod advice;
mod bad_input;
mod compared;
mod looks;
mod made_up;
mod notebook;
mod output;
mod own_arms;
mod pairs;
mod planted;
mod published;
mod referee;
mod scale;
mod several;
mod simulation;
mod tuned;
