//! Files as such: where they are, which make up a data set, what each is by its first bytes, whether it is what is known.

pub mod address;
pub mod binary;
pub mod checksum;
pub mod content;
pub mod halves;
pub mod location;
