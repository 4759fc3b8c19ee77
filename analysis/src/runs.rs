//! The input of an analysis: the readable runs, the plan, and what cannot be read.
//!
//! [`mod@collect`] reads the runs, and [`namesakes`] sets aside arms that share a name; [`run`] is one run,
//! with its [`marks`] and [`trajectory`]; [`plan`] and [`engines`] say what was planned. [`results`] owns the
//! notebook's format, [`json`] reads the JSON dialects of other tools, and [`mod@import`] turns such files
//! into runs.
//!
//! *Invariant:* imports nothing of this crate but itself.

pub mod collect;
pub mod engines;
pub mod import;
pub mod json;
pub mod marks;
pub mod namesakes;
pub mod plan;
pub mod results;
pub mod run;
pub mod trajectory;
