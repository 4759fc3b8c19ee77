//! From what the user asked for to the files of a data set.

pub mod locate;
pub mod source;
