//! From the files of a work folder to a moment.
//!
//! `reader` reads all of them repeatedly and remembers what has not changed; `plan` determines the planned
//! runs, `logs` the last log lines of each, `endpoint` the results of `analysis`, and `machine` the load of
//! the machine.
//!
//! *Invariant:* a file that is missing, damaged or being replaced ends nothing: the last known state stays,
//! or the file is named.

mod endpoint;
mod files;
mod logs;
mod machine;
mod plan;
mod reader;

pub use reader::Reader;
