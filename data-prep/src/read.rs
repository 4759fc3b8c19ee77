//! Readers of the published forms of the data sets; each returns the authors' records.

pub mod archive;
pub mod batches;
pub mod codec;
pub mod folders;
pub mod mirror;
pub mod png;
