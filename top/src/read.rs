//! Files of a work folder -> a moment.
//!
//! `reader` looks at all of them again and again and remembers what has not changed; `plan` says which runs there are to be, `logs` what was
//! last said of each, `endpoint` what `analysis` found, `machine` how busy the machine is.
//!
//! *Invariant:* a file that is missing, damaged or being replaced ends nothing: what was last known stays, or the file is named.

mod endpoint;
mod files;
mod logs;
mod machine;
mod plan;
mod reader;

pub use reader::Reader;
