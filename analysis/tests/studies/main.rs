//! Whole analyses of made-up runs in temporary directories. One program, because each would carry the query engine.

mod bad_input;
mod made_up;
mod notebook;
mod planted;
mod scale;
mod simulation;
