//! Files: their locations, which of them make up a data set, their kind by their first bytes, and their
//! checksums.

pub mod address;
pub mod binary;
pub mod checksum;
pub mod content;
pub mod halves;
pub mod location;
