//! The two files that this program makes.

pub mod generate;
pub mod prepared;
