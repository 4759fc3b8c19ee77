//! Whole analyses of made-up runs in temporary directories. They form one program, so that only one is
//! linked.

// Tests may use `unwrap` and the like: an unmet assumption fails the test without further explanation.
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
