//! The two files that this program writes.

pub mod generate;
pub mod prepared;
