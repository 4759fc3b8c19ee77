//! What an analysis starts from: the runs that can be read, the plan, and what cannot be read.
//!
//! [`mod@collect`] reads them, and [`namesakes`] sets aside arms that share a name; [`run`] is one of them, with its [`marks`] and [`trajectory`]; [`plan`] and [`engines`] say what was
//! planned. [`results`] owns the notebook's format, [`json`] reads what other tools call JSON, [`mod@import`] makes runs of it.
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
